# The reference's added tokens: found in the text itself, before it is cut.
# SPDX-License-Identifier: MIT
"""Finding added tokens, with the flags that a tokenizer.json gives them.

>>> token = Added("<m>", 7, lstrip=True)
>>> find(b"a  <m> b", {b"<m>": token})
[(b'a', None), (b'  <m>', 7), (b' b', None)]
"""
from dataclasses import dataclass

import regex

from reference.cutting import characters, encoded
from reference.normalizer import SPACES

# What may not be beside a token that is a single word: \w of Rust's crate `regex`.
WORD = regex.compile(r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]")


@dataclass
class Added:
    """An added token. The flags are those of a tokenizer.json."""
    content: str
    id: int
    special: bool = True
    lstrip: bool = False  # takes the white space before it
    rstrip: bool = False  # and after it
    single_word: bool = False  # not where a word character is beside it
    normalized: bool = False  # found in the normalised text, itself normalised


def is_chosen(token, policy, allowed=()):
    """Whether a policy for special tokens looks for this token at all."""
    if not token.special:
        return policy != "untrusted"
    return policy in ("all", "error") or (policy == "list" and token.content in allowed)


def is_word(text):
    return bool(text) and WORD.fullmatch(text) is not None


def is_single_word(text, begin, end):
    before, after = characters(text[:begin])[-1:], characters(text[end:])[:1]
    return not is_word(before) and not is_word(after)


def spaces_before(text):
    return len(text) - len(encoded(characters(text).rstrip(SPACES)))


def spaces_after(text):
    return len(text) - len(encoded(characters(text).lstrip(SPACES)))


def find_contents(text, contents):
    """Yields (begin, content), from left to right, the longest at each place; none overlap."""
    longest_first = sorted(contents, key=len, reverse=True)
    at = 0
    while at < len(text):
        content = next((c for c in longest_first if text.startswith(c, at)), None)
        if content is not None:
            yield at, content
        at += 1 if content is None else len(content)


def find(text, tokens):
    """Returns [(piece, id or None)] for `text` (bytes). `tokens` is {bytes to find: Added}.

    A token that may only be a whole word, and isn't, is passed over with all that it hides.
    """
    pieces, done = [], 0
    for begin, content in find_contents(text, tokens):
        token, end = tokens[content], begin + len(content)
        if token.single_word and not is_single_word(text, begin, end):
            continue
        if token.lstrip:
            begin = max(begin - spaces_before(text[:begin]), done)
        if token.rstrip:
            end += spaces_after(text[end:])
        pieces += [(text[done:begin], None)] if done < begin else []
        pieces.append((text[begin:end], token.id))
        done = end
    return pieces + ([(text[done:], None)] if done < len(text) else [])
