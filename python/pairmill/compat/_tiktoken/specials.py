# Special tokens in text: which are recognised, and which are refused.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

from ..._policy import Policy


class Finder:
    """Finds the first of some tokens in text, the longest of those that begin there."""

    def __init__(self, tokens: Iterable[str]) -> None:
        ordered = sorted(tokens, key=lambda token: (-len(token), token))
        self._beginning = os.path.commonprefix(ordered)
        # Without tokens, what never matches.
        self._expression = re.compile("|".join(map(re.escape, ordered)) if ordered else "(?!)")

    def search(self, text: str) -> re.Match[str] | None:
        # Nearly all text has none of them, and this is much faster.
        if self._beginning not in text:
            return None
        return self._expression.search(text)

    def refuse(self, text: str) -> None:
        """Raises ValueError if a token is in the text."""
        match = self.search(text)
        if match is not None:
            _refuse(match.group())

    def split(self, text: str) -> list[str]:
        """Text and tokens by turns: the first and the last is text."""
        parts: list[str] = []
        end = 0
        for match in self._expression.finditer(text):
            if match.end() > match.start():
                parts += [text[end:match.start()], match.group()]
                end = match.end()
        return [*parts, text[end:]]


def _refuse(token: str) -> NoReturn:
    """The words are tiktoken's, since programs may look for them."""
    raise ValueError(
        f"Encountered text corresponding to disallowed special token {token!r}.\n"
        "If you want this text to be encoded as a special token, "
        f"pass it to `allowed_special`, e.g. `allowed_special={{{token!r}, ...}}`.\n"
        "If you want this text to be encoded as normal text, disable the check for this token "
        f"by passing `disallowed_special=(enc.special_tokens_set - {{{token!r}}})`.\n"
        "To disable this check for all special tokens, pass `disallowed_special=()`.\n")


class Plan(NamedTuple):
    """What to do with one choice of allowed and disallowed special tokens.

    ``policy``: the Tokenizer's; None: nothing is recognised.
    ``refused``: what to look for before encoding, since the policy doesn't refuse it.
    ``disallowed``: all that is refused, by us or by the policy.
    ``split``: allowed tokens that the Tokenizer lacks; if the text has one, it is cut at all of
    those in ``allowed``.
    """

    policy: Policy | None
    refused: Finder | None
    disallowed: Finder
    split: Finder | None
    allowed: frozenset[str]


def make_plan(allowed: frozenset[str], disallowed: frozenset[str], known: frozenset[str],
              others: frozenset[str]) -> Plan:
    """``known``: the special tokens of the Tokenizer; ``others``: those that it lacks."""
    recognised, split = allowed & known, allowed & others
    refused = disallowed
    policy = None
    if recognised:
        policy = Policy("all") if recognised == known else Policy(recognised)
    elif known and known <= disallowed and not split:
        policy = Policy("error")
        refused = disallowed - known
    return Plan(policy, Finder(refused) if refused else None, Finder(disallowed),
                Finder(split) if split else None, recognised | split)
