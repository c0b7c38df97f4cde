#!/usr/bin/env bash
# Builds and runs every test, and ends with the line "N passed, N failed".
# SPDX-License-Identifier: MIT
#
# A step that fails doesn't stop the others: one run shows all that is wrong. What ctest and pytest
# count is added up; any other step is one test. The output of each step stays in build/test/.
set -uo pipefail
cd "$(dirname "$0")/.."

# On 64-bit Arm itself the unit tests run the NEON scanner; elsewhere an emulator does.
goals=(test)
[ "$(uname -m)" = aarch64 ] || goals+=(arm64)
for goal in "${goals[@]}"; do
    tools/set-up.sh "$goal" || {
        echo "0 passed, 1 failed"
        exit 1
    }
done
logs=$PWD/build/test
mkdir -p "$logs"
python=$PWD/build/venv/bin/python
passed=0
failed=0
failures=()
export ASAN_OPTIONS=${ASAN_OPTIONS:-strict_string_checks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

note_failure() { failures+=("$1 (build/test/$1.log)"); }

# The numbers before these words in the last line of the log that has the form of a summary.
number_before() { grep -oE "[0-9]+ $2" <<<"$1" | grep -oE '^[0-9]+' || echo 0; }

count_ctest() {
    local line bad all
    line=$(grep -E '[0-9]+ tests failed out of [0-9]+' "$1" | tail -n 1) || return 1
    bad=$(grep -oE '[0-9]+ tests failed' <<<"$line" | grep -oE '^[0-9]+')
    all=$(grep -oE '[0-9]+$' <<<"$line")
    echo $((all - bad)) "$bad"
}

count_pytest() {
    local line
    line=$(grep -E '^(=+ )?([0-9]+ [a-z]+, )*[0-9]+ [a-z]+ in [0-9.]+s' "$1" | tail -n 1)
    [ -n "$line" ] || return 1
    echo "$(number_before "$line" passed)" \
        $(($(number_before "$line" failed) + $(number_before "$line" 'errors?')))
}

# step NAME KIND COMMAND...: KIND is ctest, pytest or one.
step() {
    local name=$1 kind=$2 log status=0 good=0 bad=0 counts began=$SECONDS
    shift 2
    log=$logs/$name.log
    echo "== $name"
    "$@" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    if [ "$kind" != one ]; then
        counts=$(count_"$kind" "$log") && read -r good bad <<<"$counts"
    elif [ "$status" = 0 ]; then
        good=1
    fi
    # A runner that ends badly without a failed test has failed all the same; so has one that ran none.
    if [ $((good + bad)) = 0 ] || { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
        bad=$((bad + 1))
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    [ "$bad" = 0 ] || note_failure "$name"
    echo "== $name: $([ "$bad" = 0 ] && echo passed || echo FAILED) in $((SECONDS - began)) s"
    [ "$bad" = 0 ]
}

run_ctest() { ctest --preset "$1" --parallel "$(nproc)" --no-tests=error; }

# The thread sanitizer of gcc 12 can't place its shadow where addresses are too random.
run_tsan() {
    if setarch -R true 2>/dev/null; then
        setarch -R ctest --preset tsan --parallel "$(nproc)" --no-tests=error
    else
        run_ctest tsan
    fi
}

run_pytest() {
    local build=$1
    shift
    PMILL_BUILD=$PWD/build/$build PYTHONDONTWRITEBYTECODE=1 \
        "$python" -m pytest -q -p no:cacheprovider "$@"
}

check_header() {
    local header=include/pairmill.h lines
    lines=$(wc -l <$header)
    [ "$lines" -lt 500 ] || { echo "$header has $lines lines; it stays under 500" && return 1; }
    gcc -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only $header &&
        clang -x c++ -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only $header
}

# With each optional library left out, and with none of them.
build_without() {
    local name
    for name in PCRE2 ZSTD ZLIB; do
        echo "without $name"
        cmake -G Ninja -S . -B "build/without-$name" -DPAIRMILL_WERROR=ON -DPAIRMILL_MANUAL=OFF \
            -DPAIRMILL_WITH_$name=OFF >/dev/null &&
            cmake --build "build/without-$name" --target pairmill_static -- --quiet || return 1
    done
    tools/build.sh minimal && build/minimal/pairmill version
}

# Every fuzz target under libFuzzer, for as many inputs as takes some seconds.
run_fuzzers() {
    local target name log
    for target in build/fuzz/tests/fuzz_*; do
        name=$(basename "$target")
        [ -e "tests/fuzz/$name.c" ] || continue
        log=$logs/fuzz-$name.log
        if "$target" -runs=2000 -seed=1 -max_len=4096 -rss_limit_mb=4096 \
            -artifact_prefix="$logs/" >"$log" 2>&1; then
            echo "$name: $(grep '^Done' "$log")"
        else
            tail -n 50 "$log"
            return 1
        fi
    done
}

# First what is cheap and says most.
step layers one python3 tools/check_layers.py
step header one check_header
if step build-gcc one tools/build.sh test; then
    step symbols one python3 tools/check_symbols.py build/release
    step unit ctest run_ctest test
    step pytest pytest run_pytest release tests
    step consumer one tests/consumer/run.sh build/release
    step instructions one "$python" tools/count_instructions.py
fi
step format one tools/format.sh --check
step build-without one build_without
if [ "$(uname -m)" != aarch64 ]; then
    step arm64 one tools/test-arm64.sh
fi
if step build-clang one tools/build.sh clang-release; then
    step unit-clang ctest run_ctest clang-release
fi
if step build-fuzz one tools/build.sh fuzz; then
    step fuzz one run_fuzzers
fi
if step build-asan one tools/build.sh asan; then
    step unit-asan ctest run_ctest asan
    step cli-asan pytest run_pytest asan tests/cli
fi
if step build-tsan one tools/build.sh tsan; then
    step threads-tsan ctest run_tsan
fi

echo
[ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
echo "all of it took $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
