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

# Of each durable consumer in standard input, a line each: name, kind, stream sequence delivered, consumer sequence of the ack floor,
# how many messages are delivered and not acknowledged, are not delivered yet, and how many workers wait.
positions() {
  python3 -c '
import json, sys
for line in sys.stdin:
    consumer = json.loads(line)
    if consumer["config"].get("durable_name"):
        kind = "push" if consumer["config"].get("deliver_subject") else "pull"
        sequences = consumer["delivered"]["stream_seq"], consumer["ack_floor"]["consumer_seq"]
        print(consumer["name"], kind, *sequences, *(consumer["num_" + of] for of in ("ack_pending", "pending", "waiting")))
'
}

# The position of consumer $2 of stream $1, once it is there with ack floor $3: a replicated consumer elects a leader first.
position_of() {
  local state found="nothing" floor deadline=$((SECONDS + 30))
  while :; do
    if state="$(nats consumer state --json "$1" "$2" 2>"$folder/log" </dev/null | tr -d '\n' | positions)" && [ -n "$state" ]; then
      read -r _ _ _ floor _ <<<"$state"
      [ "$floor" -lt "$3" ] || { printf '%s\n' "$state"; return; }
      found="ack floor $floor"
    fi
    [ "$SECONDS" -lt "$deadline" ] || fail "consumer $2 of stream $1: expected ack floor $3 within 30 s, last seen: $found $(tail -n 3 "$folder/log")"
    sleep 0.2
  done
}

# A cluster's snapshot sets a consumer that has unacknowledged messages back to its ack floor (nats-server pull request 7882, ADR-63).
# Acknowledgements still to come would be ignored then, and what may be delivered once would be delivered twice. So these messages
# are delivered again here, to nobody: they are unacknowledged as before, and go to a worker when their ack wait is over.
# $1 stream, $2 its retention, $3 to $8 a line of positions
bring_back() {
  local stream="$1" retention="$2" consumer="$3" kind="$4" delivered="$5" floor="$6" unacknowledged="$7" undelivered="$8"
  local state now_delivered now_floor now_unacknowledged now_undelivered waiting missing hidden name="consumer $3 of stream $1" deadline=$((SECONDS + 30))
  state="$(position_of "$stream" "$consumer" "$floor")"
  read -r _ _ now_delivered now_floor now_unacknowledged now_undelivered waiting <<<"$state"
  [ "$now_delivered" -lt "$delivered" ] || return 0
  if [ "$kind" = push ] || [ "$now_unacknowledged" -gt 0 ] || [ "$waiting" -gt 0 ]; then
    say "warning: $name goes on after message $now_delivered, not $delivered: it pushes or is at work already, and delivers the unacknowledged again"
    return 0
  fi
  # No more than what can lie there still: some may have been acknowledged before the snapshot was taken, or have expired since. But a
  # consumer that has just elected a leader may not have counted yet what lies before it.
  local settled=$((SECONDS + 5))
  while :; do
    missing=$((unacknowledged - (now_floor - floor))) hidden=$((now_undelivered - undelivered))
    [ "$hidden" -lt "$missing" ] && [ "$SECONDS" -lt "$settled" ] || break
    sleep 0.2
    state="$(position_of "$stream" "$consumer" "$floor")"
    read -r _ _ now_delivered now_floor now_unacknowledged now_undelivered waiting <<<"$state"
  done
  [ "$missing" -le "$hidden" ] || missing="$hidden"
  # More than one try: the server at hand may not know yet who leads the consumer, and answers that nobody does.
  while [ "$now_unacknowledged" -lt "$missing" ]; do
    nats consumer next "$stream" "$consumer" --count $((missing - now_unacknowledged)) --no-ack --raw >/dev/null 2>"$folder/log" </dev/null ||
      [ "$SECONDS" -lt "$deadline" ] || fail "$name: $missing messages delivered before cannot be delivered again: $(tail -n 3 "$folder/log")"
    state="$(position_of "$stream" "$consumer" "$floor")"
    read -r _ _ now_delivered _ now_unacknowledged _ <<<"$state"
    [ "$SECONDS" -lt "$deadline" ] || [ "$now_unacknowledged" -ge "$missing" ] ||
      fail "$name: expected $missing unacknowledged messages within 30 s, last seen: $now_unacknowledged"
  done
  # The counts of what is not delivered may be behind, and hide some. The rest one at a time, up to where it had come and no further.
  local wanted=$((unacknowledged - (now_floor - floor)))
  while [ "$now_delivered" -lt "$delivered" ] && [ "$now_unacknowledged" -lt "$wanted" ] && [ "$SECONDS" -lt "$deadline" ]; do
    nats consumer next "$stream" "$consumer" --count 1 --no-ack --raw >/dev/null 2>"$folder/log" </dev/null || break
    state="$(position_of "$stream" "$consumer" "$floor")"
    read -r _ _ now_delivered _ now_unacknowledged _ <<<"$state"
  done
  # A work queue has removed what was acknowledged: nothing is left there to deliver again.
  if [ "$now_delivered" -lt "$delivered" ] && [ "$retention" != workqueue ]; then
    say "warning: $name goes on after message $now_delivered, not $delivered: what was acknowledged out of order is delivered again"
  elif [ "$now_delivered" -gt "$delivered" ]; then
    say "warning: $name goes on after message $now_delivered, not $delivered: the messages between come when their ack wait is over"
  else
    say "$name: $now_unacknowledged unacknowledged messages, as before"
  fi
}

# Restores stream $1 from the snapshot $2. In a cluster that has just started, the server at hand may not see the others yet, or not know
# yet who of them takes the data. The latter leaves an empty stream behind, which keeps the name taken (seen once in 84 restores): this
# very restore made it, for it is refused where there is a stream already.
restore_stream() {
  local deadline=$((SECONDS + 60)) left=""
  until nats backup restore stream --no-progress "$2" >"$folder/log" 2>&1; do
    case "$left$(tail -n 1 "$folder/log")" in
    *"no responders available"*) left="left behind: " ;;
    *"no suitable peers"* | "left behind: "*"lready"*) ;;
    *) fail "restore of stream $1 failed: $(tail -n 3 "$folder/log")" ;;
    esac
    [ "$SECONDS" -lt "$deadline" ] || fail "stream $1: expected a cluster that takes its data within 60 s, last seen: $(tail -n 1 "$folder/log")"
    sleep 0.5
    [ -z "$left" ] || nats request --raw "\$JS.API.STREAM.DELETE.$1" '' >"$folder/log" 2>&1 || say "the server at hand does not answer yet: $(tail -n 1 "$folder/log")"
  done
}

# What is restored lies on one server of a cluster at first. Until the others have it, whoever they serve finds nothing.
until_on_every_server() {
  local behind deadline=$((SECONDS + 60))
  while :; do
    behind="$(nats request --raw "\$JS.API.STREAM.INFO.$1" '' 2>"$folder/log" | python3 -c '
import json, sys
answer = json.load(sys.stdin)
if "error" in answer:
    sys.exit(answer["error"]["description"])
replicas = answer.get("cluster", {}).get("replicas", [])
print(*(each["name"] for each in replicas if not each.get("current") or each.get("lag", 0) > 0))
' 2>>"$folder/log")" && [ -z "$behind" ] && return
    [ "$SECONDS" -lt "$deadline" ] || fail "stream $1: expected every copy to be current within 60 s, last seen behind: $behind $(tail -n 1 "$folder/log")"
    sleep 0.2
  done
}

restored=0
for snapshot in "$snapshots"/*/; do
  [ -s "$snapshot/backup.json" ] || fail "$snapshot is no snapshot of a stream"
  stream="$(basename "$snapshot")"
  restore_stream "$stream" "$snapshot"
  until_on_every_server "$stream"
  say "stream $stream restored"
  restored=$((restored + 1))
done
[ "$restored" -gt 0 ] || fail "$RECOVERY_POINT holds no stream"

# After all of the data is back.
for snapshot in "$snapshots"/*/; do
  noted="${snapshot%/}.consumers"
  [ -f "$noted" ] || { say "warning: $RECOVERY_POINT does not say how far consumers of $(basename "$snapshot") had come"; continue; }
  retention="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["config"]["retention"])' "$snapshot/backup.json")"
  noted="$(positions <"$noted")" || fail "$noted cannot be read"
  while read -r position; do
    [ -n "$position" ] || continue
    # shellcheck disable=SC2086  # its fields
    bring_back "$(basename "$snapshot")" "$retention" $position
  done <<<"$noted"
done
say "$restored streams restored from $RECOVERY_POINT"
