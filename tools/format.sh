#!/usr/bin/env bash
# Lays out the C files as .clang-format says; with --check only names those that would change.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."

# Generated tables (*_data.c) are laid out by their generator.
mapfile -t files < <(find include src cli study tests -name '*.[ch]' ! -name '*_data.c' | sort)

if [ "${1:-}" != --check ]; then
    clang-format-14 -i "${files[@]}"
    exit
fi
status=0
for file in "${files[@]}"; do
    clang-format-14 "$file" | cmp -s - "$file" || {
        echo "$file: make format would change it"
        status=1
    }
done
exit $status
