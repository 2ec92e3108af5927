#!/usr/bin/env bash
# Real MCP clients, and a real third-party server, against `portcullis serve`.
set -euo pipefail
subject=peers
. "$(dirname "$0")/lib.sh"
need npm python3
install_node
install_python client
install_python sqlite
cd "$peers"

lend_authorization clinic ledger sqlite
# The third-party server, over a table of synthetic patients.
python3 sqlite/make_patients.py "$work/patients.db"
sqlite_port=$(free_port)
.venv-sqlite/bin/mcp-proxy --host 127.0.0.1 --port "$sqlite_port" -- \
  .venv-sqlite/bin/mcp-server-sqlite --db-path "$work/patients.db" >"$work/sqlite.log" 2>&1 &
started+=($!)
wait_for python3 -c "import socket; socket.create_connection(('127.0.0.1', $sqlite_port))"

mkdir -p "$work/rules/tools"
cp "$root/rules/tools/clinic.yaml" "$root/rules/tools/ledger.yaml" sqlite/sqlite.yaml "$work/rules/tools/"
serve "  clinic: { url: $(said demo servers clinic), auth: exchange, audience: 'urn:demo:clinic' }
  ledger: { url: $(said demo servers ledger), auth: exchange, audience: 'urn:demo:ledger' }
  sqlite: { url: 'http://127.0.0.1:$sqlite_port/mcp', auth: none }"

ledger="$gate/ledger/mcp"
narrow=$(token ledger chen "accounts:read")
wide=$(token ledger chen "accounts:read pii:read")
node clients/ts_v1.mjs "$ledger" "$narrow" "$wide"
node clients/ts_v1.mjs "$ledger/sse" "$narrow" "$wide"
node clients/ts_v2.mjs "$ledger" "$narrow" "$wide"
.venv-client/bin/python clients/python_client.py "$ledger" "$narrow" "$wide"
clients/inspector.sh "$ledger" "$narrow" "$wide"
for server in clinic ledger; do
  arguments=("$gate/$server/mcp" "$server")
  while read -r login scopes; do
    arguments+=("$login $scopes" "$(token "$server" "$login" "$scopes")")
  done < <(node -p "require('./clients/tools.json').$server.callers.join('\n')")
  node clients/every_tool.mjs "${arguments[@]}"
  .venv-client/bin/python clients/every_tool.py "${arguments[@]}"
done
node sqlite/check.mjs "$gate/sqlite/mcp" "$(token sqlite amara "patient:read")" "$(token sqlite amara "patient:read phi:read")"
"$program" audit verify "$work/state/audit"
echo "peers: all passed"
