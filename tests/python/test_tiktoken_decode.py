# pairmill.compat.tiktoken decodes as tiktoken does: ids, single tokens, offsets, all errors.
# SPDX-License-Identifier: MIT
import hypothesis.strategies as st
import numpy as np
import pytest

from support.tiktoken_pairs import check_same, examples, pair_of, texts

pytestmark = pytest.mark.slow
NAMES = ["r50k_base", "p50k_edit", "cl100k_base", "o200k_harmony"]
# One more than the largest id of all of them is not in use in any.
ids = st.one_of(st.integers(0, 300), st.integers(50_200, 50_300), st.integers(100_200, 100_300),
                st.integers(199_990, 201_090), st.integers(0, 201_090))
decode_errors = st.sampled_from(["replace", "ignore", "strict", "backslashreplace", "unknown"])


@pytest.mark.parametrize("name", NAMES)
@examples(200, tokens=st.lists(ids, max_size=12), errors=decode_errors)
def test_any_ids(name, tokens, errors):
    pair = pair_of(name)
    for call in (lambda e: e.decode(tokens, errors), lambda e: e.decode(tokens, errors=errors),
                 lambda e: e.decode_bytes(tokens), lambda e: e.decode_tokens_bytes(tokens),
                 lambda e: e.decode_with_offsets(tokens), lambda e: e.decode(tuple(tokens)),
                 lambda e: e.decode(np.array(tokens, dtype=np.int64))):
        check_same(pair, call, words=True)


@pytest.mark.parametrize("name", NAMES)
@examples(150, text=texts)
def test_ids_of_text(name, text):
    pair = pair_of(name)
    tokens = pair[0].encode(text, allowed_special="all")
    # The second text of an id.
    expected = text.replace("<|reserved_200018|>", "<|endofprompt|>") if "harmony" in name else text
    assert pair[1].decode(tokens, errors="strict") == expected
    for call in (lambda e: e.decode(tokens), lambda e: e.decode_with_offsets(tokens),
                 lambda e: e.decode(tokens[1:]), lambda e: e.decode_with_offsets(tokens[1:])):
        check_same(pair, call, words=True)


@pytest.mark.parametrize("name", NAMES)
@examples(80, batch=st.lists(st.lists(ids, max_size=5), max_size=5), errors=decode_errors,
          num_threads=st.integers(1, 9))
def test_batches(name, batch, errors, num_threads):
    pair = pair_of(name)
    check_same(pair, lambda e: e.decode_batch(batch, errors=errors, num_threads=num_threads),
               words=True)
    check_same(pair, lambda e: e.decode_bytes_batch(batch, num_threads=num_threads), words=True)
    check_same(pair, lambda e: e.decode_batch(batch), words=True)


@pytest.mark.parametrize("name", [*NAMES, "gpt2", "p50k_base", "o200k_base"])
def test_every_single_token(name):
    theirs, ours = pair_of(name)
    assert ours.token_byte_values() == theirs.token_byte_values()
    for token in [*range(0, 600), *range(600, theirs.n_vocab, 7),
                  *range(theirs.n_vocab - 1500, theirs.n_vocab + 2)]:
        check_same((theirs, ours), lambda e: e.decode_single_token_bytes(token), words=True)
        assert ours.is_special_token(token) is theirs.is_special_token(token)
    for token in theirs.token_byte_values()[::11]:
        check_same((theirs, ours), lambda e: e.encode_single_token(token))
    for token in theirs.special_tokens_set:
        check_same((theirs, ours), lambda e: e.encode_single_token(token))


@examples(100, token=st.one_of(texts, st.binary(max_size=6)))
def test_any_single_token(token):
    check_same(pair_of("cl100k_base"), lambda e: e.encode_single_token(token), words=True)


@pytest.mark.parametrize("name", [*NAMES, "gpt2", "p50k_base", "o200k_base"])
def test_attributes(name):
    for call in (lambda e: e.name, lambda e: e.n_vocab, lambda e: e.max_token_value, repr,
                 lambda e: e.eot_token, lambda e: e.special_tokens_set,
                 lambda e: e._special_tokens, lambda e: e._mergeable_ranks,
                 lambda e: list(e._mergeable_ranks)):
        check_same(pair_of(name), call)


ERRORS = {
    "negative": lambda e: e.decode([-1]),
    "too large": lambda e: e.decode([2**33]),
    "largest": lambda e: e.decode([2**32 - 1]),
    "str": lambda e: e.decode(["a"]),
    "float": lambda e: e.decode([1.0]),
    "one int": lambda e: e.decode(5),
    "text": lambda e: e.decode_bytes("ab"),
    "None": lambda e: e.decode_bytes(None),
    "negative single": lambda e: e.decode_single_token_bytes(-1),
    "str single": lambda e: e.decode_single_token_bytes("a"),
    "negative of tokens": lambda e: e.decode_tokens_bytes([-1]),
    "negative of a batch": lambda e: e.decode_batch([[1], [-1]]),
    "unknown, then negative": lambda e: e.decode_batch([[99_999], [-1]]),
    "no threads": lambda e: e.decode_batch([[1]], num_threads=0),
    "no threads for bytes": lambda e: e.decode_bytes_batch([[1]], num_threads=0),
    "str is special": lambda e: e.is_special_token("<|endoftext|>"),
    "surrogate": lambda e: e.encode_single_token("\ud800"),
    "int token": lambda e: e.encode_single_token(3),
}


@pytest.mark.parametrize("case", ERRORS)
def test_types_of_errors(case):
    with pytest.raises(Exception):
        ERRORS[case](pair_of("r50k_base")[0])
    check_same(pair_of("r50k_base"), ERRORS[case])


def test_ids_that_are_not_int():
    for tokens in ([True, False], np.array([1, 2], dtype=np.uint32), range(3),
                   [np.int64(5), np.uint8(3)], b"\x01\x02"):
        check_same(pair_of("r50k_base"), lambda e: e.decode(tokens))
