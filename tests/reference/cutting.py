# The reference's steps of cutting: what a tokenizer.json calls its pre-tokenizer.
# SPDX-License-Identifier: MIT
"""From a segment to pretokens, step by step, with the meaning of Hugging Face's `tokenizers`.

The first step cuts the segment; each later one cuts every piece of the step before, and sees the
edges of the piece as the ends of the text. The step ByteLevel also changes how later steps see the
text: each byte as one visible character ("Ġ" for a space).

>>> digits = {"type": "Digits", "individual_digits": True}
>>> cut(b"in 1998", [digits, {"type": "ByteLevel", "add_prefix_space": False}])
[b'in', b' ', b'1', b'9', b'9', b'8']

A piece may begin with a space that the segment doesn't have; nothing else is added.

>>> cut(b"a b", [{"type": "ByteLevel", "add_prefix_space": True}])
[b' a', b' b']
"""
import functools
from collections import namedtuple

import regex

from reference.pretokens import PATTERNS
from reference.trainer import PRINTABLE

ASCII_PUNCTUATION = r"!-/:-@\[-`{-~"

# A part of a text: characters [begin, end), and whether the expression has matched it.
Part = namedtuple("Part", "begin end is_match")


class Dropped(ValueError):
    """A step removes text, which no ids can stand for."""


def characters(text):
    """Decodes bytes: each byte that is not part of well-formed UTF-8 is one lone surrogate."""
    return text.decode("utf-8", "surrogateescape")


def encoded(text):
    """The bytes of what `characters` gave."""
    return text.encode("utf-8", "surrogateescape")


def hide_invalid(text):
    """What an expression sees: U+FFFD for each invalid byte."""
    return regex.sub("[\udc80-\udcff]", "\ufffd", text)


@functools.cache
def compiled(expression):
    """An expression of a tokenizer.json; sets with && need the newer syntax of `regex`."""
    return regex.compile(expression, regex.V1 if "&&" in expression else 0)


def find_parts(expression, text):
    """Divides `text` into matches and what is between them.

    >>> [tuple(part) for part in find_parts("b+", "abbc")]
    [(0, 1, False), (1, 3, True), (3, 4, False)]
    """
    parts, done, at = [], 0, 0
    while at <= len(text) and (match := compiled(expression).search(text, at)):
        begin, end = match.span()
        if done < begin:
            parts.append(Part(done, begin, False))
        parts.append(Part(begin, end, True))
        done = end
        at = max(end, begin + 1)  # an empty match: go on one character later
    return parts + ([Part(done, len(text), False)] if done < len(text) else [])


def join_equal(parts):
    """Joins neighbours that are both matches, or both not."""
    out = []
    for part in parts:
        if out and out[-1].is_match == part.is_match:
            out[-1] = Part(out[-1].begin, part.end, part.is_match)
        else:
            out.append(part)
    return out


def join_previous(parts):
    """Joins each match to the text before it; of several in a row, only the first."""
    out, was_match = [], False
    for part in parts:
        if part.is_match and not was_match and out:
            out[-1] = Part(out[-1].begin, part.end, False)
        else:
            out.append(part)
        was_match = part.is_match
    return out


def mirrored(parts):
    return [Part(-part.end, -part.begin, part.is_match) for part in reversed(parts)]


def remove(parts):
    if any(part.is_match and part.begin < part.end for part in parts):
        raise Dropped
    return parts


# What becomes of the matches.
BEHAVIORS = {
    "Isolated": lambda parts: parts,
    "Removed": remove,
    "Contiguous": join_equal,
    "MergedWithPrevious": join_previous,
    "MergedWithNext": lambda parts: mirrored(join_previous(mirrored(parts))),
}


def split(text, expression, behavior, invert=False):
    """Cuts a str; with `invert`, matches are taken for the text between them and the reverse.

    >>> split("a-b--c", "-", "MergedWithPrevious")
    ['a-', 'b-', '-', 'c']
    >>> split("a-b--c", "-", "MergedWithNext")
    ['a', '-b', '-', '-c']
    >>> split("a-b--c", "-", "Contiguous")
    ['a', '-', 'b', '--', 'c']
    """
    parts = find_parts(expression, hide_invalid(text))
    if invert:
        parts = [Part(begin, end, not is_match) for begin, end, is_match in parts]
    return [text[part.begin : part.end] for part in BEHAVIORS[behavior](parts)
            if part.begin < part.end]


def step_cut(step):
    """The arguments of `split` for a step, or None if it cuts nothing."""
    if step["type"] == "Split":
        (kind, value), = step["pattern"].items()
        expression = value if kind == "Regex" else regex.escape(value)
        return expression, step["behavior"], step.get("invert", False)
    if step["type"] == "Digits":
        return r"\p{N}", "Isolated" if step["individual_digits"] else "Contiguous"
    if step["type"] == "Punctuation":
        return rf"[{ASCII_PUNCTUATION}\p{{P}}]", step.get("behavior", "Isolated")
    if step["type"] == "ByteLevel":
        return (PATTERNS["gpt2"], "Isolated") if step.get("use_regex", True) else None
    raise ValueError(f"pre-tokenizer {step['type']}")


def flatten(step):
    """The steps of a pre-tokenizer, which may be a Sequence of Sequences, or None."""
    if step is None:
        return []
    if step["type"] != "Sequence":
        return [step]
    return [inner for outer in step["pretokenizers"] for inner in flatten(outer)]


def cut_printable(piece, arguments):
    """Cuts bytes as a step after ByteLevel does: one visible character stands for each byte."""
    pieces = split("".join(chr(PRINTABLE[byte]) for byte in piece), *arguments)
    ends = [sum(map(len, pieces[: i + 1])) for i in range(len(pieces))]
    return [piece[begin:end] for begin, end in zip([0, *ends], ends)]


def cut_piece(piece, step, is_printable):
    if step["type"] == "ByteLevel" and step["add_prefix_space"]:
        piece = piece if piece.startswith(b" ") else b" " + piece
    arguments = step_cut(step)
    if arguments is None:
        return [piece]
    if is_printable:
        return cut_printable(piece, arguments)
    return [encoded(part) for part in split(characters(piece), *arguments)]


def cut(segment, steps):
    """The pretokens of `segment` (bytes), by the steps (dicts as in a tokenizer.json)."""
    pieces, is_printable = [segment] if segment else [], False
    for step in steps:
        if is_printable and step["type"] == "ByteLevel":
            raise ValueError("ByteLevel twice")
        pieces = [part for piece in pieces for part in cut_piece(piece, step, is_printable)]
        is_printable = is_printable or step["type"] == "ByteLevel"
    return pieces
