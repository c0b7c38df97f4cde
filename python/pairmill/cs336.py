# The interface of Stanford CS336's first assignment.
# SPDX-License-Identifier: MIT
"""``train_bpe`` and ``Tokenizer`` as the handout of CS336's assignment 1 describes them.

The course's tests reach them through its adapters: ``run_train_bpe`` is ``train_bpe``, and
``get_tokenizer`` is ``Tokenizer``.
"""
from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from . import _core
from ._tokenizer import Tokenizer as _Model
from ._train import train

__all__ = ["Tokenizer", "train_bpe"]

_Path = str | os.PathLike[str]
_Pair = tuple[bytes, bytes]

# Characters of an item that are encoded at a time: what long items need beyond themselves.
_PIECE = 4096

# The characters by which GPT-2's files spell bytes. A token with others can only be a special one.
_SPELLED = set(map(chr, [*range(33, 127), *range(161, 173), *range(174, 324)]))


def _listed(special_tokens: Iterable[str] | None) -> list[str]:
    """Each once, in order."""
    if isinstance(special_tokens, (str, bytes)):
        raise TypeError("special_tokens: expected a list of tokens, not one")
    return list(dict.fromkeys(special_tokens or ()))


def train_bpe(input_path: _Path, vocab_size: int, special_tokens: Iterable[str],
              **kwargs: Any) -> tuple[dict[int, bytes], list[_Pair]]:
    """Learns a vocab of at most ``vocab_size`` entries from a text file.

    ``vocab_size`` includes the 256 bytes and ``special_tokens``, which are never part of a word.
    Of pairs that occur equally often the lexicographically greater one is merged first.
    ``kwargs``: as for ``pairmill.train``, such as ``threads``.

    Returns the vocab (id → bytes: bytes, special tokens, merges) and the merges in order.
    Raises OSError, ValueError.
    """
    options: dict[str, Any] = {"input_format": "text", **kwargs}
    # An absolute path, since "-" and "@NAME" would stand for others.
    model = train(os.path.abspath(input_path), vocab_size, special_tokens=_listed(special_tokens),
                  **options)
    return model.vocab, model.merges


def _make_model(vocab: Mapping[int, bytes], merges: Iterable[_Pair],
                specials: Mapping[bytes, int]) -> _Model:
    ids = {token: id for id, token in vocab.items()}
    if len(ids) < len(vocab):
        twice = next(token for id, token in vocab.items() if ids[token] != id)
        raise ValueError(f"vocab: {twice!r} has more than one id")
    # What is a special token never occurs in the text between special tokens.
    apart = [(left, right) for left, right in merges
             if not {left, right, left + right} & specials.keys()]
    return _Model.from_parts(ids, apart, specials, meaning="merge list")


def _load_copies(vocab: Path, special_tokens: list[str]) -> _Model:
    """Loads vocab.json, with merges.txt beside it."""
    plain = [token for token in special_tokens if not _SPELLED.issuperset(token)]
    spelled: dict[str, Any] = json.loads(vocab.read_bytes()) if plain else {}
    return _Model.load(vocab, special_tokens=[token for token in plain if token in spelled])


def _load(vocab_path: _Path, merges_path: _Path, special_tokens: list[str]) -> _Model:
    with tempfile.TemporaryDirectory() as folder:
        vocab = Path(shutil.copyfile(vocab_path, Path(folder, "vocab.json")))
        merges = Path(shutil.copyfile(merges_path, Path(folder, "merges.txt")))
        try:
            return _load_copies(vocab, special_tokens)
        except ValueError as error:
            message = str(error).replace(str(vocab), os.fspath(vocab_path))
            error.args = (message.replace(str(merges), os.fspath(merges_path)),)
            raise


class Tokenizer:
    """Encodes and decodes with a vocab, merges and special tokens, as GPT-2 does.

    ``vocab``: the bytes of each id. ``merges``: pairs of tokens in the order in which they were
    learned. ``special_tokens``: never split; of overlapping ones, the first and longest counts;
    those that the vocab lacks get the ids after its last.

    Immutable; threads may share it. Raises ValueError for a token with two ids, or a merge that the
    vocab lacks.
    """

    def __init__(self, vocab: Mapping[int, bytes], merges: Iterable[_Pair],
                 special_tokens: Iterable[str] | None = None) -> None:
        self.vocab: dict[int, bytes] = dict(vocab)
        self.merges: list[_Pair] = [(left, right) for left, right in merges]
        self.special_tokens: list[str] = _listed(special_tokens)
        self._model = _make_model(self.vocab, self.merges, self._add_special_tokens())
        self._allocate()

    def _add_special_tokens(self) -> dict[bytes, int]:
        """Appends those that the vocab lacks. Returns the ids of all."""
        ids = {token: id for id, token in self.vocab.items()}
        specials: dict[bytes, int] = {}
        for token in self.special_tokens:
            content = token.encode()
            if content not in ids:
                self.vocab[max(self.vocab, default=-1) + 1] = content
            specials[content] = ids.get(content, max(self.vocab))
        return specials

    def _allocate(self) -> None:
        """Allocates what encoding needs: afterwards it runs in the memory of a piece."""
        self._model._prepare()
        stream = self._make_stream()
        each_byte = b"".join(token for token in self.vocab.values() if len(token) == 1)
        stream.add(each_byte * (_PIECE // 256))
        stream.finish()
        self._idle = [stream]

    def _make_stream(self) -> _core.Stream:
        return self._model.stream(special_tokens="all")

    @classmethod
    def from_files(cls, vocab_filepath: _Path, merges_filepath: _Path,
                   special_tokens: Iterable[str] | None = None) -> Self:
        """A tokenizer from GPT-2's files: a vocab.json and a merges.txt, under any names.

        ``pairmill.Tokenizer.save("NAME/vocab.json")`` writes such files, too. Special tokens are
        recognised only if they are named here.

        Raises OSError; ValueError for other files, with the byte as the attribute ``offset``.
        """
        specials = _listed(special_tokens)
        model = _load(vocab_filepath, merges_filepath, specials)
        return cls(model.vocab, model.merges, specials)

    def encode(self, text: str) -> list[int]:
        """The ids of a text. Raises ValueError if the vocab lacks one of its bytes."""
        return self._model.encode(text, special_tokens="all")

    def encode_iterable(self, iterable: Iterable[str]) -> Iterator[int]:
        """The ids of a text that comes in parts, such as a file's lines, as soon as they are known.

        They are those of ``encode("".join(iterable))``. No more than an item and what isn't known
        yet is in memory. Raises ValueError as ``encode`` does.
        """
        try:
            stream = self._idle.pop()
        except IndexError:
            stream = self._make_stream()
        for text in iterable:
            for begin in range(0, len(text), _PIECE):
                yield from stream.add(text[begin:begin + _PIECE]).tolist()
        yield from stream.finish().tolist()
        self._idle.append(stream)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; what isn't UTF-8 becomes U+FFFD. Raises ValueError for unknown ids."""
        return self._model.decode(ids)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.vocab, self.merges, self.special_tokens)
