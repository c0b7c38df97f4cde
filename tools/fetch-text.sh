#!/usr/bin/env bash
# Fetches the text of `make demo` and `make bench` into build/demo/text, once.
# SPDX-License-Identifier: MIT
#
# It comes from two packages of the distribution: the kernel's documentation and the source of Go,
# 107 MB of text in a 56 MB download.
set -euo pipefail
cd "$(dirname "$0")/.."

min_bytes=100000000
demo=build/demo

fail() {
    echo "fetch-text: $*" >&2
    exit 1
}

# The package whose name matches; the oldest of several is the distribution's own.
package_like() { apt-cache pkgnames 2>/dev/null | grep -E "^$1\$" | sort -V | sed -n 1p; }

# fetch FORM: downloads the package and unpacks it into build/demo/unpacked.
fetch() {
    local package
    package=$(package_like "$1") || fail "no package matches $1: run apt-get update, then try again"
    echo "fetching $package"
    (cd $demo/packages && apt-get -q -o APT::Sandbox::User=root download "$package") \
        >$demo/download.log 2>&1 || fail "apt-get download $package failed (see $demo/download.log)"
    dpkg-deb -x "$(find $demo/packages -name "${package}_*.deb")" $demo/unpacked
}

# Keeps what people wrote; drops pictures and generated files.
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
    # A source file of a megabyte is a generated table.
    find $text -type f -size +900k -delete
    find $text -type d -empty -delete
    rm -rf $demo/packages $demo/unpacked
    mv $text $demo/text
}

text_bytes() { find "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }'; }

if [ -d $demo/text ]; then
    echo "already fetched: $demo/text"
else
    command -v apt-get >/dev/null || fail "apt-get not found: it is needed to fetch the text"
    get_text
fi
[ "$(text_bytes $demo/text)" -ge $min_bytes ] || fail "$demo/text has less than $min_bytes bytes"
