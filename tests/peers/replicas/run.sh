#!/usr/bin/env bash
# Two gates that share a real Redis server: tests/it/replicas.rs, with a server from the registry.
set -euo pipefail
subject=replicas
. "$(dirname "$0")/../lib.sh"
need python3 cargo
install_python redis
REDIS_SERVER=$peers/.venv-redis/bin/redis-server cargo test --manifest-path "$root/Cargo.toml" --locked --test it -- replicas
