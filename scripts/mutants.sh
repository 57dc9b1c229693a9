#!/usr/bin/env bash
# Changes the code, one place after the other, to see whether a test notices (cargo-mutants), and compares with the baseline.
#
#     scripts/mutants.sh changed        the code that differs from BASE (main)
#     scripts/mutants.sh all            all of it, or the files in FILES, or the part that SHARD names (3/120)
set -euo pipefail

cd "$(dirname "$0")/.."
what=${1:?say what: changed or all}
out=target/mutants

cargo mutants --version >/dev/null 2>&1 || cargo install cargo-mutants --locked
mkdir -p "$out"
arguments=(--workspace --no-shuffle --output "$out")
if cargo nextest --version >/dev/null 2>&1; then arguments+=(--test-tool nextest); fi

case $what in
    changed)
        base=${BASE:-main}
        git rev-parse --verify --quiet "$base" >/dev/null || base=origin/$base
        git diff "$(git merge-base "$base" HEAD)" -- '*.rs' > "$out/changed.diff"
        if [ ! -s "$out/changed.diff" ]; then
            echo "no Rust code differs from $base"
            exit 0
        fi
        arguments+=(--in-diff "$out/changed.diff")
        ;;
    all)
        for file in ${FILES:-}; do arguments+=(--file "$file"); done
        if [ -n "${SHARD:-}" ]; then arguments+=(--shard "$SHARD"); fi
        ;;
    *)
        echo "unknown: $what; say changed or all" >&2
        exit 2
        ;;
esac

# What an earlier run found must not be taken for this one's.
rm -rf "$out/mutants.out" "$out/mutants.out.old"
status=0
cargo mutants "${arguments[@]}" || status=$?
# 2: some are missed, 3: some never end. The baseline decides about those; anything else went wrong.
case $status in
    0 | 2 | 3) ;;
    *) exit "$status" ;;
esac
if [ ! -d "$out/mutants.out" ]; then
    echo "nothing that differs can be changed"
    exit 0
fi
node scripts/mutants-baseline.mjs "$out/mutants.out"
