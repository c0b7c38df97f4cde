# Well-known models: small vocabs trained inside their tokenizer.json, with equal ids.
# SPDX-License-Identifier: MIT
import json

import pytest

pytest.importorskip("tokenizers")
import published  # noqa: E402
import random_members  # noqa: E402
from hf_encoder import check_model  # noqa: E402

MEMBERS = ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
           "post_processor", "decoder", "model"]


def is_lossless(config):
    flags = any(t.lstrip or t.rstrip for t in config["added"])
    return not flags and "add_prefix_space\": true" not in json.dumps(config["pre_tokenizer"])


@pytest.mark.slow
@pytest.mark.parametrize("name", published.MODELS)
def test_model(build_dir, tmp_path, name):
    config = published.MODELS[name]
    made = published.train(config)
    options = [] if is_lossless(config) else ["--lossy", "yes"]
    again = check_model(build_dir, tmp_path, made, published.make_texts(config), *options)
    assert list(again) == MEMBERS
    for key in MEMBERS[4:8]:
        assert again[key] == made[key]
    assert again["added_tokens"] == made["added_tokens"]


FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": False}
VOCABS = [{"a": 0, "b": 1, "ab": 2, "<c>": 3, "\u0120": 4},
          {"a": 0, "b": 2, "ab": 8, "<c>": 9, "\u0120": 4}]


@pytest.mark.parametrize("vocab", VOCABS)
@pytest.mark.parametrize("added", [
    [(9, "<x>")], [(5, "<x>"), (9, "<y>"), (4, "<z>")], [(3, "<c>"), (9, "<y>")],
    [(9, "<y>"), (3, "<c>"), (2, "<z>")], [(4, "<y>"), (4, "<z>")], [(4, "<y>"), (5, "<y>")],
    [(4, ""), (5, "<y>")], [(2, "ab"), (4, "<y>")], [(0, "a")], [(1, "\u0120")],
])
def test_ids_of_added_tokens(build_dir, tmp_path, vocab, added):
    """What a file says of ids doesn't count: the text's entry in the vocab, or the next one."""
    tokens = [{"id": number, "content": content, **FLAGS} for number, content in added]
    made = {"version": "1.0", "added_tokens": tokens, "pre_tokenizer": published.BYTES,
            "decoder": published.byte_level(),
            "model": {"type": "BPE", "vocab": vocab, "merges": [["a", "b"]]}}
    texts = ["", "ab", "aab ab", "a".join(c for _, c in added), "a" + added[-1][1] + "ba"]
    check_model(build_dir, tmp_path, made, texts, "--lossy", "yes")


@pytest.fixture(scope="module")
def base():
    return random_members.make_base()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_members(build_dir, tmp_path, base, seed):
    random_members.check_members(build_dir, tmp_path, base, seed, has_normalizer=False)
