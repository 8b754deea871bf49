# Sourced by the scripts beside it: runs named steps and ends with a summary of how long each took.
# shellcheck shell=bash

# Starts a Docker daemon and makes its images on a machine that has neither. It exists only there and is no part of the project.
docker_set_up=../shared/offline-images/up.sh
began=$SECONDS
summary=()
failed=0
# What each step printed, for the excerpt of a failed one.
printed=$(mktemp)
# `stop` ends at the first step that fails; `go on` runs the other steps and fails at the end.
on_failure=stop

minutes() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

finish() {
  printf '\n==== %s after %s\n' "$1" "$(minutes $((SECONDS - began)))"
  [ ${#summary[@]} -eq 0 ] || printf '  %s\n' "${summary[@]}"
}
trap 'finish interrupted; exit 130' INT TERM
trap 'rm -f "$printed"' EXIT

# Why the step failed, at the very end, for a reader who is shown only the end: the sentences of verdicts that are not met, or else
# the first error, or else the last lines.
excerpt() {
  local text sentences error
  text=$(sed 's/\x1b\[[0-9;]*m//g' "$printed" | cut -c 1-400)
  sentences=$(awk '/^(breached|unproven|at-risk) [^ ]+:/ { on = 1 } /^[^ ]/ && !/^(breached|unproven|at-risk) / { on = 0 } /^$/ { on = 0 } on' <<<"$text" | head -n 60)
  error=$(grep -a -m 1 -A 25 -E '(^|[^a-zA-Z])[A-Za-z]*Error:' <<<"$text")
  if [ -n "$sentences" ]; then
    printf '\n==== what the failed step says of each verdict that is not met:\n%s\n' "$sentences"
  elif [ -n "$error" ]; then
    printf '\n==== the first error of the failed step:\n%s\n' "$error"
  else
    printf '\n==== the last lines of the failed step:\n%s\n' "$(tail -n 25 <<<"$text")"
  fi
}

# step NAME COMMAND... : runs one step.
step() {
  local name=$1 step_began=$SECONDS code
  shift
  printf '\n==== %s: %s\n' "$name" "$*"
  "$@" > >(tee "$printed") 2>&1
  code=$?
  if [ $code -eq 0 ]; then
    summary+=("passed  $(minutes $((SECONDS - step_began)))  $name")
    printf '==== %s: passed in %s\n' "$name" "$(minutes $((SECONDS - step_began)))"
    return
  fi
  summary+=("FAILED  $(minutes $((SECONDS - step_began)))  $name (exit $code: $*)")
  printf '==== %s: failed with exit code %s\n' "$name" "$code"
  failed=$((failed + 1))
  if [ "$on_failure" = stop ]; then
    finish "\"$name\" failed"
    excerpt
    exit 1
  fi
}

skip() {
  summary+=("skipped  $1: $2")
  printf '\n==== %s: skipped, because %s\n' "$1" "$2"
}

docker_answers() { docker info >/dev/null 2>&1; }

# exits_with CODE COMMAND... : passes when the command ends with that very exit code.
exits_with() {
  local expected=$1 code=0
  shift
  "$@" || code=$?
  [ $code -eq "$expected" ] && return
  printf 'expected exit code %s, but it was %s: %s\n' "$expected" $code "$*" >&2
  return 1
}
