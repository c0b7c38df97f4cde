# Training, compared with the reference on thousands of small cases.
# SPDX-License-Identifier: MIT
import pytest

import texts
from compare import SPECIAL, check_texts, check_training, check_words, write_tsv
from reference.encoder import encode
from reference.pretokens import PATTERNS, count_words

NAMES = [*PATTERNS, "none"]
LIMITS = [0, 0, 1, 2, 3, 4, 5, 8]
SPECIALS = [(), (SPECIAL,), (b"a",), (b"ab", b"aba"), (SPECIAL, b"<|", b"|>"), (b" ",), (b"\n\n",)]


def random_options(rng, specials):
    options = {"vocab_size": 256 + len(specials) + rng.choice([0, 1, 2, 5, 20, 100])}
    if rng.random() < 0.2:
        options["compat"] = "hf"
    else:
        options["ties"] = rng.choice(["bytes", "ids"])
        options["layout"] = rng.choice(["bytes-first", "hf", "gpt2"])
    if rng.random() < 0.5:
        options["min_count"] = rng.choice([1, 1, 2, 3, 7])
        options["max_token_length"] = rng.choice(LIMITS)
    if rng.random() < 0.3:
        options["reserve"] = rng.choice([0, 1, 3])
        options["pad_vocab_to"] = rng.choice([0, 1, 8, 64])
        options["vocab_size"] += options["reserve"]
    return options


def random_case(rng):
    specials = rng.choice(SPECIALS)
    make = texts.small if rng.random() < 0.85 else texts.hostile
    documents = [make(rng) for _ in range(rng.choice([0, 1, 1, 1, 2, 5]))]
    if specials and rng.random() < 0.5:
        documents = [rng.choice(specials).join([d, make(rng), make(rng)]) for d in documents]
    return documents, specials


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, 8))])
def test_random_texts(batch, rng, part):
    for _ in range(1000):
        documents, specials = random_case(rng)
        check_texts(batch, documents, random_options(rng, specials), specials,
                    pattern=rng.choice(NAMES), threads=rng.choice([1, 2, 3, 8]))


@pytest.mark.parametrize("ties", ["bytes", "ids"])
@pytest.mark.parametrize("layout", ["bytes-first", "hf", "gpt2"])
def test_ties(batch, rng, ties, layout):
    """All words occur equally often, so that the tie rule decides nearly every merge."""
    for _ in range(60):
        letters = rng.sample(range(256), 12)
        words = {bytes(rng.choices(letters, k=rng.randint(1, 5))): 1 for _ in range(30)}
        options = {"vocab_size": 300, "ties": ties, "layout": layout}
        documents = list(words)
        check_texts(batch, documents, options, pattern="none", add_threads=rng.choice([1, 3]))


@pytest.mark.parametrize("unit", [b"a", b"ab", b"aab", b"abc", b"aba", b"abab c", b"aaab"])
def test_runs(batch, unit):
    for length in [*range(20), 31, 32, 33, 63, 64, 65, 127, 200]:
        for options in ({}, {"ties": "ids"}, {"compat": "hf", "max_token_length": 5}):
            check_texts(batch, [(unit * 200)[:length]], {"vocab_size": 300, **options},
                        pattern="none")


def test_words_run_out(batch):
    """More merges are requested than there are pairs, and words end as one token."""
    check_texts(batch, [b"the the the cat"], {"vocab_size": 1000})
    check_texts(batch, [b"a b c d a b"], {"vocab_size": 300}, pattern="[a-z]")
    check_texts(batch, [b""], {"vocab_size": 300})
    check_texts(batch, [], {"vocab_size": 300})
    check_texts(batch, [b"ab ab ab"], {"vocab_size": 300, "min_count": 4})
    check_texts(batch, [b"ab ab ab"], {"vocab_size": 300, "min_count": 3})
    check_texts(batch, [b"ab ab ab"], {"vocab_size": 256})


BIG = [
    2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 2**32, 2**32 + 1, 2**53, 2**53 + 1, 2**61, 2**62 - 1,
    2**62
]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_big_counts(batch, rng, tmp_path, part):
    """Counts near the limits of 32, 53 and 63 bits; a sum that does not fit is refused."""
    for _ in range(400):
        words = {}
        for _ in range(rng.randint(1, 6)):
            count = rng.choice(BIG) if rng.random() < 0.6 else rng.randint(1, 1000)
            words[bytes(rng.choices(b"abc", k=rng.randint(1, 6)))] = count
        path = write_tsv(tmp_path / "words.tsv", words.items())
        options = random_options(rng, ()) | {"vocab_size": 270, "reserve": 0}
        check_training(batch, words, options, pattern="none", counts=path,
                       threads=rng.choice([1, 2]))


def test_overflow_is_an_error(batch, tmp_path):
    top = 2**63 - 1
    cases = [
        ([(b"ab", top)], "ok"),
        ([(b"ab", top - 1), (b"cd", 1)], "ok"),
        ([(b"aaa", 2**62)], "overflow"),
        ([(b"ab", 2**62), (b"xab", 2**62)], "overflow"),
    ]
    for words, wanted in cases:
        path = write_tsv(tmp_path / "words.tsv", words)
        answer = check_training(batch, dict(words), {"vocab_size": 260}, pattern="none",
                                counts=path)
        assert (answer.status == "ok") == (wanted == "ok"), (words, answer.status)
    path = write_tsv(tmp_path / "words.tsv", [(b"ab", top)])
    answer = batch.run(vocab_size=260, pattern="none", counts=[path, path])
    assert answer.status not in ("ok", None), "the same word twice with 2^63 - 1"


def test_invalid_counts(batch, tmp_path):
    for count in ["0", "-1", "9223372036854775808", "18446744073709551617", "", "x", "1x", "1.5"]:
        path = tmp_path / "words.tsv"
        path.write_text(f"#pairmill-counts 1\nab\t5\ncd\t{count}\n")
        answer = batch.run(vocab_size=260, pattern="none", counts=path)
        assert answer.status not in ("ok", None), f"the count {count!r} was accepted"


@pytest.mark.parametrize("pattern", NAMES)
def test_threads_and_chunks(batch, rng, tmp_path, pattern):
    """The words equal the reference's and the saved bytes are equal, however work is divided."""
    specials = (SPECIAL, b"<|", b"\n<|endoftext|>")
    for round in range(3):
        pieces = [texts.hostile(rng, 60) for _ in range(30)]
        document = b"".join(p + rng.choice([b"", b"", *specials]) for p in pieces)
        path = tmp_path / "text.txt"
        path.write_bytes(document)
        words = dict(count_words([document], pattern, specials))
        saved = set()
        for chunk_size in [1, 2, 3, 7, 64, 4096, 0]:
            for threads in [1, 2, 3, 8]:
                case = {
                    "file": path, "special": specials, "pattern": pattern, "threads": threads,
                    "chunk_size": chunk_size
                }
                if threads in (1, 3):
                    check_words(batch, words, **case)
                answer = batch.run(**case, vocab_size=300, save=["tokenizer.json", "tiktoken"])
                assert answer.status == "ok", answer.message
                assert len(answer.saved) == 2, answer.all("save_error")
                saved.add((tuple(answer.saved), tuple(answer.merges)))
        assert len(saved) == 1, f"{len(saved)} different models in round {round}"


@pytest.mark.parametrize("pattern", NAMES)
def test_encode(batch, rng, pattern):
    """Ids equal the reference's, and decode to the same bytes."""
    specials = (SPECIAL, b"<|end")
    for _ in range(25):
        documents = [texts.hostile(rng, 60), texts.small(rng, 200)]
        wanted = [
            texts.hostile(rng, 60) + SPECIAL + texts.small(rng), documents[0], b"",
            SPECIAL + b"<|end<|en"
        ]
        for encode_special in ["all", "none"]:
            answer = batch.run(text=documents, pattern=pattern, special=specials, vocab_size=330,
                               encode=wanted, encode_special=encode_special)
            assert answer.status == "ok", answer.message
            merges = [(answer.vocab[left], answer.vocab[right])
                      for left, right, _, _ in answer.merges]
            ids = {token: i for i, token in enumerate(answer.vocab)
                   if i not in answer.specials.values()}
            known = answer.specials if encode_special == "all" else {}
            assert answer.ids == [encode(text, ids, merges, pattern=pattern, specials=known)
                                  for text in wanted]
            assert answer.decoded == wanted
