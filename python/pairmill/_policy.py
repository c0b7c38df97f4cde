# Which special and other added tokens are recognised in text.
# SPDX-License-Identifier: MIT
from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, cast

from . import _core
from ._options import as_bytes

# A choice by name, or tokens.
Choice = str | Iterable[str | bytes]


def _freeze(choice: Choice) -> str | tuple[bytes, ...]:
    if isinstance(choice, str):
        return choice
    if isinstance(choice, bytes):
        raise TypeError("expected a list of tokens, not one")
    return tuple(sorted({as_bytes(token) for token in choice}))


class _Fields(NamedTuple):
    special: str | tuple[bytes, ...]
    added: str | tuple[bytes, ...]
    template: bool


class Policy(_Fields):
    """Which tokens are recognised in text. Immutable and hashable; works with any tokenizer.

    ``special``, ``added``: for special tokens, and for added tokens that aren't special (such as
    Qwen's ``<think>``): ``"none"`` (they are plain text), ``"all"``, ``"error"`` (meeting one is a
    ValueError) or an iterable of tokens, str or bytes.
    ``template``: put before and after each document what the model's template says.

    ``Policy()`` is the default: special tokens, which text from others could forge, are plain text;
    other added tokens are recognised. ``Policy.untrusted`` recognises nothing.

    A choice that the library doesn't know is a ValueError when the policy is used.

    >>> policy = pairmill.Policy(special=["<|end|>"])
    >>> tok.encode("low<|end|>", policy=policy)
    [258, 256]
    """

    __slots__ = ()
    untrusted: ClassVar[Policy]

    def __new__(cls, special: Choice = "none", added: Choice = "all",
                template: bool = False) -> Policy:
        return super().__new__(cls, _freeze(special), _freeze(added), bool(template))

    def __getnewargs__(self) -> tuple[str | tuple[bytes, ...], str | tuple[bytes, ...], bool]:
        return self.special, self.added, self.template


Policy.untrusted = Policy(added="none")


def _from_tokens(tokenizer: _core.Tokenizer, tokens: Iterable[str | bytes]) -> Policy:
    """Recognises these only. A list without added tokens leaves those as they are by default."""
    listed = _freeze(tokens)
    plain = {content for content, _, is_special in tokenizer._list_specials() if not is_special}
    added = [token for token in listed if token in plain]
    special = [token for token in listed if token not in plain]
    return Policy(special, added) if added else Policy(special)


def resolve(tokenizer: _core.Tokenizer, special_tokens: object, policy: object) -> Policy:
    """The policy that a call asks for with these two arguments, one of which is None."""
    if special_tokens is not None and policy is not None:
        raise TypeError("give special_tokens or policy, not both")
    asked = special_tokens if policy is None else policy
    if isinstance(asked, Policy):
        return asked
    if isinstance(asked, str):
        return Policy.untrusted if asked == "untrusted" else Policy(asked)
    if isinstance(asked, Iterable):
        return _from_tokens(tokenizer, cast(Iterable[str | bytes], asked))
    raise TypeError(f"expected a Policy, a choice by name or tokens, not {asked!r}")


_core._set_resolver(resolve)
