# Expressions as tiktoken's engine, Rust's fancy_regex, reads them, for ours, which is PCRE2.
# SPDX-License-Identifier: MIT
"""The library knows the patterns of well-known encodings by heart, in tiktoken's spelling, too.

Other expressions must be such that both engines cut alike: those that the library would write into
a file of Mistral's, which the same engine reads. Before that is asked, some things are rewritten:

- ``$`` is the end of the text in Rust; in PCRE2 it is also before a last line feed.
- ``\\w`` has marks, connecting punctuation and joiners in Rust (UTS #18, annex C).
- ``{n,m}+`` is possessive to both, but not to a third engine that the library thinks of.
"""
from __future__ import annotations

import json
import re
from functools import lru_cache

from ..._tokenizer import Tokenizer

_BYTES = {bytes([value]): value for value in range(256)}
# Alphabetic characters, marks, digits, connectors, joiners, by categories; circled and squared
# letters are alphabetic symbols.
_WORD = (r"\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\x{200C}\x{200D}\x{24B6}-\x{24E9}"
         r"\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189}")
_REWRITTEN = {"$": r"\z", "^": r"\A", r"\w": f"[{_WORD}]", r"\W": f"[^{_WORD}]"}
_PART = re.compile(r"\\[pPx]\{[^}]*\}|\\.|\{\d+(?:,\d*)?\}\+?|.", re.DOTALL)


def _rewrite(expression: str) -> str:
    parts: list[str] = []
    class_depth = 0
    for part in map(str, _PART.findall(expression)):
        if class_depth > 0:
            parts[-1] += _WORD if part == r"\w" else part
        elif part.endswith("}+") and parts and parts[-1] != ")":
            parts[-1] = f"(?>{parts[-1]}{part[:-1]})"
        else:
            parts.append(str(_REWRITTEN.get(part, part)))
        class_depth += (part == "[") - (part == "]" and class_depth > 0)
    return "".join(parts)


def _as_expression(text: str) -> str:
    """What holds no operator would be taken for a pattern's name."""
    return text if re.search(r"[\\\[\](){}|*+?^$]", text) else f"(?:{text})"


@lru_cache(maxsize=16)
def read(expression: str) -> tuple[str, bool]:
    """The pattern for a Tokenizer, and whether it is one that the library knows by heart.

    Raises ValueError for what is no expression, and if PCRE2 may read it differently than Rust.
    """
    expression = _as_expression(expression)
    try:
        pattern = Tokenizer.from_parts(_BYTES, pattern=expression).pattern
    except ValueError:  # that of the rewritten one counts
        pattern = expression
    if pattern is not None and pattern != expression:
        return pattern, True
    pattern = _rewrite(expression)
    Tokenizer.from_parts(_BYTES, pattern=pattern).to_bytes("tekken.json")
    return pattern, False


@lru_cache(maxsize=16)
def make_checker(pattern: str, special_tokens: tuple[str, ...]) -> Tokenizer:
    """A tokenizer to which text between the matches, which tiktoken drops, is an error."""
    specials = {token: 256 + i for i, token in enumerate(special_tokens)}
    model = json.loads(Tokenizer.from_parts(_BYTES, None, specials, pattern=pattern).to_bytes())
    for step in model["pre_tokenizer"]["pretokenizers"]:
        if step["type"] == "Split":
            step.update(behavior="Removed", invert=True)
    return Tokenizer.from_bytes(json.dumps(model).encode())
