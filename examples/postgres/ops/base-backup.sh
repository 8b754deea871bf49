#!/bin/sh
# Takes a base backup of the server at PGHOST and PGPORT, checks it, and uploads it. The WAL is in the archive (archive-wal.sh).
set -eu
name=$(date -u +%Y%m%dT%H%M%SZ)
base="$WORK_DIR/base"
pg_basebackup --pgdata="$base" --format=plain --checkpoint=fast --wal-method=none --no-password
pg_verifybackup --no-parse-wal "$base"
tar -C "$base" -czf "$WORK_DIR/base.tar.gz" .
aws s3 cp --only-show-errors "$WORK_DIR/base.tar.gz" "s3://$BACKUP_BUCKET/${BACKUP_PREFIX}base/$name.tar.gz"
echo "base backup $name uploaded"
