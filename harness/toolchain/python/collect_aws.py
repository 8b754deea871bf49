"""Collects the AWS command line of an image in one folder, with the Python that runs it and every library that the two load.

Run in a container of the image, by the image's own Python. The folder brings its own loader and C library, so it works on
every Linux machine with the same kind of processor, with or without a Python of its own.
"""

import ctypes
import importlib.metadata as metadata
import os
import re
import shutil
import subprocess
import sys

FOLDER = "/tmp/aws"
LOADER = os.path.join(FOLDER, "lib", "loader")
STDLIB = os.path.dirname(os.__file__)
OWN_STDLIB = os.path.join(FOLDER, "lib", os.path.basename(STDLIB))
# A folder of its own: distributions of Python look for packages in folders of different names.
OWN_PACKAGES = os.path.join(FOLDER, "lib", "packages")
# Large, and nothing of them is imported by a command.
LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages", "dist-packages", "config-*")

# $0 is a link to this file where it is put on a PATH. Without -I, PYTHONPATH and packages of the user would change the program.
COMMAND = """#!/bin/sh
bin=$(dirname "$(readlink -f "$0")")
lib=${bin%/bin}/lib/loader
exec "$lib/ld.so" --argv0 "$bin/python3" --library-path "$lib" "$bin/python3" -I "${bin%/bin}/lib/aws.py" "$@"
"""
SCRIPT = """import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "packages"))

from awscli.clidriver import main

sys.exit(main())
"""


def distributions(name, found):
    """The distribution of that name and all that it requires, each once. Extras are not required."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return
    try:
        found[key] = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    for requirement in found[key].requires or []:
        if "extra ==" not in requirement:
            distributions(re.match(r"[\w.-]+", requirement).group(), found)


def copy_packages():
    found = {}
    distributions("awscli", found)
    # Optional for the command line, which computes more checksums with it.
    distributions("awscrt", found)
    for distribution in found.values():
        site = str(distribution.locate_file(""))
        tops = {file.parts[0] for file in distribution.files or []} - {"..", "bin", "__pycache__"}
        for top in tops:
            source, target = os.path.join(site, top), os.path.join(OWN_PACKAGES, top)
            if os.path.isdir(source):
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif os.path.exists(source):
                shutil.copy2(source, target)


def extensions():
    for root, _, names in [*os.walk(OWN_STDLIB), *os.walk(OWN_PACKAGES)]:
        yield from (os.path.join(root, name) for name in names if name.endswith(".so"))


def copy_libraries():
    """Loads every extension, and copies what the loader has mapped by then under the names by which it is asked for."""
    for path in extensions():
        try:
            ctypes.CDLL(path)
        except OSError:
            # Its library is not in the image, so the image's own command line does without it too.
            os.remove(path)
    with open("/proc/self/maps", encoding="utf8") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if line.count(" /") > 0}
    for path in sorted(paths):
        name = os.path.basename(path)
        if ".so" not in name or path.startswith((FOLDER, STDLIB)) or "-packages/" in path:
            continue
        folder = os.path.dirname(path)
        for alias in os.listdir(folder):
            if ".so" in alias and os.path.realpath(os.path.join(folder, alias)) == path:
                shutil.copy2(path, os.path.join(LOADER, alias))
        if re.match(r"ld[-.]", name):
            shutil.copy2(path, os.path.join(LOADER, "ld.so"))


def first_use():
    """Python compiles what a command imports, and keeps it beside the sources. Nothing answers at that endpoint."""
    env = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "first",
        "AWS_SECRET_ACCESS_KEY": "use",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    aws = os.path.join(FOLDER, "bin", "aws")
    subprocess.run([aws, "--version"], env=env, check=True, stdout=subprocess.DEVNULL)
    for arguments in (["s3", "cp", "/etc/passwd", "s3://first/"], ["s3api", "list-buckets"]):
        subprocess.run([aws, *arguments], env=env, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


os.makedirs(os.path.join(FOLDER, "bin"))
os.makedirs(LOADER)
shutil.copytree(STDLIB, OWN_STDLIB, ignore=shutil.ignore_patterns(*LEFT_OUT), ignore_dangling_symlinks=True)
os.makedirs(OWN_PACKAGES)
copy_packages()
shutil.copy2(os.path.realpath(sys._base_executable), os.path.join(FOLDER, "bin", "python3"))
copy_libraries()
with open(os.path.join(FOLDER, "lib", "aws.py"), "w", encoding="utf8") as script:
    script.write(SCRIPT)
with open(os.path.join(FOLDER, "bin", "aws"), "w", encoding="utf8") as command:
    command.write(COMMAND)
os.chmod(command.name, 0o755)
first_use()
