"""Runs a program and collects the orphans below it, so that their processor time becomes this process's (prctl(2), times(2)).

Node has no way to say PR_SET_CHILD_SUBREAPER.
"""

import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
program = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
while True:
    pid, status = os.wait()
    if pid == program:
        sys.exit(0 if status == 0 else 1)
