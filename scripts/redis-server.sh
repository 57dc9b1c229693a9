#!/usr/bin/env bash
# Sees to it that there is a `redis-server` (7 or later), which tests start on ports and in folders of their own. Installs
# the Debian package where that is possible without asking; says what to do where it is not.
set -euo pipefail

if command -v redis-server >/dev/null; then
    version=$(redis-server --version | sed -n 's/.* v=\([0-9]*\).*/\1/p')
    if [ "${version:-0}" -ge 7 ]; then exit 0; fi
    echo "redis-server is of version ${version:-unknown}, the tests need 7 or later: see https://redis.io/docs/latest/operate/oss_and_stack/install/" >&2
    exit 1
fi

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "redis-server is missing: install version 7 or later (Debian package redis-server, Homebrew redis)." >&2
    exit 1
fi
# The tests start servers of their own; the run level keeps the package from starting one for good.
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install --yes --quiet --no-install-recommends redis-server)
"${install[@]}" || { "${as_root[@]}" apt-get update --quiet && "${install[@]}"; }
