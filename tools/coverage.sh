#!/usr/bin/env bash
# Shows which lines and branches of src/ and cli/ the C tests and the tests of the command reach.
# SPDX-License-Identifier: MIT
#
# The table has one row per file, the least covered branches first; build/coverage/report.html shows
# the lines. What only a failing test would have reached is missing: the exit status is then 1.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/coverage
status=0
tools/build.sh coverage
find "$folder" -name '*.gcda' -delete
# Notes of files that have been moved or removed since would only give errors.
find "$folder" -path '*/pairmill_*.dir/*' -name '*.gcno' | while read -r note; do
    source=${note#*.dir/}
    [ -e "${source%.gcno}" ] || rm "$note"
done
# Commands that tests kill leave damaged counts, about which later ones must not complain on stderr.
export GCOV_ERROR_FILE=$folder/gcov-errors.log
ctest --preset coverage --parallel "$(nproc)" --no-tests=error --quiet || status=1
PMILL_BUILD=$folder PYTHONDONTWRITEBYTECODE=1 \
    build/venv/bin/python -m pytest -q -p no:cacheprovider tests/cli || status=1

gcovr --root . --object-directory "$folder" --filter src/ --filter cli/ --exclude '.*_data\.c' \
    --gcov-ignore-parse-errors -j "$(nproc)" --csv "$folder/report.csv" \
    --html-details "$folder/report.html" --print-summary >"$folder/summary.txt"
printf '%-44s%8s%9s%10s%9s\n' file lines reached branches reached
awk -F, 'NR > 1 {
    printf "%-44s%8d%7.1f %%%10d%7.1f %%\n", $1, $2, 100 * $4, $5, ($5 > 0 ? 100 * $7 : 100)
}' "$folder/report.csv" | sort -k 6,6n
grep -E '^(lines|branches):' "$folder/summary.txt"
exit $status
