#!/usr/bin/env bash
# Builds and runs all tests, and ends with the line "N passed, N failed": run-tests.sh [CHAIN...].
# SPDX-License-Identifier: MIT
#
# A chain is a build followed by the steps that need it. Chains run in parallel, one per processor,
# so a step that keeps only one processor busy delays nobody. A failed step doesn't stop the others:
# one run shows everything that is wrong. The tests of ctest and pytest are added up; any other step
# counts as one test. Each step's output is shown when it has ended, and stays in build/test/.
# `run-tests.sh check` (`make check`) runs the fast ones only, `run-tests.sh models`
# (`make test-models`) compares ids with the vocabularies of npm packages.
set -uo pipefail
cd "$(dirname "$0")/.."

# Longest first: the short ones fill the gaps at the end.
chains=(gcc asan clang fuzz tsan musl rest)
logs=$PWD/build/test
results=$logs/results
python=$PWD/build/venv/bin/python
export ASAN_OPTIONS=${ASAN_OPTIONS:-strict_string_checks=1:detect_stack_use_after_return=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# ---- Steps ----

# The number before this word in a summary line.
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

# Shows a step in one piece, so that parallel steps don't mix their lines.
show_step() {
    local name=$1 bad=$2 seconds=$3 worked=$4
    exec 9>"$logs/lock"
    flock 9
    echo "== $name"
    cat "$logs/$name.log"
    local result=passed
    [ "$bad" = 0 ] || result=FAILED
    echo "== $name: $result in $seconds s, $worked s of CPU time"
    exec 9>&-
}

# step NAME KIND COMMAND...: KIND is ctest, pytest or one (test).
step() {
    local name=$1 kind=$2 log status=0 good=0 bad=0 counts seconds user system
    local TIMEFORMAT='%0R %0U %0S'
    shift 2
    log=$logs/$name.log
    echo "-- $name"
    { time "$@" </dev/null >"$log" 2>&1; } 2>"$results/time-$name"
    status=$?
    read -r seconds user system <"$results/time-$name"
    if [ "$kind" != one ]; then
        counts=$(count_"$kind" "$log") && read -r good bad <<<"$counts"
    elif [ "$status" = 0 ]; then
        good=1
    fi
    # A runner that fails without a failed test counts as failed, and so does one that ran no test.
    if [ $((good + bad)) = 0 ] || { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
        bad=$((bad + 1))
    fi
    show_step "$name" "$bad" "$seconds" $((user + system))
    echo "$good $bad $seconds $((user + system))" >"$results/step-$name"
    [ "$bad" = 0 ]
}

run_ctest() {
    local preset=$1
    shift
    ctest --preset "$preset" --parallel "$jobs" --no-tests=error "$@"
}

# Each name in the filter of the preset `tsan` must be among these tests.
check_tsan_filter() {
    local name status=0
    for name in $(sed -nE 's/.*"\^test_\((.*)\)\$".*/\1/p' CMakePresets.json | tr '|' ' '); do
        [[ " $* " != *" test_$name "* ]] || continue
        echo "CMakePresets.json: the filter of tsan names test_$name, which doesn't exist"
        status=1
    done
    return $status
}

# Builds only what will be run.
build_tsan() {
    local names
    cmake --preset tsan >build/configure-tsan.log 2>&1 || {
        cat build/configure-tsan.log
        return 1
    }
    mapfile -t names < <(ctest --preset tsan --show-only | sed -nE 's/^ *Test +#[0-9]+: //p')
    check_tsan_filter "${names[@]}" || return 1
    cmake --build --preset tsan --target "${names[@]}" -- --quiet
}

# gcc 12's thread sanitizer can't place its shadow memory if addresses are too random.
run_tsan() {
    if setarch -R true 2>/dev/null; then
        setarch -R ctest --preset tsan --parallel "$jobs" --no-tests=error
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
    [ "$lines" -lt 1000 ] || { echo "$header has $lines lines, not under 1,000" && return 1; }
    gcc -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only $header &&
        clang -x c++ -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only $header
}

# The checks are in .clang-tidy; generated tables have no code.
run_clang_tidy() {
    find src cli study -name '*.c' ! -name '*_data.c' -print0 |
        xargs -0 -n 8 -P "$jobs" clang-tidy-14 -p build/clang-release --quiet
}

# The objects that depend on an optional library: all of them if a header tests for it.
objects_asking_for() {
    if grep -rq PMILL_HAVE_ src include --include='*.h'; then
        echo pairmill_static
    else
        grep -rl "PMILL_HAVE_$1" src --include='*.c' |
            sed 's|.*|CMakeFiles/pairmill_static.dir/&.o|'
    fi
}

# Builds without each optional library, and without all of them.
build_without() {
    local name objects
    for name in PCRE2 ZSTD ZLIB; do
        mapfile -t objects < <(objects_asking_for $name)
        echo "without $name: ${objects[*]}"
        cmake -G Ninja -S . -B "build/without-$name" -DPAIRMILL_WERROR=ON -DPAIRMILL_MANUAL=OFF \
            -DPAIRMILL_WITH_$name=OFF >/dev/null &&
            cmake --build "build/without-$name" --target "${objects[@]}" -- --quiet || return 1
    done
    tools/build.sh minimal && build/minimal/pairmill version
}

# The Python package, as its tests import it. Not from a wheel of another place, and incremental.
install_python() {
    "$python" -m pip --disable-pip-version-check install --quiet --no-index --no-build-isolation \
        --no-deps --force-reinstall --config-settings cmake.define.PAIRMILL_WERROR=ON .
}

# ---- Chains ----

# Cheap and telling steps first.
build_with_gcc() {
    step layers one python3 tools/check_layers.py
    step header one check_header
    step build-gcc one tools/build.sh test || return
    step symbols one python3 tools/check_symbols.py build/release
    return 0
}

# What is slow: the label in tests/CMakeLists.txt, the marker in tests/pytest.ini. pytest keeps one
# processor busy, so two steps run it.
chain_check() {
    step format one tools/format.sh --check &
    build_with_gcc || {
        wait
        return
    }
    {
        step python-install one install_python
        step pytest-fast pytest run_pytest release tests --ignore tests/cli -m 'not slow'
    } &
    jobs=$((jobs > 1 ? jobs - 1 : 1))
    step unit-fast ctest run_ctest test --label-exclude slow
    step cli-fast pytest run_pytest release tests/cli -m 'not slow'
    wait
}

chain_gcc() {
    build_with_gcc || return
    step unit ctest run_ctest test
    step python-install one install_python
    step pytest pytest run_pytest release tests
    step consumer one tests/consumer/run.sh build/release
    step instructions one "$python" tools/count_instructions.py
}

build_command() {
    cmake --preset test >build/configure-test.log 2>&1 || {
        cat build/configure-test.log
        return 1
    }
    cmake --build --preset test --target pairmill -- --quiet
}

chain_models() {
    step build-command one build_command || return
    step models pytest run_pytest release tests/models
}

# The extension with the sanitizers in a Python without them, which doesn't free all it has.
run_python_asan() {
    local package=$PWD/build/asan/package
    rm -rf "$package"
    mkdir -p "$package"
    cp -r python/pairmill "$package/"
    cp build/asan/python/_core.*.so "$package/pairmill/"
    LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
        ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH=$package \
        run_pytest asan -m 'not slow and not limits' \
        tests/python/test_{arrays,arrow,counts,decode,encode,errors,files,ids_in,robust,texts_in,training}.py
}

chain_asan() {
    step build-asan one tools/build.sh asan || return
    step unit-asan ctest run_ctest asan
    step cli-asan pytest run_pytest asan tests/cli tests/study
    step python-asan pytest run_python_asan
}

chain_clang() {
    step build-clang one tools/build.sh clang-release || return
    step clang-tidy one run_clang_tidy
    step unit-clang ctest run_ctest clang-release
}

chain_fuzz() {
    step build-fuzz one tools/build.sh fuzz || return
    step fuzz one tools/fuzz.sh --seconds 20
}

chain_tsan() {
    step build-tsan one build_tsan || return
    step threads-tsan ctest run_tsan
}

chain_musl() {
    step musl one tools/test-musl.sh
}

chain_rest() {
    step format one tools/format.sh --check
    step build-without one build_without
    step wheel one tools/build-wheel.sh
    # On 64-bit Arm the unit tests run the NEON scanner; elsewhere an emulator does.
    [ "$(uname -m)" = aarch64 ] || step arm64 one tools/test-arm64.sh
}

# The script calls itself with --chain, once per chain.
if [ "${1:-}" = --chain ]; then
    jobs=$3
    export CMAKE_BUILD_PARALLEL_LEVEL=$jobs
    "chain_$2"
    touch "$results/end-$2"
    exit 0
fi

# ---- All together ----

[ $# = 0 ] || chains=("$@")
goals=(test)
[[ " ${chains[*]} " != *" rest "* ]] || [ "$(uname -m)" = aarch64 ] || goals+=(arm64)
[[ " ${chains[*]} " != *" musl "* ]] || goals+=(musl)
[[ " ${chains[*]} " != *" models "* ]] || goals+=(models)
for goal in "${goals[@]}"; do
    tools/set-up.sh "$goal" || {
        echo "0 passed, 1 failed"
        exit 1
    }
done
for chain in "${chains[@]}"; do
    [ "$(type -t "chain_$chain")" = function ] || {
        echo "run-tests: unknown chain $chain" >&2
        exit 2
    }
done
rm -rf "$results"
mkdir -p "$results"

lanes=$(nproc)
[ "$lanes" -le ${#chains[@]} ] || lanes=${#chains[@]}
jobs=$((($(nproc) + lanes - 1) / lanes))
# A killed chain must not end xargs, which would leave the others running unattended.
printf '%s\n' "${chains[@]}" |
    xargs -P "$lanes" -I CHAIN sh -c '"$0" --chain "$1" "$2" || exit 1' \
        tools/run-tests.sh CHAIN "$jobs"

passed=0
failed=0
failures=()
for chain in "${chains[@]}"; do
    [ -e "$results/end-$chain" ] && continue
    failed=$((failed + 1))
    failures+=("the chain $chain ended early")
done
rows=()
for result in "$results"/step-*; do
    name=${result##*/step-}
    read -r good bad seconds worked <"$result" || continue
    passed=$((passed + good))
    failed=$((failed + bad))
    rows+=("$(printf '%-16s%7d%17d' "$name" "$seconds" "$worked")")
    [ "$bad" = 0 ] || failures+=("$name (build/test/$name.log)")
done
echo
echo "step            seconds      CPU seconds"
printf '%s\n' "${rows[@]}" | sort -k 2nr
[ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
echo "total: $SECONDS s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
