#!/usr/bin/env bash
# Configures and builds presets of CMakePresets.json: build.sh [PRESET...] (default: release).
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- release
# Without a terminal, every progress line would stay.
quiet=()
[ -t 1 ] || quiet=(-- --quiet)

mkdir -p build
for preset in "$@"; do
    log=build/configure-$preset.log
    cmake --preset "$preset" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
    echo "build: preset $preset"
    cmake --build --preset "$preset" "${quiet[@]}"
done
