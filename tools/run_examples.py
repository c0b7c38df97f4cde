#!/usr/bin/env python3
# Runs the Python examples of a page, in order, in one namespace: run_examples.py FILE...
# SPDX-License-Identifier: MIT
"""Files that the examples write go to a temporary folder. An exception names the page's line."""
import os
import pathlib
import re
import sys
import tempfile

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(path):
    text = path.read_text(encoding="utf-8")
    names = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        # Empty lines before the code give its lines the page's numbers.
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block.group(1), str(path), "exec"), names)


def main():
    paths = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            before = os.getcwd()
            os.chdir(folder)
            try:
                run(path)
            finally:
                os.chdir(before)


if __name__ == "__main__":
    main()
