#!/bin/sh
# Installs the Debian packages that gdviz needs and that are missing: those named as arguments, and
# a compiler and Python's venv and headers where there are none. Asks nobody: as root or with sudo
# that needs no password it installs; otherwise it prints the line to run and fails.
set -eu
command -v dpkg-query >/dev/null || exit 0  # not a Debian: nothing this script could do

missing=""
for package in "$@"; do
    # since 2024 some packages end in t64
    for name in "$package" "${package}t64"; do
        case "$(dpkg-query -W -f='${Status}' "$name" 2>/dev/null || true)" in
            *" installed") continue 2 ;;
        esac
    done
    missing="$missing $package"
done
command -v cc >/dev/null || missing="$missing build-essential"
python="${PYTHON:-python3}"
if ! command -v "$python" >/dev/null; then
    missing="$missing python3 python3-venv python3-dev"
else
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
    "$python" -c 'import os, sysconfig, sys
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        missing="$missing python3-dev"
fi
[ -n "$missing" ] || exit 0

export DEBIAN_FRONTEND=noninteractive
if [ "$(id -u)" = 0 ]; then
    become=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    become="sudo -n"
else
    echo "gdviz needs these packages; please run:" >&2
    echo "    sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "Installing$missing"
$become apt-get update -q
# shellcheck disable=SC2086
$become apt-get install -q -y --no-install-recommends $missing
