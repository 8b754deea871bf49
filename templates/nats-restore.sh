#!/usr/bin/env bash
# Restores every stream of one backup that nats-backup.sh made. The streams must not exist.
#
#   NATS_URL        the server to restore into         RECOVERY_POINT  s3://bucket/prefix/ of the backup
#   WORK_DIR        scratch folder                     AWS_*           endpoint, region and credentials, as the aws CLI knows them
set -euo pipefail

: "${NATS_URL:?is not set}" "${RECOVERY_POINT:?is not set}" "${WORK_DIR:?is not set}"
export NATS_URL

say() { printf '%s\n' "$*"; }
fail() { printf 'nats-restore: %s\n' "$*" >&2; exit 1; }

folder="$(mktemp -d "$WORK_DIR/nats-restore.XXXXXX")"
trap 'rm -rf "$folder"' EXIT
download="$folder/download" snapshots="$folder/snapshots"
mkdir "$download" "$snapshots"

aws s3 cp --recursive --only-show-errors "${RECOVERY_POINT%/}/" "$download" || fail "download of $RECOVERY_POINT failed"
[ -s "$download/streams.tar" ] || fail "$RECOVERY_POINT holds no streams.tar"
[ -s "$download/streams.tar.sha256" ] || fail "$RECOVERY_POINT holds no digest"
(cd "$download" && sha256sum --check --status streams.tar.sha256) || fail "$RECOVERY_POINT is not what was backed up: its digest differs"
tar -C "$snapshots" -xf "$download/streams.tar"

restored=0
for snapshot in "$snapshots"/*/; do
  [ -s "$snapshot/backup.json" ] || fail "$snapshot is no snapshot of a stream"
  stream="$(basename "$snapshot")"
  nats backup restore stream --no-progress "$snapshot" >"$folder/log" 2>&1 ||
    fail "restore of stream $stream failed: $(tail -n 3 "$folder/log")"
  say "stream $stream restored"
  restored=$((restored + 1))
done
[ "$restored" -gt 0 ] || fail "$RECOVERY_POINT holds no stream"
say "$restored streams restored from $RECOVERY_POINT"
