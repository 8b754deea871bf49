#!/usr/bin/env bash
# Installs Debian's PostgreSQL for the trial of examples/postgres, unless there is one. Its own cluster is neither made nor started.
set -euo pipefail
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && exit 0
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || printf 'create_main_cluster = false\nstart_conf = manual\n' >/etc/postgresql-common/createcluster.conf
apt-get update -qq
# The setting above stays when the package brings its own.
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold postgresql curl
