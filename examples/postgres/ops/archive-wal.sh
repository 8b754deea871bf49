#!/bin/sh
# PostgreSQL's archive_command: archive-wal.sh PATH NAME. Exits 0 only when S3 has stored the segment, and never overwrites another one.
set -eu
. "$(dirname "$0")/s3.sh"
path=$1 name=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

s3 "$work/status" "${BACKUP_PREFIX}wal/$name" --output "$work/answer" --upload-file "$path" --header 'If-None-Match: *'
case $(cat "$work/status") in
  200) exit 0 ;;
  412)
    # PostgreSQL archives a segment again if it crashed before it recorded the success.
    s3 "$work/status" "${BACKUP_PREFIX}wal/$name" --output "$work/stored"
    cmp -s "$path" "$work/stored" && exit 0
    echo "archive-wal: another $name is in the archive already" >&2
    exit 1
    ;;
  *)
    echo "archive-wal: S3 answered $(cat "$work/status") for $name" >&2
    exit 1
    ;;
esac
