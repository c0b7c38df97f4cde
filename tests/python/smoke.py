# Tries an installed pairmill with nothing but the standard library: python smoke.py.
# SPDX-License-Identifier: MIT
"""Trains, encodes, decodes, saves, loads and pickles, through each of the libraries that a wheel
contains, from several threads, and runs the command. Ends with a line; an exception: it failed."""
from __future__ import annotations

import array
import gzip
import pickle
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pairmill

TEXTS = [f"The {word} reads {number} naïve texts, and writes 東京 {word}s.<|end|>"
         for number in range(200) for word in ("miller", "mill", "pair", "pairs")]


def try_training(folder: Path) -> pairmill.Tokenizer:
    """From texts in memory, from gzip (zlib), by way of a count file (zstd): the same model."""
    text, counts = folder / "text.gz", folder / "words.counts"
    text.write_bytes(gzip.compress("".join(TEXTS).encode()))
    options = {"pattern": r"\p{L}+|\p{N}{1,3}|\s+|[^\s\p{L}\p{N}]+",  # PCRE2
               "special_tokens": ["<|end|>"]}
    tokenizer = pairmill.train_from_iterator(TEXTS, 400, **options)
    assert tokenizer == pairmill.train(text, 400, threads=2, **options)
    pairmill.count(text, **options).save(counts)
    assert tokenizer == pairmill.train_from_counts(pairmill.Counts.load(counts), 400)
    return tokenizer


def try_encoding(tokenizer: pairmill.Tokenizer) -> None:
    whole = "".join(TEXTS)
    ids = tokenizer.encode(whole, special_tokens="all")
    assert ids.count(tokenizer.special_tokens["<|end|>"]) == len(TEXTS)
    assert len(ids) < len(whole) / 2
    assert tokenizer.decode(ids) == whole
    same = tokenizer.encode_to_array(whole, special_tokens="all")
    assert array.array("H", memoryview(same).tobytes()).tolist() == ids == same.tolist()
    assert pickle.loads(pickle.dumps(tokenizer)).encode(whole, special_tokens="all") == ids


def try_threads(tokenizer: pairmill.Tokenizer) -> None:
    """Policies change from call to call, so that threads make, share and drop them."""

    def encode(index: int) -> bool:
        text = TEXTS[index % len(TEXTS)]
        policy = pairmill.Policy(["<|end|>"] if index % 3 else "none", template=index % 2 == 0)
        asked = {"special_tokens": "all"} if index % 5 == 0 else {"policy": policy}
        return tokenizer.decode(tokenizer.encode(text, **asked)) == text

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(encode, range(4000)))
        batch = tokenizer.encode_batch(TEXTS, threads=2)
    assert [tokenizer.decode(ids) for ids in batch] == TEXTS


def try_command(tokenizer: pairmill.Tokenizer, folder: Path) -> None:
    command = str(Path(sysconfig.get_path("scripts")) / "pairmill")
    model = str(folder / "model.json")
    tokenizer.save(model, format="tokenizer.json")
    encode = [command, "encode", "--quiet", "-m", model, "--text", TEXTS[0]]
    done = subprocess.run(encode, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(id) for id in tokenizer.encode(TEXTS[0])]
    version = subprocess.run([command, "version"], check=True, capture_output=True, text=True)
    assert pairmill.__version__ in version.stdout.split("\n")[0]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        tokenizer = try_training(Path(name))
        try_encoding(tokenizer)
        try_threads(tokenizer)
        try_command(tokenizer, Path(name))
    lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"pairmill {pairmill.__version__} works in {sys.implementation.name} "
          f"{sys.version.split()[0]}{'' if lock else ', without a global lock'}")


if __name__ == "__main__":
    main()
