# The reference's added tokens: found in the text itself, before it is cut.
# SPDX-License-Identifier: MIT
"""Finding added tokens, with the flags that a tokenizer.json gives them.

>>> token = Added("<m>", 7, lstrip=True)
>>> [(begin, end, token and token.id) for begin, end, token in find(b"a  <m> b", [(b"<m>", token)])]
[(0, 1, None), (1, 6, 7), (6, 8, None)]
"""
from dataclasses import dataclass

import regex

from reference.cutting import characters, encoded
from reference.normalizer import SPACES
from reference.policies import FORBIDDEN, IGNORED, RECOGNISED, Forbidden

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


def is_word(text):
    return bool(text) and WORD.fullmatch(text) is not None


def is_single_word(text, begin, end):
    before, after = characters(text[:begin])[-1:], characters(text[end:])[:1]
    return not is_word(before) and not is_word(after)


def spaces_before(text):
    return len(text) - len(encoded(characters(text).rstrip(SPACES)))


def spaces_after(text):
    return len(text) - len(encoded(characters(text).lstrip(SPACES)))


def find_contents(text, tokens, treat):
    """Yields (begin, content, token), from left to right, the longest at each place; none overlap.
    What is ignored hides nothing.
    """
    longest_first = sorted(tokens, key=lambda pair: len(pair[0]), reverse=True)
    done = 0
    for at in range(len(text)):
        for content, token in longest_first if done <= at else ():
            end = at + len(content)
            if text.startswith(content, at) and treat(token, at, end) != IGNORED:
                yield at, content, token
                done = end
                break


def find(text, tokens, treat=lambda token, begin, end: RECOGNISED):
    """Yields (begin, end, token or None) of what `text` (bytes) consists of.

    `tokens` is [(bytes to find, Added)]; `treat` says what is done with one at [begin, end). Raises
    Forbidden. A token that may only be a whole word, and isn't, is passed over with all that it
    hides. One token may have stripped what the next begins with: both are found then. But nothing
    is left of one that strips on its left and ends within what the one before has stripped.
    """
    done = 0
    for own_begin, content, token in find_contents(text, tokens, treat):
        begin, own_end = own_begin, own_begin + len(content)
        if token.single_word and not is_single_word(text, begin, own_end):
            continue
        end = own_end + (spaces_after(text[own_end:]) if token.rstrip else 0)
        if token.lstrip:
            if end <= done:
                continue
            begin = max(begin - spaces_before(text[:begin]), done)
        if done < begin:
            yield done, begin, None
        if treat(token, own_begin, own_end) == FORBIDDEN:
            raise Forbidden(own_begin)
        yield begin, end, token
        done = end
    if done < len(text):
        yield done, len(text), None
