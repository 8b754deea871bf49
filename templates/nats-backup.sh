#!/usr/bin/env bash
# Off-site backup of JetStream: the server's own snapshot of each stream, with messages and consumers, packed and put into S3.
#
#   NATS_URL        the server                         STREAMS        names of the streams, space separated
#   BACKUP_BUCKET   where backups go                   BACKUP_PREFIX  key prefix, ends in "/"
#   WORK_DIR        scratch folder                     AWS_*          endpoint, region and credentials, as the aws CLI knows them
set -euo pipefail

: "${NATS_URL:?is not set}" "${STREAMS:?names no stream}" "${BACKUP_BUCKET:?is not set}" "${BACKUP_PREFIX?is not set}" "${WORK_DIR:?is not set}"
export NATS_URL

say() { printf '%s\n' "$*"; }
fail() { printf 'nats-backup: %s\n' "$*" >&2; exit 1; }

stamp="$(date -u +%Y%m%dT%H%M%S.%NZ)"
folder="$(mktemp -d "$WORK_DIR/nats-backup.XXXXXX")"
trap 'rm -rf "$folder"' EXIT
snapshots="$folder/snapshots" upload="$folder/upload"
mkdir "$snapshots" "$upload"

# How far each consumer has come, a line each: a cluster's snapshot leaves out what is delivered and not acknowledged, and the
# restore needs it.
note_consumers() {
  local names
  names="$(nats consumer ls --names "$1" 2>"$folder/log")" || fail "the consumers of stream $1 cannot be listed: $(tail -n 3 "$folder/log")"
  for consumer in $names; do
    if nats consumer state --json "$1" "$consumer" 2>"$folder/log" </dev/null | tr -d '\n'; then
      echo
    elif nats consumer ls --names "$1" | grep -qxF -- "$consumer"; then
      fail "the state of consumer $consumer of stream $1 cannot be read: $(tail -n 3 "$folder/log")"
    fi # Otherwise it was a short-lived one, and has gone since.
  done
}

for stream in $STREAMS; do
  # Before the snapshot: nothing is noted as delivered that the snapshot does not hold.
  note_consumers "$stream" >"$snapshots/$stream.consumers"
  # The CLI leaves what it has of a failed snapshot behind and says so by its exit code alone.
  nats backup stream --no-progress --consumers "$stream" "$snapshots/$stream" >"$folder/log" 2>&1 ||
    fail "snapshot of stream $stream failed: $(tail -n 3 "$folder/log")"
  [ -s "$snapshots/$stream/backup.json" ] || fail "snapshot of stream $stream has no description"
  say "stream $stream: $(du -sk "$snapshots/$stream" | cut -f1) KiB"
done

if [ -z "${AWS_ACCESS_KEY_ID:-}" ] || [ -z "${AWS_SECRET_ACCESS_KEY:-}" ]; then
  say "S3/GCS upload skipped (credentials not configured)"
  exit 0
fi

archive="$upload/streams.tar"
tar -C "$snapshots" -cf "$archive" .
digest="$(sha256sum "$archive" | cut -d' ' -f1)"
size="$(stat -c %s "$archive")"
printf '%s  streams.tar\n' "$digest" >"$upload/streams.tar.sha256"

key="${BACKUP_PREFIX}${stamp}"
# One invocation for both files (the CLI takes about a second to start); it uploads large files in parts.
aws s3 cp --recursive --only-show-errors --metadata "sha256=$digest" "$upload" "s3://$BACKUP_BUCKET/$key/" ||
  fail "upload to s3://$BACKUP_BUCKET/$key/ failed"

found="$(aws s3api head-object --bucket "$BACKUP_BUCKET" --key "$key/streams.tar" \
  --query '[ContentLength, Metadata.sha256]' --output text)" || fail "s3://$BACKUP_BUCKET/$key/streams.tar cannot be found after its upload"
[ "$found" = "$size"$'\t'"$digest" ] ||
  fail "s3://$BACKUP_BUCKET/$key/streams.tar differs from what was uploaded: expected $size $digest, found $found"

say "uploaded and verified s3://$BACKUP_BUCKET/$key/ ($size bytes, sha256 $digest)"
