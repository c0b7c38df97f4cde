# The harness of bench/encode/: its texts, what it says of other ids, a small run.
# SPDX-License-Identifier: MIT
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import texts as made_texts

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.encode import report, worker  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small_text(tmp_path_factory):
    words = made_texts.Words(random.Random(12), 3000, ("latin", "cyrillic"))
    path = tmp_path_factory.mktemp("bench") / "small.txt"
    path.write_text("<|endoftext|>\n".join(words.text(6000) for _ in range(10)), "utf-8")
    return path


def test_texts_are_different_and_of_about_the_length(small_text):
    made = worker.make_texts(small_text, 100, 300)
    assert len(made) == len(set(made)) == 300
    assert not any("endoftext" in text for text in made)
    assert 90 <= sum(len(text.encode()) for text in made) / 300 <= 110
    assert len(worker.make_texts(small_text, 1 << 30, 1)) == 1
    assert len(worker.make_texts(small_text, 10_000, 100)) < 7


@pytest.mark.parametrize("found, says", [
    ([[1, 2], [3]], "equal"), ([[1, 2]], "1 results instead of 2"),
    ([[1, 2], [3, 4]], "1 of 2 differ, first number 1 at 1: [4] instead of []"),
    ([[0, 2], [4]], "2 of 2 differ, first number 0 at 0: [0, 2] instead of [1, 2]")])
def test_differences_are_described(found, says):
    assert worker.describe_difference(found, [[1, 2], [3]]) == says


def test_the_table_has_ratios_and_what_is_wrong():
    def row(module, seconds, **more):
        return {"module": module, "call": "encode", "threads": 1, "result": "equal",
                "runs": [{"seconds": s, "cpu_seconds": 0.5} for s in seconds], **more}

    job = {"unit": "µs", "texts": 100_000, "vocabulary": "v",
           "rows": [row("pairmill", [1, 3]), row("other", [4, 5, 9], result="1 of 2 differ"),
                    row("third", [], failed="broken")]}
    lines = report.job_table([job], {"pairmill": "1", "other": "2", "third": None}).splitlines()
    assert lines[2] == "| pairmill 1 | encode | 1 | 20.0 (10.0; 5.00) |"
    assert lines[3] == "| other 2 | encode | 1 | 50.0 (40.0; 5.00) ×2.5 ≠ |"
    assert lines[4] == "| third  | encode | 1 | failed |"
    assert list(report.complaints([job])) == ["- other encode, 1 threads, v: 1 of 2 differ",
                                              "- third encode, 1 threads, v: failed: broken"]


def run_harness(text, folder, *options):
    out = folder / "encode.json"
    command = [sys.executable, "-m", "bench.encode", "--text", text, "--json", out,
               "--vocabularies", "r50k", "--document-bytes", 20_000, "--documents", 50,
               "--calls", 10, *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr
    return done, json.loads(out.read_text())["jobs"]


def test_a_small_run(small_text, tmp_path):
    done, jobs = run_harness(small_text, tmp_path, "--rows", "pairmill,tiktoken", "--jobs",
                             "document,decode", "--runs", 1, "--threads", 2)
    names = [job["job"] for job in jobs]
    assert names == ["document", "document, steady", "document, warm", "documents",
                     "decode document", "decode documents"]
    cold, steady, warm = jobs[:3]
    assert cold["bytes"] == warm["bytes"] > 1.9 * steady["bytes"]
    assert cold["pretokens"] == warm["pretokens"] > cold["new"] > steady["new"] > warm["new"] == 0
    for job in jobs:
        assert job["texts"] in (1, 50) and job["ids"] > 0
        for row in job["rows"]:
            assert row["result"] == "equal", row
            assert [one["seconds"] > 0 for one in row["runs"]] == [True]
    calls = ("encode_batch", "encode_ordinary_batch")
    assert {(row["call"], row["threads"]) for row in jobs[3]["rows"]} == {
        (call, threads) for call in calls for threads in (1, 2)}
    assert "### decode documents" in done.stdout
    assert "| r50k | pairmill | encode_to_array |" in done.stdout


def test_a_library_that_fails_is_reported(small_text, tmp_path, monkeypatch):
    (tmp_path / "fastokens.py").write_text("raise ImportError('not this one')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    done, jobs = run_harness(small_text, tmp_path, "--rows", "pairmill.encode,fastokens.encode()",
                             "--jobs", "calls of 20", "--runs", 1)
    assert [row.get("failed") for row in jobs[0]["rows"]] == [
        None, None, "ImportError: not this one"]
    assert "- fastokens encode().ids, 1 threads, r50k: failed: ImportError" in done.stdout
