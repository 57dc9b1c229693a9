#!/usr/bin/env bash
# Sees to it that there is a Python with the packages of scripts/python-packages.txt, in an environment of its own under
# target/python: a test starts a WebSocket server in it that is not ours. Says what is missing where that is not possible;
# the tests then skip themselves, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=scripts/python-packages.txt
environment=${CARGO_TARGET_DIR:-target}/python
# What was installed: nothing is to be done as long as it is what is wanted.
installed=$environment/installed.txt

skip() {
    echo "python: $1" >&2
    echo "python: the tests that need it are skipped" >&2
    exit 0
}

if cmp -s "$wanted" "$installed" && "$environment/bin/python" -c '' 2>/dev/null; then exit 0; fi
command -v python3 >/dev/null || skip "python3 is missing: install version 3.10 or later"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
    || skip "$(python3 --version) is too old: version 3.10 or later is needed"
echo "python: installing the packages of $wanted into $environment" >&2
# Debian has the module venv in a package of its own.
python3 -m venv --clear "$environment" >&2 || skip "there is no module venv: install the package python3-venv"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted" >&2 \
    || skip "pip could not install the packages; what it said is above"
cp "$wanted" "$installed"
