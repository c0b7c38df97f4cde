#!/usr/bin/env bash
# Builds pairmill statically with musl-gcc and tests it: test-musl.sh [--all].
# SPDX-License-Identifier: MIT
#
# First as it is: the unit tests (the slow ones only with --all) and a short run of the command.
# Then once more as on a system that has only what macOS and FreeBSD have, too (see
# tests/support/plain_system.h), with the tests of what takes another way there.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/set-up.sh musl
tools/musl-libraries.sh

slow=(--label-exclude slow)
[ "${1:-}" != --all ] || slow=()
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
plain=build/musl-plain
plain_tests=(test_chunk_source test_counter test_file_set test_folder_writer test_reader test_runs
    test_thread test_train test_tsv)

# Trains, encodes and decodes with FOLDER/pairmill, and leaves the model in FOLDER/trial.
try_command() {
    local pairmill=$PWD/$1/pairmill trial=$1/trial
    rm -rf "$trial"
    mkdir "$trial"
    cat docs/*.md src/*/*.c >"$trial/text"
    gzip -k "$trial/text"
    (
        cd "$trial"
        "$pairmill" train --quiet -s 3000 -o model text
        "$pairmill" encode --quiet -m model -o ids.bin text
        "$pairmill" decode --quiet -m model -o back ids.bin
        cmp text back
        # Through zlib, zstd and PCRE2, on several threads.
        "$pairmill" count --quiet -j 3 -o words.counts text.gz
        "$pairmill" train --quiet -j 3 -s 3000 --counts words.counts -o from-counts
        cmp model/tokenizer.json from-counts/tokenizer.json
        "$pairmill" train --quiet -j 3 -s 1000 --pattern '\p{L}+|\p{N}|\s+|.' -o own.tiktoken text
        "$pairmill" bench --quiet -s 500 --runs 1 --text-size 100000 >bench
    )
}

# Shows a command's output only if it fails.
quietly() {
    "$@" >build/test-musl.log 2>&1 || {
        cat build/test-musl.log >&2
        exit 1
    }
}

tools/build.sh musl
quietly ctest --preset musl --parallel "$jobs" --no-tests=error "${slow[@]}"
try_command build/musl
# A static program needs no loader.
! readelf --program-headers build/musl/pairmill | grep -q INTERP

echo "test-musl: without what only Linux has"
quietly cmake --preset musl -B $plain -DCMAKE_C_FLAGS_RELEASE=-O1 \
    -DCMAKE_C_FLAGS="-include $PWD/tests/support/plain_system.h"
cmake --build $plain --target pairmill_command "${plain_tests[@]}" -- --quiet
quietly ctest --test-dir $plain --parallel "$jobs" --no-tests=error --output-on-failure \
    --tests-regex "^($(IFS='|' && echo "${plain_tests[*]}"))\$"
try_command $plain
cmp {build/musl,$plain}/trial/model/tokenizer.json
echo "test-musl: passed"
