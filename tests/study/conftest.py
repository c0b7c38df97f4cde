# Fixtures of the study's tests: the program, small generated texts, one run of everything.
# SPDX-License-Identifier: MIT
import os
import random
import subprocess
import time
from collections import namedtuple
from pathlib import Path

import pytest

SPECIAL = "<|endoftext|>"


def make_text(seed, words, kinds):
    numbers = random.Random(seed)
    vocabulary = ["".join(numbers.choices("abcdefghijklmno", k=numbers.randint(2, 9)))
                  for _ in range(kinds)]
    pieces = []
    for i in range(words):
        pieces.append(numbers.choice(vocabulary))
        pieces.append(numbers.choice([" ", " ", " ", ", ", "\n", "'s ", " 12 "]))
        if i % 100 == 99:
            pieces.append(SPECIAL)
    return ("".join(pieces) + "Ein Müller mahlt; 粉を挽く。").encode()


@pytest.fixture(scope="session")
def program(build_dir):
    program = build_dir / "pairmill-study"
    assert program.is_file(), f"{program} not found: build it, or set PMILL_BUILD"
    return program


@pytest.fixture(scope="session")
def study(program):
    """Runs the program; any exit code but `code` fails the test."""

    def run_program(*args, code=0):
        done = subprocess.run([program, *map(os.fsencode, map(str_or_bytes, args))],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        message = done.stderr.decode(errors="replace")
        assert done.returncode == code, f"{args} gave {done.returncode}: {message}"
        return done

    return run_program


def str_or_bytes(value):
    return value if isinstance(value, (bytes, str)) else str(value)


@pytest.fixture(scope="session")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "made.txt"
    path.write_bytes(make_text(1, 1200, 200))
    return path


@pytest.fixture(scope="session")
def long_file(tmp_path_factory):
    """Enough for thousands of merges: no run on it ends before it is stopped."""
    path = tmp_path_factory.mktemp("study") / "long.txt"
    path.write_bytes(make_text(2, 150_000, 30_000))
    return path


@pytest.fixture(scope="session")
def names(study):
    """All names that --systems takes, in the order of --help."""
    lines = study("--help").stdout.decode().split("Systems and experiments:\n")[1].splitlines()
    return [line.split()[0] for line in lines if line.strip()]


Everything = namedtuple("Everything", "table markdown json svg names")


@pytest.fixture(scope="session")
def everything(study, text_file, names, tmp_path_factory):
    """All systems, countings and experiments, with 1, 2 and 3 workers, twice."""
    out = tmp_path_factory.mktemp("everything")
    done = study("--systems", "all", "--workers", "1,2,3",
                 "--runs", 2, "-s", 300, "--pairs", 3000, "--num-counter", 2, "--chunk-size", "1kb",
                 "--json", out / "o.json", "--markdown", out / "o.md",
                 "--svg", out / "o.svg", text_file)
    return Everything(done.stdout.decode(), (out / "o.md").read_text(encoding="utf-8"),
                      (out / "o.json").read_text(encoding="utf-8"), (out / "o.svg").read_bytes(),
                      names)


# ---- Processes ----


def in_session(session):
    """The living processes of a session, without zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = stat.read_text(errors="replace").rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it has just ended
        if int(number) == session and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def wait_until(condition, what, seconds=60):
    """Waits for something that happens soon; the time limit is only for when it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.002)


@pytest.fixture
def session(program):
    """Starts the program in its own session, whose number is its process id."""
    children = []

    def start(*args):
        child = subprocess.Popen([program, *map(str, args)], stdin=subprocess.DEVNULL,
                                 start_new_session=True, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
        children.append(child)
        return child

    yield start
    for child in children:
        for process in in_session(child.pid):
            os.kill(process, 9)
        child.wait()
        child.stderr.close()
