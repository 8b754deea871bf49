#!/usr/bin/env bash
# Installs Debian's chromium for the tests of the report page, unless there is one. CHROMIUM names another one.
set -euo pipefail
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] && exit 0
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
