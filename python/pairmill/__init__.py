# The Python package of pairmill.
# SPDX-License-Identifier: MIT
"""Trains byte-pair-encoding vocabularies from text, and encodes and decodes with them.

``train`` learns a ``Tokenizer`` from files, ``Tokenizer.load`` reads everybody's; ``choices`` lists
the names that options take.
"""
import importlib
import typing

from . import _core
from ._core import OffsetArray, Stream, StreamDecoder, TokenArray, TokenBatch, peak_memory
from ._counts import Counts
from ._policy import Policy
from ._progress import Progress
from ._tokenizer import EncodedFiles, Tokenizer
from ._train import count, count_from_iterator, train, train_from_counts, train_from_iterator

if typing.TYPE_CHECKING:
    from . import compat as compat, cs336 as cs336
else:
    def __getattr__(name: str) -> typing.Any:
        """``pairmill.cs336`` and ``pairmill.compat``, imported when first asked for."""
        if name in ("compat", "cs336"):
            return importlib.import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

__version__: str = _core.version

# The names that options take, by kind: "patterns", "ties", "layouts", "model_formats", ...
choices: dict[str, tuple[str, ...]] = _core._choices()


def pattern_expression(name: str) -> str | None:
    """The regular expression of a named pattern; None for "none" and unknown names.

    >>> pairmill.pattern_expression("gpt2").startswith("'(?:[sdmt]|ll|ve|re)|")
    True
    """
    return _core._pattern_expression(name)


__all__ = [
    "Counts", "EncodedFiles", "OffsetArray", "Policy", "Progress", "Stream", "StreamDecoder",
    "TokenArray", "TokenBatch", "Tokenizer", "choices", "count", "count_from_iterator",
    "pattern_expression", "peak_memory", "train", "train_from_counts", "train_from_iterator",
]
