# The examples of docs/python.md and of the README run, and print what they say.
# SPDX-License-Identifier: MIT
import re
import subprocess
import sys
from pathlib import Path

import pairmill
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/python.md"
# print(...)  # → what it prints
PRINTED = re.compile(r"^ *print\(.*\)  +# → (.*?)(?: \.\.\.)?$", re.MULTILINE)


@pytest.mark.slow
def test_the_page_runs_and_prints_what_it_says():
    result = subprocess.run([sys.executable, ROOT / "tools/run_examples.py", PAGE],
                            capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    said = PRINTED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(said) == 5
    for line in said:
        assert line in result.stdout, f"the page says {line!r}"


def test_a_failing_example_names_its_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("text\n\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    result = subprocess.run([sys.executable, ROOT / "tools/run_examples.py", page],
                            capture_output=True, text=True)
    assert result.returncode == 1
    assert f'"{page}", line 8' in result.stderr


def test_the_readme_names_what_there_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    calls = re.findall(r"pairmill\.(\w+)\(", text)
    assert calls and all(hasattr(pairmill, name) for name in calls)
