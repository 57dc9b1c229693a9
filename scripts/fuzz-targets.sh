#!/usr/bin/env bash
# Runs each target of fuzz/ for as many seconds as are given, from what the repository has and from what earlier runs found.
# What makes a target fail is kept in fuzz/artifacts.
set -euo pipefail

cd "$(dirname "$0")/.."
seconds=${1:-60}

cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
cargo run --quiet --package tightwire-fuzz-targets -- fuzz/seeds

for target in decoder session document; do
    echo "==== $target, for $seconds s"
    mkdir -p "fuzz/corpus/$target"
    # Without a sanitizer: unsafe code is forbidden here, and so a stable compiler is enough.
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 || {
        echo "$target failed. Make what it failed on smaller (cargo fuzz tmin --sanitizer none $target FILE), mend it, and put" \
            "the file into fuzz/found/$target: the tests run all that is there." >&2
        exit 1
    }
done
