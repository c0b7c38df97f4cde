# tiktoken's own tests, in its source distribution, on pairmill.compat.tiktoken.
# SPDX-License-Identifier: MIT
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest

import pairmill
from support import vocabularies

pytestmark = pytest.mark.slow

# Found as the module tiktoken before the real one, in the processes that the tests start, too.
STAND_IN = """
import sys
import pairmill.compat.tiktoken
sys.modules["tiktoken"] = pairmill.compat.tiktoken
"""
CONFTEST = """
import sys
import tiktoken

assert tiktoken.Encoding.__module__ == "pairmill.compat.tiktoken"

def pytest_sessionfinish():
    assert "tiktoken._tiktoken" not in sys.modules
"""


def test_its_own_tests_pass(tmp_path):
    source = vocabularies.sdist_of("tiktoken", version("tiktoken"))
    # Without the package itself, which is beside them.
    shutil.copytree(source / "tests", tmp_path / "tests")
    (tmp_path / "tests" / "conftest.py").write_text(CONFTEST)
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "tiktoken.py").write_text(STAND_IN)
    ours = os.path.dirname(os.path.dirname(pairmill.__file__))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs", "tests"],
        cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "path"), ours]),
                          "TIKTOKEN_CACHE_DIR": str(vocabularies.tiktoken_cache())})
    assert done.returncode == 0, done.stdout + done.stderr
    # All of them, and none left out.
    assert re.fullmatch(r"\d+ passed in .*", done.stdout.splitlines()[-1]), done.stdout
