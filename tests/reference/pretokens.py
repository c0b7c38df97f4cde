# The reference's way from text to words: cut out special tokens, apply the pattern, count.
# SPDX-License-Identifier: MIT
"""From text to words, the input of training.

Special tokens are cut out first, and nothing is ever merged across them. The pattern, a regular
expression, cuts the text between them into pretokens; BPE never merges across pretokens either.

>>> pretokens(b"I'll grind 12 sacks", "gpt2")
[b'I', b"'ll", b' grind', b' 12', b' sacks']
>>> count_words([b"ab ab<e>ab"], "gpt2", specials=[b"<e>"])
Counter({b'ab': 2, b' ab': 1})
"""
from collections import Counter

import regex

_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_LETTER_CASE = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?|"
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?|"
)
_LETTERS = _CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

# The expressions of the known patterns, in the syntax of the module `regex`.
PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "cl100k": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
        r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\Z|\s*[\r\n]|\s+(?!\S)|\s"
    ),
    "cl100k-hf": _LETTERS + r"\p{N}{1,3}|" + _REST,
    "llama3": _LETTERS + r"\p{N}{1,3}|" + _REST,  # another name of cl100k-hf
    "qwen2": _LETTERS + r"\p{N}|" + _REST,
    "o200k": _LETTER_CASE + r"\p{N}{1,3}|" + _REST.replace(r"[\r\n]*", r"[\r\n/]*", 1),
    "qwen3.5": (
        _CONTRACTION + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"
        + _REST.replace(r"\s\p{L}", r"\s\p{L}\p{M}")
    ),
    "kimi": (
        r"\p{Han}+|" + _LETTER_CASE.replace(_UPPER, rf"(?:(?!\p{{Han}}){_UPPER})")
        .replace(_LOWER, rf"(?:(?!\p{{Han}}){_LOWER})") + r"\p{N}{1,3}|" + _REST
    ),
    # One after another: each cuts the pieces of the one before, whose ends are its text's.
    "deepseek-v3": (
        r"\p{N}{1,3}",
        "[一-龥぀-ゟ゠-ヿ]+",
        r"[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
        r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    "nanochat": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}|"
        r" ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
    ),
}


def cut_at_specials(text, specials):
    """Returns [(piece, is_special)] for `text` (bytes), in order; the pieces join to the text.

    At each position, from left to right, the longest special token that matches wins.

    >>> cut_at_specials(b"a<e>b", [b"<e>"])
    [(b'a', False), (b'<e>', True), (b'b', False)]
    """
    longest_first = sorted(specials, key=len, reverse=True)
    pieces, begin, at = [], 0, 0
    while at < len(text):
        token = next((t for t in longest_first if text.startswith(t, at)), None)
        if token is None:
            at += 1
            continue
        pieces += [(text[begin:at], False), (token, True)]
        begin = at = at + len(token)
    return pieces + [(text[begin:], False)]


def steps(pattern):
    """The expressions of a pattern, nearly always one."""
    expressions = PATTERNS.get(pattern, pattern)
    return (expressions,) if isinstance(expressions, str) else expressions


def find_cuts(text, expression):
    """Where matches begin and end, and both ends of the text."""
    cuts, at, expression = {0, len(text)}, 0, regex.compile(expression)
    while at <= len(text) and (match := expression.search(text, at)):
        cuts |= {match.start(), match.end()}
        at = max(match.end(), match.start() + 1)  # an empty match: go on one character later
    return cuts


def pretokens(segment, pattern):
    """Cuts `segment` (bytes without special tokens) wherever a match begins or ends.

    `pattern` is a key of PATTERNS, "none" (the whole segment is one pretoken) or an expression. No
    byte is lost: text between two matches is a pretoken too, and the matcher sees each byte that is
    not UTF-8 as one U+FFFD.
    """
    if pattern == "none":
        return [segment] if segment else []
    text = segment.decode("utf-8", "surrogateescape")  # each invalid byte is one lone surrogate
    seen = regex.sub("[\udc80-\udcff]", "\ufffd", text)
    cuts = [0, len(text)] if text else []
    for expression in steps(pattern):
        cuts = sorted({begin + cut for begin, end in zip(cuts, cuts[1:])
                       for cut in find_cuts(seen[begin:end], expression)})
    return [text[a:b].encode("utf-8", "surrogateescape") for a, b in zip(cuts, cuts[1:])]


def count_words(documents, pattern="gpt2", specials=()):
    """Counts the pretokens of `documents` (a list of bytes). Special tokens are not counted."""
    words = Counter()
    for document in documents:
        for segment, is_special in cut_at_specials(document, specials):
            if not is_special:
                words.update(pretokens(segment, pattern))
    return words
