#!/bin/sh
# Restores the server from the newest base backup below RECOVERY_POINT, and replays the archived WAL: to its end, to RECOVERY_TARGET_LSN
# (exclusive: the position of a damaging statement, as pg_waldump shows it), or to RECOVERY_TARGET_TIME.
set -eu
newest=$(aws s3 ls "${RECOVERY_POINT}base/" | awk '{ print $4 }' | sort | tail -n 1)
[ -n "$newest" ] || {
  echo "there is no base backup below $RECOVERY_POINT" >&2
  exit 1
}
aws s3 cp --only-show-errors "${RECOVERY_POINT}base/$newest" "$WORK_DIR/base.tar.gz"

# A server that still answers holds writes that are not archived yet. It archives them, and then stops.
if pg_isready --quiet; then
  psql --no-password --dbname=postgres --quiet --command='select pg_switch_wal()' >/dev/null
fi
# In production: systemctl stop postgresql. A server that stops archives the remaining WAL.
curl -s --fail-with-body -X POST "$PG_SERVICE/stop" >&2
find "$PGDATA" -mindepth 1 -delete
tar -C "$PGDATA" -xzf "$WORK_DIR/base.tar.gz"
{
  echo "restore_command = '\"\$PLATFORM_OPS\"/fetch-wal.sh \"%f\" \"%p\"'"
  echo "recovery_target_action = 'promote'"
  if [ -n "${RECOVERY_TARGET_LSN:-}" ]; then
    echo "recovery_target_lsn = '$RECOVERY_TARGET_LSN'"
    echo "recovery_target_inclusive = off"
  elif [ -n "${RECOVERY_TARGET_TIME:-}" ]; then
    echo "recovery_target_time = '$RECOVERY_TARGET_TIME'"
  fi
} >>"$PGDATA/postgresql.auto.conf"
touch "$PGDATA/recovery.signal"
# In production: systemctl start postgresql. It answers when the recovery has ended.
curl -s --fail-with-body -X POST "$PG_SERVICE/start" >&2
psql --no-password --dbname=postgres --quiet --command='alter system reset all'
echo "restored from $newest"
