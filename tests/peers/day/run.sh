#!/usr/bin/env bash
# One day in the life of five real clients, through `portcullis serve`: each step once in
# either era, before servers over HTTP and over standard streams, and directly on the server.
# Every answer names a patient; through the gate, nothing may. Prints a table at the end.
set -euo pipefail
subject=day
. "$(dirname "$0")/../lib.sh"
need npm python3 cargo
install_node
install_python client
# Built with the conformance suite's fixture, since it shares rmcp with it.
fixture=$peers/conformance/fixture
cargo build --quiet --locked --manifest-path "$fixture/Cargo.toml"
built=$(realpath "${CARGO_TARGET_DIR:-$fixture/target}")/debug
cd "$peers/day"

lend_authorization ward errands ward-stdio errands-stdio
start ward "$built/day-server" --port 0
start errands node errands.mjs --port 0
# Others than the gate's, so that neither hears what the other's clients change.
start direct-ward "$built/day-server" --port 0
start direct-errands node errands.mjs --port 0

mkdir -p "$work/rules/tools" "$work/days"
for upstream in ward errands; do
  cp "rules/tools/$upstream.yaml" "$work/rules/tools/"
  sed "s/^server: .*/server: $upstream-stdio/" "rules/tools/$upstream.yaml" >"$work/rules/tools/$upstream-stdio.yaml"
done
serve "  ward: { url: '$(said ward url)', auth: none }
  errands: { url: '$(said errands url)', auth: none }
  ward-stdio: { command: ['$built/day-server', --stdio], auth: none }
  errands-stdio: { command: ['$(command -v node)', '$PWD/errands.mjs', --stdio], auth: none }"

client() {
  local name=$1
  shift
  case $name in
    python) "$peers/.venv-client/bin/python" -W ignore python.py "$@" ;;
    rmcp) "$built/day-client" "$@" ;;
    # It keeps files at home.
    inspector) HOME=$work node inspector.mjs "$@" ;;
    *) node "$name.mjs" "$@" ;;
  esac
}

# live WAY: every client's day in both eras, each with tokens of its own.
live() {
  local way=$1 era name at
  for era in modern legacy; do
    for name in ts_v1 ts_v2 python rmcp inspector; do
      case $way in
        direct) at=("$(said direct-ward url)" none "$era" http "$(said direct-errands url)" none) ;;
        http) at=("$gate/ward/mcp" "$(token ward amara patient:read)" "$era" http
          "$gate/errands/mcp" "$(token errands amara patient:read)") ;;
        stdio) at=("$gate/ward-stdio/mcp" "$(token ward-stdio amara patient:read)" "$era" stdio
          "$gate/errands-stdio/mcp" "$(token errands-stdio amara patient:read)") ;;
      esac
      # How it went is read from what it prints; a client that breaks down prints no more.
      client "$name" "${at[@]}" >"$work/days/$way.$era.$name" 2>&1 || true
    done
  done
}

DAY_DIRECT=1 live direct &
days=($!)
live http &
days+=($!)
live stdio &
days+=($!)
started+=("${days[@]}")
wait "${days[@]}"

if ! node table.mjs "$work/days"; then
  tail -3 "$work"/gate.log
  exit 1
fi
"$program" audit verify "$work/state/audit"
