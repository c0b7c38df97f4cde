#!/usr/bin/env bash
# Builds the libraries that wheels for everybody contain, as static ones: wheel-libraries.sh PREFIX.
# SPDX-License-Identifier: MIT
#
# For images of old distributions and for macOS, which have them as shared libraries or not at all.
# The releases are fetched and compared with their checksums. The build is then told of them with
# PKG_CONFIG_LIBDIR=PREFIX/lib/pkgconfig. Needs curl, cmake, make and a C compiler.
set -euo pipefail

prefix=${1:?usage: wheel-libraries.sh PREFIX}
mkdir -p "$prefix/sources"
prefix=$(cd "$prefix" && pwd)
github=https://github.com

# fetch NAME URL SHA256: unpacks a release into a folder of this name. One that lies in
# PREFIX/sources already isn't fetched.
fetch() {
    local archive=$prefix/sources/${2##*/}
    [ -e "$archive" ] || curl --fail --silent --show-error --location --retry 3 \
        --output "$archive" "$2"
    [ "$(cmake -E sha256sum "$archive" | cut -d ' ' -f 1)" = "$3" ] || {
        echo "wheel-libraries: $archive has another checksum than $3" >&2
        exit 1
    }
    rm -rf "${prefix:?}/sources/$1"
    mkdir "$prefix/sources/$1"
    tar -xzf "$archive" -C "$prefix/sources/$1" --strip-components 1
    # For the wheel, which holds a copy of the library.
    mkdir -p "$prefix/share/licenses/$1"
    cp "$prefix/sources/$1"/LICEN[CS]E* "$prefix/share/licenses/$1"
}

# build NAME FOLDER [OPTION...]: the folder of the sources that has their CMakeLists.txt.
build() {
    local source=$prefix/sources/$1/$2 target=$prefix/sources/$1/built
    shift 2
    # The oldest of them ask for a CMake older than new ones still imitate.
    cmake -S "$source" -B "$target" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_POLICY_VERSION_MINIMUM=3.5 \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib "$@"
    cmake --build "$target" --parallel "$(getconf _NPROCESSORS_ONLN)"
    cmake --install "$target"
}

fetch jansson $github/akheron/jansson/releases/download/v2.14.1/jansson-2.14.1.tar.gz \
    2521cd51a9641d7a4e457f7215a4cd5bb176f690bc11715ddeec483e85d9e2b3
build jansson . -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF

fetch pcre2 $github/PCRE2Project/pcre2/releases/download/pcre2-10.46/pcre2-10.46.tar.gz \
    8d28d7f2c3b970c3a4bf3776bcbb5adfc923183ce74bc8df1ebaad8c1985bd07
build pcre2 . -DPCRE2_SUPPORT_JIT=ON -DPCRE2_BUILD_PCRE2GREP=OFF -DPCRE2_BUILD_TESTS=OFF

fetch zstd $github/facebook/zstd/releases/download/v1.5.7/zstd-1.5.7.tar.gz \
    eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3
build zstd build/cmake -DZSTD_BUILD_PROGRAMS=OFF -DZSTD_BUILD_SHARED=OFF \
    -DZSTD_LEGACY_SUPPORT=OFF

# Its CMakeLists.txt always builds the shared library, too.
fetch zlib $github/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz \
    9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23
(cd "$prefix/sources/zlib" && CFLAGS='-O2 -fPIC' ./configure --static --prefix="$prefix" &&
    make install)
