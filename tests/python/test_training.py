# Training and counting: the sources of text, each option, the same merges as the command.
# SPDX-License-Identifier: MIT
import gzip
import io
import json
import os
import sys
import warnings
from pathlib import Path

import pairmill
import pytest
import texts
from pairmill import Counts, Progress, Tokenizer
from reference import pretokens, trainer

TEXTS = ["low lower lowest<|end|>new newer newest ", "naïve naïve 東京東京 1234 1234\n", "",
         "'ll low  low \t low, wide wider widest"] * 3


@pytest.fixture
def folder(tmp_path):
    """Three files, one of them compressed, one below."""
    (tmp_path / "in" / "below").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text(TEXTS[0])
    (tmp_path / "in" / "b.txt.gz").write_bytes(gzip.compress(TEXTS[1].encode()))
    (tmp_path / "in" / "below" / "c.txt").write_text(TEXTS[3])
    return tmp_path / "in"


def is_same(a, b):
    return a == b and a.merges == b.merges and a.vocab == b.vocab


# ---- Sources ----


def test_files_in_every_spelling(folder, tmp_path):
    paths = [folder / "a.txt", folder / "b.txt.gz", folder / "below" / "c.txt"]
    wanted = pairmill.train_from_iterator([TEXTS[0], TEXTS[1], TEXTS[3]], 300)
    (tmp_path / "list").write_text("".join(f"{path}\n" for path in paths))
    assert len(wanted.merges) > 20
    for files in (folder, str(folder), bytes(folder), paths, tuple(map(str, paths)), iter(paths),
                  [folder / "below", *paths[:2]], f"@{tmp_path}/list",
                  [bytes(paths[0]), *paths[1:]]):
        assert is_same(pairmill.train(files, 300), wanted)
    files = [folder, *paths[:1]]
    with pytest.warns(UserWarning, match="read again, since it was named twice"):
        assert pairmill.count(files).documents == 4


def test_counts_give_the_same(folder):
    options = {"special_tokens": ["<|end|>"], "pattern": "cl100k", "reserve": 2}
    wanted = pairmill.train(folder, 300, **options)
    counts = pairmill.count(folder, **options)
    assert is_same(pairmill.train_from_counts(counts, 300, reserve=2), wanted)
    parts = [pairmill.count(path, **options) for path in sorted(folder.rglob("*.txt*"))]
    assert sum(parts) == Counts.sum(iter(parts)) == parts[0] + parts[1] + parts[2] == counts
    assert counts.documents == 3 and counts.bytes == sum(
        len(text.encode()) for text in (TEXTS[0], TEXTS[1], TEXTS[3]))


def test_the_reference_learns_the_same(rng):
    for _ in range(30):
        documents = [texts.small(rng) for _ in range(rng.randint(0, 6))]
        words = pretokens.count_words(documents)
        assert dict(pairmill.count_from_iterator(documents).items()) == words
        for ties, layout in (("bytes", "bytes-first"), ("ids", "hf"), ("ids", "gpt2")):
            wanted = trainer.train(words, 270, ties=ties, layout=layout)
            got = pairmill.train_from_iterator(documents, 270, ties=ties, layout=layout, threads=2)
            pairs = [(got.token_id(a), got.token_id(b), got.token_id(a + b)) for a, b in got.merges]
            assert pairs == [one[:3] for one in wanted.merges], (documents, ties, layout)
            assert got.training["merge_counts"] == [one[3] for one in wanted.merges]


OPTIONS = {
    "nothing": ({}, []),
    "pattern": ({"pattern": "cl100k"}, ["--pattern", "cl100k"]),
    "expression": ({"pattern": "[a-z]+|[^a-z]"}, ["--pattern", "[a-z]+|[^a-z]"]),
    "unicode": ({"unicode_version": "15.0"}, ["--unicode", "15.0"]),
    "special": ({"special_tokens": ["<|end|>", b"<x>"]}, ["--special", "<|end|>", "--special",
                                                          "<x>"]),
    "separator": ({"doc_separator": "<|end|>"}, ["--doc-separator", "<|end|>"]),
    "reserve": ({"reserve": 3}, ["--reserve", "3"]),
    "pad": ({"pad_vocab_to": 64}, ["--pad-vocab-to", "64"]),
    "min count": ({"min_count": 4}, ["--min-count", "4"]),
    "length": ({"max_token_length": 3}, ["--max-token-length", "3"]),
    "ties": ({"ties": "ids"}, ["--ties", "ids"]),
    "layout": ({"layout": "gpt2"}, ["--layout", "gpt2"]),
    "compat": ({"compat": "hf", "special_tokens": ["<|end|>"]}, ["--compat", "hf", "--special",
                                                                 "<|end|>"]),
    "lines": ({"input_format": "lines"}, ["--input-format", "lines"]),
    # A limit is of the whole process, in which other tests may have used much.
    "run": ({"threads": 1, "memory_limit": 10**11, "tmp_dir": Path("/tmp"), "scanner": "scalar"},
            ["-j", "1"]),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_command_learns_the_same(run, folder, tmp_path, name):
    options, arguments = OPTIONS[name]
    tok = pairmill.train(folder, 290, **options)
    run("train", "-s", "290", "-o", tmp_path / "model.json", *arguments, folder)
    assert tok.to_bytes() == (tmp_path / "model.json").read_bytes()
    learn = ("pad_vocab_to", "min_count", "max_token_length", "ties", "layout", "compat")
    counts = pairmill.count(folder, **{
        key: value for key, value in options.items() if key not in learn})
    run("count", "-o", tmp_path / "words", folder, *[word for option in (
        "--pattern", "--unicode", "--special", "--doc-separator", "--input-format") for at, given
        in enumerate(arguments) if given == option for word in arguments[at : at + 2]])
    assert name == "reserve" or counts.to_bytes() == (tmp_path / "words").read_bytes()


def test_stdin(tmp_path, monkeypatch):
    (tmp_path / "in").write_text("low lower lowest" * 5)
    wanted = pairmill.train(tmp_path / "in", 270)
    with open(tmp_path / "in") as file:
        saved = os.dup(0)
        os.dup2(file.fileno(), 0)
        try:
            assert is_same(pairmill.train("-", 270), wanted)
        finally:
            os.dup2(saved, 0)
            os.close(saved)


def test_many_texts_in_memory(rng):
    """More than one batch of each thread."""
    words = texts.Words(rng, 2000)
    documents = [words.text(20_000) for _ in range(300)]
    counts = pairmill.count_from_iterator(documents, threads=1)
    seen = []

    def give():
        for document in documents:
            seen.append(len(document))
            yield document

    assert pairmill.count_from_iterator(give(), threads=4) == counts and len(seen) == 300
    assert is_same(pairmill.train_from_iterator(give(), 600),
                   pairmill.train_from_counts(counts, 600))


# ---- What is wrong ----


@pytest.mark.parametrize("options, error", [
    ({"bogus": 1}, TypeError), ({"pattern": "("}, ValueError), ({"pattern": 5}, TypeError),
    ({"pattern": "a\0b"}, ValueError), ({"unicode_version": "1"}, ValueError),
    ({"special_tokens": "<x>"}, TypeError), ({"special_tokens": b"<x>"}, TypeError),
    ({"special_tokens": [5]}, TypeError), ({"special_tokens": 5}, TypeError),
    ({"special_tokens": [""]}, ValueError), ({"special_tokens": ["<x>", "<x>"]}, ValueError),
    ({"doc_separator": 5}, TypeError), ({"reserve": -1}, ValueError), ({"reserve": 50}, ValueError),
    ({"reserve": 1.5}, TypeError), ({"min_count": -1}, ValueError), ({"ties": "bogus"}, ValueError),
    ({"layout": "bogus"}, ValueError), ({"compat": "bogus"}, ValueError),
    ({"max_token_length": 2**64}, ValueError), ({"threads": -1}, ValueError),
    ({"threads": "2"}, TypeError), ({"scanner": "bogus"}, ValueError), ({"tmp_dir": 5}, TypeError),
    ({"memory_limit": -1}, ValueError), ({"memory_limit": 5}, (MemoryError, ValueError)),
    ({"progress": 5}, ValueError), ({"progress": "bogus"}, ValueError),
    ({"compat": "hf", "ties": "bytes"}, ValueError)], ids=str)
def test_wrong_options(options, error, folder):
    with pytest.raises(error):
        pairmill.train(folder, 300, **options)
    with pytest.raises(error):
        pairmill.train_from_iterator(["a"], 300, **options)


def test_wrong_sizes_and_files(folder, tmp_path):
    for size in (0, 255, -1, 2**64):
        for call, source in ((pairmill.train_from_iterator, ["a"]), (pairmill.train, folder)):
            with pytest.raises(ValueError):
                call(source, size)
    for size in ("300", 1.5, [300]):
        with pytest.raises(TypeError):
            pairmill.train(folder, size)
    for files in (5, None, [5], [None], 1.5):
        with pytest.raises(TypeError):
            pairmill.count(files)
    for call in (pairmill.count, lambda path: pairmill.train(path, 300)):
        with pytest.raises(FileNotFoundError):
            call(tmp_path / "none")
        with pytest.raises(ValueError, match="null"):
            call("a\0b")
    for option in ("input_format", "field", "skip_binary"):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
            pairmill.train_from_iterator(["a"], 300, **{option: None})
    with pytest.raises(TypeError, match="unexpected keyword argument 'pattern'"):
        pairmill.train_from_counts(pairmill.count(folder), 300, pattern="gpt2")
    with pytest.raises(TypeError):
        pairmill.train_from_counts("words", 300)


# ---- Warnings ----


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert all(one.filename == __file__ for one in caught)
    return [str(one.message) for one in caught]


def test_warnings_of_inputs(folder, tmp_path):
    (folder / "lines.jsonl").write_text('{"text": "ab"}\nnot json\n{"other": 1}\n')
    (folder / "page.pdf").write_bytes(b"%PDF-1.4\n\0\1\2" * 99)
    with pytest.raises(ValueError) as error:
        pairmill.count(folder, skip_binary=True)
    assert "lines.jsonl" in str(error.value) and error.value.offset == 15
    with pytest.raises(ValueError, match="page.pdf"):
        pairmill.count(folder, skip_bad_lines=True)
    options = {"skip_binary": True, "skip_bad_lines": True}
    lines = "lines.jsonl: 2 bad lines skipped; the first is line 2, byte 15: "
    tok = pairmill.train(folder / "a.txt", 260)
    for call in (lambda: pairmill.count(folder, **options),
                 lambda: pairmill.train(folder, 300, **options),
                 lambda: tok.encode_file(folder, tmp_path / "ids.u16", overwrite=True, **options)):
        messages = warned(call)
        assert len(messages) == 2 and "page.pdf: left out, since it looks like PDF" in messages[0]
        assert lines in messages[1]
    assert warned(lambda: pairmill.count([folder / "a.txt"])) == []


# ---- Progress ----


def test_progress_is_called(folder):
    seen = []
    tok = pairmill.train(folder, 300, progress=seen.append)
    assert is_same(tok, pairmill.train(folder, 300)) and seen
    assert all(isinstance(one, Progress) for one in seen)
    assert {"count", "merge"} <= {one.stage for one in seen}
    for stage, done, total, unit, elapsed_s in seen:
        assert done >= 0 and total >= 0 and unit and elapsed_s >= 0
    for call in (lambda report: pairmill.count(folder, progress=report),
                 lambda report: pairmill.train_from_iterator(TEXTS, 300, progress=report),
                 lambda report: pairmill.count_from_iterator(TEXTS, progress=report),
                 lambda report: pairmill.train_from_counts(pairmill.count(folder), 300,
                                                           progress=report)):
        seen.clear()
        call(seen.append)
        assert seen

        def fail(progress):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            call(fail)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("option", [True, "bar", "line"])
@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_progress_is_shown(folder, monkeypatch, option, kind):
    monkeypatch.setattr(sys, "stderr", kind())
    pairmill.train(folder, 300, progress=option)
    shown = sys.stderr.getvalue()
    assert "merge: " in shown and ("▕" in shown) == (option != "line")
    assert ("\r" in shown) == (kind is Terminal) and shown.endswith(
        "\r" if kind is Terminal else "\n")
    monkeypatch.setattr(sys, "stderr", kind())
    for nothing in (None, False):
        pairmill.train(folder, 300, progress=nothing)
    assert sys.stderr.getvalue() == ""


# ---- The record ----


def test_the_record(folder):
    tok = pairmill.train(folder, 300, special_tokens=["<|end|>"], sha256=True)
    record = tok.training
    assert record["documents"] == 3 and record["vocab_size_asked"] == 300
    assert record["merges"] == len(tok.merges) == len(record["merge_counts"])
    assert [os.path.basename(one["name"]) for one in record["inputs"]] == [
        "a.txt", "b.txt.gz", "c.txt"]
    assert all(len(one["sha256"]) == 64 for one in record["inputs"])
    assert [stage["name"] for stage in record["stages"]] == ["count", "sort", "index", "merge"]
    assert record["ties"] == "bytes" and record["compat"] is None and json.dumps(record)
    assert Tokenizer.from_bytes(tok.to_bytes()).training is None
