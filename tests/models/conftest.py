# The modules beside the tests can be imported; the packages must be there.
# SPDX-License-Identifier: MIT
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))


def pytest_sessionstart():
    if not (FOLDER.parent.parent / "build" / "npm" / "stamp").is_file():
        pytest.exit("the npm packages are missing: run tools/set-up.sh models", returncode=2)
