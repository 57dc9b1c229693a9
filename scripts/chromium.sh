#!/usr/bin/env bash
# Sees to it that there is a Chromium, which the tests of the page start without a window. Installs it where that is possible
# without asking: the Debian package as root or with a sudo that wants no password. Says what to do where it is not.
# `CHROMIUM` names one that is elsewhere.
set -euo pipefail

fail() {
    echo "chromium: $1" >&2
    echo "chromium: install Chromium or Chrome (the package chromium of Debian, Homebrew's cask chromium, or from" \
        "https://www.google.com/chrome/), or name its program with the variable CHROMIUM" >&2
    exit 1
}

is_there() {
    [ -x "${CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome >/dev/null ||
        [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] ||
        [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

install_with_apt() {
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends chromium)
    if [ "$(id -u)" = 0 ]; then
        # The lists of packages may be old, or not there at all, as in images of containers.
        "${install[@]}" || { apt-get update --quiet && "${install[@]}"; }
    elif ! command -v sudo >/dev/null; then
        fail "it is missing, and only root can install it: there is no sudo"
    elif ! sudo -n true 2>/dev/null; then
        fail "it is missing, and sudo asks for a password: run \`sudo apt-get install chromium\`"
    else
        sudo -n "${install[@]}" || { sudo -n apt-get update --quiet && sudo -n "${install[@]}"; }
    fi
}

if [ -n "${CHROMIUM:-}" ] && [ ! -x "$CHROMIUM" ]; then
    fail "CHROMIUM names $CHROMIUM, which is no program"
fi
if is_there; then exit 0; fi
# On Ubuntu the package is only a way to a snap, which containers cannot run.
if [ -r /etc/os-release ] && grep -q '^ID=debian' /etc/os-release; then
    echo "Chromium is missing: installing the Debian package" >&2
    install_with_apt || fail "apt-get could not install it; what it said is above"
else
    fail "it is missing"
fi
is_there || fail "it was installed, and is not on the PATH"
