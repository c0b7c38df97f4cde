# The examples in the docstrings of the reference, run.
# SPDX-License-Identifier: MIT
import doctest

import pytest

from reference import encoder, pretokens, trainer


@pytest.mark.parametrize("module", [pretokens, trainer, encoder])
def test_examples(module):
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0
