# Fixtures for the tests of the command: a small text, a trained model, a terminal.
# SPDX-License-Identifier: MIT
import os
import pty
import random
import resource
import signal
import subprocess

import pytest

NUMBERS = random.Random(3)
WORDS = ["".join(NUMBERS.choices("abcdefgh", k=NUMBERS.randint(2, 9))) for _ in range(300)]
TEXT = " ".join(WORDS) + ("The mill grinds slowly, the mill grinds well: corn in, flour out.\n"
        "Ein Müller mahlt; 粉を挽く。 1234 5678, it's 9 o'clock\tand we'll go.\r\n") * 40


@pytest.fixture(scope="session")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "mill.txt"
    path.write_bytes((TEXT + "<|end|>" + TEXT).encode())
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory, run, text_file):
    folder = tmp_path_factory.mktemp("model") / "model"
    run("train", "-s", 400, "--special", "<|end|>", "-q", "-o", folder, text_file)
    return folder


@pytest.fixture(scope="session")
def limit_files():
    """Makes a preexec_fn that limits the size of files; by default SIGXFSZ is ignored."""

    def make(size, handler=signal.SIG_IGN):
        def limit():
            # A build that counts what tests reach would leave half a file of counts.
            os.environ["GCOV_PREFIX"] = "/dev/null"
            signal.signal(signal.SIGXFSZ, handler)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        return limit

    return make


@pytest.fixture
def run_on_terminal(pairmill):
    """Runs the command with the streams named in `on` on a terminal.

    Returns the exit code and the bytes shown.
    """

    def run_command(*args, on=("stdout", "stderr"), env=None):
        ours, theirs = pty.openpty()
        streams = {name: theirs if name in on else subprocess.DEVNULL
                   for name in ("stdout", "stderr")}
        child = subprocess.Popen([pairmill, *map(str, args)], stdin=subprocess.DEVNULL,
                                 env={**os.environ, "TERM": "xterm", **(env or {})}, **streams)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        return child.wait(), shown

    return run_command
