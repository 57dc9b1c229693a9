#!/usr/bin/env bash
# Sees to it that there is a `redis-server` (7 or later), which tests start on ports and in folders of their own. Installs it
# where that is possible without asking: the Debian package as root or with a sudo that wants no password, or with Homebrew.
# Says what to do where it is not.
set -euo pipefail

fail() {
    echo "redis-server: $1" >&2
    echo "redis-server: install version 7 or later: the package redis-server of Debian 12, Ubuntu 24.04 or later, Homebrew's" \
        "redis, or as https://redis.io/docs/latest/operate/oss_and_stack/install/ says" >&2
    exit 1
}

# Whether it is there. One that is too old is not replaced: something else may need it.
is_there() {
    command -v redis-server >/dev/null || return 1
    local version
    version=$(redis-server --version | sed -n 's/.* v=\([0-9][0-9]*\).*/\1/p') || true
    if [ "${version:-0}" -lt 7 ]; then
        fail "$(command -v redis-server) is of version ${version:-unknown}, and the tests need 7 or later"
    fi
}

install_with_apt() {
    # The tests start servers of their own; the run level keeps the package from starting one for good.
    local install=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install --yes --quiet --no-install-recommends redis-server)
    if [ "$(id -u)" = 0 ]; then
        # The lists of packages may be old, or not there at all, as in images of containers.
        "${install[@]}" || { apt-get update --quiet && "${install[@]}"; }
    elif ! command -v sudo >/dev/null; then
        fail "it is missing, and only root can install it: there is no sudo"
    elif ! sudo -n true 2>/dev/null; then
        fail "it is missing, and sudo asks for a password: run \`sudo apt-get install redis-server\`"
    else
        sudo -n "${install[@]}" || { sudo -n apt-get update --quiet && sudo -n "${install[@]}"; }
    fi
}

if is_there; then exit 0; fi
if command -v apt-get >/dev/null; then
    echo "redis-server is missing: installing the Debian package" >&2
    install_with_apt || fail "apt-get could not install it; what it said is above"
elif command -v brew >/dev/null; then
    echo "redis-server is missing: installing Homebrew's redis" >&2
    brew install redis || fail "brew could not install it; what it said is above"
else
    fail "it is missing, and there is neither apt-get nor brew to install it with"
fi
is_there || fail "it was installed, and is not on the PATH"
