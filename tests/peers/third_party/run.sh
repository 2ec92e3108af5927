#!/usr/bin/env bash
# Two servers that nobody here wrote, as children of `portcullis serve`, whose tools all
# declare an `outputSchema`: what is redacted must still satisfy it.
set -euo pipefail
subject=third_party
. "$(dirname "$0")/../lib.sh"
need npm python3 pgrep timeout
install_node
cd "$peers/third_party"

lend_authorization files memory
cp -r rules "$work/rules"
mkdir "$work/files"
servers=$peers/node_modules/@modelcontextprotocol
node=$(command -v node)
serve "  files: { command: ['$node', '$servers/server-filesystem/dist/index.js', '$work/files'], auth: none }
  memory:
    command: ['$node', '$servers/server-memory/dist/index.js']
    environment: { MEMORY_FILE_PATH: '$work/memory.jsonl' }
    auth: none"
serving=${started[-1]}

for era in modern legacy; do
  mkdir "$work/files/$era"
  timeout 60 node filesystem.mjs "$gate/files/mcp" "$(token files amara patient:read)" "$era" "$work/files/$era"
  rm -f "$work/memory.jsonl"
  timeout 60 node memory.mjs "$gate/memory/mcp" "$(token memory amara patient:read)" "$era" "$work/memory.jsonl" "$serving"
done
"$program" audit verify "$work/state/audit"
echo "third_party: all passed"
