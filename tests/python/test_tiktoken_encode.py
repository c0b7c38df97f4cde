# pairmill.compat.tiktoken encodes as tiktoken does: all options, all errors.
# SPDX-License-Identifier: MIT
import hypothesis.strategies as st
import pytest

from support.tiktoken_pairs import (allowed_sets, broken_texts, check_same, disallowed_sets,
                                    examples, pair_of, texts)

pytestmark = pytest.mark.slow
# Each pattern, and all kinds of sets of special tokens.
NAMES = ["r50k_base", "p50k_edit", "cl100k_base", "o200k_base", "o200k_harmony"]


@pytest.mark.parametrize("name", NAMES)
@examples(150, text=texts, allowed=allowed_sets, disallowed=disallowed_sets)
def test_allowed_and_disallowed(name, text, allowed, disallowed):
    options = {"allowed_special": allowed, "disallowed_special": disallowed}
    for method in ("encode", "encode_to_numpy"):
        check_same(pair_of(name), lambda encoding: getattr(encoding, method)(text, **options),
                   words=True)


@pytest.mark.parametrize("name", NAMES)
@examples(150, text=texts)
def test_by_default(name, text):
    for method in ("encode", "encode_ordinary", "encode_to_numpy"):
        check_same(pair_of(name), lambda encoding: getattr(encoding, method)(text), words=True)


@pytest.mark.parametrize("name", ["r50k_base", "o200k_harmony"])
@examples(150, text=broken_texts, allowed=allowed_sets, disallowed=disallowed_sets)
def test_surrogates(name, text, allowed, disallowed):
    options = {"allowed_special": allowed, "disallowed_special": disallowed}
    for method in ("encode", "encode_to_numpy", "encode_with_unstable"):
        if method == "encode_with_unstable" and not any("\ud800" <= c <= "\udfff" for c in text):
            continue
        check_same(pair_of(name), lambda encoding: getattr(encoding, method)(text, **options),
                   words=True)
    check_same(pair_of(name), lambda encoding: encoding.encode_ordinary(text))
    check_same(pair_of(name), lambda encoding: encoding.encode_batch([text, "a"], **options),
               words=True)


def test_a_surrogate_pair_may_spell_a_special_token_that_is_not_looked_for():
    pair = [type(encoding)("x", pat_str=encoding._pat_str, special_tokens={"👍": 60000, "b": 60001},
                           mergeable_ranks=encoding._mergeable_ranks)
            for encoding in pair_of("r50k_base")]
    for options in ({}, {"allowed_special": "all"}, {"allowed_special": {"b"}}):
        for text in ("a\ud83d\udc4d", "b\ud83d\udc4d"):
            check_same(pair, lambda encoding: encoding.encode(text, **options), words=True)


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_harmony"])
@examples(60, batch=st.lists(texts, max_size=6), allowed=allowed_sets, disallowed=disallowed_sets,
          num_threads=st.integers(1, 9))
def test_batches(name, batch, allowed, disallowed, num_threads):
    options = {"allowed_special": allowed, "disallowed_special": disallowed,
               "num_threads": num_threads}
    check_same(pair_of(name), lambda encoding: encoding.encode_batch(batch, **options), words=True)
    check_same(pair_of(name), lambda encoding: encoding.encode_batch(tuple(batch)), words=True)
    check_same(pair_of(name), lambda encoding: encoding.encode_ordinary_batch(
        batch, num_threads=num_threads))


def check_unstable(name, text, **options):

    def encode(encoding):
        stable, completions = encoding.encode_with_unstable(text, **options)
        return stable, sorted(completions)

    check_same(pair_of(name), encode, words=True)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base"])
@examples(60, text=texts, allowed=allowed_sets, disallowed=disallowed_sets)
def test_unstable(name, text, allowed, disallowed):
    check_unstable(name, text, allowed_special=allowed, disallowed_special=disallowed)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base"])
@pytest.mark.parametrize("text", [
    "", "hello fanta", "hello ", "x  ", "x \n \n", "\n\n", " \t", "a\n  ",
    "today\n ", "a\n\t \r\n  ", "\u3000", "a\u3000",
    "你好", " 你好吗", "one<|endoftext|>", "one<|endoftext|> ", "  <|endoftext|>  ", "The thesis",
    "aaa.", "\u2029", "e\u0301", "aa aa aaa aa", "......", ". . .", "  \r\n", "x" * 300,
    "word " * 200 + "wor"])
def test_unstable_texts(name, text):
    check_unstable(name, text, disallowed_special=())
    check_unstable(name, text, allowed_special="all")


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base", "o200k_base"])
@examples(150, data=st.lists(st.one_of(
    st.binary(max_size=4), texts.map(str.encode),
    st.sampled_from([b" ", b"\n", b" \n", b"hello", b"\xe4\xbd", "你".encode()])),
    max_size=5).map(b"".join))
def test_bytes(name, data):
    check_same(pair_of(name), lambda encoding: encoding._encode_bytes(data))
    if data:  # tiktoken panics
        check_same(pair_of(name), lambda encoding: encoding._encode_single_piece(data))


@examples(100, text=texts)
def test_pieces_and_the_second_engine(text):
    pair = pair_of("cl100k_base")
    if text:
        check_same(pair, lambda encoding: encoding._encode_single_piece(text))
    check_same(pair, lambda encoding: encoding._encode_only_native_bpe(text))


ERRORS = {
    "int": lambda e: e.encode(5),
    "bytes": lambda e: e.encode(b"a"),
    "None": lambda e: e.encode_ordinary(None),
    "ordinary bytes": lambda e: e.encode_ordinary(b"a"),
    "numpy": lambda e: e.encode_to_numpy(5),
    "unstable": lambda e: e.encode_with_unstable(b"a"),
    "allowed list": lambda e: e.encode("a", allowed_special=["x"]),
    "allowed list, nothing disallowed": lambda e: e.encode("a", allowed_special=["x"],
                                                           disallowed_special=()),
    "allowed str": lambda e: e.encode("a", allowed_special="<|endoftext|>", disallowed_special=()),
    "disallowed int": lambda e: e.encode("a", disallowed_special=5),
    "positional": lambda e: e.encode("a", "all"),
    "no threads": lambda e: e.encode_batch(["a"], num_threads=0),
    "no threads, ordinary": lambda e: e.encode_ordinary_batch(["a"], num_threads=0),
    "batch of int": lambda e: e.encode_batch([1]),
    "batch of bytes": lambda e: e.encode_ordinary_batch([b"a"]),
    "encode bytes": lambda e: e._encode_bytes("a"),
    "piece": lambda e: e._encode_single_piece("\ud800"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_types_of_errors(case):
    with pytest.raises((TypeError, ValueError)):
        ERRORS[case](pair_of("r50k_base")[0])
    check_same(pair_of("r50k_base"), ERRORS[case])


@pytest.mark.parametrize("case", [
    lambda e: e.encode("abc", disallowed_special=["c", "b"]),
    lambda e: e.encode("abc", disallowed_special="b"),
    lambda e: e.encode("abc", disallowed_special=[""]),
    lambda e: e.encode("it's", disallowed_special=["'"]),
    lambda e: e.encode("<|endoftext|>", allowed_special="all",
                       disallowed_special=["<|endoftext|>"]),
    lambda e: e.encode_batch("ab"),
    lambda e: e.encode_batch(["a", "<|endoftext|>", "\ud800"]),
    lambda e: e.encode_batch(["a", "\ud800"]),
    lambda e: e.encode_batch([]),
])
def test_edges(case):
    check_same(pair_of("r50k_base"), case, words=True)
