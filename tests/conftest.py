# Fixtures for all Python tests: the build folder, the command, seeded random numbers.
# SPDX-License-Identifier: MIT
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS))

from batch import Batch  # noqa: E402


# A shell starts its background jobs with SIGINT ignored, and children would inherit that: tests of
# Ctrl-C would then never end.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header():
    return f"pairmill: build {find_build()}, seed {find_seed()} (PMILL_SEED)"


def find_build():
    return Path(os.environ.get("PMILL_BUILD") or TESTS.parent / "build" / "release").resolve()


def find_seed():
    return os.environ.get("PMILL_SEED", "1")


@pytest.fixture(scope="session")
def build_dir():
    return find_build()


@pytest.fixture(scope="session")
def pairmill(build_dir):
    command = build_dir / "pairmill"
    assert command.is_file(), f"{command} is missing: build first, or set PMILL_BUILD"
    return command


@pytest.fixture(scope="session")
def run(pairmill):
    """Runs the command. With `check`, a failure shows what it wrote to stderr."""

    def run_command(*args, input=b"", check=True, cwd=None):
        done = subprocess.run([str(pairmill), *map(os.fsencode, map(str_or_bytes, args))],
                              input=input, capture_output=True, cwd=cwd)
        if check and done.returncode != 0:
            pytest.fail(
                f"pairmill {args} gave {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done

    return run_command


def str_or_bytes(value):
    return value if isinstance(value, (bytes, str)) else str(value)


@pytest.fixture(scope="module")
def batch(build_dir):
    tool = Batch(build_dir / "tests" / "train")
    yield tool
    tool.close()


@pytest.fixture
def rng(request):
    """Gives a test the same numbers in each run; PMILL_SEED selects others."""
    return random.Random(f"{find_seed()} {request.node.name}")
