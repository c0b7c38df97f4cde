# The reference's way from text to words: special tokens cut out, then the pattern, then counting.
# SPDX-License-Identifier: MIT
from collections import Counter

import regex

_LETTER_CASE = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
)
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"

PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\Z|\s*[\r\n]|\s+(?!\S)|\s",
    "cl100k-hf": _CONTRACTION + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "llama3": _CONTRACTION + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen2": _CONTRACTION + r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": _LETTER_CASE + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "nanochat": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
}


def cut_at_specials(text, specials):
    """The pieces of `text` (bytes) in order, each with True where it is a special token."""
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


def pretokens(segment, pattern):
    """Cuts the text between two hard borders where a match begins or ends."""
    if pattern == "none":
        return [segment] if segment else []
    text = segment.decode("utf-8", "surrogateescape")  # each invalid byte is one lone surrogate
    seen = regex.sub("[\udc80-\udcff]", "\ufffd", text)
    expression = regex.compile(PATTERNS.get(pattern, pattern))
    cuts, at = {0, len(text)}, 0
    while at <= len(seen) and (match := expression.search(seen, at)):
        cuts |= {match.start(), match.end()}
        at = max(match.end(), match.start() + 1)  # go on one character behind an empty match
    cuts = sorted(cuts)
    return [text[a:b].encode("utf-8", "surrogateescape") for a, b in zip(cuts, cuts[1:])]


def count_words(documents, pattern="gpt2", specials=()):
    words = Counter()
    for document in documents:
        for segment, is_special in cut_at_specials(document, specials):
            if not is_special:
                words.update(pretokens(segment, pattern))
    return words
