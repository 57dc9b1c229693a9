#!/usr/bin/env bash
# Has the contracts of contracts/*.json, and the matcher that judges them, checked by other implementations of Pact: its models
# and matcher in Rust, pact-python, and its comparator for AsyncAPI. Needs Rust, Python and Node.js, and fetches their packages.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}/pact-oracles
mkdir -p "$target/flattened"

fail() {
    echo "pact-oracles: $1" >&2
    exit 1
}

echo "==== pact_models and pact_matching (Rust)"
CARGO_TARGET_DIR=$target/rust cargo test --quiet --locked --manifest-path oracles/pact/Cargo.toml -- --nocapture

echo "==== pact-python (PyPI)"
command -v python3 >/dev/null || fail "python3 is missing: install version 3.10 or later"
if ! cmp -s oracles/python/requirements.txt "$target/python/installed.txt"; then
    python3 -m venv --clear "$target/python" || fail "there is no module venv: install the package python3-venv"
    "$target/python/bin/python" -m pip install --quiet --disable-pip-version-check --requirement oracles/python/requirements.txt
    cp oracles/python/requirements.txt "$target/python/installed.txt"
fi
rm -f "$target"/flattened/*.json
for contract in contracts/*.json; do
    cargo run --quiet --package tightwire-cli -- contract flatten "$contract" >"$target/flattened/$(basename "$contract")"
done
PACT_DO_NOT_TRACK=true "$target/python/bin/python" oracles/python/verify.py "$target"/flattened/*.json

echo "==== @pactflow/openapi-pact-comparator (npm)"
command -v npm >/dev/null || fail "Node.js is missing: install version $(cat .nvmrc)"
npm ci --silent --prefix oracles/comparator
node oracles/comparator/compare.mjs
