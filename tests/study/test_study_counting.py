# pairmill-study: words counted by processes with queues, and the article's small tests.
# SPDX-License-Identifier: MIT
import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

END = b"<|endoftext|>"
WORDS = [b"mill", b"grinds", b"slowly", b"corn", b"flour", "Müller".encode(),
         "粉を挽く".encode(), b"it's", b"1234", b"...", b"\n\n", b"   ", b"\xff\xfe", b"\xc3",
         b"<|endof", b"|>"]


@pytest.fixture(scope="session")
def study(build_dir):
    command = build_dir / "pairmill-study"
    assert command.is_file(), f"{command} not found: build it, or set PMILL_BUILD"
    return command


@pytest.fixture
def start(study, tmp_path):
    """Starts the program in its own process group, which ends with the test."""
    children = []

    def start_command(*args):
        child = subprocess.Popen([study, *map(str, args)], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
                                 start_new_session=True)
        children.append(child)
        return child

    yield start_command
    for child in children:
        if child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@pytest.fixture
def run(start):
    def run_command(*args, code=0):
        child = start(*args)
        _, messages = child.communicate(timeout=120)
        assert child.returncode == code, messages.decode(errors="replace")
        assert members_of(child.pid) == []
        return messages.decode(errors="replace")

    return run_command


def read_stat(process):
    """Parent, process group and state; None: the process has ended."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[2]), fields[0]


def processes_where(matches):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        stat = read_stat(process)
        if stat is not None and stat[2] != "Z" and matches(*stat[:2]):
            found.append(int(process.name))
    return sorted(found)


def members_of(group):
    return processes_where(lambda parent, its_group: its_group == group)


def children_of(pid):
    return processes_where(lambda parent, group: parent == pid)


def make_text(rng, words, documents):
    lines = [rng.choice(WORDS) + b" " * rng.randrange(3) for _ in range(words)]
    for _ in range(documents):
        lines.insert(rng.randrange(len(lines) + 1), END)
    return b"mill " + b"".join(lines)  # a text that begins with FF FE would be refused as UTF-16


def count(run, tmp_path, text, *args):
    path = tmp_path / "text.txt"
    path.write_bytes(text)
    return run("--systems", "count_queue", "--runs", 1, *args, path)


# ---- Counting: the program itself compares its words with the library's ----


@pytest.mark.parametrize("mergers", [1, 2])
@pytest.mark.parametrize("counters", [1, 2, 3])
@pytest.mark.parametrize("documents", [0, 60])
def test_counts_as_the_library(run, tmp_path, rng, counters, mergers, documents):
    text = make_text(rng, 20000, documents)
    messages = count(run, tmp_path, text, "--num-counter", counters, "--num-merger", mergers,
                     "--chunk-size", 2000)
    assert "count_queue, run 1" in messages


@pytest.mark.parametrize("chunk_size", [1, 2, 12, 13, 14, 100, 1000, "1mb"])
@pytest.mark.parametrize("documents", [0, 1, 50])
def test_chunk_sizes(run, tmp_path, rng, chunk_size, documents):
    text = make_text(rng, 500, documents)
    count(run, tmp_path, text, "--num-counter", 2, "--chunk-size", chunk_size)


@pytest.mark.parametrize("text", [b"", END, END * 3, b"a", b"a" + END, END + b"a", b" ", b"\xff",
                                  b"\xff" * 3000, b"a" * 5000, b" " * 5000, b"\n" * 5000 + END,
                                  END[:-1] * 300])
@pytest.mark.parametrize("chunk_size", [7, 50000])
def test_borders(run, tmp_path, text, chunk_size):
    count(run, tmp_path, text, "--num-counter", 2, "--num-merger", 2, "--chunk-size", chunk_size)


def test_one_long_document(run, tmp_path, rng):
    text = make_text(rng, 100000, 0)
    count(run, tmp_path, END + text + END + b"end", "--num-counter", 2, "--chunk-size", "2kb")


def test_many_tokens_that_overlap_themselves(run, tmp_path):
    count(run, tmp_path, b"aaa aaaaa b aaaa" * 200, "--special", "aa", "--chunk-size", 10,
          "--num-counter", 2)


def test_no_special_token(run, tmp_path, rng):
    count(run, tmp_path, make_text(rng, 5000, 20), "--special", "", "--chunk-size", 500,
          "--num-counter", 2)


def test_other_inputs(run, tmp_path, rng):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt.gz").write_bytes(gzip.compress(make_text(rng, 3000, 9)))
    (folder / "b.txt").write_bytes(make_text(rng, 3000, 9))
    (folder / "c.txt").write_bytes(b"")
    values = [make_text(rng, 100, 1).decode(errors="ignore") for _ in range(50)]
    (folder / "d.jsonl").write_text("".join(json.dumps({"text": value}) + "\n" for value in values))
    run("--systems", "count_queue,count", "--runs", 2, "--num-counter", 2, "--chunk-size", 300,
        folder)


def test_text_from_stdin_is_refused(run):
    assert "can't be stdin" in run("--systems", "count_queue", "-", code=1)


def test_monitor(run, tmp_path, rng):
    text = make_text(rng, 20000, 100) * 100
    messages = count(run, tmp_path, text, "--monitor", 0.01, "--num-counter", 1)
    assert "chunks and" in messages and "tables in the queues" in messages


# ---- Failures: an error, and no process left behind ----


@pytest.mark.parametrize("chunk", [1, 5])
@pytest.mark.parametrize("counters", [1, 2])
def test_counting_process_dies(run, tmp_path, rng, counters, chunk):
    text = make_text(rng, 2000, 100) * 40
    path = tmp_path / "text.txt"
    path.write_bytes(text)
    messages = run("--systems", "count_queue", "--num-counter", counters, "--chunk-size", 1000,
                   "--fault", f"1:{chunk}", path, code=1)
    assert "counting process 1: killed by signal 9" in messages


@pytest.fixture(scope="session")
def busy_text(tmp_path_factory):
    """Many short documents: in chunks of 50 bytes they take the processes over a second."""
    path = tmp_path_factory.mktemp("busy") / "text.txt"
    path.write_bytes(b"".join(b"mill %d grinds%s" % (number % 5000, END)
                              for number in range(200000)))
    return path


@pytest.fixture
def busy(start, busy_text):
    """A run that has begun to count, with all its processes, in one process group."""

    def start_counting():
        child = start("--systems", "count_queue", "--runs", 1000, "--num-counter", 2,
                      "--num-merger", 2, "--chunk-size", 50, busy_text)
        deadline = time.monotonic() + 30
        while len(children_of(child.pid)) < 5 and time.monotonic() < deadline:
            time.sleep(0.001)
        return child

    return start_counting


@pytest.mark.parametrize("victim", range(5))
def test_any_process_is_killed(busy, rng, victim):
    child = busy()
    time.sleep(rng.uniform(0, 0.05))
    os.kill(children_of(child.pid)[victim], signal.SIGKILL)
    _, messages = child.communicate(timeout=60)
    assert child.returncode == 1
    assert b"killed by signal 9" in messages
    assert members_of(child.pid) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_all", [False, True])
def test_interrupt(busy, number, to_all):
    child = busy()
    (os.killpg if to_all else os.kill)(child.pid, number)
    _, messages = child.communicate(timeout=60)
    assert child.returncode == 130
    assert messages.endswith(b"pairmill-study: interrupted\n")
    assert members_of(child.pid) == []


def test_children_end_with_their_parent(busy):
    child = busy()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while members_of(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert members_of(child.pid) == []


# ---- Experiments ----


def measure(run, name):
    """{variant: {figure: value}} from the lines that the program prints as it runs."""
    found = {}
    for line in run("--systems", name, "--runs", 1, "--pairs", 20000).splitlines():
        if line.startswith(f"{name}, "):
            head, _, figures = line.partition(", run 1:")
            pairs = (figure.split() for figure in figures.split(","))
            found[head.split(", ")[1]] = {key: float(value) for key, value in pairs}
    return found


def test_what_crosses(run):
    found = measure(run, "what_crosses")
    assert found["fork"]["passes"] == 1
    assert found["spawn"]["passes"] == 0
    assert found["spawn"]["heap_is_there"] == 0


@pytest.mark.parametrize("name", ["walk", "walk_writing"])
def test_walks(run, name):
    found = measure(run, name)
    assert set(found) == {"parent", "fork", "spawn"}
    assert found["fork"]["bytes_sent"] == 0
    assert found["spawn"]["bytes_sent"] == 20000 * 16 + 16  # list and two lengths
    for figures in found.values():
        assert 0 <= figures["walking_s"] <= figures["total_s"]


def test_writing_copies_the_pages_of_a_forked_child(run):
    pages = 20000 * 16 // os.sysconf("SC_PAGE_SIZE")
    assert measure(run, "walk")["fork"]["minor_faults_during"] < pages / 2
    written = measure(run, "walk_writing")
    assert written["fork"]["minor_faults_during"] >= pages - 1
    assert written["spawn"]["minor_faults_during"] < pages / 2


def test_walk_table(run):
    found = measure(run, "walk_table")
    assert found["array"]["bytes_walked"] == 20000 * 16
    assert found["table"]["bytes_walked"] == 32768 * 32  # at most two thirds of the slots are used
    assert found["table"]["walking_s"] > 0


def test_fork_locks(run):
    found = measure(run, "fork_locks")
    assert found["fork"]["passes"] == 0 and found["fork"]["times_out"] == 1
    assert found["spawn"]["passes"] == 1
    assert found["fork"]["waited_s"] > found["spawn"]["waited_s"]


@pytest.fixture
def report(run, tmp_path):
    """The JSON report of a run of the program."""

    def read(*args):
        path = tmp_path / "report.json"
        run("--json", path, *args)
        if path.stat().st_size == 0:
            pytest.skip("this build writes no JSON report")
        return json.loads(path.read_text())

    return read


def test_experiments_in_the_report(report):
    names = ["what_crosses", "walk", "walk_writing", "walk_table", "fork_locks"]
    experiments = report("--systems", ",".join(names), "--runs", 2, "--pairs", 20000)["experiments"]
    assert {experiment["name"] for experiment in experiments} == set(names)
    crossing = {(row["variant"], row["run"]): row["figures"]["passes"]
                for row in experiments if row["name"] == names[0]}
    assert crossing == {("fork", 1): 1, ("fork", 2): 1, ("spawn", 1): 0, ("spawn", 2): 0}


def test_counting_in_the_report(report, tmp_path, rng):
    path = tmp_path / "text.txt"
    path.write_bytes(make_text(rng, 5000, 20))
    countings = report("--systems", "count_queue,count", "--runs", 1, "--num-counter", 2,
                       "--num-merger", 3, "--chunk-size", "1kb", path)["countings"]
    by_name = {counting["name"]: counting for counting in countings}
    queue, library = by_name["count_queue"], by_name["count"]
    assert (queue["counters"], queue["mergers"], queue["chunk_size"]) == (2, 3, 1000)
    for key in ("words", "pretokens", "documents"):
        assert queue[key] == library[key] > 0
