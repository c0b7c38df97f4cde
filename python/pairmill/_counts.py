# Counts: words and how often they occur.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import builtins
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Unpack

from . import _core
from ._options import Buffer, TextOptions, pick, refuse_others

_SLICE = 4096


class Counts(_core.Counts):
    """Words (distinct pretokens) and how often they occur, with how they were cut.

    From ``pairmill.count``, ``Counts.load`` or a sum. Immutable. ``counts["the"]`` (str or bytes)
    is a count, 0 if the word doesn't occur; ``len`` is the number of words; iteration yields words,
    as bytes, sorted.

    >>> counts = pairmill.count_from_iterator(["low lower low", "low"])
    >>> counts["low"], counts[" low"], counts.documents
    (2, 1, 2)
    >>> counts.most_common(2)
    [(b'low', 2), (b' low', 1)]
    >>> sum([counts, counts]) == counts + counts
    True
    """

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, tsv: str | None = None,
             memory_limit: int | None = None, **text: Unpack[TextOptions]) -> Counts:
        """Loads a count file or a TSV.

        ``tsv``: how words are spelled in a TSV that pairmill didn't write (``pairmill.choices
        ["tsv_spellings"]``). ``pattern``, ``unicode_version``, ``special_tokens``: of a TSV; a
        count file knows its own, and ValueError is raised if they differ.

        Raises OSError, ValueError for a damaged file, with its byte as the attribute ``offset``,
        and MemoryError beyond ``memory_limit`` bytes.
        """
        refuse_others(text, TextOptions)
        return cls._load(path, tsv, pick(text, TextOptions), {"memory_limit": memory_limit})

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Saves as a count file, or as a TSV if the path ends in .tsv. Written whole or not at all.

        Raises FileExistsError if the file is there, unless ``overwrite``; OSError.
        """
        self._save(path, overwrite)

    @property
    def documents(self) -> int:
        """How many documents were counted."""
        return self._info()["documents"]

    @property
    def bytes(self) -> int:
        """How many bytes of text were counted, special tokens included."""
        return self._info()["bytes"]

    @property
    def pretokens(self) -> int:
        """The sum of all counts."""
        return self._info()["pretokens"]

    @property
    def words(self) -> int:
        """The number of distinct pretokens."""
        return self._info()["words"]

    @property
    def pattern(self) -> str:
        """The pattern's name if it has one, else the regular expression."""
        return self._info()["pattern"]

    @property
    def unicode_version(self) -> str:
        """The Unicode version of the character classes."""
        return self._info()["unicode_version"]

    @property
    def special_tokens(self) -> list[str]:
        """Tokens that were taken out of the text, the document separator included."""
        return [token.decode(errors="backslashreplace") for token in self._info()["special_tokens"]]

    def items(self) -> Iterator[tuple[builtins.bytes, int]]:
        """Words, as bytes, and their counts, sorted by the words' bytes."""
        for begin in range(0, len(self), _SLICE):
            yield from self._slice(begin, begin + _SLICE)

    def __iter__(self) -> Iterator[builtins.bytes]:
        return (word for word, _ in self.items())

    def most_common(self, n: int | None = None) -> list[tuple[builtins.bytes, int]]:
        """The n words that occur most often (None: all), with their counts; ties by the bytes."""
        ordered = sorted(self.items(), key=lambda item: -item[1])
        return ordered if n is None else ordered[:n]

    def __add__(self, other: Counts) -> Counts:
        """Counts of both. ValueError unless pattern, Unicode version, special tokens agree."""
        if not isinstance(other, _core.Counts):
            return NotImplemented
        return type(self)._sum([self, other])

    def __radd__(self, other: int) -> Counts:
        """``sum()`` begins with 0."""
        return self if other == 0 else NotImplemented

    @classmethod
    def sum(cls, counts: Iterable[Counts]) -> Counts:
        """The counts of all, at least one, added up at once: faster than ``+`` in a row.

        Raises ValueError as ``+`` does; TypeError for none.
        """
        return cls._sum(counts)

    def to_bytes(self) -> builtins.bytes:
        """The content of a count file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "words.counts")
            self.save(path)
            return path.read_bytes()

    @classmethod
    def from_bytes(cls, data: Buffer) -> Counts:
        """Counts from the content of a count file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "words.counts")
            path.write_bytes(data)
            return cls.load(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __copy__(self) -> Counts:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Counts:
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        return self is other or (self._info() == other._info() and
                                 all(a == b for a, b in zip(self.items(), other.items())))

    def __hash__(self) -> int:
        info = self._info()
        return hash((info["documents"], info["bytes"], info["pretokens"], info["words"],
                     info["pattern"], info["unicode_version"], info["special_tokens"]))

    def __repr__(self) -> str:
        return (f"<Counts of {self.documents:,} documents, {self.bytes:,} bytes: "
                f"{self.pretokens:,} pretokens, {self.words:,} words, pattern {self.pattern!r}>")
