# Count files and TSVs stand in for text: the same model, and files that do not match are refused.
# SPDX-License-Identifier: MIT
import random

import pytest

import texts
from compare import SPECIAL, printable
from reference.pretokens import count_words

MODEL_FILES = ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]
OPTIONS = ["--special", SPECIAL.decode()]


@pytest.fixture(scope="module")
def documents():
    rng = random.Random(5)
    words = texts.Words(rng, 3000, ("latin", "greek", "han"))
    return [words.text(2000).encode() + texts.hostile(rng, 30) for _ in range(40)]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory, documents):
    """Files with some of the documents each, and one file with all."""
    folder = tmp_path_factory.mktemp("pieces")
    files = []
    for i in range(0, len(documents), 7):
        files.append(folder / f"piece-{i}")
        files[-1].write_bytes(SPECIAL.join(documents[i : i + 7]))
    whole = folder / "whole"
    whole.write_bytes(SPECIAL.join(documents))
    return files, whole


def model_files(folder):
    return {name: (folder / name).read_bytes() for name in MODEL_FILES}


@pytest.fixture(scope="module")
def count_files(tmp_path_factory, run, pieces):
    folder = tmp_path_factory.mktemp("counts")
    out = []
    for i, piece in enumerate(pieces[0]):
        out.append(folder / f"{i}.counts")
        run("count", "-o", out[-1], *OPTIONS, "-j", 1 + i % 3, piece)
    return out


@pytest.mark.parametrize(
    "options",
    [[], ["--compat", "hf"], ["--layout", "gpt2", "--min-count", 3], ["--max-token-length", 4]])
def test_counts_of_pieces_give_the_model_of_the_whole(run, tmp_path, pieces, count_files, options):
    options = ["-s", 700, *options]
    run("train", *options, *OPTIONS, "-o", tmp_path / "whole", pieces[1])
    wanted = model_files(tmp_path / "whole")

    run("merge-counts", "-o", tmp_path / "all.counts", *count_files)
    run("merge-counts", "-o", tmp_path / "half.counts", *count_files[:3])
    for name, arguments in {
            "merged": ["--counts", tmp_path / "all.counts"],
            "repeated": [a for c in count_files for a in ("--counts", c)],
            "backwards": [a for c in reversed(count_files) for a in ("--counts", c)],
            "half merged": ["--counts", tmp_path / "half.counts",
                            *(a for c in count_files[3:] for a in ("--counts", c))],
            "with explicit options": ["--counts", tmp_path / "all.counts", *OPTIONS,
                                      "--pattern", "gpt2", "--unicode", "16.0"],
    }.items():
        run("train", *options, *arguments, "-o", tmp_path / name)
        assert model_files(tmp_path / name) == wanted, name
    run("train", *options, *OPTIONS, "--counts", tmp_path / "half.counts", "-o", tmp_path / "mixed",
        *pieces[0][3:])
    assert model_files(tmp_path / "mixed") == wanted, "counts and text"


def test_merging_in_any_order_gives_the_same_file(run, tmp_path, pieces, count_files):
    run("merge-counts", "-o", tmp_path / "a.counts", *count_files)
    run("merge-counts", "-o", tmp_path / "b.counts", *reversed(count_files))
    run("merge-counts", "-o", tmp_path / "c.counts", tmp_path / "a.counts")
    a, b, c = [(tmp_path / f"{name}.counts").read_bytes() for name in "abc"]
    assert a == b == c
    for threads in (1, 2, 3, 8):
        run("count", "-o", tmp_path / "whole.counts", "-f", *OPTIONS, "-j", threads, *pieces[0])
        assert (tmp_path / "whole.counts").read_bytes() == a, threads


def read_tsv(path):
    first, *lines = path.read_text("utf-8").removesuffix("\n").split("\n")
    assert first == "#pairmill-counts 1"
    return [tuple(line.split("\t")) for line in lines if not line.startswith("#")]


def test_tsv_holds_the_words(run, tmp_path, documents, pieces, count_files):
    """Counted or merged, a TSV holds the reference's words, and trains the same model."""
    words = count_words(documents, "gpt2", [SPECIAL])
    wanted = [(printable(word), str(count)) for word, count in sorted(words.items())]
    run("count", "-o", tmp_path / "whole.tsv", *OPTIONS, pieces[1])
    run("merge-counts", "-o", tmp_path / "merged.tsv", *count_files)
    assert read_tsv(tmp_path / "whole.tsv") == wanted
    assert read_tsv(tmp_path / "merged.tsv") == wanted

    run("train", "-s", 600, *OPTIONS, "-o", tmp_path / "text", pieces[1])
    run("train", "-s", 600, *OPTIONS, "-o", tmp_path / "tsv", "--counts", tmp_path / "whole.tsv")
    assert model_files(tmp_path / "tsv") == model_files(tmp_path / "text")
    run("merge-counts", *OPTIONS, "-o", tmp_path / "back.counts", tmp_path / "whole.tsv")
    run("train", "-s", 600, "-o", tmp_path / "back", "--counts", tmp_path / "back.counts")
    assert model_files(tmp_path / "back") == model_files(tmp_path / "text")


def test_tsv_without_first_line(run, tmp_path):
    path = tmp_path / "raw.tsv"
    path.write_bytes(b"low\t5\nlower\t2\nnewest\t6\n widest\t3\n")
    done = run("train", "-s", 262, "--counts", path, check=False)
    assert done.returncode in (1, 2) and b"tsv" in done.stderr.lower()
    run("train", "-s", 262, "--counts", path, "--tsv", "raw", "-o", tmp_path / "raw")
    path.write_text("low\t5\nlower\t2\nnewest\t6\nĠwidest\t3\n", "utf-8")
    run("train", "-s", 262, "--counts", path, "--tsv", "printable", "-o", tmp_path / "printable")
    assert model_files(tmp_path / "raw") == model_files(tmp_path / "printable")
    merges = (tmp_path / "raw" / "merges.txt").read_text("utf-8").splitlines()
    assert merges == ["#version: 0.2", "s t", "e st", "o w", "l ow", "w est", "n e"]


def test_words_in_any_order_and_more_than_once(run, tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("#pairmill-counts 1\nzz\t3\nab\t5\nzz\t4\n")
    run("merge-counts", "-o", tmp_path / "b.tsv", path)
    assert read_tsv(tmp_path / "b.tsv") == [("ab", "5"), ("zz", "7")]


def test_size_reported_includes_special_tokens_of_the_file(run, tmp_path):
    (tmp_path / "text").write_text("aaa bbb aaa bbb")
    run("count", "--special", "<e>", "--special", "<f>", "-o", tmp_path / "a.counts",
        tmp_path / "text")
    done = run("train", "-s", 400, "--counts", tmp_path / "a.counts")
    assert b"Learned a vocab of 264:" in done.stderr
    assert b"Stopped at 264 of 400 entries" in done.stderr


@pytest.mark.parametrize("other, words", [
    (["--pattern", "cl100k"], [b"gpt2", b"cl100k"]),
    (["--pattern", "[a-z]+"], [b"gpt2", b"[a-z]+"]),
    (["--unicode", "15.0"], [b"16.0", b"15.0"]),
    (["--special", "<|other|>"], [b"<|other|>"]),
    (["--special", "<|endoftext|>", "--special", "<|other|>"], [b"special token", b"1", b"2"]),
    ([], [b"special token", b"1", b"0"]),
])
def test_counts_made_differently_are_refused(run, tmp_path, pieces, count_files, other, words):
    other = other if "--special" in other or not other else [*other, *OPTIONS]
    run("count", "-o", tmp_path / "other.counts", *other, pieces[0][0])
    mine, theirs = count_files[0], tmp_path / "other.counts"
    for command in (["merge-counts", "-o", tmp_path / "out.counts", mine, theirs],
                    ["train", "-s", 400, "--counts", mine, "--counts", theirs],
                    *([["train", "-s", 400, "--counts", count_files[0], *other]] if other else [])):
        done = run(*command, check=False)
        assert done.returncode == 1, command
        for word in words:
            assert word in done.stderr, (command, done.stderr)
    assert not (tmp_path / "out.counts").exists()


def test_flipped_bits_and_cut_files_are_refused(run, rng, tmp_path, count_files):
    good = count_files[0].read_bytes()
    path = tmp_path / "bad.counts"
    places = sorted(
        {*range(0, 120, 5), *range(len(good) - 30, len(good)), *rng.sample(range(len(good)), 60)})
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        done = run("train", "-s", 300, "--counts", path, check=False)
        assert done.returncode == 1 and done.stderr, f"a flipped bit in byte {place} of {len(good)}"
        done = run("merge-counts", "-o", tmp_path / "out.counts", path, count_files[1], check=False)
        assert done.returncode == 1 and done.stderr, f"a flipped bit in byte {place} of {len(good)}"
    for size in [0, 1, 7, 8, 9, *(rng.randrange(len(good)) for _ in range(20)), len(good) - 1]:
        path.write_bytes(good[:size])
        done = run("train", "-s", 300, "--counts", path, check=False)
        assert done.returncode == 1, f"cut to {size} of {len(good)}"
    for tail in (b"\0", b"x", good):
        path.write_bytes(good + tail)
        assert run("train", "-s", 300, "--counts", path, check=False).returncode == 1, tail[:1]
    assert not (tmp_path / "out.counts").exists()


def test_counts_that_overflow(run, tmp_path):
    path = tmp_path / "big.tsv"
    path.write_text(f"#pairmill-counts 1\nab\t{2**63 - 1}\n")
    run("merge-counts", "-o", tmp_path / "big.counts", path)
    for command in (["merge-counts", "-o", tmp_path / "out.counts", path, path],
                    ["merge-counts", "-o", tmp_path / "out.counts", tmp_path / "big.counts", path],
                    ["train", "-s", 300, "--counts", path, "--counts", tmp_path / "big.counts"]):
        done = run(*command, check=False)
        assert done.returncode == 1 and done.stderr, command
    run("train", "-s", 257, "--counts", tmp_path / "big.counts", "-o", tmp_path / "one")
    assert str(2**63 - 1) in (tmp_path / "one" / "training.json").read_text()


def test_counts_that_overflow_in_temporary_files(run, tmp_path):
    """The TSVs become runs in a temporary file, whose name the message leaves out."""
    path = tmp_path / "big.tsv"
    path.write_text(f"#pairmill-counts 1\nab\t{2**63 - 1}\n")
    done = run("merge-counts", "--memory", "11Mi", "-o", "out.counts", path, path, check=False,
               cwd=tmp_path)
    assert done.returncode == 1
    message = b'the counts of the word "ab" add up to more than 63 bits'
    assert done.stderr == b"pairmill: merge-counts: " + message + b"\n"


def test_nothing_counted(run, tmp_path):
    run("count", "-o", tmp_path / "empty.counts", *OPTIONS, input=SPECIAL * 3)
    run("merge-counts", "-o", tmp_path / "still.counts", tmp_path / "empty.counts",
        tmp_path / "empty.counts")
    run("train", "-s", 300, "--counts", tmp_path / "still.counts", "-o", tmp_path / "model")
    assert (tmp_path / "model" / "merges.txt").read_text() == "#version: 0.2\n"
