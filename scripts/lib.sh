# shellcheck shell=bash
# What every script here shares: where things are, what is on PATH, and how a stage is announced, timed and reported.
# Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Compiled tools live outside the checkout, so that a fresh clone or a `cargo clean` does not cost them again.
export PORTICO_TOOLS="${PORTICO_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/portico/tools}"
export PATH="$PORTICO_TOOLS/bin:$PORTICO_TOOLS/npm/node_modules/.bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# What the browser downloads names no directory of the machine that built it: panics carry the paths of their sources.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"

# A browser comes from the distribution (scripts/setup.d/system.sh); packages must not fetch their own.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 PUPPETEER_SKIP_DOWNLOAD=1
# npm speaks only when something is wrong: no funding notes, no update notes, no audit by the way.
export npm_config_fund=false npm_config_update_notifier=false npm_config_audit=false

BOLD='' DIM='' RED='' GREEN='' PLAIN=''
if [ -t 1 ]; then
  BOLD=$'\033[1m' DIM=$'\033[2m' RED=$'\033[31m' GREEN=$'\033[32m' PLAIN=$'\033[0m'
  # Output goes through `tee`; say that colour is still welcome.
  export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-always}" FORCE_COLOR="${FORCE_COLOR:-1}"
fi

say() { printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*"; }
note() { printf '    %s%s%s\n' "$DIM" "$*" "$PLAIN"; }
fail() { printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Seconds as people read them: 7 s, 2 min 05 s.
human() { if [ "$1" -lt 60 ]; then echo "$1 s"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi; }

# announce WHAT COMMAND...: runs it and says how long it took. Fails as the command does.
announce() {
  local what=$1 begun=$SECONDS
  shift
  say "$what"
  "$@" || return
  note "done in $(human $((SECONDS - begun)))"
}

# digest FILE...: one hash over names and contents, to tell whether something has to be built again.
digest() {
  local tool='sha256sum'
  have sha256sum || tool='shasum -a 256'
  $tool "$@" | $tool | cut -d ' ' -f 1
}

# Stages: each is a command of its own whose output is kept, so that all of them run and the end shows every result.
# .ci/run sets PORTICO_STAGES before it calls make, and so gets one table of everything.
STAGES_DIR="$ROOT/target/stages"
STAGES_OWNER=''
if [ -z "${PORTICO_STAGES:-}" ]; then
  export PORTICO_STAGES="$STAGES_DIR/$$.tsv"
  STAGES_OWNER=yes
  rm -f "$PORTICO_STAGES"
fi

# stage NAME COMMAND...: runs it, keeps its output, records result and time. Succeeds or fails as the command does.
stage() {
  local name=$1 begun=$SECONDS status=0 log
  shift
  mkdir -p "$STAGES_DIR"
  log="$STAGES_DIR/${name//[^a-zA-Z0-9]/-}.log"
  printf '\n'
  say "$name"
  "$@" 2>&1 | tee "$log" || status=$?
  printf '%s\t%s\t%s\t%s\n' "$name" "$status" "$((SECONDS - begun))" "$log" >>"$PORTICO_STAGES"
  if [ "$status" = 0 ]; then
    note "$name: done in $(human $((SECONDS - begun)))"
  else
    printf '%s%s: failed (exit %s) after %s%s\n' "$RED" "$name" "$status" "$(human $((SECONDS - begun)))" "$PLAIN"
  fi
  return "$status"
}

# Whether every stage so far succeeded.
stages_ok() { awk -F '\t' '$2 != 0 { bad = 1 } END { exit bad }' "$PORTICO_STAGES"; }

# The runners' own closing lines: cargo test and wasm-bindgen-test, node --test, Playwright, cargo-deny.
closing_lines() {
  local log=$1 closing='^(test result:|(#|ℹ) (tests|pass|fail) |  *[0-9]+ (passed|failed|flaky|skipped|did not run)|(advisories|bans|licenses|sources) (ok|FAILED))'
  sed $'s/\033\\[[0-9;]*m//g' "$log" | grep -E "$closing" | grep -v ' 0 passed; 0 failed; 0 ignored' || true
}

# What a failed stage's log says of each failure, at most forty lines: whoever reads only the end of CI's output must learn
# which tests failed and why. Rust's tests and panics, node's, Playwright's with their first error, compilers, the scripts' own.
failure_lines() {
  local failing='^test .* FAILED$|panicked at|^ *(not ok|✖|✘) |^ +[0-9]+\) \[|^ *([A-Za-z]*Error|Test timeout|Error):? |^(error|warning)(\[|:)|^ +(Expected|Received)'
  sed $'s/\033\\[[0-9;]*m//g' "$1" | grep -E "$failing" | cut -c 1-220 | awk '!seen[$0]++' | head -n 40 || true
}

# finish: the closing lines and the table of stages; fails if a stage failed. Only the script that opened the record prints.
finish() {
  if [ -n "$STAGES_OWNER" ]; then report "$PORTICO_STAGES"; fi
  stages_ok
}

report() {
  local name status seconds log total=0
  printf '\n'
  while IFS=$'\t' read -r name status seconds log; do
    [ -z "$(closing_lines "$log")" ] || { say "$name"; closing_lines "$log" | sed 's/^/    /'; }
    [ "$status" = 0 ] || { say "$name: what failed"; failure_lines "$log" | sed 's/^/    /'; }
  done <"$1"
  printf '\n%s%-44s %10s  %s%s\n' "$BOLD" stage time result "$PLAIN"
  while IFS=$'\t' read -r name status seconds log; do
    total=$((total + seconds))
    printf '%-44s %10s  ' "$name" "$(human "$seconds")"
    if [ "$status" = 0 ]; then printf '%sok%s\n' "$GREEN" "$PLAIN"; else printf '%sFAILED%s (%s)\n' "$RED" "$PLAIN" "${log#"$ROOT"/}"; fi
  done <"$1"
  printf '%-44s %10s\n' together "$(human "$total")"
}
