#!/usr/bin/env bash
# Builds the libraries that pairmill and its tests need for musl, as static ones.
# SPDX-License-Identifier: MIT
#
# The sources are those of the distribution's packages: `apt-get source` fetches them from where apt
# gets its packages, with lists of its own, so that nothing of the machine's changes. Installed in
# build/musl-libraries/prefix; silent if they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/musl-libraries
prefix=$folder/prefix
log=$folder/log

fail() {
    tail -n 20 "$log" >&2
    echo "musl-libraries: $* (see $log)" >&2
    exit 1
}

# The machine's sources of packages, as sources of source packages.
list_sources() {
    local file
    mkdir -p "$folder/apt/parts"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        [ -r "$file" ] || continue
        case $file in
        *.list) sed -nE 's/^deb([[:space:]])/deb-src\1/p' "$file" ;;
        *.sources) sed -E 's/^Types:.*/Types: deb-src/I' "$file" ;;
        esac >"$folder/apt/parts/${file##*/}"
    done
}

# apt-get with these sources, in folders of our own.
apt() {
    apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$folder/apt/parts" \
        -o Dir::State::Lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" "$@" </dev/null
}

# If a mirror lacks what its list names, the list of another release may name it elsewhere.
fetch() {
    local release
    for release in '' $(apt indextargets --format '$(RELEASE)' | sort -u); do
        (cd "$folder/sources" &&
            apt source --tar-only --download-only "$1${release:+/$release}") >>"$log" 2>&1 &&
            return
    done
    fail "apt-get could not fetch the source of $1"
}

# A repository of somebody else may lack source packages: only fetching them must succeed.
fetch_all() {
    local package
    echo "musl-libraries: fetching sources"
    list_sources
    mkdir -p "$folder"/apt/{lists,cache} "$folder/sources"
    apt update >>"$log" 2>&1 || true
    for package; do
        fetch "$package"
    done
}

# Into a folder named after the package, whatever the archive calls its own.
unpack() {
    local archive
    archive=$(compgen -G "$folder/sources/${1}_*.orig.tar.*" | grep -v '\.asc$')
    mkdir -p "$folder/unpacked"
    (cd "$folder/unpacked" && cmake -E tar xf "$archive") >>"$log" 2>&1 &&
        mv "$folder/unpacked"/* "$folder/$1" || fail "cannot unpack $1"
}

# build PACKAGE [OPTION...]: by its CMakeLists.txt.
build() {
    local package=$1
    shift
    echo "musl-libraries: building $package"
    unpack "$package"
    {
        cmake -G Ninja -S "$folder/$package" -B "$folder/$package/of-musl" \
            -DCMAKE_C_COMPILER=musl-gcc -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
            -DCMAKE_C_FLAGS_RELEASE='-O2 -DNDEBUG' \
            -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib "$@" &&
            cmake --build "$folder/$package/of-musl" && cmake --install "$folder/$package/of-musl"
    } >>"$log" 2>&1 || fail "cannot build $package"
}

# Its CMakeLists.txt needs a compiler for C++.
build_zstd() {
    echo "musl-libraries: building libzstd"
    unpack libzstd
    make -C "$folder/libzstd/lib" -j "$(nproc)" CC=musl-gcc CFLAGS=-O2 ZSTD_LEGACY_SUPPORT=0 \
        PREFIX="$prefix" install-static install-includes install-pc >>"$log" 2>&1 ||
        fail "cannot build libzstd"
}

# Debian's archive lacks a file that its CMakeLists.txt names.
build_zlib() {
    echo "musl-libraries: building zlib"
    unpack zlib
    (cd "$folder/zlib" && CC=musl-gcc CFLAGS=-O2 ./configure --static --prefix="$prefix" &&
        make install) >>"$log" 2>&1 || fail "cannot build zlib"
}

stamp=$(echo "$PWD" | cat - tools/musl-libraries.sh | sha256sum)
[ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"
fetch_all jansson pcre2 libzstd zlib cmocka
build jansson -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
build pcre2 -DPCRE2_SUPPORT_JIT=ON -DPCRE2_BUILD_PCRE2GREP=OFF -DPCRE2_BUILD_TESTS=OFF
build_zstd
build_zlib
build cmocka -DWITH_EXAMPLES=OFF -DWITH_STATIC_LIB=ON
# cmocka before 1.1.6 builds the shared library too, and gives the static one a name of its own.
rm -f "$prefix"/lib/*.so*
[ -e "$prefix/lib/libcmocka.a" ] || cp "$prefix"/lib/libcmocka{-static,}.a
echo "$stamp" >"$folder/stamp"
