# The reference tokenizer against Hugging Face `tokenizers`: the oracle itself must be right.
# SPDX-License-Identifier: MIT
import json

import pytest

pytest.importorskip("tokenizers")
import small_models  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from reference import tokenizer_json  # noqa: E402


@pytest.mark.slow
@pytest.mark.parametrize("name", [*small_models.CONFIGURATIONS, *small_models.BEHAVIORS])
def test_same_ids(rng, name):
    document = small_models.make(name)
    theirs = Tokenizer.from_str(json.dumps(document))
    ours = tokenizer_json.Tokenizer(document)
    items = [text for text in small_models.make_texts(rng, document, 150)
             if small_models.is_settled(text)]
    assert len(items) > 200
    for template in (False, True):
        wanted = theirs.encode_batch(items, add_special_tokens=template)
        for text, encoding in zip(items, wanted):
            ids = ours.encode(text.encode(), "all", template=template)
            assert ids == encoding.ids, f"the ids of {text!r} differ"


def test_plain_special_tokens(rng):
    """`encode_special_tokens` is the policy "none": special tokens are text, others are found."""
    document = small_models.make("qwen2")
    theirs = Tokenizer.from_str(json.dumps(document))
    theirs.encode_special_tokens = True
    ours = tokenizer_json.Tokenizer(document)
    for text in small_models.make_texts(rng, document, 100):
        if small_models.is_settled(text):
            ids = ours.encode(text.encode(), "none")
            assert ids == theirs.encode(text, add_special_tokens=False).ids, repr(text)
