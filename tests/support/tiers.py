# Parameters that `make check` leaves out.
# SPDX-License-Identifier: MIT
import pytest


def mostly_slow(values, fast):
    """The values as parameters, all but the `fast` ones marked slow."""
    assert set(fast) <= set(values)
    return [value if value in fast else pytest.param(value, marks=pytest.mark.slow)
            for value in values]
