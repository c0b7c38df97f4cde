#!/usr/bin/env python3
# Makes a text of source code from packages of the distribution.
# SPDX-License-Identifier: MIT
"""
make_code_text.py OUT [--bytes N] [--packages FOLDER]: downloads the source packages of Go and the
kernel with `apt-get download` into FOLDER (they are kept), takes source files in the order of their
paths, N / 2 bytes from each package, and ends every file with the special token. The same packages
give the same bytes.
"""
import argparse
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.texts import SPECIAL, is_utf8, join_documents  # noqa: E402

FORMS = (r"golang-[0-9.]+-src", r"linux-source-[0-9.]+")
SUFFIXES = {".c", ".cc", ".cpp", ".go", ".h", ".java", ".js", ".pl", ".py", ".rs", ".s", ".S",
            ".sh"}
MOST_BYTES = 900_000  # larger source files are generated tables


def version_of(name):
    return [int(part) for part in re.findall(r"\d+", name)]


def package_like(form):
    """The package whose name matches; the oldest of several is the distribution's own."""
    done = subprocess.run(["apt-cache", "pkgnames"], check=True, capture_output=True, text=True)
    found = sorted((name for name in done.stdout.split() if re.fullmatch(form, name)),
                   key=version_of)
    if not found:
        raise SystemExit(
            f"make_code_text: no package matches {form}: run apt-get update, then try again")
    return found[0]


def fetch(form, folder):
    """The package file, downloaded unless it is there."""
    there = [path for path in folder.glob("*.deb") if re.match(form + "_", path.name)]
    if not there:
        name = package_like(form)
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name],
                       cwd=folder, check=True, stdout=sys.stderr)
        there = list(folder.glob(f"{name}_*.deb"))
    return there[0]


def unpack(package, folder):
    """Unpacks the package, and the archive that a source package installs."""
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    for archive in list(folder.glob("usr/src/*.tar.*")):
        with tarfile.open(archive) as file:
            file.extractall(archive.parent, filter="data")
        archive.unlink()


def sources(folder, most_bytes):
    taken = 0
    for path in sorted(folder.rglob("*")):
        if taken >= most_bytes:
            return
        if path.suffix not in SUFFIXES or path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        if data and len(data) <= MOST_BYTES and SPECIAL.encode() not in data and is_utf8(data):
            taken += len(data)
            yield data


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--bytes", type=int, default=100_000_000, metavar="N")
    parser.add_argument("--packages", default="build/bench/packages", metavar="FOLDER")
    options = parser.parse_args()
    packages = Path(options.packages)
    packages.mkdir(parents=True, exist_ok=True)

    def documents():
        for form in FORMS:
            package = fetch(form, packages)
            with tempfile.TemporaryDirectory(dir=packages) as folder:
                unpack(package, Path(folder))
                yield from sources(Path(folder), options.bytes // len(FORMS))

    count = join_documents(documents(), options.out)
    print(f"{options.out}: {count:,} files, {Path(options.out).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
