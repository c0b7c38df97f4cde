# Keyword arguments that several functions take, by what the library groups them into.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, runtime_checkable

if TYPE_CHECKING:
    from typing_extensions import Buffer as Buffer  # known to every type checker; never imported
elif sys.version_info >= (3, 12):
    from collections.abc import Buffer
else:
    Buffer = bytes | bytearray | memoryview


@runtime_checkable
class ArrowArray(Protocol):
    """What gives one Arrow array, such as pyarrow.Array."""

    def __arrow_c_array__(self, requested_schema: Any = None, /) -> Any: ...


@runtime_checkable
class ArrowStream(Protocol):
    """What gives Arrow arrays one after another: pyarrow.ChunkedArray, polars.Series."""

    def __arrow_c_stream__(self, requested_schema: Any = None, /) -> Any: ...


Text = str | Buffer
# Documents; an Arrow column has strings or bytes and no nulls.
Texts = Iterable[Text] | ArrowArray | ArrowStream
# One path, or several. "-" is stdin, a folder stands for the files in it, "@LIST" for the names in
# the file LIST.
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class TextOptions(TypedDict, total=False):
    """How text is cut into words."""

    pattern: str | None
    unicode_version: str | None
    special_tokens: Iterable[str | bytes] | None
    doc_separator: str | bytes | None
    reserve: int


class InputOptions(TypedDict, total=False):
    """What input files contain."""

    input_format: str | None
    field: str | None
    skip_bad_lines: bool
    skip_binary: bool
    sha256: bool


class RunOptions(TypedDict, total=False):
    """How the work is run. Never affects the result."""

    threads: int
    memory_limit: int | None
    tmp_dir: str | os.PathLike[str] | None
    scanner: str | None


class LearnOptions(TypedDict, total=False):
    """What is learned from counts."""

    min_count: int
    pad_vocab_to: int
    max_token_length: int
    ties: str | None
    layout: str | None
    compat: str | None


class CountTextsOptions(TextOptions, RunOptions, total=False):
    """Of counting texts in memory."""


class CountOptions(CountTextsOptions, InputOptions, total=False):
    """Of counting files."""


class TrainTextsOptions(CountTextsOptions, LearnOptions, total=False):
    """Of training from texts in memory."""


class TrainOptions(TrainTextsOptions, InputOptions, total=False):
    """Of training from files."""


class TrainCountsOptions(LearnOptions, RunOptions, total=False):
    """Of training from counts."""

    reserve: int


def as_bytes(token: str | bytes) -> bytes:
    """A token's bytes; TypeError for anything else."""
    if isinstance(token, str):
        return token.encode()
    if isinstance(token, bytes):
        return token
    raise TypeError(f"a token must be str or bytes, not {token!r}")


def pick(options: Mapping[str, Any], group: type) -> dict[str, Any]:
    """Those of the options that belong to a group, without those that are None."""
    picked = {name: options[name] for name in group.__annotations__
              if options.get(name) is not None}
    if "tmp_dir" in picked:
        picked["tmp_dir"] = os.fspath(picked["tmp_dir"])
    return picked


def refuse_others(options: Mapping[str, Any], *groups: type) -> None:
    """TypeError for a name that is in none of the groups."""
    known = [name for group in groups for name in group.__annotations__]
    for name in options:
        if name not in known:
            raise TypeError(f"unexpected keyword argument {name!r}")


def warn(notices: Iterable[tuple[str, str, str]],
         bad_files: Iterable[tuple[str, int, int, int, str]], stacklevel: int) -> None:
    """Warns of inputs that were left out, or named twice, and of JSON lines that were skipped.

    ``stacklevel``: 1 for the caller of the function that calls this.
    """
    texts: list[str] = []
    for kind, name, detail in notices:
        is_skipped = kind == "skipped"
        texts.append(f"{name}: left out, since it looks like {detail}" if is_skipped else
                     f"{name}: read again, since it was named twice: {detail}")
    for name, count, line, offset, reason in bad_files:
        texts.append(f"{name}: {count} bad lines skipped; the first is line {line}, "
                     f"byte {offset}: {reason}")
    for text in texts:
        warnings.warn(text, stacklevel=stacklevel + 2)
