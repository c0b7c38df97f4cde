# pairmill convert, tested with tokenizers and tiktoken: what is written gives the same ids.
# SPDX-License-Identifier: MIT
"""Ranks as a tokenizer.json, vocabs that were made smaller, special tokens renamed and added."""
import base64
import json
import os

import pytest

tokenizers = pytest.importorskip("tokenizers")
tiktoken = pytest.importorskip("tiktoken")
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402

PATTERN = r"\S+|\s+"
LETTERS = "abcd"
END, USER = "<|end|>", "<|user|>"


def random_ranks(rng, letters, count, longest):
    """All bytes, then tokens in an order in which merging can't make many of them."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    while len(ranks) < 256 + count:
        token = "".join(rng.choices(letters, k=rng.randint(2, longest))).encode()
        ranks.setdefault(token, len(ranks))
    return ranks


def make_texts(rng, letters, ranks):
    """Random texts, and the tokens themselves, alone and beside others."""
    tokens = [token.decode(errors="ignore") for token in list(ranks)[256:]]
    texts = ["".join(rng.choices(letters + " ", k=rng.randint(1, 60))) for _ in range(200)]
    texts += tokens
    texts += [rng.choice(letters) + rng.choice(tokens) + rng.choice(letters) for _ in range(200)]
    return texts + [rng.choice(tokens) + rng.choice(tokens) for _ in range(200)]


def write_ranks(path, ranks):
    path.write_bytes(b"".join(b"%s %d\n" % (base64.b64encode(token), rank)
                              for token, rank in ranks.items()))


# Few letters and long tokens: the longer, the more are made through tokens of higher rank, or not.
@pytest.mark.parametrize("letters, count, longest", [
    ("ab", 40, 6), ("ab", 120, 10), ("abc", 100, 4), (LETTERS, 200, 6), ("aé", 60, 5),
    ("a", 30, 32)])
def test_ranks_as_a_tokenizer_json(run, rng, tmp_path, letters, count, longest):
    whole = 0
    for number in range(10):
        ranks = random_ranks(rng, letters, count, longest)
        path, out = tmp_path / f"{number}.tiktoken", tmp_path / f"{number}.json"
        write_ranks(path, ranks)
        run("convert", "-q", path, out, "--pattern", PATTERN, "--special", END)
        ours = Tokenizer.from_file(str(out))
        theirs = tiktoken.Encoding("x", pat_str=PATTERN, mergeable_ranks=ranks,
                                   special_tokens={END: len(ranks)})
        for text in make_texts(rng, letters, ranks):
            assert ours.encode(text).ids == theirs.encode(text), text
            assert ours.encode(text + END).ids == theirs.encode(text + END, allowed_special="all")
        whole += json.loads(out.read_text())["model"]["ignore_merges"]
    assert whole > 0 or letters in ("a", "abc")  # which have nearly all pairs


def test_ranks_that_a_merge_list_holds(run, rng, tmp_path):
    """Trained ranks need no ignore_merges."""
    (tmp_path / "t.txt").write_text(" ".join("".join(rng.choices("abcde", k=rng.randint(1, 9)))
                                             for _ in range(3000)))
    run("train", "-q", "-s", 600, "-o", tmp_path / "m.tiktoken", tmp_path / "t.txt")
    run("convert", "-q", "--pattern", "gpt2", tmp_path / "m.tiktoken", tmp_path / "m.json")
    assert json.loads((tmp_path / "m.json").read_text())["model"]["ignore_merges"] is False


def test_a_token_with_a_byte_that_is_none(run, tmp_path):
    ranks = {bytes([byte]): byte for byte in range(255)}
    ranks[b"a\xff"] = 255
    write_ranks(tmp_path / "a.tiktoken", ranks)
    done = run("convert", "--pattern", "gpt2", tmp_path / "a.tiktoken", tmp_path / "a.json",
               check=False)
    assert done.returncode == 1 and b"lacks its byte 0xFF" in done.stderr
    assert not (tmp_path / "a.json").exists()


# ---- Changed vocabs ----

WORDS = "the mill grinds slowly corn in flour out Müller mahlt 粉 12 345 we'll go".split()


def train_theirs(vocab_size, texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=[END, "<|r0|>"],
                                  show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


@pytest.fixture
def texts(rng):
    return [" ".join(rng.choices(WORDS, k=40)) + rng.choice([" ", "\n\n", "!?"])
            for _ in range(60)]


def test_a_smaller_vocab_is_theirs_trained_smaller(run, texts, tmp_path):
    train_theirs(310, texts).save(str(tmp_path / "large.json"))
    for size in (258, 259, 290, 310):
        small = train_theirs(size, texts)
        run("convert", "-q", "-s", size, tmp_path / "large.json", tmp_path / f"{size}.json")
        ours = Tokenizer.from_file(str(tmp_path / f"{size}.json"))
        assert ours.get_vocab() == small.get_vocab()
        for text in texts:
            assert ours.encode(text + END).ids == small.encode(text + END).ids


def test_fewer_ranks_are_theirs(run, rng, tmp_path):
    ranks = random_ranks(rng, LETTERS, 200, 6)
    write_ranks(tmp_path / "a.tiktoken", ranks)
    for size in (256, 300, 455):
        run("convert", "-q", "--allow-loss", "-s", size, tmp_path / "a.tiktoken",
            tmp_path / f"{size}.tiktoken")
        few = dict(list(ranks.items())[:size])
        lines = (tmp_path / f"{size}.tiktoken").read_bytes().split(b"\n")[:-1]
        assert {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)} == few
        run("convert", "-q", "--pattern", PATTERN, tmp_path / f"{size}.tiktoken",
            tmp_path / f"{size}.json")
        ours = Tokenizer.from_file(str(tmp_path / f"{size}.json"))
        theirs = tiktoken.Encoding("x", pat_str=PATTERN, mergeable_ranks=few, special_tokens={})
        for text in make_texts(rng, LETTERS, ranks):
            assert ours.encode(text).ids == theirs.encode(text)


def test_special_tokens_get_other_names(run, texts, tmp_path):
    before = train_theirs(300, texts)
    before.save(str(tmp_path / "a.json"))
    run("convert", "-q", "--rename-special", f"<|r0|>={USER}", "--add-special", "<|x=y|>",
        "--add-special", "<|z|>", tmp_path / "a.json", tmp_path / "b.json")
    after = Tokenizer.from_file(str(tmp_path / "b.json"))
    vocab = before.get_vocab()
    vocab[USER] = vocab.pop("<|r0|>")
    assert after.get_vocab() == {**vocab, "<|x=y|>": 300, "<|z|>": 301}
    for text in texts:
        ids = before.encode(text).ids
        assert after.encode(text).ids == ids
        assert after.encode(USER + text + "<|x=y|>").ids == [vocab[USER]] + ids + [300]
    run("convert", "-q", "--rename-special", "<|x=y|>=<|=|>", tmp_path / "b.json",
        tmp_path / "c.json")
    assert Tokenizer.from_file(str(tmp_path / "c.json")).get_vocab()["<|=|>"] == 300


def test_nothing_is_left_behind(run, texts, tmp_path):
    train_theirs(300, texts).save(str(tmp_path / "a.json"))
    for options in (["-s", "100"], ["--rename-special", "<|no|>=<|yes|>"], ["--add-special", END],
                    ["--rename-special", "<|r0|>"]):
        done = run("convert", *options, tmp_path / "a.json", tmp_path / "out", check=False)
        assert done.returncode == 2, options
    assert os.listdir(tmp_path) == ["a.json"]
