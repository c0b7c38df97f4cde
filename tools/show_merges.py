#!/usr/bin/env python3
# Prints the first and the longest merges of a merges.txt.
# SPDX-License-Identifier: MIT
"""show_merges.py MERGES: one line per merge: rank, left part, right part."""
import pathlib
import sys

FIRST = 15
LONGEST = 15


def printable_bytes():
    """Maps the characters of merges.txt to the bytes they represent."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in own]
    return {chr(byte): byte for byte in own} | {chr(256 + i): byte for i, byte in enumerate(others)}


BYTES = printable_bytes()


def as_bytes(part):
    return bytes(BYTES[character] for character in part)


def show(text):
    return repr(text.decode("utf-8")) if is_utf8(text) else repr(text)


def is_utf8(text):
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def print_merges(title, rows):
    print(title)
    for rank, left, right in rows:
        print(f"  {rank:6}  {show(left)} + {show(right)}")


def main():
    lines = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")[1:]
    pairs = (line.split(" ") for line in lines if line)
    merges = [(rank, as_bytes(left), as_bytes(right)) for rank, (left, right) in enumerate(pairs)]
    # A run of one character (a ruler of dashes) is long, but uninteresting.
    telling = (row for row in merges if len(set(row[1] + row[2])) > 4)
    longest = sorted(telling, key=lambda row: -len(row[1] + row[2]))
    print_merges("first:", merges[:FIRST])
    print_merges("longest (without runs of few characters):", longest[:LONGEST])


if __name__ == "__main__":
    main()
