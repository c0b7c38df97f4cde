# Commands whose allocations are refused, one in each run: a message, and no file is left behind.
# SPDX-License-Identifier: MIT
import gzip
import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow

NOTHING_REFUSED = 99  # tests/preload/refuse_memory.c
TEXT = b"the cat sat on the mat, the rat on the hat<|end|>it's \xe7\xb2\x89 and 1234 \xff of them\n"
SPECIAL = ["--special", "<|end|>"]

COMMANDS = {
    "train": ["train", "-s", "290", "--sha256", *SPECIAL, "-o", "out", "text", "text"],
    "train-file": ["train", "-s", "280", "-v", "--pattern", "[a-z]+|\\s", "-o", "out.json", "text"],
    "train-counts": ["train", "-s", "280", "--counts", "counts", "-o", "out.tiktoken"],
    "train-memory": ["train", "-s", "280", "--memory", "1G", "-o", "out.gguf", "text"],
    "train-json": ["train", "-s", "280", "--json", "--reserve", "2", "--progress", "json",
                   "--pad-vocab-to", "8", "folder"],
    "count": ["count", "--doc-separator", "\n", "-o", "out.counts", "folder", "@list"],
    "count-stdin": ["count", "-v", "-o", "out.tsv"],
    "count-lines": ["count", "--skip-bad-lines", "-v", "-o", "out.counts", "lines.jsonl"],
    "count-gzip": ["count", "-o", "out.counts", "text.gz"],
    "count-zstd": ["count", "-o", "out.counts", "text.zst"],
    "merge-counts": ["merge-counts", "-o", "out.counts", "counts", "counts"],
    "merge-counts-tsv": ["merge-counts", "-o", "out.tsv", "counts", "counts.tsv"],
    "encode": ["encode", "-m", "model", "--special-tokens", "<|end|>", "-o", "out.u16", "text"],
    "encode-text": ["encode", "-m", "model", "--format", "tokens", "--special-tokens", "<|end|>",
                    "--special-tokens", "<|reserved_0|>", "--text", "the cat<|end|>"],
    "encode-tokens": ["encode", "-m", "model", "--format", "tokens", "-o", "out", "text"],
    "encode-lines": ["encode", "-m", "model.json", "--offsets", "--eot", "<|end|>", "-o",
                     "out.jsonl", "text"],
    "decode": ["decode", "-m", "model", "-o", "out", "ids.txt"],
    "convert-json": ["convert", "-s", "280", "--rename-special", "<|reserved_0|>=<|user|>", "model",
                     "out.json"],
    "convert-folder": ["convert", "vocab.json", "--pattern", "gpt2", *SPECIAL, "--add-special", "<|more|>", "out"],
    "convert-gguf": ["convert", "model", "--allow-loss", "out.gguf"],
    "convert-from-gguf": ["convert", "model.gguf", "out.json"],
    "convert-vocab": ["convert", "--allow-loss", "model", "folder/vocab.json"],
    "convert-ranks": ["convert", "--allow-loss", "model.json", "out.tiktoken"],
    "convert-from-ranks": ["convert", "model.tiktoken", "--pattern", "gpt2", *SPECIAL, "out.json"],
    "convert-tekken": ["convert", "--allow-loss", "tekken/tekken.json", "folder/tekken.json"],
    "inspect": ["inspect", "-v", "model"],
    "inspect-json": ["inspect", "--json", "model.json"],
    "inspect-audit": ["inspect", "--audit", "model"],
    "inspect-audit-json": ["inspect", "--audit", "--json", "model"],
    "inspect-counts": ["inspect", "counts"],
    "inspect-counts-json": ["inspect", "--json", "counts.tsv"],
    "verify-against": ["verify", "-m", "model", "--against", "model.json", "text"],
    "verify-training": ["verify", "-m", "model", "--training", "text"],
    "bench": ["bench", "--text-size", "20000", "-s", "300", "--runs", "1", "--json"],
    "bench-files": ["bench", "-s", "300", "--runs", "1", "folder"],
}


# The last is that of a check that could not be made.
MESSAGES = (b"out of memory\n", b"Cannot allocate memory\n", b"a check failed\n")


def write_zstd(path, text):
    """A frame of one block that isn't compressed."""
    block = (len(text) << 3 | 1).to_bytes(3, "little")
    path.write_bytes(b"\x28\xb5\x2f\xfd\x20" + bytes([len(text)]) + block + text)


def make_inputs(run, folder):
    (folder / "text").write_bytes(TEXT)
    (folder / "text.gz").write_bytes(gzip.compress(TEXT))
    write_zstd(folder / "text.zst", TEXT)
    (folder / "folder").mkdir()
    (folder / "folder" / "a.txt").write_bytes(TEXT)
    (folder / "list").write_text("text\n")
    (folder / "lines.jsonl").write_text('{"text": "a \\u00e9"}\n{"text"\n{"no": 1}\n')
    (folder / "ids.txt").write_text("97 98 99 257\n")
    for name in ("counts", "counts.tsv"):
        run("count", "-q", "-o", name, "text", cwd=folder)
    for name in ("model", "model.json", "model.tiktoken", "vocab.json"):
        run("train", "-q", "-s", 300, "--reserve", 1, *SPECIAL, "-o", name, "text", cwd=folder)
    run("convert", "--allow-loss", "model", "model.gguf", cwd=folder)
    (folder / "tekken").mkdir()
    run("train", "-q", "-s", 300, "-o", "tekken/tekken.json", "text", cwd=folder)


def read_all(folder):
    """The bytes of every file, but for training.json, which says how long things took."""
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes()
            for path in folder.rglob("*") if path.name != "training.json"}


def remove_new(folder, old):
    for name in sorted(read_all(folder).keys() - old.keys()):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@pytest.fixture
def run_refused(pairmill, build_dir, tmp_path):
    """Runs the command; the first allocation of its k-th chain of callers is refused."""
    if b"__asan_init" in pairmill.read_bytes():
        pytest.skip("the sanitizer has allocations of its own")
    preload = build_dir / "tests" / "refuse_memory.so"

    def run_command(command, k=None):
        refused = {} if k is None else {"LD_PRELOAD": str(preload), "PMILL_REFUSE": str(k)}
        return subprocess.run([pairmill, *command, "-j", "1"], cwd=tmp_path, capture_output=True,
                              env={**os.environ, **refused}, input=TEXT)

    return run_command


@pytest.mark.parametrize("name", COMMANDS)
def test_each_allocation_is_refused(run, run_refused, tmp_path, name):
    """A refusal may do no harm, such as that of a cache; then the result is as usual."""
    make_inputs(run, tmp_path)
    before = read_all(tmp_path)
    usual = run_refused(COMMANDS[name])
    assert usual.returncode == 0, usual.stderr
    after = read_all(tmp_path)
    remove_new(tmp_path, before)
    k, failures, status = 0, 0, 0
    while status != NOTHING_REFUSED:
        done = run_refused(COMMANDS[name], k)
        status = done.returncode
        assert status in (0, 1, NOTHING_REFUSED), (k, done.stderr)
        if status == 1:
            assert done.stderr.endswith(MESSAGES), (k, done.stderr)
            assert read_all(tmp_path) == before, (k, done.stderr)
        if status == 0:
            assert read_all(tmp_path) == after, k
        remove_new(tmp_path, before)
        failures += status == 1
        k += 1
    print(f"{k - 1} places, {failures} failures")
    assert failures >= (k - 1) // 2
