# The examples in the docstrings of the reference, run.
# SPDX-License-Identifier: MIT
import doctest

import pytest

from reference import (
    added_tokens, cutting, encoder, normal_steps, normalizer, origins, policies, pretokens,
    tokenizer_json, trainer)


@pytest.mark.parametrize("module", [pretokens, trainer, encoder, normalizer, cutting,
                                    normal_steps, added_tokens, policies, origins,
                                    tokenizer_json])
def test_examples(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0
