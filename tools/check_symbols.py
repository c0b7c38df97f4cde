#!/usr/bin/env python3
# Checks the symbols that the libraries export.
# SPDX-License-Identifier: MIT
"""check_symbols.py BUILD: every extern symbol of libpairmill.a starts with pmill_, and
libpairmill.so exports exactly the functions that pairmill.h declares."""
import pathlib
import re
import subprocess
import sys


def symbols(*nm):
    command = ["nm", "--defined-only", *nm]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in lines.splitlines())
    return {row[2] for row in rows if len(row) == 3}


def declared(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
    return set(re.findall(r"^PMILL_API\b[^;(]*?\b(\w+)\s*\(", text, flags=re.MULTILINE))


def main():
    build = pathlib.Path(sys.argv[1])
    wanted = declared(pathlib.Path(__file__).parent.parent / "include" / "pairmill.h")
    static = symbols("--extern-only", build / "libpairmill.a")
    # Sanitizers and gcov put their own markers into every object.
    foreign = {name for name in static if not name.startswith(("pmill_", "__"))}
    shared = symbols("--dynamic", build / "libpairmill.so")
    wrong = [f"{name}: extern, but does not start with pmill_" for name in sorted(foreign)]
    wrong += [f"{name}: in libpairmill.so, not in pairmill.h" for name in sorted(shared - wanted)]
    wrong += [f"{name}: in pairmill.h, not in libpairmill.so" for name in sorted(wanted - shared)]
    for line in wrong:
        print(line)
    print(f"symbols: {len(wrong)} wrong" if wrong else
          f"symbols: {len(static)} extern, all pmill_; {len(wanted)} exported, as in pairmill.h")
    return 1 if wrong or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
