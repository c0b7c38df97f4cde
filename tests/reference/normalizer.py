# The reference's normalizer: normal forms, lower case, replacements, as in Hugging Face's models.
# SPDX-License-Identifier: MIT
r"""Normalises text by steps: [("NFC",), ("replace", found, content), ...].

Bytes that are not UTF-8 stay, and nothing joins across them. Lower case is that of this Python's
Unicode version; everything else is that of tokenizers 0.23.3.

>>> normalize("ﬁ A\u030a".encode(), [("NFKC",), ("lowercase",), ("prepend", "_")]).decode()
'_fi å'
>>> normalize(b"a  b\xff ", [("replace-regex", " +", "-")])
b'a-b\xff-'
"""
import itertools

import regex
import unicodedata2

# Rust's char::is_whitespace.
SPACES = ("\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
          "\u200a\u2028\u2029\u202f\u205f\u3000")

# Characters that came after Unicode 9.0 and would decompose, compose or have a combining class.
LATER = """
7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ADD 1AE0-1AEB 1DF6-1DFA 32FF A7F1-A7F4 A82C AB69
105C9 105D2 105DA 105E4 10781-10785 10787-107B0 107B2-107BA 10D24-10D27 10D69-10D6D 10EAB-10EAC
10EFA-10EFB 10EFD-10EFF 10F46-10F50 10F82-10F85 11070 1133B 11382-11385 1138B 1138E 11390-11391
113B8 113BB 113C2 113C5 113C7-113C9 113CE-113D0 1145E 11839-1183A 11930 11935 11938 1193D-1193E
11943 119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97 11F41-11F42 1611E-16129 1612F 16D63
16D67-16D6A 16FF0-16FF1 1CCD6-1CCF9 1E030-1E06D 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF
1E5EE-1E5EF 1E6E3 1E6E6 1E6EE-1E6EF 1E6F5 1F16C 1FBF0-1FBF9
"""


def _read_ranges(text):
    for word in text.split():
        first, _, last = word.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


_LATER = set(map(chr, _read_ranges(LATER)))


def _is_invalid(character):
    """Whether it stands for a byte that is not UTF-8."""
    return "\udc80" <= character <= "\udcff"


def _pieces(text, is_border):
    """(whether these are borders, text) of the runs of borders and of other characters."""
    for key, group in itertools.groupby(text, is_border):
        yield key, "".join(group)


def _normal_form(text, form):
    return "".join(piece if later else unicodedata2.normalize(form, piece)
                   for later, piece in _pieces(text, lambda c: c in _LATER or _is_invalid(c)))


def _find_matches(expression, text):
    """As Oniguruma's iterator: no empty match right after another match."""
    compiled, at, last = regex.compile(expression, regex.V0), 0, None
    while at <= len(text):
        match = compiled.search(text, at)
        if match is None:
            return
        if match.start() == match.end() == last:
            at += 1
            continue
        yield match.span()
        at = last = match.end()


def _replace_matches(text, expression, content):
    out, kept = "", 0
    for begin, end in _find_matches(expression, text) if text else ():
        out, kept = out + text[kept:begin] + content, end
    return out + text[kept:]


STEPS = {
    **{form: lambda text, form=form: _normal_form(text, form)
       for form in ("NFC", "NFD", "NFKC", "NFKD")},
    "lowercase": lambda text: "".join(c.lower() for c in text),
    "prepend": lambda text, content: content + text if text else "",
    "replace": lambda text, found, content: text.replace(found, content),
    "replace-regex": lambda text, expression, content: "".join(
        piece if invalid else _replace_matches(piece, expression, content)
        for invalid, piece in _pieces(text, _is_invalid)),
    "strip": lambda text: text.strip(SPACES),
    "strip-left": lambda text: text.lstrip(SPACES),
    "strip-right": lambda text: text.rstrip(SPACES),
}


def normalize(data, steps):
    text = data.decode(errors="surrogateescape")
    for name, *arguments in steps:
        text = STEPS[name](text, *arguments)
    return text.encode(errors="surrogateescape")
