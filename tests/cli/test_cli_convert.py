# pairmill convert as users type it: what would be lost, smaller vocabs, names of special tokens.
# SPDX-License-Identifier: MIT
import json
import os

import pytest


def refused(run, *arguments, code=1):
    done = run("convert", *arguments, check=False)
    assert done.returncode == code and done.stdout == b""
    return done.stderr.decode()


@pytest.fixture(scope="module", params=["bytes-first", "hf", "gpt2"])
def trained(request, run, text_file, tmp_path_factory):
    """A folder with models of one layout and several sizes, named by their sizes."""
    folder = tmp_path_factory.mktemp("trained")
    for size in (259, 300, 400):
        run("train", "-q", "-s", size, "--special", "<|end|>", "--reserve", 2, "--layout",
            request.param, "-o", folder / str(size), text_file)
    return folder


# ---- Losses ----

def test_a_loss_is_said_and_refused(run, model, tmp_path):
    message = refused(run, "-f", model, tmp_path / "vocab.json")
    assert message == (
        f"pairmill: convert: {tmp_path}/vocab.json: as vocab.json, the model would lose the "
        "pattern, which tokens are special (--allow-loss writes it all the same)\n")
    assert os.listdir(tmp_path) == []
    done = run("convert", "--allow-loss", model, tmp_path / "vocab.json")
    assert done.stderr.endswith(b"Lost: the pattern, which tokens are special.\n")
    for name in ("vocab.json", "merges.txt"):
        assert (tmp_path / name).read_bytes() == (model / name).read_bytes()
    # Permission to lose something is none to overwrite, nor the other way round.
    message = refused(run, "--allow-loss", model, tmp_path / "vocab.json")
    assert message.endswith("not overwritten (-f overwrites)\n")
    assert run("convert", "-q", "-f", "--allow-loss", model, tmp_path / "vocab.json").stderr == b""


def test_no_loss_no_question(run, model, tmp_path):
    for name in ("a", "a.json"):
        assert b"Lost" not in run("convert", model, tmp_path / name).stderr
    # What is not there can't be lost.
    run("train", "-q", "-s", 260, "--pattern", "none", "-o", tmp_path / "b", input=b"ab ab")
    message = refused(run, tmp_path / "b", tmp_path / "vocab.json")
    assert "would lose the pattern (" in message


def test_what_a_format_cannot_hold_comes_first(run, model, tmp_path):
    document = json.loads((model / "tokenizer.json").read_text())
    document["model"]["ignore_merges"] = True
    (tmp_path / "a.json").write_text(json.dumps(document))
    for option in ([], ["--allow-loss"]):
        message = refused(run, *option, tmp_path / "a.json", tmp_path / "vocab.json")
        assert "can't express" in message and "--allow-loss" not in message


def test_the_format_of_the_output_may_be_named(run, model, tmp_path):
    run("convert", "-q", "--to", "tokenizer.json", model, tmp_path / "a.bin")
    run("convert", "-q", model, tmp_path / "b.json")
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.json").read_bytes()
    run("convert", "-q", "--to", "folder", tmp_path / "a.bin", tmp_path / "c.json")
    assert (tmp_path / "c.json" / "tokenizer.json").read_bytes() == \
        (tmp_path / "b.json").read_bytes()
    message = refused(run, "--to", "vocab.json", model, tmp_path / "d")
    assert "would lose" in message


# ---- Smaller vocabs ----

def test_a_smaller_vocab_is_that_of_a_smaller_training(run, trained, tmp_path):
    for size in ("259", "300", "400"):
        done = run("convert", "-s", size, trained / "400", tmp_path / size)
        assert b"vocab size " + size.encode() in done.stderr
        for name in ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json"):
            assert (tmp_path / size / name).read_bytes() == (trained / size / name).read_bytes()
        # The record is that of the larger one.
        assert (tmp_path / size / "training.json").exists() == (size == "400")


def test_sizes_that_cannot_be(run, trained, tmp_path):
    message = refused(run, "-s", 258, trained / "400", tmp_path / "a", code=2)
    assert message.startswith(f"pairmill: convert: {trained}/400: a vocab of 258 entries is too "
                              "small: 259 of the model's 400 are bytes, special tokens, ")
    message = refused(run, "-s", 401, trained / "400", tmp_path / "a", code=2)
    assert "has 400 entries, so 401 can't be kept" in message
    assert os.listdir(tmp_path) == []


# ---- Special tokens ----

def test_reserved_tokens_get_names(run, trained, tmp_path):
    run("convert", "-q", "--rename-special", "<|reserved_0|>=<|user|>", "--rename-special",
        "<|reserved_1|>=</s>", "--add-special", "<|pad|>", trained / "300", tmp_path / "a")
    old, new = (json.loads((folder / "vocab.json").read_text())
                for folder in (trained / "300", tmp_path / "a"))
    assert new["<|user|>"] == old["<|reserved_0|>"] and new["</s>"] == old["<|reserved_1|>"]
    assert new["<|pad|>"] == 300 and len(new) == len(old) + 1
    assert (tmp_path / "a" / "training.json").exists()
    config = json.loads((tmp_path / "a" / "tokenizer_config.json").read_text())
    assert config["eos_token"] == "</s>" and config["pad_token"] == "<|pad|>"
    text = ["--special-tokens", "all", "--text", "a<|user|>b"]
    ids = run("encode", "-m", tmp_path / "a", *text).stdout.split()
    assert int(ids[1]) == old["<|reserved_0|>"] and len(ids) == 3


def test_names_with_an_equals_sign(run, trained, tmp_path):
    run("convert", "-q", "--rename-special", "<|reserved_0|>=<|a=b|>", "--rename-special",
        "<|reserved_1|>=<|a", trained / "300", tmp_path / "a.json")
    # The first "=" that a special token ends at.
    run("convert", "-q", "--rename-special", "<|a=c=d", tmp_path / "a.json", tmp_path / "b.json")
    names = [{token["content"] for token in json.loads((tmp_path / f"{name}.json").read_text())[
        "added_tokens"]} for name in "ab"]
    assert names == [{"<|end|>", "<|a=b|>", "<|a"}, {"<|end|>", "<|a=b|>", "c=d"}]


@pytest.mark.parametrize("options, message", [
    (["--rename-special", "<|reserved_0|>"], '"<|reserved_0|>" is not of the form OLD=NEW'),
    (["--rename-special", "=x"], "not of the form OLD=NEW"),
    (["--rename-special", "<|reserved_0|>="], 'the new name of "<|reserved_0|>" is empty'),
    (["--rename-special", "<|no|>=x"], 'has no special token "<|no|>" to rename'),
    (["--rename-special", "in=x"], '"in" is an ordinary one'),
    (["--rename-special", "<|reserved_0|>=<|end|>"], 'two special tokens would be called'),
    (["--add-special", "<|end|>"], "two special tokens would be called"),
    (["--add-special", ""], "must not be empty")])
def test_names_that_cannot_be(run, trained, tmp_path, options, message):
    assert message in refused(run, *options, trained / "400", tmp_path / "a", code=2)
    assert os.listdir(tmp_path) == []


def test_a_format_may_refuse_a_name(run, trained, tmp_path):
    message = refused(run, "--add-special", "a", trained / "300", tmp_path / "a")
    assert "spelled like the printable form of a byte" in message and f"{tmp_path}/a" in message
    assert os.listdir(tmp_path) == []
