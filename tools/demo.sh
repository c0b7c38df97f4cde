#!/usr/bin/env bash
# make demo: trains a vocabulary on real text and shows it: demo.sh [FILE OR FOLDER]...
# SPDX-License-Identifier: MIT
#
# Without arguments the text comes from two packages of the distribution, fetched once into
# build/demo/: the kernel's documentation and the source of Go, 107 MB of text in a 56 MB download.
set -euo pipefail
cd "$(dirname "$0")/.."

vocab_size=32768
demo=build/demo
vocab=$demo/vocab
pairmill=build/release/pairmill

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

fail() {
    echo "demo: $*" >&2
    echo "demo: your own text needs no download: make demo TEXT=file-or-folder" >&2
    exit 1
}

# Prints a command as you would type it.
show_command() {
    local word
    printf '$'
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_./=-]+$ ]] && printf ' %s' "$word" || printf ' %s' "${word@Q}"
    done
    echo
}

text_bytes() { find "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }'; }

tools/set-up.sh build || exit 1
compares=yes
if ! tools/set-up.sh demo; then
    [ $# -gt 0 ] || exit 1
    compares=no
fi

if [ $# -gt 0 ]; then
    texts=("$@")
    for text in "$@"; do
        [ -r "$text" ] || fail "$text not found"
    done
else
    texts=("$demo/text")
    say "Text: the kernel's documentation and the source of Go"
    tools/fetch-text.sh || fail "no text"
fi
echo "$(find "${texts[@]}" -type f | wc -l) files, $(text_bytes "${texts[@]}") bytes"

say "Building the command: $pairmill"
tools/build.sh release

say "Training: $vocab_size entries, one of them a special token"
progress=auto
[ -t 2 ] || progress=plain
train=("$pairmill" train -s $vocab_size --special '<|endoftext|>' --progress $progress --force
    --skip-binary -o $vocab "${texts[@]}")
show_command "${train[@]}"
"${train[@]}"

say "The merges, in the order they were learned"
python3 tools/show_merges.py $vocab/merges.txt

say "What the vocabulary does to a sentence"
sentence='The quick brown fox configures 12 network interfaces, naïvely.<|endoftext|>'
encode=("$pairmill" encode -m $vocab --special-tokens all --text "$sentence")
show_command "${encode[@]}" --format tokens
"${encode[@]}" --format tokens
show_command "${encode[@]}"
"${encode[@]}"

say "The same folder in Hugging Face tokenizers"
if [ $compares = yes ]; then
    mapfile -t samples < <(find "${texts[@]}" -type f -size +8k -size -1024k | sort |
        awk 'NR % 400 == 1 && NR < 8000')
    $demo/venv/bin/python tools/compare_with_tokenizers.py $vocab "$pairmill" "$sentence" \
        "${samples[@]}"
else
    echo "not compared: the Python package tokenizers could not be installed"
fi

say "Done: the vocabulary is in $vocab; on your own text: make demo TEXT=file-or-folder"
