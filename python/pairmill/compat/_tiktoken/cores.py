# What an Encoding encodes and decodes with: a Tokenizer, or one whose ids or text need more care.
# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._policy import Policy
from ..._tokenizer import Tokenizer
from .expressions import make_checker, read

_MOST = 0xFFFFFFFF


class CarefulTokenizer:
    """The methods of Tokenizer that an Encoding calls, for what a Tokenizer can't hold itself.

    ``outer``: ids as users see them, by the Tokenizer's; None if they are the same.
    ``checker``: raises ValueError for text that the pattern doesn't match; None if it matches all.
    """

    def __init__(self, tokenizer: Tokenizer, outer: list[int] | None,
                 checker: Tokenizer | None) -> None:
        self._tokenizer = tokenizer
        self._outer = outer
        self._inner = None if outer is None else {id: i for i, id in enumerate(outer)}
        self._checker = checker

    @property
    def pattern(self) -> str | None:
        pattern: str | None = self._tokenizer.pattern
        return pattern

    def _to_inner(self, ids: Iterable[int]) -> Any:
        inner = self._inner
        if inner is None:
            return ids
        try:
            return [inner[id] for id in ids]
        except KeyError as error:
            raise ValueError(f"id {error.args[0]} is not in the vocab") from None

    def encode(self, text: str | bytes, *, policy: Policy | None = None) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, policy=policy)
        if self._checker is not None:
            self._checker.count(text, policy=policy)
        outer = self._outer
        return ids if outer is None else [outer[id] for id in ids]

    def encode_to_array(self, text: str, *, policy: Policy | None = None) -> list[int]:
        return self.encode(text, policy=policy)

    def encode_batch(self, texts: list[Any], *, threads: int = 0,
                     policy: Policy | None = None) -> CarefulBatch:
        return CarefulBatch([self.encode(text, policy=policy) for text in texts])

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        data: bytes = self._tokenizer.decode_bytes(self._to_inner(ids))
        return data

    def decode(self, ids: Iterable[int], errors: str) -> str:
        return self.decode_bytes(ids).decode(errors=errors)

    def decode_batch(self, batch: Iterable[Iterable[int]], errors: str, *,
                     threads: int = 0) -> list[str]:
        return [self.decode(ids, errors) for ids in batch]

    def decode_bytes_batch(self, batch: Iterable[Iterable[int]], *,
                           threads: int = 0) -> list[bytes]:
        return [self.decode_bytes(ids) for ids in batch]

    def token_bytes(self, id: int) -> bytes:
        inner = id if self._inner is None else self._inner[id]
        data: bytes = self._tokenizer.token_bytes(inner)
        return data

    def token_id(self, token: bytes) -> int:
        id: int = self._tokenizer.token_id(token)
        return id if self._outer is None else self._outer[id]


class CarefulBatch(list[list[int]]):
    """The ids of documents."""

    def tolist(self) -> list[list[int]]:
        return list(self)


Core = Tokenizer | CarefulTokenizer


def _check_ranks(ranks: Mapping[bytes, int]) -> None:
    for rank in (min(ranks.values()), max(ranks.values())):
        if not 0 <= rank <= _MOST:
            raise OverflowError(f"the rank {rank} is not from 0 to {_MOST}")
    if len(set(ranks.values())) != len(ranks):
        raise ValueError("two of the mergeable ranks are the same")


def _pick_fitting(ranks: Mapping[bytes, int], specials: Mapping[str, int]) -> dict[str, int]:
    """Special tokens that have neither a text nor an id in common with another token."""
    used = set(ranks.values())
    fitting: dict[str, int] = {}
    for token, id in specials.items():
        if token != "" and id not in used and token.encode() not in ranks:
            fitting[token] = id
            used.add(id)
    return fitting


def _make(ranks: Mapping[bytes, int], specials: Mapping[str, int],
          pattern: str) -> tuple[Tokenizer, list[int] | None, dict[str, int]]:
    """The tokenizer, its ids as users see them (None: the same), the special tokens that it has."""
    fitting = _pick_fitting(ranks, specials)
    for choice in [fitting, {}] if fitting else [{}]:
        try:
            return (Tokenizer.from_parts(ranks, None, choice, pattern=pattern,
                                         meaning="rank by id"), None, choice)
        except ValueError:  # the ids may be too far apart
            pass
    tokens = sorted(ranks, key=ranks.__getitem__)
    dense = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer.from_parts(dense, None, None, pattern=pattern, meaning="rank by id")
    return tokenizer, [ranks[token] for token in tokens], {}


def make_core(ranks: Mapping[bytes, int], specials: Mapping[str, int],
              expression: str) -> tuple[Core, dict[str, int]]:
    """What encodes with these ranks, and the special tokens that it has.

    Raises ValueError for an expression that can't be used, and for tokens that can't be; what
    ``max`` raises if there are none.
    """
    _check_ranks(ranks)
    pattern, is_known = read(expression)
    tokenizer, outer, fitting = _make(ranks, specials, pattern)
    if is_known and outer is None:
        return tokenizer, fitting
    checker = None if is_known else make_checker(pattern, tuple(fitting))
    return CarefulTokenizer(tokenizer, outer, checker), fitting


def make_piece_core(ranks: Mapping[bytes, int]) -> Core:
    """What encodes each text as one piece, without a pattern."""
    tokenizer, outer, _ = _make(ranks, {}, "none")
    return tokenizer if outer is None else CarefulTokenizer(tokenizer, outer, None)
