#!/usr/bin/env bash
# Real authorization servers before a real gate: oidc-provider, which exchanges tokens, and
# glewlwyd, which does not, so that the gate signs them itself. Behind it a server that
# verifies what it gets with other code than the gate's.
set -euo pipefail
subject=identity
. "$(dirname "$0")/../lib.sh"
need npm python3 openssl timeout
install_node
cd "$peers/identity"
# Which columns of the matrix are tried: all, if none is named.
columns=${IDENTITY_COLUMNS:-}

# key NAME: a key of the gate's, and its public half as a JWK on standard output.
key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1" 2>/dev/null
  chmod 600 "$work/$1"
  node public.mjs "$work/$1"
}
# An authority of certificates for this run, which node and python trust.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=an authority" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
  -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
export NODE_EXTRA_CA_CERTS=$work/ca.pem SSL_CERT_FILE=$work/ca.pem CERTIFICATES=$work
# certificate NAME: for this machine as a server, and for anyone as a client.
certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
  echo "subjectAltName=DNS:localhost,IP:127.0.0.1" >"$work/$1.ext"
  openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 2 -extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null
  chmod 600 "$work/$1.key"
}
# gate_at FILE: a gate with this configuration, at $gate.
gate_at() {
  "$program" check --config "$1"
  "$program" serve --config "$1" 2>"$1.log" &
  started+=($!)
  wait_for python3 -c "import urllib.request; urllib.request.urlopen('$gate/healthz')"
}
# begin FOLDER ISSUER: what both configurations have in common.
begin() {
  mkdir "$work/$1"
  cp -r rules "$work/$1/rules"
  cat >"$work/$1/portcullis.yaml" <<CONFIG
listen: ${gate#*://}
public_url: $gate
state_dir: state
rules: rules
issuers:
  - issuer: $2
$3
guard: { calls_per_second: 1000, call_burst: 1000, tool_calls_per_second: 1000, tool_call_burst: 1000 }
CONFIG
}

# -- oidc-provider, with a token-exchange grant of ours ------------------------------------
for name in server one other; do certificate "$name"; done
gate="https://127.0.0.1:$(free_port)"
port=$(free_port)
issuer="http://127.0.0.1:$port"
public=$(key gate-key.pem)
start authority node authority.mjs "$port" "$gate" "$public"
start records node downstream.mjs "$(free_port)" records "$issuer" urn:records portcullis
start vault node downstream.mjs "$(free_port)" vault "$issuer" urn:vault portcullis
start ward node downstream.mjs "$(free_port)" ward "$issuer" urn:ward portcullis dpop
begin exchange "$issuer" "    introspection: { servers: [vault] }"
cat >>"$work/exchange/portcullis.yaml" <<CONFIG
client: { client_id: portcullis, private_key_file: ../gate-key.pem }
tls:
  certificate_file: ../server.pem
  private_key_file: ../server.key
  client_ca_file: ../ca.pem
  client_certificate_optional: true
upstreams:
  records: { url: $(said records url), auth: exchange, audience: 'urn:records' }
  vault: { url: $(said vault url), auth: exchange, audience: 'urn:vault' }
  ward: { url: $(said ward url), auth: exchange, audience: 'urn:ward', dpop: true }
CONFIG
gate_at "$work/exchange/portcullis.yaml"
"$program" doctor --config "$work/exchange/portcullis.yaml"
told() { said "$1" url | sed 's|/mcp$|/told|'; }
RECORDS=$(told records) VAULT=$(told vault) WARD=$(told ward) timeout 300 node matrix.mjs "$gate" "$(cat "$work/authority.json")" "$columns"
"$program" audit verify "$work/exchange/state/audit"

# -- glewlwyd, and the gate's own token service --------------------------------------------
if ! command -v glewlwyd >/dev/null && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -qq -y --no-install-recommends glewlwyd >/dev/null
fi
need glewlwyd dpkg
gate="http://127.0.0.1:$(free_port)"
mkdir "$work/glewlwyd"
start second python3 glewlwyd.py "$(free_port)" "$work/glewlwyd" "$gate/records/mcp" "$gate/vault/mcp"
export KEYS_MAX_AGE_MS=2000
start sts-records node downstream.mjs "$(free_port)" records "$gate/records/sts" urn:records "$gate"
start sts-vault node downstream.mjs "$(free_port)" vault "$gate/vault/sts" urn:vault "$gate" dpop
begin sts "$(said second issuer)" ""
# Its scopes have no colon, and it has two servers.
rm "$work/sts/rules/tools/ward.yaml"
sed -i 's/records:read/records_read/' "$work"/sts/rules/tools/*.yaml
cat >>"$work/sts/portcullis.yaml" <<CONFIG
local_sts: { rotate_seconds: 4, overlap_seconds: 3 }
upstreams:
  records: { url: $(said sts-records url), auth: local_sts, audience: 'urn:records', era: modern }
  vault: { url: $(said sts-vault url), auth: local_sts, audience: 'urn:vault', era: modern, dpop: true }
CONFIG
gate_at "$work/sts/portcullis.yaml"
TOLD=$(told sts-records) timeout 120 node rotation.mjs "$gate" "$(cat "$work/second.json")"
"$program" token explain --config "$work/sts/portcullis.yaml" <<<"$(said second token)"
"$program" audit verify "$work/sts/state/audit"
echo "identity: all passed"
