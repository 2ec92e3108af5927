#!/usr/bin/env bash
# The MCP Inspector's command line: inspector.sh <mcp url> <narrow token> <wide token>
set -euo pipefail
url=$1 narrow=$2 wide=$3
here=$(cd "$(dirname "$0")/.." && pwd)
inspect() {
  local token=$1
  shift
  "$here/node_modules/.bin/mcp-inspector" --cli "$url" --transport http --header "Authorization: Bearer $token" --format json "$@" 2>&1
}
said() { echo "ok   Inspector: $1"; }
fail() { echo "FAIL Inspector: $1"; echo "$2" | head -20; exit 1; }

listed=$(inspect "$narrow" --method tools/list)
grep -q listAccounts <<<"$listed" && ! grep -q getCustomerPII <<<"$listed" || fail "tools/list" "$listed"
said "lists the tools this token may call"
accounts=$(inspect "$narrow" --method tools/call --tool-name listAccounts --tool-arg limit=3)
grep -q a-201 <<<"$accounts" || fail "listAccounts" "$accounts"
said "calls an allowed tool"
refused=$(inspect "$narrow" --method tools/call --tool-name getCustomerPII --tool-arg customerId=c-203) && fail "getCustomerPII was not refused" "$refused"
grep -q "requires pii:read scope\|403\|not found\|insufficient_scope" <<<"$refused" || fail "the refusal says nothing" "$refused"
said "is refused the tool it lacks the scope for"
customer=$(inspect "$wide" --method tools/call --tool-name getCustomerPII --tool-arg customerId=c-203)
grep -q US_SSN_1 <<<"$customer" && ! grep -Eq '[0-9]{3}-[0-9]{2}-[0-9]{4}' <<<"$customer" || fail "getCustomerPII" "$customer"
said "gets the redacted result"
