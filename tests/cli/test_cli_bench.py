# pairmill bench: its figures are consistent. No time is asserted.
# SPDX-License-Identifier: MIT
import json
import os
import resource
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest

STAGES = ["count", "sort", "index", "merge", "encode", "decode"]


@pytest.fixture(scope="module")
def made(run):
    """The report on a small generated text."""
    return json.loads(
        run("bench", "-q", "--json", "--text-size", "300K", "-s", 1000, "--runs", 4, "-j",
            2).stdout)


def check_stages(report, runs):
    assert [stage["name"] for stage in report["timings"]] == STAGES
    for stage in report["timings"]:
        assert len(stage["seconds"]) == runs
        assert all(seconds >= 0 for seconds in stage["seconds"])
        assert stage["best"] == min(stage["seconds"])
        assert stage["median"] == pytest.approx(statistics.median(stage["seconds"]), abs=1e-6)


def test_made_text(made):
    check_stages(made, 4)
    assert made["text"] == "made"
    assert made["totals"]["bytes"] == 300_000
    assert (made["vocab_size"], made["merges"], made["runs"]) == (1000, 744, 4)
    threads = {stage["name"]: stage["threads"] for stage in made["timings"]}
    assert (threads["count"], threads["decode"]) == (2, 1)
    amounts = {"merge": 744, "sort": made["totals"]["words"], "decode": 300_000 / 1e6}
    for stage, amount in amounts.items():
        figures = next(other for other in made["timings"] if other["name"] == stage)
        assert figures["rate"] == pytest.approx(amount / figures["best"], rel=0.01)


def test_made_text_is_the_same_each_time(run, made):
    again = json.loads(
        run("bench", "-q", "--json", "--text-size", "300K", "-s", 1000, "--runs", 1, "-j",
            1).stdout)
    for figure in ("totals", "tokens", "merges"):
        assert again[figure] == made[figure]


def test_made_text_follows_zipf(run):
    """A short text is the beginning of a longer one, and words repeat as in natural language."""
    totals = []
    for size in ("100K", "1M"):
        done = run("bench", "-q", "--json", "--text-size", size, "-s", 256, "--runs", 1)
        totals.append(json.loads(done.stdout)["totals"])
    assert totals[0]["words"] < totals[1]["words"] < 10 * totals[0]["words"]
    assert totals[1]["pretokens"] > 4 * totals[1]["words"]


def test_files(run, text_file):
    report = json.loads(
        run("bench", "-q", "--json", "-s", 400, "--special", "<|end|>", "--runs", 1,
            text_file).stdout)
    trained = json.loads(
        run("train", "-q", "--json", "-s", 400, "--special", "<|end|>", text_file).stdout)
    check_stages(report, 1)
    assert report["text"] == "files"
    assert report["totals"] == trained["totals"]
    assert (report["merges"], report["pattern"]) == (trained["merges"], trained["pattern"])


def test_tokens_are_those_of_encode(run, text_file, model):
    report = json.loads(
        run("bench", "-q", "--json", "-s", 400, "--special", "<|end|>", "--runs", 1,
            text_file).stdout)
    counted = json.loads(
        run("encode", "-q", "--json", "--count", "--special-tokens", "all", "-m", model,
            text_file).stdout)
    assert report["tokens"] == counted["tokens"]


def test_table(run, text_file):
    done = run("bench", "-v", "-s", 400, "--runs", 2, text_file)
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("Text: ") and "2 runs" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["stage", *STAGES]
    units = [line.split()[-1] for line in lines[2:]]
    assert units == ["MB/s", "words/s", "words/s", "merges/s", "MB/s", "MB/s"]
    assert b"Pattern gpt2" in done.stderr
    assert run("bench", "-q", "-s", 300, "--runs", 1, text_file).stderr == b""
    made = run("bench", "-q", "-s", 300, "--runs", 1, "--text-size", "20K").stdout
    assert made.startswith(b"Generated text (Zipf's law): 20.0 kB")


def test_failures(run, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.touch()
    for path, message in ((empty, "no text"), (tmp_path / "absent.txt", "absent.txt")):
        done = run("bench", path, check=False)
        assert done.returncode == 1
        assert message in done.stderr.decode()


NOT_REGULAR = "must be a regular file, because it is read several times"


@pytest.mark.parametrize("prefix", ["", "@"])
def test_pipe_by_name(pairmill, text_file, prefix):
    done = subprocess.run([pairmill, "bench", "-s", "300", f"{prefix}/dev/stdin"],
                          input=text_file.read_bytes(), capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"pairmill: bench: /dev/stdin: {NOT_REGULAR}\n"


@pytest.mark.parametrize("operand", ["fifo", "@fifo", "@list"])
def test_fifo_is_not_opened(pairmill, text_file, tmp_path, operand):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "list").write_text(f"{text_file}\nfifo\n")
    done = subprocess.run([pairmill, "bench", "-s", "300", text_file, operand], cwd=tmp_path,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"pairmill: bench: fifo: {NOT_REGULAR}\n"


def test_regular_file_by_another_name(pairmill, run, text_file, tmp_path):
    """Reads stdin from a file, a folder with a FIFO in it, and a link in a list."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(text_file)
    (tmp_path / "list").write_text("link\n")
    command = ["bench", "-q", "--json", "-s", "300", "--runs", "1"]
    expected = json.loads(run(*command, text_file).stdout)["totals"]
    for operand in ("/dev/stdin", ".", "@list"):
        with text_file.open("rb") as text:
            done = subprocess.run([pairmill, *command, operand], stdin=text, cwd=tmp_path,
                                  capture_output=True, check=True)
        totals = json.loads(done.stdout)["totals"]
        assert totals["bytes"] == expected["bytes"] + (5 if operand == "." else 0)
        assert operand == "." or totals == expected
    assert run("bench", "@-", check=False).returncode == 2


def made_bytes(child):
    """The size of the text that the command generates in memory; 0 before it exists."""
    for link in Path(f"/proc/{child.pid}/fd").iterdir():
        try:
            if os.readlink(link).startswith("/memfd:pairmill"):
                return link.stat().st_size
        except FileNotFoundError:
            continue
    return 0


def test_interrupt_while_text_is_made(pairmill):
    """The message shows that the command noticed the signal, and was not killed for ignoring it."""
    # A terabyte takes long enough; the limit keeps a command that misses the signal from taking it.
    child = subprocess.Popen([pairmill, "bench", "--text-size", "1T"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(
                                 resource.RLIMIT_FSIZE, (4 << 30, 4 << 30)))
    end = time.monotonic() + 30
    while made_bytes(child) == 0 and time.monotonic() < end:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    shown = child.communicate(timeout=60)
    assert (child.returncode, *shown) == (130, b"", b"pairmill: bench: interrupted\n")
