#!/usr/bin/env bash
# make bench: times training against other trainers: bench.sh [OPTION]... (see bench/__main__.py).
# SPDX-License-Identifier: MIT
#
# Without --text, --counts or --help it uses the text that `make demo` fetches, with three runs per
# row. All figures go to build/bench/figures.json, the tables to build/bench/figures.md and stdout.
set -euo pipefail
cd "$(dirname "$0")/.."

fetches=yes
for word in "$@"; do
    case $word in
    --text | --text=* | --counts | --counts=* | -h | --help) fetches=no ;;
    esac
done

tools/set-up.sh bench
defaults=(--json build/bench/figures.json --markdown build/bench/figures.md)
if [ $fetches = yes ]; then
    tools/fetch-text.sh
    defaults+=(--runs 3)
fi
tools/build.sh release
PYTHONDONTWRITEBYTECODE=1 exec build/bench/venv/bin/python -m bench "${defaults[@]}" "$@"
