#!/usr/bin/env bash
# Runs the fuzz targets and shows how much code each reaches: fuzz.sh [--seconds N] [NAME...].
# SPDX-License-Identifier: MIT
#
# NAME is that of a file tests/fuzz/fuzz_NAME.c; without names, all run, one after the other. Each
# starts from the seeds of tests/fuzz/make_seeds.py and runs for N seconds (20). What it finds stays
# in build/fuzz/findings/. An edge is a way from one basic block to the next, in the library or in
# the target; no target can reach all of them, since the library does much else.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=20
if [ "${1:-}" = --seconds ]; then
    seconds=$2
    shift 2
fi
names=("$@")
if [ ${#names[@]} = 0 ]; then
    mapfile -t names < <(basename -s .c tests/fuzz/fuzz_*.c | sed 's/^fuzz_//')
fi

folder=build/fuzz/findings
rm -rf "$folder" build/fuzz/seeds
mkdir -p "$folder"
python3 tests/fuzz/make_seeds.py build/fuzz/pairmill build/fuzz/seeds

# The number after a word.
number_after() { sed -nE "s/.*$1 +([0-9]+).*/\\1/p"; }

# fuzz NAME: one line of the table, or the end of the log and a failure.
fuzz() {
    local target=fuzz_$1 log=$folder/$1.log status=0
    mkdir -p "$folder/$1" "build/fuzz/seeds/$target"
    "build/fuzz/tests/$target" -seed=1 -max_total_time="$seconds" -rss_limit_mb=4096 \
        -artifact_prefix="$folder/" -print_final_stats=1 \
        "$folder/$1" "build/fuzz/seeds/$target" >"$log" 2>&1 || status=$?
    printf '%-18s%10s%10s%10s%12s%10s\n' "$1" \
        "$(grep -E '\bINITED\b' "$log" | number_after cov:)" \
        "$(grep -E '\bcov: ' "$log" | tail -n 1 | number_after cov:)" \
        "$(grep -E '\bcov: ' "$log" | tail -n 1 | number_after ft:)" \
        "$(number_after stat::new_units_added: <"$log")" \
        "$(number_after stat::number_of_executed_units: <"$log")"
    [ "$status" = 0 ] || tail -n 50 "$log"
    return "$status"
}

failed=0
printf '%-18s%10s%10s%10s%12s%10s\n' target 'at start' 'edges' features 'new inputs' runs
for name in "${names[@]}"; do
    fuzz "$name" || failed=1
done
exit $failed
