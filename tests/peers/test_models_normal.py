# Well-known models with a normalizer: small vocabs trained inside their tokenizer.json.
# SPDX-License-Identifier: MIT
import pytest

pytest.importorskip("tokenizers")
import published  # noqa: E402
import random_members  # noqa: E402
from hf_encoder import check_model  # noqa: E402


@pytest.mark.slow
@pytest.mark.parametrize("name", published.NORMAL_MODELS)
def test_model(build_dir, tmp_path, name):
    config = published.NORMAL_MODELS[name]
    made = published.train(config)
    texts = published.make_texts(config)
    texts += ["e\u0301 \u212b \ufb01 \u1e9b\u0323", "İI\u0130", "a\u0328\u0301", "\uac00\u11a8"]
    again = check_model(build_dir, tmp_path, made, texts, "--lossy", "yes")
    assert again["normalizer"] == made["normalizer"]
    assert again["added_tokens"] == made["added_tokens"]


@pytest.fixture(scope="module")
def base():
    return random_members.make_base()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 130))
def test_random_members(build_dir, tmp_path, base, seed):
    random_members.check_members(build_dir, tmp_path, base, seed, has_normalizer=True)
