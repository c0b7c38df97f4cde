#!/usr/bin/env bash
# Formats the C files with clang-format: format.sh [--check].
# SPDX-License-Identifier: MIT
#
# --check changes nothing. It names the files that would change, and lines wider than 100 columns,
# since clang-format doesn't wrap comments.
set -euo pipefail
cd "$(dirname "$0")/.."

# Generated tables (*_data.c) are formatted by their generator.
mapfile -t files < <(find include src cli python study tests bench -name '*.[ch]' ! -name '*_data.c' | sort)

if [ "${1:-}" != --check ]; then
    clang-format-14 -i "${files[@]}"
    exit
fi

# Names each line wider than 100 columns: tabs are 4, and continuation bytes of UTF-8 don't count.
find_wide_lines() {
    LC_ALL=C awk '{
        line = $0
        gsub(/[\200-\277]/, "", line)
        width = 0
        count = split(line, parts, "\t")
        for (i = 1; i < count; i++) {
            width += length(parts[i])
            width += 4 - width % 4
        }
        width += length(parts[count])
        if (width > 100) {
            print FILENAME ":" FNR ": " width " columns, more than 100"
            found = 1
        }
    } END { exit found }' "$@"
}

status=0
find_wide_lines "${files[@]}" || status=1
for file in "${files[@]}"; do
    clang-format-14 "$file" | cmp -s - "$file" || {
        echo "$file: make format would change it"
        status=1
    }
done
exit $status
