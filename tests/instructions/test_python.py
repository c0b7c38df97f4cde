# Training in Python takes the instructions of the command, import aside.
# SPDX-License-Identifier: MIT
import random
import sys

import pytest

import texts
from instructions import callgrind

pytestmark = pytest.mark.slow

LIMIT = 0.02  # more than the command
BYTES = 2_500_000

# Python's own instructions differ by about 0.1 million from run to run, a tenth of a percent.
TRAIN = """\
import pairmill
if {trains}:
    pairmill.train("text.txt", 8000, threads=1).save("python")
"""


@pytest.fixture
def count(tmp_path, build_dir):
    preload = build_dir / "tests" / "fixed_random.so"
    assert preload.is_file(), f"{preload} is missing: run tools/build.sh test"
    (tmp_path / "text.txt").write_text(texts.Words(random.Random(1)).text(BYTES), "utf-8")
    return lambda *command: callgrind.total([str(word) for word in command], tmp_path, preload)


def test_training_in_python_takes_the_instructions_of_the_command(
        count, pairmill, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    command = count(pairmill, "train", "-q", "-j", "1", "-s", "8000", "-o", "command", "text.txt")
    imported, trained = (count(sys.executable, "-c", TRAIN.format(trains=trains))
                         for trains in (False, True))
    files = [tmp_path / name / "tokenizer.json" for name in ("command", "python")]
    assert files[0].read_bytes() == files[1].read_bytes()
    change = (trained - imported) / command - 1
    print(f"command {command:,}, Python {trained:,} - {imported:,}: {change:+.2%}")
    assert change <= LIMIT
