#!/usr/bin/env bash
# The gate's detectors and those of its peers, over the same annotated texts.
#
#   run.sh [CORPUS.jsonl …]      by default the test.jsonl of each folder of corpora/ but secrets
#
# It installs what is missing, pinned, under target/peers, and writes RESULTS.md. A peer that
# cannot be installed is left out and named; with CI=true that is a failure. PORTCULLIS names
# a binary to use instead of building one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
cache=$target/peers
log=$cache/install.log
peers=()

skip() {
  echo "SKIP $1: could not be installed; the end of $log:" >&2
  tail -5 "$log" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  peers+=(--left-out "$1")
}

install_python() {
  cmp -s "$here/requirements.txt" "$cache/python/requirements.txt" && return
  rm -rf "$cache/python"
  python3 -m venv "$cache/python" &&
    "$cache/python/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" &&
    cp "$here/requirements.txt" "$cache/python/"
}

install_node() {
  local node=$cache/node
  mkdir -p "$node" && cp "$here/arcjet_adapter.mjs" "$node/" || return
  cmp -s "$here/package-lock.json" "$node/package-lock.json" && [ -e "$node/node_modules/.package-lock.json" ] && return
  cp "$here/package.json" "$here/package-lock.json" "$node/" &&
    npm ci --prefix "$node" --no-fund --no-audit --loglevel=error
}

install_rust() {
  cargo build --release --locked --manifest-path "$here/rust/Cargo.toml" --target-dir "$cache/rust"
}

# version FILE NAME: what the file of pins says.
version() { sed -nE "s/^ *\"?$2\"?(==|: \"| = \"=)([0-9.]+).*/\2/p" "$here/$1"; }

mkdir -p "$cache"
program=${PORTCULLIS:-$target/release/portcullis}
[ -n "${PORTCULLIS:-}" ] || cargo build --release --locked --manifest-path "$root/Cargo.toml"
program=$(realpath "$program")

if install_python >"$log" 2>&1; then
  python=$cache/python/bin/python
  peers+=(--peer "Presidio $(version requirements.txt presidio_analyzer), small model" "$python" "$here/presidio_adapter.py")
  peers+=(--peer "cpex-pii-filter $(version requirements.txt cpex-pii-filter)" "$python" "$here/cpex_adapter.py")
else
  skip "Presidio and cpex-pii-filter"
fi
if install_rust >"$log" 2>&1; then
  rust=$cache/rust/release/peers
  datafog="datafog-core $(version rust/Cargo.toml datafog-core)"
  peers+=(--peer "$datafog" "$rust" datafog-core)
  peers+=(--peer "$datafog, JSON scan" "$rust" datafog-core-json)
  peers+=(--peer "cloakrs $(version rust/Cargo.toml cloakrs-core)" "$rust" cloakrs)
else
  skip "datafog-core and cloakrs"
fi
if install_node >"$log" 2>&1; then
  peers+=(--peer "@arcjet/redact $(version package.json @arcjet.redact)" "$cache/node/node_modules/.bin/node" "$cache/node/arcjet_adapter.mjs")
else
  skip "@arcjet/redact"
fi

corpora=("$@")
if [ $# = 0 ]; then
  shopt -s nullglob
  # In `secrets` nothing but those is annotated, for which the others are not made.
  for corpus in "$root"/corpora/*/test.jsonl; do
    [[ $corpus == */secrets/* ]] || corpora+=("$corpus")
  done
fi
[ ${#corpora[@]} -gt 0 ] || { echo "no corpora/*/test.jsonl here: name one" >&2; exit 1; }
python3 "$here/compare.py" --portcullis "$program" --results "$here/RESULTS.md" "${peers[@]}" -- "${corpora[@]}"
