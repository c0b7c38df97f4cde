#!/usr/bin/env bash
# Installs a build and builds a program against the installation: run.sh BUILD.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$PWD/build/consumer
prefix=$work/prefix
rm -rf "$work"
cmake --install "$1" --prefix "$prefix" >/dev/null

# Through the CMake package: shared and static.
cmake -G Ninja -S tests/consumer -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$work/cmake" -- --quiet
"$work/cmake/consumer_shared"
"$work/cmake/consumer_static"

# Through pkg-config: shared, and fully static.
libdir=$(dirname "$(find "$prefix" -name pkgconfig -type d)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs pairmill)"
gcc -std=c11 -Wall -Wextra -Werror tests/consumer/consumer.c "${flags[@]}" -pthread \
    -o "$work/shared"
LD_LIBRARY_PATH=$libdir "$work/shared"
read -ra flags <<<"$(pkg-config --static --cflags --libs pairmill)"
gcc -std=c11 -Wall -Wextra -Werror tests/consumer/consumer.c "${flags[@]}" -pthread -static \
    -o "$work/static"
"$work/static"

# The rest of the installation.
[ "$(readlink "$libdir/libpairmill.so")" = libpairmill.so.0 ]
objdump -p "$libdir/libpairmill.so" | grep -q 'SONAME  *libpairmill.so.0$'
"$prefix/bin/pairmill" version
for file in man/man1/pairmill.1 man/man1/pairmill-train.1 bash-completion/completions/pairmill \
    zsh/site-functions/_pairmill fish/vendor_completions.d/pairmill.fish; do
    [ -s "$prefix/share/$file" ] || { echo "not installed: share/$file" && exit 1; }
done
