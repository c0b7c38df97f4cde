# The same merges as rustbpe 0.1.0, nanochat's trainer.
# SPDX-License-Identifier: MIT
#
# It uses our layout bytes-first without special tokens, and of pairs with equal counts takes the
# smaller (left id, right id): --ties ids. No difference is known for expressions that leave no text
# between their matches. rustbpe drops such text, while here it is a pretoken
# (`test_text_between_matches`).
import base64
import random

import pytest

import texts
from reference.pretokens import PATTERNS, count_words
from reference.trainer import train

pytestmark = pytest.mark.slow
rustbpe = pytest.importorskip("rustbpe")

DEFAULT = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}"
           r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")


def train_theirs(documents, vocab_size, pattern=None):
    """Trains rustbpe and returns the bytes of each id."""
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(documents, vocab_size, pattern=pattern)
    ranks = sorted((rank, bytes(token)) for token, rank in tokenizer.get_mergeable_ranks())
    assert [rank for rank, _ in ranks] == list(range(len(ranks)))
    return [token for _, token in ranks]


def train_ours(run, folder, documents, vocab_size, pattern, *options):
    files = []
    for i, document in enumerate(documents):
        files.append(folder / f"{i:05}.txt")
        files[-1].write_bytes(document.encode())
    (folder / "list").write_text("".join(f"{file}\n" for file in files))
    out = folder / "out.tiktoken"
    run("train", "-s", vocab_size, "--ties", "ids", "--pattern", pattern, *options, "-o", out,
        f"@{folder / 'list'}")
    lines = [line.split() for line in out.read_text().splitlines()]
    assert [int(rank) for _, rank in lines] == list(range(len(lines)))
    return [base64.b64decode(token) for token, _ in lines]


def check_equal(ours, theirs):
    for i, (mine, other) in enumerate(zip(ours, theirs)):
        assert mine == other, f"token {i}: {mine}, theirs {other}"
    assert len(ours) == len(theirs)


@pytest.fixture(scope="module")
def documents():
    rng = random.Random(8)
    made = texts.Words(rng, 20000, ("latin", "cyrillic", "han", "thai")).text(1_000_000)
    real = "".join(c for c in texts.python_sources(1_000_000) if c.isascii() or texts.is_stable(c))
    odd = "".join(texts.hostile(rng, 60, 0).decode() for _ in range(300))
    return [text[i : i + 10000] for text in (made, real, odd) for i in range(0, len(text), 10000)]


def test_default_pattern():
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(["x"], 256)
    assert tokenizer.get_pattern() == DEFAULT


@pytest.mark.parametrize("name, expression", [
    (DEFAULT, None),
    ("nanochat", PATTERNS["nanochat"]),
    (PATTERNS["nanochat"], PATTERNS["nanochat"]),
    ("gpt2", PATTERNS["gpt2"]),
    ("cl100k", PATTERNS["cl100k"].replace(r"\Z", r"\z")),
    ("llama3", PATTERNS["llama3"]),
    ("o200k", PATTERNS["o200k"]),
])
def test_training(run, tmp_path, documents, name, expression):
    theirs = train_theirs(documents, 6000, expression)
    check_equal(train_ours(run, tmp_path, documents, 6000, name), theirs)


def test_until_no_pair_is_left(run, tmp_path, documents):
    """Trains until no pair is left: most merges are ties between pairs that occur once."""
    some = documents[::20]
    check_equal(train_ours(run, tmp_path, some, 1_000_000, DEFAULT), train_theirs(some, 1_000_000))


def test_reference(rng):
    """The reference itself, on small cases decided by ties."""
    for _ in range(400):
        make = rng.choice([texts.small, lambda rng: texts.hostile(rng, 40, 0)])
        documents = [make(rng).decode(errors="ignore") for _ in range(rng.randint(1, 4))]
        words = count_words([d.encode() for d in documents], DEFAULT)
        check_equal(train(words, 300, ties="ids").vocab, train_theirs(documents, 300))


def test_text_between_matches(run, tmp_path):
    assert train_theirs(["AB AB ab"], 300, "[a-z]+")[256:] == [b"ab"]
    ours = train_ours(run, tmp_path, ["AB AB ab"], 300, "[a-z]+")
    assert ours[256:] == train({b"AB AB ": 1, b"ab": 1}, 300, ties="ids").vocab[256:]
