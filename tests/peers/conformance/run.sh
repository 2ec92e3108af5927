#!/usr/bin/env bash
# The official MCP conformance suite, direct and through `portcullis serve`, check by check.
set -euo pipefail
subject=conformance
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib.sh"
need npm python3 cargo
install_node
cd "$here"
[ -e node_modules/.package-lock.json ] || npm ci --no-fund --no-audit --loglevel=error
if [ ! -e python/.venv/ready ]; then
  python3 -m venv python/.venv
  python/.venv/bin/pip install -q --disable-pip-version-check -r python/requirements.txt
  touch python/.venv/ready
fi
cargo build --quiet --locked --manifest-path fixture/Cargo.toml
fixture=${CARGO_TARGET_DIR:-$here/fixture/target}/debug/conformance-fixture

# What compares must itself be right.
node --test --test-reporter=dot shim.test.mjs compare.test.mjs

start fixture "$fixture" --port 0
start python python/.venv/bin/python python/server.py --port 0

# The demo lends its authorization server.
gate="http://127.0.0.1:$(free_port)"
mkdir "$work/demo"
start demo "$program" demo --quiet --json --port 0 --state "$work/demo" \
  --resource "$gate/fixture/mcp" --resource "$gate/python/mcp"

configure() {
  rm -rf "$work/rules" "$work/state"
  cp -r "rules/$1" "$work/rules"
  cat >"$work/portcullis.yaml" <<CONFIG
listen: ${gate#http://}
public_url: $gate
state_dir: state
rules: rules
issuers:
  - issuer: $(said demo authorization_server)
    algorithms: [ES256]
client:
  client_id: portcullis
  private_key_file: demo/gate-key.pem
upstreams:
  fixture: { url: "$(said fixture url)", auth: none }
  python: { url: "$(said python url)", auth: none }
# The suite is quicker than any agent.
guard: { calls_per_second: 1000, call_burst: 1000, tool_calls_per_second: 1000, tool_call_burst: 1000 }
CONFIG
  "$program" check --config "$work/portcullis.yaml"
}

# compare SERVER RULES: both requirement sets, through a shim that holds a fresh token.
compare() {
  SHIM_TOKEN=$(token "$1" amara "patient:read") start "shim-$1" node shim.mjs 0 "$gate"
  for requirements in 2025-11-25 2026-07-28; do
    node compare.mjs "$work/out" "$1" "$requirements" "$(said "$1" url)" "$2" "$(said "shim-$1" url)/$1/mcp" || faults+=("$1 $requirements $2")
  done
}

# hidden SERVER: what the servers plant for the detectors is in many of the suite's notes
# taken directly, and must be in none of those taken under redacting rules.
hidden() {
  local bait="536-90-4399" direct leaked
  for requirements in 2025-11-25 2026-07-28; do
    direct=$( (grep -rlF "$bait" "$work/out/$1/$requirements/direct" || true) | wc -l)
    leaked=$(grep -rlF "$bait" "$work/out/$1/$requirements/redacting" | sed 's#.*/server-##; s#-20[0-9T-]*Z/.*##' || true)
    echo "$1, $requirements: planted in $direct scenarios, through the gate in: ${leaked:-none}"
    [ "$direct" -ge 9 ] && [ -z "$leaked" ] || faults+=("$1 $requirements lets personal data through")
  done
}

faults=()
for rules in neutral redacting; do
  configure "$rules"
  "$program" serve --config "$work/portcullis.yaml" 2>"$work/gate.log" &
  serving=$!
  started+=("$serving")
  wait_for python3 -c "import urllib.request; urllib.request.urlopen('$gate/healthz')"
  for server in fixture python; do compare "$server" "$rules"; done
  "$program" audit verify "$work/state/audit" || faults+=("audit $rules")
  stop "$serving"
done
for server in fixture python; do hidden "$server"; done

# The other side: the suite is the server, and the gate the client that it judges.
client="http://127.0.0.1:$(free_port)"
mkdir "$work/client-demo"
start client-demo "$program" demo --quiet --json --port 0 --state "$work/client-demo" --resource "$client/suite/mcp"
cp "$work/client-demo.json" "$work/client-demo/said.json"
DEMO="$work/client-demo" PORTCULLIS="$program" node client/compare.mjs "$work/client" "$client" || faults+=("client scenarios")
PORTCULLIS="$program" node client/outbound.mjs "$work/client" || faults+=("authorization scenarios")

if [ ${#faults[@]} -gt 0 ]; then
  printf 'conformance: differs: %s\n' "${faults[@]}"
  exit 1
fi
echo "conformance: the same through the gate as direct"
