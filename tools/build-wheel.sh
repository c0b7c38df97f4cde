#!/usr/bin/env bash
# Builds, checks and tries the Python package: wheel and source distribution in build/wheel/.
# SPDX-License-Identifier: MIT
#
# The wheel is built from the source distribution in an environment that pip makes for it. It is
# installed, offline, into a new environment of every CPython from 3.11 on that is in PATH or pyenv's,
# and tests/python/smoke.py runs there. Each free-threaded CPython gets a wheel of its own: the
# stable ABI isn't for them.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/wheel
log=$folder/log
venv=$PWD/build/venv/bin
options=(--config-setting cmake.define.PAIRMILL_WERROR=ON)

fail() {
    tail -n 20 "$log" >&2
    echo "build-wheel: $* (see $log)" >&2
    exit 1
}

quietly() { "$@" >>"$log" 2>&1 </dev/null; }

# Lines "PREFIX KIND PROGRAM", one for each CPython; KIND is free-threaded or locked.
find_pythons() {
    local python
    {
        compgen -c python3. | grep -xE 'python3\.[0-9]+t?' | sort -u | xargs -r -n 1 which -a
        compgen -G "${PYENV_ROOT:-$HOME/.pyenv}/versions/*/bin/python3"
        readlink -f "$venv/python"
    } | while read -r python; do
        "$python" -c '
import sys, sysconfig
if sys.implementation.name == "cpython" and sys.version_info >= (3, 11):
    free = sysconfig.get_config_var("Py_GIL_DISABLED")
    print(sys.base_prefix, "free-threaded" if free else "locked", sys.executable)' \
            2>/dev/null || true
    done | sort -u -k 1,2
}

# make_environment FOLDER PYTHON: one with pip, if the Python has ensurepip.
make_environment() {
    rm -rf "$1"
    quietly "$2" -m venv "$1" || quietly "$2" -m venv --clear --without-pip "$1" ||
        fail "$2 -m venv failed"
}

# pip_of ENVIRONMENT ARGUMENT...
pip_of() {
    local python=$1/bin/python
    shift
    if quietly "$python" -m pip --version; then
        quietly "$python" -m pip --disable-pip-version-check "$@"
    else
        quietly "$venv/pip" --disable-pip-version-check --python "$python" "$@"
    fi
}

try_wheel() {
    local kind=$1 python=$2 environment=$folder/environment wheels=$folder/built
    make_environment "$environment" "$python"
    if [ "$kind" = free-threaded ]; then
        wheels=$folder/free-threaded
        pip_of "$environment" wheel --no-cache-dir --no-deps "${options[@]}" --wheel-dir "$wheels" \
            "$folder"/*.tar.gz || fail "$python could not build a wheel"
        python3 tools/check_wheel.py "$wheels"/*.whl
    fi
    pip_of "$environment" install --no-index --find-links "$wheels" pairmill ||
        fail "the wheel could not be installed for $python"
    (cd / && env -u PYTHONPATH "$environment/bin/python" -I "$OLDPWD/tests/python/smoke.py") ||
        fail "the wheel does not work in $python"
    [ "$kind" = locked ] || mv "$wheels"/*.whl "$folder"
}

tools/set-up.sh test
rm -rf "$folder"
mkdir -p "$folder/built"
quietly "$venv/python" -m build "${options[@]}" --outdir "$folder/built" . || fail "no wheel"
python3 tools/check_wheel.py "$folder"/built/*
quietly "$venv/abi3audit" --strict --verbose "$folder"/built/*.whl || fail "abi3audit found faults"
"$venv/auditwheel" show "$folder"/built/*.whl 2>>"$log" | grep -oE '"manylinux[^"]*"' | head -n 1 || true
mv "$folder"/built/*.tar.gz "$folder"
while read -r _ kind python; do
    try_wheel "$kind" "$python" </dev/null
done < <(find_pythons)
mv "$folder"/built/*.whl "$folder"
rm -rf "$folder"/{built,environment,free-threaded}
ls "$folder"/*.whl "$folder"/*.tar.gz
