# Tokenizer: what the extension doesn't do itself.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, TypedDict, Unpack, cast

from . import _core
from ._options import Buffer, InputOptions, Paths, as_bytes, pick, refuse_others, warn
from ._policy import Choice, Policy
from ._progress import ProgressOption, Reporter
from ._visualize import Visualization, visualize

_Path = str | os.PathLike[str]
# A class method of Tokenizer, and what to call it with.
_Copy = tuple[str, tuple[Any, ...], dict[str, Any]]
_SpecialIds = Mapping[str, int] | Mapping[bytes, int]


class LoadOptions(TypedDict, total=False):
    """What a model's file may not say."""

    format: str | None
    pattern: str | None
    unicode_version: str | None
    special_tokens: Iterable[str | bytes] | None
    encoding: str | None


class EncodedFiles(NamedTuple):
    """What ``encode_file`` or ``decode_file`` has done.

    ``documents``, ``bytes`` of text, and ``tokens``: ids, those in and those out;
    ``bad_lines``: JSON lines that were skipped; ``truncated``: documents with more than
    ``max_tokens`` ids.
    """

    documents: int
    bytes: int
    tokens: int
    bad_lines: int
    truncated: int


def _as_str(token: bytes) -> str:
    return token.decode(errors="backslashreplace")


class Tokenizer(_core.Tokenizer):
    """A vocab with its merges, pattern and special tokens. Immutable; threads may share it.

    From ``pairmill.train``, ``Tokenizer.load``, ``from_bytes`` or ``from_parts``. Two are equal if
    they give the same ids and texts. Pickles hold the whole model, but not the training's record.

    >>> tok = pairmill.train_from_iterator(["low lower lowest"] * 9, 300,
    ...                                    special_tokens=["<|end|>"])
    >>> tok
    <Tokenizer of 264 entries, 1 special tokens, pattern 'gpt2'>
    >>> tok.decode(tok.encode("lower"))
    'lower'
    """

    # ---- Loading and saving ----

    @classmethod
    def load(cls, path: _Path, **options: Unpack[LoadOptions]) -> Tokenizer:
        """Loads a model: tokenizer.json, .tiktoken, .gguf, tekken.json, vocab.json with merges.txt,
        or a folder.

        ``format``: one of ``pairmill.choices["model_formats"]``, if the content doesn't tell.
        ``pattern``, ``special_tokens``, ``unicode_version``: for models whose files don't say them.
        ``encoding``: which one, of a rank file that serves several.

        Raises OSError; ValueError for what isn't a model, with its byte as the attribute
        ``offset``.
        """
        refuse_others(options, LoadOptions)
        return cls._load(path, pick(options, LoadOptions))

    @classmethod
    def from_bytes(cls, data: Buffer, **options: Unpack[LoadOptions]) -> Tokenizer:
        """Loads a model from the content of one file. Options and errors as for ``load``."""
        refuse_others(options, LoadOptions)
        return cls._load_memory(data, pick(options, LoadOptions))

    @classmethod
    def from_parts(cls, vocab: Mapping[bytes, int],
                   merges: Iterable[tuple[bytes, bytes]] | None = None,
                   special_tokens: _SpecialIds | None = None, *,
                   pattern: str | None = None, unicode_version: str | None = None,
                   meaning: str | None = None) -> Tokenizer:
        """Makes a tokenizer from a vocab (bytes → id), merges in order, and special tokens.

        Without merges, pairs are merged by the ids of what they become, as in tiktoken.
        ``pattern``: a name or a regular expression; "gpt2". ``meaning``: one of
        ``pairmill.choices["meanings"]``.

        Raises ValueError for an id or token that occurs twice, or a merge that the vocab lacks.

        >>> made = pairmill.Tokenizer.from_parts({b"a": 0, b"b": 1, b"ab": 2}, [(b"a", b"b")])
        >>> made.encode("aab")
        [0, 2]
        """
        specials = {as_bytes(token): id for token, id in (special_tokens or {}).items()}
        options = {"pattern": pattern, "unicode_version": unicode_version, "meaning": meaning}
        pairs = [(left, right) for left, right in merges or ()]
        return cls._create(dict(vocab), pairs, specials, options)

    def save(self, path: _Path, *, format: str | None = None, overwrite: bool = False,
             allow_loss: bool = False, merges_as_strings: bool = False) -> None:
        """Saves the model: the format follows from the suffix, and a folder has several files.

        ``format``: one of ``pairmill.choices["model_formats"]``.
        ``allow_loss``: write even what can't hold all of the model (``losses``).
        ``merges_as_strings``: a tokenizer.json as tokenizers before 0.20 read it.

        Raises FileExistsError if something is there, unless ``overwrite``; ValueError if the format
        can't hold the model; OSError. Written whole or not at all.
        """
        self._save(path, format, overwrite, allow_loss, merges_as_strings)

    def losses(self, path: _Path, format: str | None = None) -> list[str]:
        """What a model saved so wouldn't say, such as "the pattern"; empty: it says all.

        ``path``, ``format`` and errors as for ``save``.
        """
        text = self._losses(path, format)
        return [] if text is None else text.split(", ")

    def to_bytes(self, format: str | None = None) -> bytes:
        """The content of one file, by default of a tokenizer.json, whatever it can't say.

        ``format``: as for ``save``. Raises ValueError if the format has several files, or can't
        hold the model.
        """
        return self._save_memory(format)

    # ---- Making others of it ----

    def with_special_tokens(self, tokens: _SpecialIds | Iterable[str | bytes]) -> Tokenizer:
        """The same model with more special tokens.

        ``tokens``: an iterable of names, which get the unused ids, in order, and then those after
        the last (a set is taken in the order of its bytes); or a mapping from names to ids.

        Raises ValueError for a token that is there already, or an id that is in use.

        >>> tok.with_special_tokens(["<|user|>"]).special_tokens
        {'<|end|>': 256, '<|user|>': 264}
        """
        if isinstance(tokens, Mapping):
            ids = cast(Mapping[str | bytes, int], tokens)
            return self._edit([], [], {"new_specials": list(ids),
                                       "new_special_ids": list(ids.values())})
        if isinstance(tokens, (set, frozenset)):
            tokens = sorted(tokens, key=as_bytes)
        return self._edit([], [], {"new_specials": tokens})

    def with_renamed_tokens(self, names: Mapping[str, str]) -> Tokenizer:
        """The same model with other names for special and added tokens, which keep their ids.

        Raises ValueError if there is no such token, or if two would have one name.
        """
        old, new = map(as_bytes, names), map(as_bytes, names.values())
        return self._edit(list(old), list(new), {})

    def with_vocab_size(self, vocab_size: int) -> Tokenizer:
        """The model that training would have given with a smaller vocab: a prefix of the merges.

        Raises ValueError if the vocab is smaller, or what no merge makes is more.
        """
        if vocab_size < 1:  # the library takes 0 for all
            raise ValueError(f"a vocab of {vocab_size} entries is too small")
        return self._edit([], [], {"vocab_size": vocab_size})

    # ---- What it holds ----

    @cached_property
    def merges(self) -> list[tuple[bytes, bytes]]:
        """The merges in order: pairs of tokens' bytes.

        >>> tok.merges[:2]
        [(b'o', b'w'), (b'l', b'ow')]
        """
        return self._list_merges()

    @cached_property
    def vocab(self) -> dict[int, bytes]:
        """The bytes of each id, in order of the ids, special tokens included."""
        tokens = self._list_tokens()
        return {id: token for id, token in enumerate(tokens) if token is not None}

    @property
    def special_tokens(self) -> dict[str, int]:
        """Special tokens and their ids."""
        return {_as_str(token): id for token, id, special in self._list_specials() if special}

    @property
    def added_tokens(self) -> dict[str, int]:
        """Added tokens that aren't special, and their ids."""
        return {_as_str(token): id for token, id, special in self._list_specials() if not special}

    @property
    def training(self) -> dict[str, Any] | None:
        """The record of the training: totals, options, stages (s, bytes of memory), inputs, counts
        of the merges. Its model's folder keeps it, a single file doesn't: None.
        """
        return self._training()

    def describe(self, part: str) -> str:
        """Describes the "normalizer", the "pattern" or the "template" for people, in lines.

        Empty if the model has none. Raises ValueError for another ``part``.
        """
        return self._describe(part) or ""

    def visualize(self, text: str | bytes, *, special_tokens: Choice | None = None,
                  policy: Policy | None = None) -> Visualization:
        """The tokens of a text, with their ids, to look at.

        Notebooks show it; ``print`` it, or ``save`` it as a page for browsers. Of more than 2,000
        tokens the first are shown. Arguments and errors as for ``encode``.
        """
        return visualize(self, text, special_tokens, policy)

    # ---- Files ----

    def encode_file(self, files: Paths, out: _Path, *, format: str | None = None,
                    eot: str | bytes | None = None, bos: str | bytes | None = None,
                    doc_separator: str | bytes | None = None,
                    max_tokens: int = 0, offsets: bool = False,
                    shard_tokens: int | None = None, resume: bool = False,
                    special_tokens: Choice | None = None, policy: Policy | None = None,
                    overwrite: bool = False, threads: int = 0, progress: ProgressOption = None,
                    **options: Unpack[InputOptions]) -> EncodedFiles:
        """Encodes files into one token file, with ``out`` + ".json" beside it, which says what it is.

        ``files``: as for ``pairmill.train``, as are ``progress`` and the options of input files.
        ``format``: one of ``pairmill.choices["token_formats"]``; by the suffix of ``out``. Some have
        more files: docs/token-files.md.
        ``eot`` and ``bos``: special tokens to append to each document, and to put before it.
        ``doc_separator``: ends documents and isn't encoded.
        ``max_tokens``: of each document; 0 for all. ``offsets``: write byte offsets, too (jsonl).
        ``shard_tokens``: ``out`` is a folder of files, each with the first documents that make so
        many tokens. ``resume``: go on with such a folder that the same call began; ValueError if
        model, options or files have changed.
        ``special_tokens``, ``policy``: as for ``encode``. ``threads``: 0 for one per processor; the
        file doesn't depend on it.

        Raises FileExistsError unless ``overwrite``; ValueError for bad input, with its byte as the
        attribute ``offset``; OSError. All files are written whole, or none is.
        """
        refuse_others(options, InputOptions)
        file_options = {"format": format, "eot": eot, "bos": bos,
                        "doc_separator": doc_separator,
                        "max_tokens": max_tokens, "offsets": offsets,
                        "shard_tokens": shard_tokens or 0, "resume": resume}
        with Reporter(progress) as reporter:
            totals = self._encode_files(files, out, overwrite, special_tokens, policy,
                                        pick(options, InputOptions), file_options,
                                        {"progress": reporter.report, "threads": threads})
        warn(totals["notices"], totals["bad_files"], stacklevel=1)
        return EncodedFiles(*(totals[name] for name in EncodedFiles._fields))

    def decode_file(self, files: Paths, out: _Path, *, format: str | None = None,
                    skip_special_tokens: bool = False, overwrite: bool = False,
                    progress: ProgressOption = None) -> EncodedFiles:
        """Decodes token files into one file of text.

        ``format``: of the inputs, one of ``pairmill.choices["token_formats"]``; as the file beside
        each says, or by suffix.
        ``skip_special_tokens``: as for ``decode``.

        Raises FileExistsError unless ``overwrite``; ValueError for an unknown id, with its byte in
        the file as the attribute ``offset``; OSError. Written whole or not at all.
        """
        file_options = {"format": format, "skip_special_tokens": skip_special_tokens}
        with Reporter(progress) as reporter:
            totals = self._decode_files(files, out, overwrite, file_options,
                                        {"progress": reporter.report})
        return EncodedFiles(*(totals[name] for name in EncodedFiles._fields))

    # ---- An immutable value ----

    @cached_property
    def _digest(self) -> bytes:
        """Of the content of a tokenizer.json; of all that can be asked, if that can't hold it."""
        try:
            data = self.to_bytes()
        except ValueError as error:
            facts = (str(error), *self._facts(), self._list_tokens(), self._list_merges())
            data = repr(facts).encode()
        return hashlib.blake2b(data + self.unicode_version.encode(), digest_size=16).digest()

    def _facts(self) -> tuple[object, ...]:
        """What a copy must have in common."""
        parts = [self._describe(part) for part in ("normalizer", "pattern", "template")]
        return (self.vocab_size, self.meaning, self.pattern, self.unicode_version, self.encoding,
                self.refusal, self._list_specials(), *parts)

    def _copies(self) -> Iterator[_Copy]:
        """How a copy may be made: as a file of each format, or of parts.

        A rank file keeps the meaning "rank by id", a tokenizer.json the others.
        """
        formats = [*_core._choices()["model_formats"], "tokenizer.json"]
        if self.meaning != "rank by id":
            formats.reverse()
        for format in dict.fromkeys(formats):
            options: dict[str, Any] = {"format": format, "unicode_version": self.unicode_version}
            if format == "tiktoken":
                options["pattern"], options["encoding"] = self.pattern, self.encoding
                options["special_tokens"] = [token for token, _, _ in self._list_specials()]
            try:
                yield "from_bytes", (self.to_bytes(format),), options
            except ValueError:
                continue
        specials = {token: id for token, id, _ in self._list_specials()}
        vocab = {token: id for id, token in self.vocab.items() if id not in specials.values()}
        merges = None if self.meaning == "rank by id" else self.merges
        yield "from_parts", (vocab, merges, specials), {
            "pattern": self.pattern, "unicode_version": self.unicode_version,
            "meaning": self.meaning}

    @cached_property
    def _pickled(self) -> _Copy:
        """The first copy that is equal to this model."""
        for copy in self._copies():
            try:
                made = _make_copy(Tokenizer, *copy)
            except ValueError:
                continue
            if made._facts() == self._facts():
                return copy
        try:
            self.to_bytes()
            reason = "nothing that it can be made from holds all of it"
        except ValueError as error:
            reason = str(error)
        raise ValueError(f"the model can't be pickled: {reason}")

    def __eq__(self, other: object) -> bool:
        """Whether both give the same ids for all texts, policies and ids' bytes."""
        if not isinstance(other, Tokenizer):
            return NotImplemented
        return self is other or self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __copy__(self) -> Tokenizer:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tokenizer:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _make_copy, (type(self), *self._pickled)

    def __repr__(self) -> str:
        pattern = self.pattern
        if pattern is not None and len(pattern) > 40:
            pattern = pattern[:40] + "..."
        return (f"<Tokenizer of {self.vocab_size:,} entries, "
                f"{len(self.special_tokens)} special tokens, pattern {pattern!r}>")


def _make_copy(cls: type[Tokenizer], method: str, arguments: tuple[Any, ...],
               options: dict[str, Any]) -> Tokenizer:
    made: Tokenizer = getattr(cls, method)(*arguments, **options)
    return made
