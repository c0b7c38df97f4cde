#!/usr/bin/env bash
# Builds the scanners for 64-bit Arm and runs their tests in an emulator: test-arm64.sh [SEED].
# SPDX-License-Identifier: MIT
#
# The libraries are not available for Arm, so it builds only the folders that need none, without
# cmocka. SEED makes the tests generate different texts.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/set-up.sh arm64
export SEED=${1:-1}
build=build/arm64
mkdir -p $build
flags=(-std=c11 -D_DEFAULT_SOURCE -DPMILL_HAVE_PCRE2=0 -O2 -static
    -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef -Werror
    "-I$PWD/include" "-I$PWD/src" "-I$PWD/tests" "-I$PWD/tests/support/without_cmocka")
sources=("$PWD"/src/{base,unicode,regex,pretokenize}/*.c)

# Builds the objects once, for both programs.
build_library() {
    rm -f $build/*.o $build/libpairmill.a
    (cd $build && aarch64-linux-gnu-gcc "${flags[@]}" -c "${sources[@]}")
    aarch64-linux-gnu-gcc-ar rcs $build/libpairmill.a $build/*.o
}

build_program() {
    aarch64-linux-gnu-gcc "${flags[@]}" "$@" $build/libpairmill.a -o "$program" -lpthread
}

build_library
program=$build/test_scanner build_program tests/unit/test_scanner.c
program=$build/replay_pretokenize build_program tests/fuzz/fuzz_pretokenize.c tests/fuzz/replay.c

# Makes sure that the vector scanner was built in.
aarch64-linux-gnu-nm $build/test_scanner | grep pmill_scanner_neon >/dev/null
qemu-aarch64 $build/test_scanner
qemu-aarch64 $build/replay_pretokenize --seed "$SEED" --runs 1000
echo "test-arm64: passed"
