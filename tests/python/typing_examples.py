# What a type checker must infer and must refuse: read by mypy and pyright, never run.
# SPDX-License-Identifier: MIT
# Each line that ends with such a comment must be refused by both, and no other: "# error".
from __future__ import annotations

import array
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pairmill
from pairmill import (
    Counts, EncodedFiles, OffsetArray, Policy, Progress, Stream, StreamDecoder, TokenArray,
    TokenBatch, Tokenizer)


def give() -> Iterator[str]:
    yield "low"


def report(progress: Progress) -> None:
    assert_type(progress.stage, str)
    assert_type(progress.elapsed_s, float)


# ---- Training ----

tok = pairmill.train("corpus.txt", 300)
assert_type(tok, Tokenizer)
assert_type(pairmill.train([Path("a"), "b"], 300, pattern="cl100k", special_tokens=["<x>", b"y"],
                           threads=2, memory_limit=None, progress=report, sha256=True), Tokenizer)
assert_type(pairmill.train_from_iterator(give(), 300, min_count=2, progress="bar"), Tokenizer)
assert_type(pairmill.train_from_iterator(["a", b"b", bytearray(b"c")], 300), Tokenizer)
counts = pairmill.count(Path("corpus.txt"), tmp_dir=Path("/tmp"))
assert_type(counts, Counts)
assert_type(pairmill.count_from_iterator(give(), reserve=3), Counts)
assert_type(pairmill.train_from_counts(counts, 300, ties="ids", progress=True), Tokenizer)
pairmill.train("corpus.txt", "300")  # error
pairmill.train("corpus.txt")  # error
pairmill.train("corpus.txt", 300, patern="gpt2")  # error
pairmill.train("corpus.txt", 300, threads="2")  # error
pairmill.train("corpus.txt", 300, progress=5)  # error
pairmill.train_from_iterator([1, 2], 300)  # error
pairmill.train_from_iterator(give(), 300, input_format="lines")  # error
pairmill.train_from_counts("words.counts", 300)  # error
pairmill.train_from_counts(counts, 300, pattern="gpt2")  # error

assert_type(counts["low"], int)
assert_type(counts + counts, Counts)
assert_type(list(counts.items()), list[tuple[bytes, int]])
assert_type(counts.most_common(3), list[tuple[bytes, int]])
assert_type(list(counts), list[bytes])
assert_type("low" in counts, bool)
assert_type(counts.bytes, int)
assert_type(counts.to_bytes(), bytes)
assert_type(counts.special_tokens, list[str])
assert_type(Counts.load("words.counts", pattern="gpt2"), Counts)
counts[5]  # error
counts + 5  # error
counts.words = 5  # error
Counts.load("words.counts", tsv=5)  # error

# ---- Models ----

assert_type(Tokenizer.load("model.json"), Tokenizer)
assert_type(Tokenizer.load(Path("a.tiktoken"), pattern="gpt2", special_tokens=["<x>"]), Tokenizer)
assert_type(Tokenizer.from_bytes(b"{}", format="tokenizer.json"), Tokenizer)
assert_type(Tokenizer.from_parts({b"a": 0}, [(b"a", b"a")], {"<x>": 1}, meaning=None), Tokenizer)
assert_type(tok.with_special_tokens(["<x>"]), Tokenizer)
assert_type(tok.with_special_tokens({"<x>": 300}), Tokenizer)
assert_type(tok.with_renamed_tokens({"<x>": "<y>"}).with_vocab_size(260), Tokenizer)
assert_type(tok.vocab, dict[int, bytes])
assert_type(tok.merges, list[tuple[bytes, bytes]])
assert_type(tok.special_tokens, dict[str, int])
assert_type(tok.training, dict[str, Any] | None)
assert_type(tok.vocab_size, int)
assert_type(tok.pattern, str | None)
assert_type(tok.meaning, str)
assert_type(tok.token_bytes(5), bytes)
assert_type(tok.token_id("a"), int)
assert_type(tok.to_bytes(), bytes)
assert_type(tok.losses("model.tiktoken"), list[str])
assert_type(pairmill.choices, dict[str, tuple[str, ...]])
assert_type(pairmill.peak_memory(), int)
assert_type(pairmill.pattern_expression("gpt2"), str | None)
tok.save("model.json", overwrite=True)
tok.save(5)  # error
tok.vocab_size = 5  # error
Tokenizer.load("model.json", formt="gguf")  # error
Tokenizer.from_parts({"a": 0})  # error
tok.with_special_tokens([5])  # error
tok.token_bytes("a")  # error

# ---- Encoding ----

assert_type(tok.encode("low"), list[int])
assert_type(tok.encode(b"low", special_tokens="all"), list[int])
assert_type(tok.encode(memoryview(b"low"), special_tokens=["<x>", b"y"]), list[int])
assert_type(tok.encode(bytearray(b"low"), policy=Policy.untrusted), list[int])
assert_type(tok.encode_to_array("low"), TokenArray)
assert_type(tok.encode_batch(["low", b"b"], threads=2), TokenBatch)
assert_type(tok.encode_batch(give()), TokenBatch)
assert_type(tok.encode_with_offsets("low"), tuple[TokenArray, OffsetArray[tuple[int, int]]])
assert_type(tok.encode_spans([("a", None), (b"b", "all"), ("c", Policy()), ("d", ["<x>"])]),
            TokenArray)
assert_type(tok.count("low"), int)
assert_type(tok.truncate("low", 5), tuple[TokenArray, int])
assert_type(tok.encode_file("a", "b", format="u16", field="body"), EncodedFiles)
assert_type(tok.encode_file("a", "b").tokens, int)
tok.encode(5)  # error
tok.encode(None)  # error
tok.encode("low", "all")  # error
tok.encode("low", special_tokens=5)  # error
tok.encode("low", policy="all")  # error
tok.encode_batch([1])  # error
tok.encode_batch(5)  # error
tok.encode_spans(["a"])  # error
tok.truncate("low")  # error
tok.encode_file("a", "b", threads="2")  # error

policy = Policy("all", ["<think>"], template=True)
assert_type(policy.special, str | tuple[bytes, ...])
assert_type(policy.template, bool)
assert_type(Policy.untrusted, Policy)
Policy(5)  # error
policy.special = "all"  # error

stream = tok.stream(special_tokens="all")
assert_type(stream, Stream)
assert_type(stream.add("low", "none"), TokenArray)
assert_type(stream.clone().finish(), TokenArray)
assert_type(stream.settled, tuple[int, int])
stream.add(5)  # error
Stream().foo  # error

# ---- Decoding ----

ids = tok.encode_to_array("low")
assert_type(tok.decode(ids), str)
assert_type(tok.decode([1, 2], "strict", skip_special_tokens=True), str)
assert_type(tok.decode(array.array("I", [1])), str)
assert_type(tok.decode(np.array([1, 2])), str)
assert_type(tok.decode_bytes((1, 2)), bytes)
assert_type(tok.decode_batch(tok.encode_batch(["a"])), list[str])
assert_type(tok.decode_bytes_batch([[1], ids]), list[bytes])
decoder = tok.stream_decoder()
assert_type(decoder, StreamDecoder)
assert_type(decoder.add(5) + decoder.add([6]) + decoder.finish(), str)
assert_type(decoder.add_bytes(5), bytes)
tok.decode(5)  # error
tok.decode([1.5])  # error
tok.decode("12")  # error
tok.decode_batch([1])  # error

# ---- Arrays ----

assert_type(ids[0], int)
assert_type(ids[1:], TokenArray)
assert_type(list(ids), list[int])
assert_type(ids.tolist(), list[int])
assert_type(len(ids), int)
assert_type(5 in ids, bool)
assert_type(memoryview(ids), memoryview)
assert_type(TokenArray([1, 2], "uint16"), TokenArray)
assert_type(TokenArray.frombytes(ids.tobytes(), ids.dtype), TokenArray)
np.asarray(ids)
batch = tok.encode_batch(["a", "b"])
assert_type(batch[0], TokenArray)
assert_type(batch[1:], TokenBatch)
assert_type(batch.offsets, OffsetArray[int])
assert_type(batch.offsets[0], int)
assert_type(batch.tolist(), list[list[int]])
for document in batch:
    assert_type(document, TokenArray)
for begin, end in tok.encode_with_offsets("a")[1]:
    assert_type((begin, end), tuple[int, int])
ids[0] = 5  # error
ids["0"]  # error
TokenArray(["a"])  # error
TokenArray([1], "int8")  # error
TokenBatch([1, 2], [0, 2])  # error
os.fspath(ids)  # error


class Derived(TokenArray):  # error
    pass
