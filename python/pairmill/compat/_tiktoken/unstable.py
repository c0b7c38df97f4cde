# What the last tokens of a text may become when the text goes on, and bytes that aren't text.
# SPDX-License-Identifier: MIT
"""These follow tiktoken step by step: what they give is not what one would define anew."""
from __future__ import annotations

import threading
from bisect import bisect_left
from functools import cached_property
from typing import Any

from ... import _core
from ..._counts import Counts
from ..._tokenizer import Tokenizer
from .cores import Core

_BLANKS = b" \n\t"
_BYTES = {bytes([value]): value for value in range(256)}


class LastPretoken:
    """Finds the last of the pretokens of text by the words that the text has."""

    def __init__(self, pattern: str | None) -> None:
        self._pattern = pattern
        self._counter = _core._Counter({"pattern": pattern}, {"threads": 1})
        self._lock = threading.Lock()

    def _count(self, text: str) -> Counts:
        with self._lock:
            self._counter.add_texts([text])
            return self._counter.take(Counts)

    def find(self, text: str) -> bytes:
        """``text`` must not be empty."""
        words = self._count(text)
        data = text.encode()
        lengths = sorted({len(word) for word in words})
        ends = [data[-length:] for length in lengths if words[data[-length:]] > 0]
        if len(ends) == 1:
            return ends[0]
        # Several of the words end the text. A pretoken that is a token is taken as it is, and
        # nothing is merged here: so the last id is the last pretoken, or its last byte if it has
        # only one.
        tokens = {end: 256 + i for i, end in enumerate(ends) if len(end) > 1}
        marked = Tokenizer.from_parts({**_BYTES, **tokens}, pattern=self._pattern,
                                      meaning="ignore merges")
        last: bytes = marked.token_bytes(marked.encode(text)[-1])
        return last


def merge(piece: bytes, ranks: dict[bytes, int]) -> list[int]:
    """Merges a piece byte by byte, even if it is a token itself."""
    parts = [piece[i:i + 1] for i in range(len(piece))]
    while len(parts) > 1:
        joined = [ranks.get(a + b) for a, b in zip(parts, parts[1:])]
        known = [rank for rank in joined if rank is not None]
        if not known:
            break
        at = joined.index(min(known))
        parts[at:at + 2] = [parts[at] + parts[at + 1]]
    return [ranks[part] for part in parts]


def last_character(data: bytes) -> str | None:
    """The last character of bytes; None if they don't end in one."""
    for length in range(1, 5):
        try:
            character = data[-length:].decode()
        except UnicodeDecodeError:
            continue
        return character if len(character) == 1 else None
    return None


def is_white_space(character: str) -> bool:
    """By Unicode's property; Python's has four control characters more."""
    return character.isspace() and not "\x1c" <= character <= "\x1f"


class Completer:
    """Completes the last tokens of a text.

    ``core``, ``piece_core``: encode text, and a piece without a pattern.
    """

    def __init__(self, ranks: dict[bytes, int], core: Core, piece_core: Core) -> None:
        self._ranks = ranks
        self._core = core
        self._piece_core = piece_core

    @cached_property
    def _last_pretoken(self) -> LastPretoken:
        return LastPretoken(self._core.pattern)

    @cached_property
    def _tokens(self) -> dict[int, bytes]:
        return {rank: token for token, rank in self._ranks.items()}

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(self._ranks)

    def _is_blank(self, id: int) -> bool:
        return id in self._tokens and not self._tokens[id].strip(_BLANKS)

    def count_unstable(self, ids: list[int], text: str) -> int:
        """How many of the last ids may change: those of the last pretoken of ``text``, which is
        what follows the last special token, and if that is blank, all blank ones before it."""
        if text == "" or not ids:
            return 0
        count = len(self._piece_core.encode(self._last_pretoken.find(text)))
        if count > 0 and self._is_blank(ids[-count]):
            while count < len(ids) and self._is_blank(ids[-count - 1]):
                count += 1
        return count

    def _merge_piece(self, piece: bytes, ids: list[int]) -> list[int]:
        """``ids``: of the piece, which is looked up first; here it isn't."""
        return merge(piece, self._ranks) if len(ids) == 1 and len(piece) > 1 else ids

    def _encode_all(self, texts: list[bytes]) -> list[list[int]]:
        """As text, or, if it is none, as one piece."""
        is_text = [_is_text(text) for text in texts]
        plain = iter(self._core.encode_batch(
            [text for text, good in zip(texts, is_text) if good]).tolist())
        pieces = [text for text, good in zip(texts, is_text) if not good]
        merged = map(self._merge_piece, pieces, self._piece_core.encode_batch(pieces).tolist())
        return [next(plain) if good else next(merged) for good in is_text]

    def _beginning_with(self, beginning: bytes) -> list[bytes]:
        """The tokens that do."""
        first = last = bisect_left(self._sorted, beginning)
        while last < len(self._sorted) and self._sorted[last].startswith(beginning):
            last += 1
        return self._sorted[first:last]

    def _cut(self, ids: list[int], length: int) -> tuple[int, ...]:
        """The first ids, until they stand for at least so many bytes."""
        done = 0
        for count, id in enumerate(ids, 1):
            done += len(self._tokens[id])
            if done >= length:
                return tuple(ids[:count])
        return tuple(ids)

    def complete(self, unstable: bytes) -> list[list[int]]:
        """What the ids of the unstable bytes, and of what follows, may begin with."""
        found: set[tuple[int, ...]] = {(self._ranks[token],)
                                       for token in self._beginning_with(unstable)}
        longer = [unstable[:i] + token for i in range(1, len(unstable))
                  for token in self._beginning_with(unstable[i:])]
        found.update(self._cut(ids, len(unstable)) for ids in self._encode_all(longer))
        split = self._split_before_white_space(unstable)
        if split is not None:
            found.add(split)
        return [list(ids) for ids in found]

    def _split_before_white_space(self, unstable: bytes) -> tuple[int, ...] | None:
        """White space at the end may become a pretoken of its own when text follows it."""
        last = last_character(unstable)
        if last is None or not is_white_space(last):
            return None
        at = len(unstable) - len(last.encode())
        if at == 0:
            return None
        pieces = [unstable[:at], unstable[at:]]
        parts = map(self._merge_piece, pieces, self._piece_core.encode_batch(pieces).tolist())
        return tuple(id for ids in parts for id in ids)

    def encode_bytes(self, data: bytes) -> list[int]:
        """Bytes that need not be text: what isn't is merged with the last pretoken before it."""
        try:
            return self._core.encode(data.decode())
        except UnicodeDecodeError as error:
            text = data[:error.start].decode()
        ids: list[Any] = self._core.encode(text)
        stable = len(ids) - self.count_unstable(ids, text)
        begin = sum(len(self._tokens[id]) for id in ids[:stable])
        return ids[:stable] + self._piece_core.encode(data[begin:])


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
