#!/usr/bin/env python3
# Checks what wheels and source distributions contain.
# SPDX-License-Identifier: MIT
"""check_wheel.py FILE...: a wheel holds the package's modules, the extension, the command, its
licences and nothing else; both programs need nothing but the C library, and the extension exports
nothing but its initialisation. A source distribution (.tar.gz) holds every file of the repository,
which is only checked in a clone of it.
"""
from __future__ import annotations

import email
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Parts of the C library: glibc's, and musl's one file.
SYSTEM_LIBRARIES = re.compile(
    r"lib(c|m|pthread)\.so\.\d+|ld-linux[-\w]*\.so\.\d|libc\.musl-\w+\.so\.1")
TAG = re.compile(r"pairmill-(?P<version>[\d.]+)-(cp311-abi3|cp3\d+-cp3\d+t)-[\w.]+\.whl")
METADATA = {"Name": "pairmill", "License-Expression": "MIT", "Requires-Python": ">=3.11",
            "Description-Content-Type": "text/markdown"}


def run(*command: object) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True).stdout


def find_modules() -> set[str]:
    files = (ROOT / "python" / "pairmill").rglob("*")
    return {f"pairmill/{file.relative_to(ROOT / 'python' / 'pairmill')}" for file in files
            if file.suffix in (".py", ".pyi") or file.name == "py.typed"}


def check_names(names: set[str], info: str) -> Iterator[str]:
    """`info`: the name of the .dist-info folder."""
    wanted = find_modules() | {info.replace(".dist-info", ".data/scripts/pairmill")}
    wanted |= {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "licenses/LICENSE")}
    licences = re.compile(re.escape(info) + r"/licenses/(jansson|pcre2|zlib|zstd)-.*")
    licensed = {match[1] for match in map(licences.fullmatch, names) if match}
    if len(licensed) < 4:
        yield f"has the licences of {sorted(licensed)} only"
    names = {name for name in names if not licences.fullmatch(name)}
    found = {name for name in names if not re.fullmatch(r"pairmill/_core\.[-\w.]+\.so", name)}
    yield from (f"{name} is missing" for name in wanted - found)
    yield from (f"{name} does not belong there" for name in found - wanted)
    if len(names) - len(found) != 1:
        yield f"{len(names) - len(found)} extensions, not one"


def check_metadata(text: str, version: str) -> Iterator[str]:
    message = email.message_from_string(text)
    for key, value in {**METADATA, "Version": version}.items():
        if message[key] != value:
            yield f"{key} is {message[key]}, not {value}"
    for requirement in message.get_all("Requires-Dist") or []:
        if "extra ==" not in requirement:
            yield f"requires {requirement}"
    if not message.get_payload():
        yield "has no description"


def check_program(path: pathlib.Path) -> Iterator[str]:
    """Of ELF: elsewhere than on Linux nothing is checked."""
    if path.read_bytes()[:4] != b"\x7fELF":
        return
    dynamic = run("readelf", "--dynamic", "--wide", path)
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if not SYSTEM_LIBRARIES.fullmatch(library):
            yield f"needs {library}"
    yield from (f"has {entry}" for entry in ("TEXTREL", "RPATH", "RUNPATH") if entry in dynamic)
    exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", path).splitlines()}
    if ".so" in path.suffixes and exported != {"PyInit__core"}:
        yield f"exports {', '.join(sorted(exported))}"


def check_wheel(path: pathlib.Path) -> Iterator[str]:
    tag = TAG.fullmatch(path.name)
    if tag is None:
        yield "is not named as it should be"
        return
    info = f"pairmill-{tag['version']}.dist-info"
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        names = set(archive.namelist())
        yield from check_names(names, info)
        yield from check_metadata(archive.read(f"{info}/METADATA").decode(), tag["version"])
        for name in names:
            if name.endswith((".so", "/scripts/pairmill")):
                found = check_program(pathlib.Path(archive.extract(name, folder)))
                yield from (f"{name} {problem}" for problem in found)


def check_source(path: pathlib.Path) -> Iterator[str]:
    if not (ROOT / ".git").exists():
        return
    with tarfile.open(path) as archive:
        files = (entry.name for entry in archive if not entry.isdir())
        found = {name.partition("/")[2] for name in files}
    listed = run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard")
    wanted = {name for name in listed.splitlines() if (ROOT / name).is_file()} | {"PKG-INFO"}
    yield from (f"{name} is missing" for name in wanted - found)
    yield from (f"{name} does not belong there" for name in found - wanted)


def main() -> int:
    status = 0
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        check = check_source if path.name.endswith(".tar.gz") else check_wheel
        problems = sorted(check(path))
        for problem in problems:
            print(f"{path.name}: {problem}")
        if not problems:
            print(f"{path.name}: as it should be, {path.stat().st_size / 1e6:.1f} MB")
        status |= bool(problems)
    return status


if __name__ == "__main__":
    sys.exit(main())
