# Hostile text, special tokens and expressions, compared with the reference at every chunk size.
# SPDX-License-Identifier: MIT
import json

import pytest

import texts
from compare import SPECIAL, check_texts, check_words, printable
from reference.pretokens import PATTERNS, count_words
from support.tiers import mostly_slow

NAMES = [*PATTERNS, "none"]
CHUNK_SIZES = [1, 2, 3, 7, 64, 4096, 0]

SPECIAL_SETS = {
    "one inside another": [b"<|end|>", b"<|end|>>", b"|", b"end", b"<|"],
    "one the beginning of another": [b"a", b"ab", b"abc", b"abcabcabd"],
    "overlapping themselves": [b"aa", b"abab", b"aabaa", b"\n\n"],
    "of one byte": [b"a", b" ", b"\n", b"\0", b"\xff"],
    "not UTF-8": [b"\xff\xfe", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"a\xc3"],
    "halves of characters": [b"\xe2", b"\x82\xac", b"\xac"],
    "blanks": [b" ", b"  ", b"\r\n", b"\n", b"\t\t"],
    "pieces of patterns": [b"'s", b"'", b" a", b"12", b"\\s+", b".*", b"(?i:"],
    "long": [b"x" * 300, b"x" * 299 + b"y", b"xy"],
    "like reserved ones": [b"<|reserved_0|>", b"<|reserved_10|>", b"<|reserved_1"],
}


def shuffled_text(rng, specials, count=40):
    """Special tokens, parts of them and hostile text in random order, often adjacent."""
    out = []
    for _ in range(rng.randrange(count)):
        token = rng.choice(specials)
        cut = rng.randint(0, len(token))
        out.append(rng.choice([token, token, token[:cut], token[cut:], texts.hostile(rng, 3),
                               texts.small(rng, 9)]))
    return b"".join(out)


@pytest.mark.parametrize("name", SPECIAL_SETS)
def test_special_tokens(batch, rng, tmp_path, name):
    path = tmp_path / "text"
    for _ in range(60):
        specials = rng.sample(SPECIAL_SETS[name], rng.randint(1, len(SPECIAL_SETS[name])))
        pattern = rng.choice(NAMES)
        text = shuffled_text(rng, specials)
        words = dict(count_words([text], pattern, specials))
        path.write_bytes(text)
        case = {"special": specials, "pattern": pattern}
        check_words(batch, words, text=text, **case)
        for chunk_size in CHUNK_SIZES:
            check_words(batch, words, file=path, format="text", chunk_size=chunk_size,
                        threads=rng.choice([1, 2, 3, 8]), **case)


def test_hundreds_of_special_tokens(batch, rng, tmp_path):
    specials = [b"<|%d|>" % i for i in range(600)] + [b"<|"]
    specials += [bytes([i, i]) for i in range(128, 256)]
    path = tmp_path / "text"
    for _ in range(10):
        text = shuffled_text(rng, specials, 200)
        words = dict(count_words([text], "gpt2", specials))
        path.write_bytes(text)
        for chunk_size in [1, 7, 64, 0]:
            check_words(batch, words, file=path, format="text",
                        special=specials, chunk_size=chunk_size)
    check_texts(batch, [text], {"vocab_size": 1100}, specials)
    check_texts(batch, [text], {"vocab_size": 1100, "layout": "gpt2"}, specials)


@pytest.mark.parametrize("specials",
                         [[b""], [b"a", b""], [b"a", b"a"], [b"x", b"\xff", b"y", b"\xff"]])
def test_special_tokens_refused(batch, specials):
    answer = batch.run(vocab_size=300, special=specials, text=b"abc")
    assert answer.status not in ("ok", None)


def test_command_refuses_special_tokens(run, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"some text" * 10)
    for options in (["--special", ""], ["--special", "x", "--special", "x"]):
        done = run("train", "-s", 300, *options, "-o", tmp_path / "out", text, check=False)
        assert done.returncode in (1, 2) and done.stderr, options
    assert not (tmp_path / "out").exists()
    # Refused by name before training: what JSON can't hold or what would share another token's id.
    for token in [b"\xff\xfe", b"a", "\u0120".encode()]:
        done = run("train", "-s", 300, b"--special=" + token, "-o", tmp_path / "out", text,
                   check=False)
        assert done.returncode in (1, 2) and done.stderr, token
        assert not (tmp_path / "out").exists(), token


def test_separator_ends_documents(batch, rng, tmp_path):
    path = tmp_path / "text"
    for _ in range(40):
        separator = rng.choice([SPECIAL, b"\n\n", b"a", b"\0"])
        expression = rng.choice([None, r"[a-z]+|[ \n]+", "(?s).+", "gpt2"])
        text = shuffled_text(rng, [separator, b"<|x|>"])
        specials = [b"<|x|>", separator]
        words = dict(count_words([text], expression or "gpt2", specials))
        path.write_bytes(text)
        for chunk_size in CHUNK_SIZES:
            for special in ([b"<|x|>"], specials):
                check_words(batch, words, file=path, format="text",
                            special=special, separator=separator, pattern=expression, chunk_size=chunk_size)


@pytest.mark.parametrize("pattern", NAMES)
def test_invalid_utf8(batch, rng, tmp_path, pattern):
    path = tmp_path / "text"
    for share in (0.1, 0.5, 1.0):
        for _ in range(25):
            text = texts.hostile(rng, 60, share)
            words = dict(count_words([text], pattern))
            path.write_bytes(text)
            check_words(batch, words, text=text, pattern=pattern)
            for chunk_size in CHUNK_SIZES:
                check_words(batch, words, file=path, format="text",
                            pattern=pattern, chunk_size=chunk_size,
                            threads=2)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", NAMES)
def test_every_pair_of_bytes(batch, pattern):
    documents = [bytes([a, b]) for a in range(256) for b in range(256)]
    words = dict(count_words(documents, pattern))
    check_words(batch, words, text=documents, pattern=pattern, add_threads=2)


@pytest.mark.parametrize("pattern", NAMES)
def test_line_ends_nul_and_byte_order_marks(batch, pattern):
    for text in [b"\0", b"\0\0a\0", b"a\r\nb", b"a\n\rb\r\r\n", b"\xef\xbb\xbfa", b"\xef\xbb\xbf",
                 b"a \n", b" \n a", b"\n  ", b"a\n  ", b"  a", b"\t\ta", b"\r\n\r\n  x", b"'s",
                 b"it's", b"IT'S", b"'", b"1234567", b" 12345"]:
        check_texts(batch, [text, text * 3], {"vocab_size": 270}, pattern=pattern)


EXPRESSIONS = [
    r"\w+|\s+", "(?:.)", "(?=a)", "[a-z]+", "a*", "(?=a)|a", r"(?<=a)b", "a+|b+?",
    r"[^\s]+|\s+(?!\S)|\s", r"\p{L}{2}", "(?s).", "(?s).+", "|a", "a+b", r"\n|\Z", r"[^\n]*\n",
    r"(\w)\1", r"(?i:straSSe|K)", r"\p{Lu}\p{Ll}*|\p{N}", "(?:\ufffd)", "[^a]", "x{0}", r"^.|.$"
]


@pytest.mark.parametrize("expression", mostly_slow(EXPRESSIONS, EXPRESSIONS[:9]))
def test_own_expressions(batch, rng, tmp_path, expression):
    """Leaves out text on which `regex` and PCRE2 differ.

    They differ in \\w beyond letters and ASCII, and older versions of PCRE2 count U+180E as space.
    """
    path = tmp_path / "text"
    for round in range(60):
        text = rng.choice([texts.small, texts.hostile])(rng).replace("\u180e".encode(), b"")
        if r"\w" in expression or "(?i" in expression:
            text = bytes(byte for byte in text if byte < 128) + " naïve 日本 Straße\r\n".encode()
        if "$" in expression:
            text = text.replace(b"\n", b" ")
        specials = [SPECIAL, b"<"]
        document = text + SPECIAL + text[: rng.randint(0, len(text))]
        words = dict(count_words([document], expression, specials))
        path.write_bytes(document)
        check_words(batch, words, text=document, pattern=expression, special=specials)
        if round < 10:
            for chunk_size in CHUNK_SIZES:
                check_words(batch, words, file=path, format="text",
                            pattern=expression, special=specials,
                            chunk_size=chunk_size, threads=2)


@pytest.mark.parametrize("expression", ["(", "[a", "*", "a{2,1}", r"\p{Nonsense}", "(?<n", "\\"])
def test_bad_expressions(batch, expression):
    answer = batch.run(vocab_size=300, pattern=expression, text=b"abc")
    assert answer.status not in ("ok", None) and answer.message


LONG = {
    "letters": lambda rng: bytes(rng.choices(b"abcdefgh", k=1 << 20)),
    "one letter": lambda rng: b"a" * (1 << 20),
    "digits": lambda rng: bytes(rng.choices(b"0123456789", k=1 << 20)),
    "punctuation": lambda rng: bytes(rng.choices(b"!?.,-/#", k=1 << 20)),
    "blanks": lambda rng: b" " * (1 << 20),
    "line ends": lambda rng: bytes(rng.choices(b"\r\n", k=1 << 20)),
    "no UTF-8": lambda rng: bytes(rng.choices([*range(128, 194), *range(245, 256)], k=1 << 20)),
    "han": lambda rng: "".join(rng.choices(texts.SCRIPTS["han"], k=350000)).encode(),
    "marks": lambda rng: "e".encode() + "\u0301".encode() * 500000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_megabyte_without_a_space(batch, rng, tmp_path, name):
    text = LONG[name](rng)
    path = tmp_path / "text"
    path.write_bytes(text)
    for pattern in ["gpt2", "cl100k", "o200k", "none"]:
        words = dict(count_words([text], pattern))
        case = {"file": path, "pattern": pattern}
        for chunk_size, threads in [(0, 1), (4096, 3), (65536, 2)]:
            answer = batch.run(take=1, chunk_size=chunk_size, threads=threads, **case)
            assert answer.words == words, (pattern, chunk_size)
        models = [batch.run(vocab_size=290, chunk_size=c, threads=t, **case)
                  for c, t in [(0, 1), (4096, 3)]]
        assert models[0].status == "ok", models[0].message
        assert models[0].merges == models[1].merges
        check_merges(models[0], words)


def check_merges(answer, words):
    """Counts of merges never rise, and the first one is exact."""
    counts = [count for *_, count in answer.merges]
    assert counts == sorted(counts, reverse=True)
    if answer.merges:
        left, right, _, count = answer.merges[0]
        pair = answer.vocab[left] + answer.vocab[right]
        at = lambda word: sum(word.startswith(pair, i) for i in range(len(word) - 1))
        assert count == sum(at(word) * n for word, n in words.items())


@pytest.mark.parametrize(
    "options", [{"vocab_size": 255}, {"vocab_size": 0}, {"vocab_size": 256, "special": [b"x"]},
                {"vocab_size": 258, "reserve": 3}, {"vocab_size": 256, "separator": b"x"}])
def test_vocab_below_the_base(batch, options):
    answer = batch.run(text=b"abab", **options)
    assert answer.status not in ("ok", None) and answer.message


@pytest.mark.parametrize("key, value", [("ties", "x"), ("layout", "x"), ("compat", "x"),
                                        ("unicode", "1.0"), ("scanner", "x"),
                                        ("min_count", 2**64 - 5), ("format", "xml"),
                                        ("vocab_size", 2**40)])
def test_bad_options(batch, tmp_path, key, value):
    path = tmp_path / "text"
    path.write_bytes(b"some text")
    answer = batch.run(**{"vocab_size": 300, "file": path, key: value})
    assert answer.status not in ("ok", None) and answer.message


def test_early_stop_is_reported(run, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"abab abab")
    for options, reason in (([], "no-pairs"), (["--min-count", 4], "min-count"),
                            (["-s", 257], "full")):
        done = run("train", "-s", 1000, *options, "--json", "-o", tmp_path / "out", "-f", text)
        assert f'"{reason}"'.encode() in done.stdout, (reason, done.stdout)
        record = json.loads((tmp_path / "out" / "training.json").read_text())
        assert reason in json.dumps(record)
    vocab = json.loads((tmp_path / "out" / "vocab.json").read_text())
    assert len(vocab) == 257 and printable(b"ab") in vocab
