#!/usr/bin/env bash
# Runs the Autobahn test suite against the echo server (crates/tightwire/examples/echo.rs): the 301 core cases, all but
# the compression that the server does not offer (12.* and 13.*). Fails on everything but OK and INFORMATIONAL:
# NON-STRICT fails too.
#
# The suite runs under CPython 2.7 only. The script takes WSTEST (a ready `wstest`), else it makes a virtual environment
# under target/autobahn with PYTHON27, with `python2.7`, or with a 2.7 of pyenv. Where there is none it says so and ends
# well, unless AUTOBAHN_REQUIRED is set: our own port of the case families runs in `make test` everywhere
# (crates/tightwire/tests/websocket).
set -euo pipefail
cd "$(dirname "$0")/.."

work=target/autobahn
mkdir -p "$work"

find_python27() {
    local candidate
    for candidate in "${PYTHON27:-}" python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python2.7; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null; then
            "$candidate" -c 'import sys; sys.stdout.write(sys.executable)'
            return
        fi
    done
    return 1
}

wstest=${WSTEST:-$work/venv/bin/wstest}
if ! [ -x "$wstest" ]; then
    if [ -n "${WSTEST:-}" ]; then
        echo "WSTEST names $wstest, which is not a program." >&2
        exit 1
    fi
    if ! python27=$(find_python27); then
        echo "The Autobahn test suite was not run: it needs CPython 2.7. Set PYTHON27 to one, or install it with pyenv." >&2
        if [ -n "${AUTOBAHN_REQUIRED:-}" ]; then exit 1; else exit 0; fi
    fi
    # The last virtualenv that makes environments for 2.7. It runs under Python 3.
    python3 -m pip install --quiet --upgrade --target "$work/virtualenv" virtualenv==20.15.1
    PYTHONPATH="$work/virtualenv" python3 -m virtualenv --quiet --python "$python27" "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check autobahntestsuite==25.10.1
fi

cargo build --quiet --package tightwire --example echo
target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
: >"$work/address"
"$target/debug/examples/echo" >"$work/address" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    [ -s "$work/address" ] && break
    sleep 0.1
done
address=$(cat "$work/address")

rm -rf "$work/report"
cat >"$work/fuzzingclient.json" <<JSON
{
    "outdir": "$work/report",
    "servers": [{"agent": "tightwire", "url": "ws://$address"}],
    "cases": [${AUTOBAHN_CASES:-\"*\"}],
    "exclude-cases": ["12.*", "13.*"],
    "exclude-agent-cases": {}
}
JSON
"$wstest" -m fuzzingclient -s "$work/fuzzingclient.json" >"$work/wstest.log" 2>&1 || {
    tail -20 "$work/wstest.log" >&2
    exit 1
}

python3 - "$work/report/index.json" "${AUTOBAHN_CASES:+some}" <<'PYTHON'
import collections, json, sys

(cases,) = json.load(open(sys.argv[1])).values()
passing = {"OK", "INFORMATIONAL"}
counts = collections.Counter(case["behavior"] for case in cases.values())
failed = {name: case for name, case in cases.items() if {case["behavior"], case["behaviorClose"]} - passing}
print(f"Autobahn: {len(cases)} cases, " + ", ".join(f"{count} {behavior}" for behavior, count in sorted(counts.items())))
for name, case in sorted(failed.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
    print(f"  {name}: {case['behavior']}, close {case['behaviorClose']} ({case['remoteCloseCode']}), {case['reportfile']}")
if not sys.argv[2] and len(cases) != 301:
    sys.exit("there should be 301 cases")
sys.exit(1 if failed else 0)
PYTHON
