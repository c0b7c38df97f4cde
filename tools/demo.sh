#!/usr/bin/env bash
# make demo: trains a vocabulary on real text and shows it: demo.sh [FILE OR FOLDER]...
# SPDX-License-Identifier: MIT
#
# Without arguments the text is two packages of the distribution, fetched once into build/demo/:
# the documentation of the kernel and the source of Go, 107 MB of text in 56 MB of download.
set -euo pipefail
cd "$(dirname "$0")/.."

vocab_size=32768
min_bytes=100000000
demo=build/demo
vocab=$demo/vocab
pairmill=build/release/pairmill

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

fail() {
    echo "demo: $*" >&2
    echo "demo: on text of your own it works without a download: make demo TEXT=file-or-folder" >&2
    exit 1
}

# Prints a command as one would type it.
show_command() {
    local word
    printf '$'
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_./=-]+$ ]] && printf ' %s' "$word" || printf ' %s' "${word@Q}"
    done
    echo
}

# The package whose name has this form; the oldest of several is the distribution's own.
package_like() { apt-cache pkgnames 2>/dev/null | grep -E "^$1\$" | sort -V | sed -n 1p; }

# fetch FORM: downloads the package and unpacks it into build/demo/unpacked.
fetch() {
    local package
    package=$(package_like "$1") || fail "apt-get knows no package like $1 (no apt-get update yet?)"
    echo "fetching $package"
    (cd $demo/packages && apt-get -q -o APT::Sandbox::User=root download "$package") \
        >$demo/download.log 2>&1 || fail "apt-get download $package failed (see $demo/download.log)"
    dpkg-deb -x "$(find $demo/packages -name "${package}_*.deb")" $demo/unpacked
}

# Keeps what people wrote, leaves what was generated, and pictures.
get_text() {
    local text=$demo/text.new
    rm -rf $demo/packages $demo/unpacked $text $demo/text
    mkdir -p $demo/packages $demo/unpacked $text/linux $text/go
    fetch 'linux-doc-[0-9.]+'
    fetch 'golang-[0-9.]+-src'
    cp -r $demo/unpacked/usr/share/doc/linux-doc-*/Documentation/. $text/linux
    cp -r $demo/unpacked/usr/share/go-*/. $text/go
    find $text -type l -delete
    find $text -name '*.gz' -exec gzip -d {} +
    find $text/linux -type f -name '*.svg' -delete
    find $text/go -type f ! -name '*.go' ! -name '*.s' -delete
    # A source file of a megabyte is a table that a program has written.
    find $text -type f -size +900k -delete
    find $text -type d -empty -delete
    rm -rf $demo/packages $demo/unpacked
    mv $text $demo/text
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
        [ -r "$text" ] || fail "there is no $text"
    done
else
    texts=("$demo/text")
    say "Text: the kernel's documentation and the source of Go"
    if [ -d $demo/text ]; then
        echo "fetched before: $demo/text"
    else
        command -v apt-get >/dev/null || fail "there is no apt-get here to fetch text with"
        get_text
    fi
    [ "$(text_bytes $demo/text)" -ge $min_bytes ] || fail "$demo/text has less than $min_bytes bytes"
fi
echo "$(find "${texts[@]}" -type f | wc -l) files, $(text_bytes "${texts[@]}") bytes"

say "Building the command: $pairmill"
tools/build.sh release

say "Training: $vocab_size entries, one of them a special token"
progress=auto
[ -t 2 ] || progress=plain
train=("$pairmill" train -s $vocab_size --special '<|endoftext|>' --progress $progress --force
    -o $vocab "${texts[@]}")
show_command "${train[@]}"
"${train[@]}"

say "The merges, in the order in which they were learned"
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
    $demo/venv/bin/python tools/compare_with_tokenizers.py $vocab "$pairmill" "$sentence" "${samples[@]}"
else
    echo "not compared: the package tokenizers is not within reach"
fi

say "Done: the vocabulary is in $vocab; on your own text: make demo TEXT=file-or-folder"
