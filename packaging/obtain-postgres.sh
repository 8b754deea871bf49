#!/usr/bin/env bash
# Installs Debian's PostgreSQL and curl for the trial of examples/postgres, unless both are installed. Creates and starts no cluster.
set -euo pipefail
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
has_postgres && command -v curl >/dev/null && exit 0
if ! has_postgres; then
  # The package reads this before it creates a cluster.
  mkdir -p /etc/postgresql-common/createcluster.d
  printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.d/no-cluster.conf
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql curl
