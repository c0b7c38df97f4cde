# The reference's normalizers, each a simple function of a text.
# SPDX-License-Identifier: MIT
"""What a tokenizer.json calls its normalizer: functions from bytes to bytes, one after another.

>>> normalize(b" I", {"type": "Sequence", "normalizers": [{"type": "Lowercase"},
...     {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]})
b'_i'
"""
import unicodedata

from reference.cutting import characters, compiled, encoded, hide_invalid

# The property White_Space. Python's str.strip also takes U+001C to U+001F.
WHITE_SPACE = ("\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
               + "\u2028\u2029\u202f\u205f\u3000")


def normal_form(kind, text):
    """NFC, NFD, NFKC or NFKD of a str; invalid bytes stay, and are borders."""
    return unicodedata.normalize(kind, text)


def lowercase(text):
    """Each character by itself: a final sigma is like any other, U+0130 becomes two.

    >>> lowercase("ΑΣ İ") == "ασ i\u0307"
    True
    """
    return "".join(map(str.lower, text))


def strip(text, step):
    text = text.lstrip(WHITE_SPACE) if step.get("strip_left", True) else text
    return text.rstrip(WHITE_SPACE) if step.get("strip_right", True) else text


def replace_matches(text, expression, content):
    """Replaces each match; the expression sees each invalid byte as U+FFFD."""
    out, done = [], 0
    for match in compiled(expression).finditer(hide_invalid(text)):
        out += [text[done : match.start()], content]
        done = match.end()
    return "".join(out) + text[done:]


def replace(text, step):
    (kind, value), = step["pattern"].items()
    if kind == "String":
        return encoded(text).replace(value.encode(), step["content"].encode())
    return encoded(replace_matches(text, value, step["content"]))


def normalize(text, step):
    """Returns the normalised text. Both are bytes; `step` is a dict, or None for no change."""
    if step is None:
        return text
    kind, seen = step["type"], characters(text)
    if kind == "Sequence":
        for inner in step["normalizers"]:
            text = normalize(text, inner)
        return text
    if kind in ("NFC", "NFD", "NFKC", "NFKD"):
        return encoded(normal_form(kind, seen))
    if kind == "Lowercase":
        return encoded(lowercase(seen))
    if kind == "Prepend":
        return step["prepend"].encode() + text if text else text
    if kind == "Strip":
        return encoded(strip(seen, step))
    if kind == "Replace":
        return replace(seen, step)
    raise ValueError(f"normalizer {kind}")
