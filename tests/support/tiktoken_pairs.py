# Encodings of tiktoken and of pairmill.compat.tiktoken side by side, and texts for both.
# SPDX-License-Identifier: MIT
import functools
import os

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tiktoken

import pairmill.compat.tiktoken as compat
from support import vocabularies

PARTS = ["<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|endofprompt|>", "<|start|>",
         "<|reserved_200018|>", "<|end", "oftext|>", "<|", "hello", " world", "!", " ", "  ", "\n",
         "\r\n", "\t", "'s", "'LL", "123456", "你好", " 吗", "👍", "e\u0301", "नमस्ते", "\u3000",
         "\x85", "\ufeff"]
SPECIALS = [*PARTS[:6], "hello", "not there"]

texts = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), max_size=12).map("".join)
surrogates = st.characters(categories=["Cs"])
broken_texts = st.lists(st.one_of(st.sampled_from([*PARTS, "\ud83d\udc4d"]), surrogates),
                        max_size=8).map("".join)
allowed_sets = st.one_of(st.just("all"), st.sets(st.sampled_from(SPECIALS)),
                         st.frozensets(st.sampled_from(SPECIALS)))
disallowed_sets = st.one_of(st.just("all"), st.just(()), st.lists(st.sampled_from(SPECIALS)),
                            st.sets(st.sampled_from(SPECIALS)))


def examples(max_examples, **strategies):
    """Runs a test on examples of these strategies; PMILL_SEED selects others."""

    def decorate(test):
        test = hypothesis.given(**strategies)(test)
        test = hypothesis.settings(deadline=None, max_examples=max_examples, database=None,
                                   print_blob=True)(test)
        return hypothesis.seed(os.environ.get("PMILL_SEED", "1"))(test)

    return decorate


@functools.cache
def pair_of(name):
    """tiktoken's encoding of that name, and ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(vocabularies.tiktoken_cache()))
        return tiktoken.get_encoding(name), compat.get_encoding(name)


def outcome(call, encoding):
    """What the call gives, or the error that it raises."""
    try:
        value = call(encoding)
    except Exception as error:
        return type(error), error
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tolist()
    return type(value), value


def check_same(pair, call, *, words=False):
    """Both give the same, or raise the same type of error; with ``words``, it says the same."""
    expected, got = (outcome(call, encoding) for encoding in pair)
    if isinstance(expected[1], Exception):
        assert expected[0] is got[0], (expected, got)
        assert not words or expected[1].args == got[1].args, (expected, got)
    else:
        assert expected == got, (expected, got)
