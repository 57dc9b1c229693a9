#!/bin/sh
# The load generator against the chat server, both release builds, on this machine. `make bench` runs it.
# BENCH_PORT is where the server listens, BENCH_SECONDS how long each measurement takes.
set -eu
cd "$(dirname "$0")/.."
port=${BENCH_PORT:-18099}
seconds=${BENCH_SECONDS:-5}
cargo build --quiet --release --package tightwire-cli --package tightwire-chat
binaries=${CARGO_TARGET_DIR:-target}/release

"$binaries/tightwire-chat" --auth-disabled --bind "127.0.0.1:$port" --log warn --handshakes-per-second 0 \
    --messages-per-second 1000000000 --message-burst 1000000000 --responder-delay-ms 0 &
server=$!
trap 'kill $server 2>/dev/null' EXIT INT TERM
tries=0
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health"; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $server 2>/dev/null; then
        echo "the chat server does not answer on port $port" >&2
        exit 1
    fi
    sleep 0.1
done

measure() {
    echo
    echo "== $1"
    shift
    "$binaries/tightwire" bench "ws://127.0.0.1:$port/ws" --spec asyncapi/chat.yml --duration "$seconds" --seed 7 "$@"
}

measure "Round trips, far from the limit: 50 connections, 20 pings per second each" \
    --connections 50 --rate-per-connection 20
measure "Round trips, 100 000 pings per second over 50 connections" --connections 50 --rate 100000
measure "Fan-out: 200 connections on one topic, 20 messages per second that all of them get" \
    --connections 200 --topics thread:bench --message send_message --rate 20
