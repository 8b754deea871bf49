#!/bin/sh
# PostgreSQL's restore_command: fetch-wal.sh NAME PATH. Exits 1 when the archive has no such file, which ends the recovery there.
# Exits 200 when the answer is unknown: PostgreSQL then stops, instead of starting without the missing segment.
set -u
. "$(dirname "$0")/s3.sh"
name=$1 path=$2
status=$(mktemp)
trap 'rm -f "$status"' EXIT

s3 "$status" "${BACKUP_PREFIX}wal/$name" --output "$path.new" || exit 200
case $(cat "$status") in
  200) mv "$path.new" "$path" || exit 200 ;;
  404)
    rm -f "$path.new"
    exit 1
    ;;
  *)
    echo "fetch-wal: S3 answered $(cat "$status") for $name" >&2
    rm -f "$path.new"
    exit 200
    ;;
esac
