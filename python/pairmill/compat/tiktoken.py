# tiktoken's interface over pairmill.
# SPDX-License-Identifier: MIT
"""A drop-in replacement for tiktoken: ``import pairmill.compat.tiktoken as tiktoken``.

The ids are the same, and so are the types of errors and the words of the one that says that a text
contains a special token. What differs:

- Nothing is downloaded: ``get_encoding`` finds rank files where tiktoken keeps them.
- Of two special tokens that begin alike, the longer one is found; in tiktoken either may be.
- ValueError, where tiktoken panics: a byte that isn't a token, two tokens with one rank.
- ValueError for text that the pattern doesn't match, which tiktoken drops, and for an expression
  that our engine might read differently.

Written against tiktoken 0.14.
"""
from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from .. import _core
from .._tokenizer import Tokenizer
from ._tiktoken import files
from ._tiktoken.cores import Core, make_core, make_piece_core
from ._tiktoken.files import load_tiktoken_bpe
from ._tiktoken.models import encoding_name_for_model
from ._tiktoken.specials import Finder, Plan, make_plan
from ._tiktoken.unstable import Completer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Encoding", "encoding_for_model", "encoding_name_for_model", "get_encoding",
           "list_encoding_names", "load_tiktoken_bpe"]

_Allowed = Literal["all"] | Set[str]
_Disallowed = Literal["all"] | Collection[str]
_NOTHING: frozenset[str] = frozenset()
# A caller may give another set each time.
_KEPT_PLANS = 64
_CONTINUING = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that don't begin a character


class Encoding:
    """Ranks, special tokens and a pattern, with the methods of tiktoken's ``Encoding``.

    ``pat_str``: a regular expression that cuts text, as Rust's fancy_regex reads it.
    ``mergeable_ranks``: the bytes of tokens and their ids; pairs with the least rank merge first.
    ``special_tokens``: tokens that are taken out of text, and their ids.
    ``explicit_n_vocab``: how many tokens there are in all; AssertionError if there aren't, or if
    ids are missing.

    Raises ValueError for an expression or tokens that can't be used.

    Threads may share it. Nothing may be changed.
    """

    name: str

    def __init__(self, name: str, *, pat_str: str, mergeable_ranks: dict[bytes, int],
                 special_tokens: dict[str, int], explicit_n_vocab: int | None = None) -> None:
        self._mergeable_ranks = mergeable_ranks
        last = max(max(mergeable_ranks.values()), max(special_tokens.values(), default=0))
        if explicit_n_vocab:
            assert len(mergeable_ranks) + len(special_tokens) == explicit_n_vocab
            assert last + 1 == explicit_n_vocab
        core, known = make_core(mergeable_ranks, special_tokens, pat_str)
        self._set_up(name, pat_str, special_tokens, core, known, last)

    @classmethod
    def _from_tokenizer(cls, name: str, tokenizer: Tokenizer,
                        second_texts: dict[str, int]) -> Encoding:
        """``second_texts``: special tokens with the ids of others."""
        self = cls.__new__(cls)
        known = tokenizer.special_tokens
        expression = _core._pattern_expression(tokenizer.pattern or "")
        assert expression is not None  # known rank files have known patterns
        self._set_up(name, expression, known | second_texts, tokenizer, known,
                     tokenizer.vocab_size - 1)
        return self

    def _set_up(self, name: str, pat_str: str, special_tokens: dict[str, int], core: Core,
                known: Mapping[str, int], last: int) -> None:
        self.name = name
        self.max_token_value = last
        self._pat_str = pat_str
        self._special_tokens = special_tokens
        self._special_token_values = set(special_tokens.values())
        self._core = core
        self._known = frozenset(known)
        self._others = frozenset(special_tokens) - self._known
        self._plans: dict[object, Plan] = {}
        self._default_plan = self._make_plan(_NOTHING, "all")

    @cached_property
    def _mergeable_ranks(self) -> dict[bytes, int]:
        """The bytes of tokens and their ids, if they weren't given."""
        assert isinstance(self._core, Tokenizer)
        specials = self._special_token_values
        return {token: id for id, token in self._core.vocab.items() if id not in specials}

    def __repr__(self) -> str:
        return f"<Encoding {self.name!r}>"

    # ---- Encoding ----

    def _make_plan(self, allowed: _Allowed, disallowed: _Disallowed) -> Plan:
        every = self._known | self._others
        if allowed == "all":
            allowed = every
        elif not isinstance(allowed, Set):
            raise TypeError(f"allowed_special must be 'all' or a set of str, not {allowed!r}")
        refused = every - allowed if disallowed == "all" else frozenset(disallowed)
        return make_plan(frozenset(allowed), refused, self._known, self._others)

    def _plan(self, allowed: _Allowed, disallowed: _Disallowed) -> Plan:
        if allowed is _NOTHING and disallowed == "all":
            return self._default_plan
        key = (allowed if allowed == "all" else frozenset(allowed),
               disallowed if disallowed == "all" else frozenset(disallowed))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._make_plan(allowed, disallowed)
            if len(self._plans) >= _KEPT_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _encode(self, text: str, plan: Plan, encode: Callable[..., Any]) -> Any:
        """``encode``: the core's method that makes a list, or the one that makes an array."""
        _check_text(text)
        if plan.refused is not None and plan.refused.search(text) is not None:
            plan.disallowed.refuse(text)
        if plan.split is not None and plan.split.search(text) is not None:
            return self._encode_parts(text, plan)
        try:
            return encode(text, policy=plan.policy)
        except ValueError:
            plan.disallowed.refuse(text)
            raise

    def _encode_parts(self, text: str, plan: Plan) -> list[int]:
        text.encode()  # its error tells of the whole text
        parts = Finder(plan.allowed).split(text)
        ids: list[int] = self._core.encode(parts[0])
        for token, part in zip(parts[1::2], parts[2::2]):
            ids.append(self._special_tokens[token])
            ids += self._core.encode(part)
        return ids

    def encode(self, text: str, *, allowed_special: _Allowed = _NOTHING,
               disallowed_special: _Disallowed = "all") -> list[int]:
        """The ids of a text.

        ``allowed_special``: special tokens that are recognised; "all".
        ``disallowed_special``: special tokens that the text must not contain; "all" stands for all
        that aren't allowed. Those that are in neither are plain text.
        Surrogates that aren't a pair become U+FFFD.

        Raises ValueError if the text contains a token that is disallowed.
        """
        try:
            ids: list[int] = self._encode(text, self._plan(allowed_special, disallowed_special),
                                          self._core.encode)
        except UnicodeEncodeError:
            ids = self._encode(_without_surrogates(text), self._plan(allowed_special, ()),
                               self._core.encode)
        return ids

    def encode_ordinary(self, text: str) -> list[int]:
        """The ids of a text, in which special tokens are plain text."""
        try:
            return self._core.encode(_check_text(text))
        except UnicodeEncodeError:
            return self._core.encode(_without_surrogates(text))

    def encode_to_numpy(self, text: str, *, allowed_special: _Allowed = _NOTHING,
                        disallowed_special: _Disallowed = "all") -> npt.NDArray[np.uint32]:
        """The ids of a text as an array of uint32, with the shape (ids,).

        Arguments and errors as for ``encode``; UnicodeEncodeError for surrogates.
        """
        import numpy as np
        plan = self._plan(allowed_special, disallowed_special)
        return np.asarray(self._encode(text, plan, self._core.encode_to_array), dtype=np.uint32)

    def encode_batch(self, text: list[str], *, num_threads: int = 8,
                     allowed_special: _Allowed = _NOTHING,
                     disallowed_special: _Disallowed = "all") -> list[list[int]]:
        """The ids of many texts, on threads. Arguments and errors as for ``encode``."""
        _check_threads(num_threads)
        texts = [_check_text(item) for item in text]
        plan = self._plan(allowed_special, disallowed_special)
        finders = [finder for finder in (plan.refused, plan.split) if finder is not None]
        if not any(finder.search(item) for finder in finders for item in texts):
            try:
                return self._core.encode_batch(texts, threads=num_threads,
                                               policy=plan.policy).tolist()
            except ValueError:  # one at a time, the first bad one raises its own error
                pass
        return [self.encode(item, allowed_special=allowed_special,
                            disallowed_special=disallowed_special) for item in texts]

    def encode_ordinary_batch(self, text: list[str], *, num_threads: int = 8) -> list[list[int]]:
        """The ids of many texts, in which special tokens are plain text."""
        return self.encode_batch(text, num_threads=num_threads, disallowed_special=())

    def encode_with_unstable(self, text: str, *, allowed_special: _Allowed = _NOTHING,
                             disallowed_special: _Disallowed = "all"
                             ) -> tuple[list[int], list[list[int]]]:
        """The first ids of a text, which don't change when it goes on, and a list of what the ids
        after them may begin with, in no particular order.

        The rules are tiktoken's, and like its own miss some. Arguments and errors as for
        ``encode``; UnicodeEncodeError for surrogates.
        """
        plan = self._plan(allowed_special, disallowed_special)
        ids: list[int] = self._encode(text, plan, self._core.encode)
        rest = Finder(plan.allowed).split(text)[-1] if plan.allowed else text
        count = self._completer.count_unstable(ids, rest)
        if count == 0:
            return ids, []
        return ids[:-count], self._completer.complete(self.decode_bytes(ids[-count:]))

    def encode_single_token(self, text_or_bytes: str | bytes) -> int:
        """The id of a token, or else of a special token. Raises KeyError if there is none."""
        token = text_or_bytes.encode() if isinstance(text_or_bytes, str) else text_or_bytes
        try:
            return self._core.token_id(token)
        except KeyError:
            for other in self._others:
                if other.encode() == token:
                    return self._special_tokens[other]
        raise KeyError(token)

    # ---- Decoding ----

    @cached_property
    def _other_ids(self) -> dict[int, bytes]:
        others = [(self._special_tokens[token], token.encode())
                  for token in self._special_tokens if token in self._others]
        return dict(reversed(others))

    def _token_bytes(self, token: int) -> bytes:
        """Raises KeyError if there is no such id; OverflowError, TypeError if it can't be one."""
        number = operator.index(token)
        if not 0 <= number <= 0xFFFFFFFF:
            raise OverflowError(f"a token is a number of 32 bits, not {number}")
        try:
            return self._core.token_bytes(number)
        except KeyError:
            return self._other_ids[number]

    def _decode_slowly(self, tokens: Sequence[int]) -> bytes:
        """With ids that the core doesn't know, or the right error for what it refused."""
        if not hasattr(tokens, "__len__"):
            raise TypeError(f"expected a sequence of int, not {type(tokens).__name__}")
        return b"".join(self._find_bytes(token, "Invalid token for decoding: ")
                        for token in tokens)

    def _find_bytes(self, token: int, message: str = "") -> bytes:
        try:
            return self._token_bytes(token)
        except KeyError:
            raise KeyError(f"{message}{token}") from None

    def decode_bytes(self, tokens: Sequence[int]) -> bytes:
        """The bytes of ids. Raises KeyError for an id that isn't in use."""
        try:
            return self._core.decode_bytes(tokens)
        except (ValueError, TypeError):
            return self._decode_slowly(tokens)

    def decode(self, tokens: Sequence[int], errors: str = "replace") -> str:
        """The text of ids. ``errors``: what becomes of bytes that aren't UTF-8, as for
        ``bytes.decode``. Raises KeyError for an id that isn't in use."""
        try:
            return self._core.decode(tokens, errors)
        except UnicodeDecodeError:
            raise
        except (ValueError, TypeError):
            return self._decode_slowly(tokens).decode(errors=errors)

    def decode_single_token_bytes(self, token: int) -> bytes:
        """The bytes of an id. Raises KeyError if it isn't in use."""
        return self._find_bytes(token)

    def decode_tokens_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each id. Raises KeyError for an id that isn't in use."""
        return [self._find_bytes(token) for token in tokens]

    def decode_with_offsets(self, tokens: Sequence[int]) -> tuple[str, list[int]]:
        """The text of ids, and for each the index of the first character that it has a part of.

        Raises KeyError for an id that isn't in use, UnicodeDecodeError for what isn't UTF-8.
        """
        parts = self.decode_tokens_bytes(tokens)
        offsets: list[int] = []
        begun = 0  # characters
        for part in parts:
            is_inside = part[0] in _CONTINUING
            offsets.append(max(0, begun - 1) if is_inside else begun)
            begun += len(part.translate(None, _CONTINUING))
        return b"".join(parts).decode(), offsets

    def decode_batch(self, batch: Sequence[Sequence[int]], *, errors: str = "replace",
                     num_threads: int = 8) -> list[str]:
        """The texts of many lists of ids, on threads. Arguments and errors as for ``decode``."""
        _check_threads(num_threads)
        try:
            return self._core.decode_batch(batch, errors, threads=num_threads)
        except (ValueError, TypeError):  # one at a time, the first bad one raises its own error
            return [self.decode(tokens, errors) for tokens in batch]

    def decode_bytes_batch(self, batch: Sequence[Sequence[int]], *,
                           num_threads: int = 8) -> list[bytes]:
        """The bytes of many lists of ids, on threads. Errors as for ``decode_bytes``."""
        _check_threads(num_threads)
        try:
            return self._core.decode_bytes_batch(batch, threads=num_threads)
        except (ValueError, TypeError):
            return [self.decode_bytes(tokens) for tokens in batch]

    # ---- What it holds ----

    def token_byte_values(self) -> list[bytes]:
        """The bytes of all tokens that aren't special, sorted."""
        return sorted(self._mergeable_ranks)

    @property
    def eot_token(self) -> int:
        """The id of <|endoftext|>. Raises KeyError if there is none."""
        return self._special_tokens["<|endoftext|>"]

    @cached_property
    def special_tokens_set(self) -> set[str]:
        """The special tokens."""
        return set(self._special_tokens)

    def is_special_token(self, token: int) -> bool:
        """Whether the id is a special token's."""
        assert isinstance(token, int)
        return token in self._special_token_values

    @property
    def n_vocab(self) -> int:
        """One more than the largest id."""
        return self.max_token_value + 1

    # ---- What tiktoken's own tests and other programs call, too ----

    @cached_property
    def _pieces(self) -> Core:
        return make_piece_core(self._mergeable_ranks)

    @cached_property
    def _completer(self) -> Completer:
        return Completer(self._mergeable_ranks, self._core, self._pieces)

    def _encode_single_piece(self, text_or_bytes: str | bytes) -> list[int]:
        """The ids of a text that no pattern cuts."""
        piece = text_or_bytes.encode() if isinstance(text_or_bytes, str) else text_or_bytes
        return self._pieces.encode(piece)

    def _encode_only_native_bpe(self, text: str) -> list[int]:
        """The same as ``encode_ordinary``: ours has no second engine for the pattern."""
        return self.encode_ordinary(text)

    def _encode_bytes(self, text: bytes) -> list[int]:
        """The ids of bytes, which need not be UTF-8."""
        if not isinstance(text, bytes):
            raise TypeError(f"expected bytes, not {type(text).__name__}")
        return self._completer.encode_bytes(text)

    def __getstate__(self) -> object:
        """The name of one that ``get_encoding`` gave; else what it is made of."""
        if _registered.get(self.name) is self:
            return self.name
        return {"name": self.name, "pat_str": self._pat_str,
                "mergeable_ranks": self._mergeable_ranks, "special_tokens": self._special_tokens}

    def __setstate__(self, state: str | dict[str, Any]) -> None:
        if isinstance(state, str):
            self.__dict__ = get_encoding(state).__dict__
        else:
            Encoding.__init__(self, **state)


def _check_text(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"expected a str, not {type(text).__name__}")
    return text


def _check_threads(count: int) -> None:
    if count <= 0:
        raise ValueError(f"num_threads must be at least 1, not {count}")


def _without_surrogates(text: str) -> str:
    """Pairs of surrogates as the characters that they stand for, others as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# ---- Encodings by name ----

_registered: dict[str, Encoding] = {}
_lock = threading.Lock()


def list_encoding_names() -> list[str]:
    """What ``get_encoding`` takes."""
    return files.names()


def get_encoding(encoding_name: str) -> Encoding:
    """An encoding of OpenAI's, from a rank file: the same object each time.

    The file is looked for in the folder TIKTOKEN_CACHE_DIR, else DATA_GYM_CACHE_DIR, else
    data-gym-cache in the folder for temporary files: by the name that tiktoken gives it there, and
    by its own (cl100k_base.tiktoken). Nothing is downloaded.

    Raises FileNotFoundError; OSError; ValueError for another name, or if the file is another one.
    """
    if encoding_name not in files.names():
        raise ValueError(f"unknown encoding {encoding_name!r} "
                         f"(known: {', '.join(files.names())})")
    with _lock:
        if encoding_name not in _registered:
            _registered[encoding_name] = Encoding._from_tokenizer(
                encoding_name, files.load(encoding_name),
                files.SECOND_TEXTS.get(encoding_name, {}))
        return _registered[encoding_name]


def encoding_for_model(model_name: str) -> Encoding:
    """The encoding that a model of OpenAI's uses. Raises KeyError; errors as ``get_encoding``."""
    return get_encoding(encoding_name_for_model(model_name))
