# The reference's offsets: from where in the original text each byte of normalised text comes.
# SPDX-License-Identifier: MIT
r"""Normalises text like reference.normalizer, character by character, and keeps track.

A byte that no step changes comes from one byte. All that a changed stretch becomes comes from the
whole of it: a match of a replacement, a character in lower case, the shortest run of characters
whose normal form is another. What is added comes from nothing, at the place where it is put.

>>> trace("xé\u0301".encode(), 10, [("NFD",), ("prepend", "-")])
(b'-xe\xcc\x81\xcc\x81', [(10, 10), (10, 11), (11, 13), (11, 13), (11, 13), (13, 14), (14, 15)])
"""
from collections import namedtuple

import unicodedata2

from reference import normalizer
from reference.cutting import characters, encoded

# A character, and (begin, end) for each of its bytes.
Traced = namedtuple("Traced", "character origins")


def read(data, at):
    out = []
    for character in characters(data):
        size = len(encoded(character))
        out.append(Traced(character, [(i, i + 1) for i in range(at, at + size)]))
        at += size
    return out


def join(traced):
    return "".join(character for character, _ in traced)


def whole(traced):
    return traced[0].origins[0][0], traced[-1].origins[-1][1]


def write(text, origin):
    return [Traced(character, [origin] * len(encoded(character))) for character in text]


def cut_stretches(traced, form):
    """Cuts wherever both sides alone have the same normal form as the whole."""
    text, normal = join(traced), lambda part: unicodedata2.normalize(form, part)
    whole_form = normal(text)
    cuts = [0, *(at for at in range(1, len(text))
                 if normal(text[:at]) + normal(text[at:]) == whole_form), len(text)]
    return [traced[begin:end] for begin, end in zip(cuts, cuts[1:])]


def pieces(traced, is_border):
    """(whether these are borders, traced), as normalizer._pieces."""
    done = 0
    for is_one, text in normalizer._pieces(join(traced), is_border):
        yield is_one, traced[done : done + len(text)]
        done += len(text)


def change(traced, text):
    return traced if join(traced) == text else write(text, whole(traced))


def apply_form(traced, form):
    out = []
    for later, piece in pieces(traced, lambda c: c in normalizer._LATER or
                               normalizer._is_invalid(c)):
        for stretch in [] if later else cut_stretches(piece, form):
            out += change(stretch, unicodedata2.normalize(form, join(stretch)))
        out += piece if later else []
    return out


def apply_lower(traced):
    return [new for one in traced for new in change([one], one.character.lower())]


def apply_prepend(traced, content):
    return write(content, (whole(traced)[0],) * 2) + traced if traced else []


def apply_matches(traced, matches, content):
    out, kept = [], 0
    for begin, end in matches:
        at = traced[begin].origins[0][0] if begin < len(traced) else whole(traced)[1]
        origin = whole(traced[begin:end]) if begin < end else (at, at)
        out, kept = out + traced[kept:begin] + write(content, origin), end
    return out + traced[kept:]


def find_strings(text, found):
    at = text.find(found)
    while at >= 0:
        yield at, at + len(found)
        at = text.find(found, at + len(found))


def apply_replace(traced, found, content):
    return apply_matches(traced, find_strings(join(traced), found), content)


def apply_expression(traced, expression, content):
    out = []
    for invalid, piece in pieces(traced, normalizer._is_invalid):
        out += piece if invalid else apply_matches(
            piece, normalizer._find_matches(expression, join(piece)), content)
    return out


def strip_left(traced):
    text = join(traced)
    return traced[len(text) - len(text.lstrip(normalizer.SPACES)) :]


def strip_right(traced):
    return traced[: len(join(traced).rstrip(normalizer.SPACES))]


STEPS = {
    **{form: lambda traced, form=form: apply_form(traced, form)
       for form in ("NFC", "NFD", "NFKC", "NFKD")},
    "lowercase": apply_lower,
    "prepend": apply_prepend,
    "replace": apply_replace,
    "replace-regex": apply_expression,
    "strip": lambda traced: strip_left(strip_right(traced)),
    "strip-left": strip_left,
    "strip-right": strip_right,
}


def join_overlapping(traced):
    """Makes ranges that overlap, since a step changed only a part of a changed stretch, one.

    >>> texts = [Traced("a", [(0, 3)]), Traced("b", [(2, 3)]), Traced("c", [(3, 4)])]
    >>> [one.origins for one in join_overlapping(texts)]
    [[(0, 3)], [(0, 3)], [(3, 4)]]
    """
    joined = []
    for begin, end in sorted({origin for one in traced for origin in one.origins}):
        if joined and begin < joined[-1][1]:
            begin, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((begin, end))

    def find(origin):
        return origin if origin in joined else next(
            one for one in joined if one[0] <= origin[0] and origin[1] <= one[1])

    return [Traced(one.character, [find(origin) for origin in one.origins]) for one in traced]


def trace(data, begin, steps):
    """Returns the normalised bytes, and (begin, end) of each; `begin` is the offset of `data`."""
    if not steps:
        return data, [(i, i + 1) for i in range(begin, begin + len(data))]
    traced = read(data, begin)
    for name, *arguments in steps:
        traced = join_overlapping(STEPS[name](traced, *arguments))
    normal = encoded(join(traced))
    assert normal == normalizer.normalize(data, steps)
    return normal, [origin for _, origins in traced for origin in origins]


def trace_added_spaces(joined, segment, origins, at):
    """(begin, end) of each byte of what the steps of cutting make of a segment: they put a space
    only where there is none. Within what a changed stretch became, it comes from that, too.
    `segment` begins at `at` in the text that `origins` is of.

    >>> trace_added_spaces(b" a b", b"a b", [(5, 6), (6, 7), (7, 8)], 0)
    [(5, 5), (5, 6), (6, 7), (7, 8)]
    """
    out, first = [], at
    for byte in joined:
        if at < first + len(segment) and segment[at - first] == byte:
            out.append(origins[at])
            at += 1
        else:
            assert byte == 0x20
            is_within = at > 0 and origins[at - 1] == origins[at]
            out.append(origins[at] if is_within else (origins[at][0], origins[at][0]))
    assert at == first + len(segment)
    return out


def cover(places):
    """The range of bytes that come from `places`. What comes from nothing counts only by itself.

    >>> cover([(0, 0), (3, 4), (4, 6), (6, 6)]), cover([(3, 3)])
    ((3, 6), (3, 3))
    """
    places = [place for place in places if place[0] < place[1]] or places
    return places[0][0], places[-1][1]


def in_characters(text, ranges):
    """Ranges of bytes as ranges of characters, of which each ill-formed byte is one.

    >>> in_characters("aé".encode() + b"\\xff", [(0, 2), (2, 4), (1, 1), (4, 4)])
    [(0, 2), (1, 3), (1, 1), (3, 3)]
    """
    numbers = [i for i, character in enumerate(characters(text)) for _ in encoded(character)]
    numbers.append(len(characters(text)))
    return [(numbers[begin], numbers[end - 1] + 1 if begin < end else numbers[begin])
            for begin, end in ranges]
