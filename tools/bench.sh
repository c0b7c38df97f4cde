#!/usr/bin/env bash
# make bench: times us and others: bench.sh [encode | calls] [OPTION]...
# SPDX-License-Identifier: MIT
#
# bench.sh: training (bench/__main__.py). Without --text, --counts or --help it uses the text that
# `make demo` fetches, with three runs per row. Figures go to build/bench/figures.json, tables to
# build/bench/figures.md and stdout.
# bench.sh encode: encoding and decoding in Python (bench/encode/), to encode.json and encode.md.
# bench.sh calls: what Python adds to the library's calls (bench/calls.py).
set -euo pipefail
cd "$(dirname "$0")/.."

figures=build/bench/figures
module=bench
case ${1:-} in
encode | calls)
    figures=build/bench/$1
    module=bench.$1
    shift
    ;;
esac

fetches=yes
for word in "$@"; do
    case $word in
    --text | --text=* | --counts | --counts=* | -h | --help) fetches=no ;;
    esac
done

install_package() {
    build/bench/venv/bin/pip --disable-pip-version-check install --quiet --no-deps \
        --no-build-isolation --force-reinstall . </dev/null
}

tools/set-up.sh bench
defaults=(--json $figures.json --markdown $figures.md)
case $module in
bench)
    if [ $fetches = yes ]; then
        tools/fetch-text.sh
        defaults+=(--runs 3)
    fi
    ;;
bench.encode)
    tools/set-up.sh models # the vocabularies
    install_package
    ;;
bench.calls)
    install_package
    defaults=()
    ;;
esac
tools/build.sh release
[ $module != bench.calls ] || cmake --build --preset release --target bench_calls -- --quiet
PYTHONDONTWRITEBYTECODE=1 exec build/bench/venv/bin/python -m $module "${defaults[@]}" "$@"
