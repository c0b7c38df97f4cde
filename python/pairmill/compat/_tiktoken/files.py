# Rank files that the user has, in the folders where tiktoken keeps what it downloads.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from ..._tokenizer import Tokenizer

# The address is part of the name of a file in tiktoken's cache. Nothing is downloaded.
_ADDRESS = "https://openaipublic.blob.core.windows.net/"

# Encoding: the rank file that has its ranks.
_FILES = {
    "gpt2": "r50k_base",
    "r50k_base": "r50k_base",
    "p50k_base": "p50k_base",
    "p50k_edit": "p50k_base",
    "cl100k_base": "cl100k_base",
    "o200k_base": "o200k_base",
    "o200k_harmony": "o200k_base",
}

# Other texts for the id of a special token. A model has one text for each.
SECOND_TEXTS = {"o200k_harmony": {"<|reserved_200018|>": 200018}}


def names() -> list[str]:
    """The encodings whose files can be had."""
    return list(_FILES)


def _folder() -> Path:
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in os.environ:
            return Path(os.environ[variable])
    return Path(tempfile.gettempdir(), "data-gym-cache")


def _cached(path: str) -> Path:
    return _folder() / hashlib.sha1((_ADDRESS + path).encode()).hexdigest()


def _first(*paths: Path) -> Path | None:
    return next((path for path in paths if path.is_file()), None)


def _load_gpt2() -> Tokenizer | None:
    """From GPT-2's own two files, if both are there: the same ids as r50k_base."""
    folder = _folder()
    vocab = _first(_cached("gpt-2/encodings/main/encoder.json"), folder / "encoder.json")
    merges = _first(_cached("gpt-2/encodings/main/vocab.bpe"), folder / "vocab.bpe")
    if vocab is None or merges is None:
        return None
    with tempfile.TemporaryDirectory() as made:
        Path(made, "vocab.json").write_bytes(vocab.read_bytes())
        Path(made, "merges.txt").write_bytes(merges.read_bytes())
        return Tokenizer.load(made, pattern="gpt2", special_tokens=["<|endoftext|>"])


def load(encoding: str) -> Tokenizer:
    """The tokenizer of one of ``names()``.

    Raises FileNotFoundError; OSError; ValueError if the file isn't that encoding's.
    """
    file = _FILES[encoding]
    paths = _cached(f"encodings/{file}.tiktoken"), _folder() / f"{file}.tiktoken"
    path = _first(*paths)
    if path is not None:
        return Tokenizer.load(path, format="tiktoken", encoding=encoding)
    tokenizer = _load_gpt2() if encoding == "gpt2" else None
    if tokenizer is None:
        raise FileNotFoundError(
            f"the encoding {encoding} needs the rank file {file}.tiktoken, which is neither "
            f"{paths[0]} nor {paths[1]}: put it there, or set TIKTOKEN_CACHE_DIR to its folder "
            "(pairmill downloads nothing)")
    return tokenizer


def load_tiktoken_bpe(tiktoken_bpe_file: str | os.PathLike[str],
                      expected_hash: str | None = None) -> dict[bytes, int]:
    """The tokens of a rank file that the user has, and their ranks.

    ``expected_hash``: the file's SHA-256, in hexadecimal digits.

    Raises OSError; ValueError for another hash, or what isn't a rank file.
    """
    data = Path(tiktoken_bpe_file).read_bytes()
    if expected_hash is not None and hashlib.sha256(data).hexdigest() != expected_hash:
        raise ValueError(f"{tiktoken_bpe_file} is another file than expected: its SHA-256 is "
                         f"{hashlib.sha256(data).hexdigest()}, not {expected_hash}")
    tokenizer = Tokenizer.from_bytes(data, format="tiktoken")
    specials = set(tokenizer.special_tokens.values())
    return {token: id for id, token in tokenizer.vocab.items() if id not in specials}
