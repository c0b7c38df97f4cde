# Models of several files: kills, two writers and limits leave one whole model, and what isn't ours.
# SPDX-License-Identifier: MIT
import os
import random
import signal
import subprocess
import time

import pytest

FILES = ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]


@pytest.fixture
def train(pairmill, text_file, tmp_path):
    """Starts a training that takes some 20 ms, most of it at the end."""
    counts = tmp_path / "a.counts"
    subprocess.run([pairmill, "count", "-q", "-o", counts, text_file], check=True)

    def start(size, out, *more, **options):
        return subprocess.Popen([pairmill, "train", "-q", "-f", "-s", str(size), "-o", out,
                                 "--counts", counts, *more], stderr=subprocess.PIPE, **options)

    return start


def finish(child, code=0):
    _, message = child.communicate(timeout=60)
    assert child.returncode == code, message
    return message


def contents(folder):
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}


@pytest.fixture
def two_models(train, tmp_path):
    models = []
    for size in (400, 401):
        finish(train(size, tmp_path / str(size)))
        models.append(contents(tmp_path / str(size)))
    assert all(len(model) == len(FILES) for model in models)
    return models


def add_foreign(folder):
    (folder / "notes.txt").write_text("mine")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref")


def has_foreign(folder):
    return ((folder / "notes.txt").read_text() == "mine"
            and (folder / ".git" / "HEAD").read_text() == "ref")


def test_killed_writers(train, two_models, tmp_path):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    out = tmp_path / "place" / "m"
    out.parent.mkdir()
    finish(train(400, out))
    add_foreign(out)
    begin = time.monotonic()
    finish(train(401, out))
    duration = time.monotonic() - begin
    for _ in range(40):
        # A build that counts what tests reach would leave half a file of counts.
        child = train(moments.choice([400, 401]), out,
                      env={**os.environ, "GCOV_PREFIX": "/dev/null"})
        time.sleep(moments.uniform(0, 1.2 * duration))
        child.kill()
        child.communicate()
        assert contents(out) in two_models
        assert (out / "notes.txt").read_text() == "mine"
    finish(train(400, out))
    assert contents(out) == two_models[0] and has_foreign(out)
    assert [path.name for path in out.parent.iterdir()] == ["m"]


def test_two_writers(train, two_models, tmp_path):
    out = tmp_path / "place" / "m"
    out.parent.mkdir()
    finish(train(400, out))
    add_foreign(out)
    for _ in range(20):
        children = [train(400, out), train(401, out)]
        for child in children:
            finish(child)
        assert contents(out) in two_models and has_foreign(out)
    assert [path.name for path in out.parent.iterdir()] == ["m"]


def test_two_writers_of_vocab_and_merges(train, two_models, tmp_path):
    out = tmp_path / "place"
    out.mkdir()
    pairs = [{name: model[name] for name in ("vocab.json", "merges.txt")} for model in two_models]
    for _ in range(20):
        children = [train(400, out / "vocab.json"), train(401, out / "vocab.json")]
        for child in children:
            finish(child)
        assert contents(out) in pairs
    assert sorted(path.name for path in out.iterdir()) == ["merges.txt", "vocab.json"]


@pytest.mark.parametrize("out", ["m", "vocab.json"])
@pytest.mark.parametrize("limit", [100, 4000])
def test_limit_on_file_sizes(train, tmp_path, limit_files, out, limit):
    """SIGXFSZ, whose default is to kill: an error, and the old model."""
    place = tmp_path / "place"
    place.mkdir()
    set_limit = limit_files(limit, signal.SIG_DFL)
    message = finish(train(500, place / out, preexec_fn=set_limit), code=1)
    assert b"cannot write: File too large" in message
    assert list(place.iterdir()) == []
    finish(train(400, place / out))
    folder = place / "m" if out == "m" else place
    before = contents(folder)
    finish(train(500, place / out, preexec_fn=set_limit), code=1)
    assert contents(folder) == before
    assert len(list(place.iterdir())) == (1 if out == "m" else 2)


@pytest.mark.parametrize("command", [["count", "-o", "out"], ["count", "-o", "out.tsv"]])
def test_limit_on_the_size_of_counts(pairmill, text_file, tmp_path, limit_files, command):
    done = subprocess.run([pairmill, *command, text_file], cwd=tmp_path, capture_output=True,
                          preexec_fn=limit_files(99, signal.SIG_DFL))
    assert done.returncode == 1
    assert b"cannot write: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_limit_on_the_size_of_stdout(pairmill, model, text_file, tmp_path, limit_files):
    with open(tmp_path / "ids", "wb") as ids:
        done = subprocess.run([pairmill, "encode", "-q", "-m", model, text_file], stdout=ids,
                              stderr=subprocess.PIPE, preexec_fn=limit_files(99, signal.SIG_DFL))
    assert done.returncode == 1
    assert b"stdout: cannot write: File too large" in done.stderr


@pytest.mark.parametrize("force", [[], ["-f"]])
@pytest.mark.parametrize("out", ["/dev/full", "/dev/null", "file"])
def test_target_that_is_no_folder(run, text_file, tmp_path, out, force):
    (tmp_path / "file").write_text("precious")
    out = tmp_path / out
    done = run("train", "-s", 300, *force, "-o", out, text_file, check=False)
    assert done.returncode == 1
    assert b"exists and is not a folder" in done.stderr and b"-f" not in done.stderr
    assert (tmp_path / "file").read_text() == "precious"


def test_target_below_a_file(pairmill, tmp_path):
    """Refused before the input is read."""
    (tmp_path / "file").write_text("precious")
    child = subprocess.Popen([pairmill, "train", "-s", "300", "-o", "file/m"], cwd=tmp_path,
                             stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.wait(timeout=30) == 1
    assert b"file is not a folder" in child.stderr.read()
    child.stdin.close()
