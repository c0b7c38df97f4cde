# Model files, tested with the programs that read them: tokenizers, transformers and tiktoken.
# SPDX-License-Identifier: MIT
"""They load what we write and give equal ids; we load what they write, and can write it again."""
import base64
import json
import os
import random
import struct
import subprocess

import pytest

tokenizers = pytest.importorskip("tokenizers")
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402

SPECIALS = ["<|endoftext|>", "<| pad |>"]

# The patterns as their authors spell them, for tiktoken and `regex`; never copied from our table.
CL100K = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s""")
GPT2 = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
LLAMA3 = (r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"""
          r"""| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?" + _UPPER + "*" + _LOWER + "+" + _CONTRACTION,
    r"[^\r\n\p{L}\p{N}]?" + _UPPER + "+" + _LOWER + "*" + _CONTRACTION,
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
NANOCHAT = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*"""
    r"""|\s*[\r\n]|\s+(?!\S)|\s+""")
PATTERNS = {"gpt2": GPT2, "cl100k": CL100K, "llama3": LLAMA3, "qwen2": QWEN2, "o200k": O200K,
            "nanochat": NANOCHAT}

WORDS = (
    "the The a I'm we'll WE'LL it's IT'S they\u017f don't naïve Straße 東京 日本語 год हिन्दी "
    "n\u0303o 1 12 123 1234 3.14 x=y; foo_bar <html> // /* https://example.org !!! ??? — … € "
    "🙂 👩‍👩‍👧 Ⅷ ½ ² ÀÉÎ").split()
GAPS = [
    " ", " ", " ", "  ", "\n", "\n\n", " \n", "\n ", "\r\n", "\t", "\u00a0", "\u3000", "   \n\n  ",
    "'", "\x00", ""
]


def make_text(rng, length=60):
    return "".join(rng.choice(GAPS) + rng.choice(WORDS) for _ in range(length)) + rng.choice(GAPS)


# Expressions differ at the ends of texts and lines, and at quotation marks.
HOSTILE = [
    "", " ", "\n", "a\n", "a\n  ", "a  \n", "a\n\n  ", "  \n  \n", "a\r\n\r\n", "\n\n b", " \n b",
    "12345\n", "1234567", "a 1234 b", "'s", "'S'T", "'\u017f", "''ll", "x'RE y", "a\n\n\n",
    "\u2028\n", "a\u0085\n b", "  a", "\t\t\n", "!!\n\n", "!!\r\n x", " !!\n", "/\n/\n", "A\n/",
    "ABc'sD", "a\u0301b", "\u0301\n", "é'é", "\x00\n\x00"
]


@pytest.fixture(scope="module")
def model(build_dir):
    def call(*args, input=b""):
        done = subprocess.run([str(build_dir / "tests" / "model"), *map(str, args)], input=input,
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode()

    return call


@pytest.fixture(scope="module")
def ours(build_dir):
    """Encodes texts with our encoder, which recognises all special tokens."""

    def encode(path, texts, *options):
        data = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
        program = str(build_dir / "tests" / "encode")
        command = [program, "--special-tokens", "all", *options, str(path)]
        done = subprocess.run(command, input=data, capture_output=True, check=True)
        answers, at = [], 0
        for _ in texts:
            (count,) = struct.unpack_from("<I", done.stdout, at)
            assert count != 0xFFFFFFFF
            answers.append(list(struct.unpack_from(f"<{count}I", done.stdout, at + 4)))
            at += 4 + 4 * count
        return answers

    return encode


def byte_level(pattern):
    """Hugging Face's pre-tokenizer for a pattern; None is gpt2, which ByteLevel has built in."""
    if pattern is None:
        return pre_tokenizers.ByteLevel(add_prefix_space=False)
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    ])


def train_theirs(pattern, specials=SPECIALS):
    rng = random.Random(7)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=specials, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator((make_text(rng, 300) for _ in range(60)), trainer)
    return tokenizer


@pytest.fixture(scope="module")
def theirs():
    return train_theirs(None)


@pytest.fixture(scope="module")
def merges(theirs):
    """Merges as pairs of ids in the layout hf, which is that of Hugging Face's trainer."""
    model = json.loads(theirs.to_str())["model"]
    return [(model["vocab"][a], model["vocab"][b]) for a, b in model["merges"]]


def order_of_bytes():
    order = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return order + [b for b in range(256) if b not in order]


def build(model, merges, layout, pattern, out):
    """Builds a model file from merges whose ids are moved from the layout hf to `layout`."""
    order, count, specials = order_of_bytes(), len(merges), len(SPECIALS)
    byte_at = {"hf": lambda i: specials + i, "gpt2": lambda i: i,
               "bytes-first": lambda i: order[i]}[layout]
    first_merge = 256 if layout == "gpt2" else 256 + specials

    def move(i):
        i -= specials
        return byte_at(i) if i < 256 else i - 256 + first_merge

    lines = [f"special {token.encode().hex()}" for token in SPECIALS]
    lines += [f"merge {move(a)} {move(b)}" for a, b in merges]
    assert count > 100
    model("build", layout, pattern, out, input="\n".join(lines).encode())


def texts_of(rng):
    made = [make_text(rng) for _ in range(60)]
    return [*HOSTILE, *made, "a<|endoftext|>b <| pad |>", "<|endoftext|>\n"]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("layout", ["bytes-first", "hf", "gpt2"])
def test_they_load_the_folder(model, ours, merges, tmp_path, rng, layout, pattern):
    build(model, merges, layout, pattern, tmp_path / "m")
    loaded = Tokenizer.from_file(str(tmp_path / "m" / "tokenizer.json"))
    texts = texts_of(rng)
    for text, ids in zip(texts, ours(tmp_path / "m", texts)):
        theirs = loaded.encode(text).ids
        assert theirs == ids, text
        assert loaded.decode(theirs, skip_special_tokens=False) == text
    # Each token has the id given in the file, and none is shifted.
    for token, i in json.loads((tmp_path / "m" / "vocab.json").read_text()).items():
        assert loaded.token_to_id(token) == i


@pytest.mark.parametrize("pattern", PATTERNS)
def test_cuts_like_the_pattern(model, merges, tmp_path, rng, pattern):
    """Our expression, run by Oniguruma, cuts like the author's spelling, run by `regex`."""
    regex = pytest.importorskip("regex")
    build(model, merges, "hf", pattern, tmp_path / "t.json")
    cutter = Tokenizer.from_file(str(tmp_path / "t.json")).pre_tokenizer
    expression = regex.compile(PATTERNS[pattern].replace(r"\s++$", r"\s++\Z"))
    for text in texts_of(rng) + [make_text(rng, 8) for _ in range(500)]:
        pieces = [text[a:b] for _, (a, b) in cutter.pre_tokenize_str(text)]
        assert pieces == expression.findall(text), text


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k"])
@pytest.mark.parametrize("layout", ["bytes-first", "hf", "gpt2"])
def test_tiktoken_loads_ours(model, ours, merges, tmp_path, rng, layout, pattern):
    tiktoken = pytest.importorskip("tiktoken")
    path = tmp_path / "m.tiktoken"
    build(model, merges, layout, pattern, path)
    ranks = {
        base64.b64decode(a): int(b)
        for a, b in (line.split() for line in path.read_bytes().splitlines())
    }
    free = [i for i in range(len(ranks) + len(SPECIALS)) if i not in ranks.values()]
    encoding = tiktoken.Encoding("ours", pat_str=PATTERNS[pattern], mergeable_ranks=ranks,
                                 special_tokens=dict(zip(SPECIALS, free)))
    options = ["--pattern", pattern] + [x for token in SPECIALS for x in ("--special", token)]
    texts = texts_of(rng)
    for text, ids in zip(texts, ours(path, texts, *options)):
        assert encoding.encode(text, allowed_special="all") == ids, text


@pytest.mark.slow
def test_auto_tokenizer_loads_the_folder(model, ours, merges, tmp_path, rng, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    transformers = pytest.importorskip("transformers")
    build(model, merges, "bytes-first", "cl100k", tmp_path / "m")
    texts = texts_of(rng)
    expected = ours(tmp_path / "m", texts)
    auto = transformers.AutoTokenizer.from_pretrained(str(tmp_path / "m"))
    file = str(tmp_path / "m" / "tokenizer.json")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_file=file)
    assert auto.eos_token == "<|endoftext|>"
    assert len(auto) == len(fast) == 256 + len(merges) + len(SPECIALS)
    for text, ids in zip(texts, expected):
        assert auto(text, add_special_tokens=False)["input_ids"] == ids, text
        assert fast(text, add_special_tokens=False)["input_ids"] == ids, text


def parse(shown):
    lines = [line.split(" ") for line in shown.splitlines()]
    pick = lambda key: [line[1:] for line in lines if line[0] == key]  # noqa: E731
    return {
        "meaning": " ".join(pick("meaning")[0]),
        "pattern": bytes.fromhex(pick("pattern")[0][0]).decode(),
        "tokens": [bytes.fromhex(x[0]) for x in pick("token")],
        "merges": pick("merge"),
        "specials": pick("special"),
    }


@pytest.mark.parametrize(
    "pattern",
    [None, CL100K.replace("{1,3}+", "{1,3}"), LLAMA3, O200K, QWEN2, r"\p{L}+|[^\p{L}]"])
def test_we_load_theirs(model, ours, tmp_path, rng, pattern):
    tokenizer = train_theirs(pattern)
    tokenizer.add_tokens(["<think>"])
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    names = {None: "gpt2", CL100K.replace("{1,3}+", "{1,3}"): "cl100k", LLAMA3: "cl100k-hf",
             O200K: "o200k", QWEN2: "qwen2"}
    shown = parse(model("show", path))
    assert shown["pattern"] == names.get(pattern, pattern)
    assert shown["meaning"] == "merge list"
    texts = texts_of(rng) + ["a<think> b"]
    for text, ids in zip(texts, ours(path, texts)):
        assert tokenizer.encode(text).ids == ids, text
    # What we write after loading is the same tokenizer.
    model("convert", path, tmp_path / "again.json")
    again = Tokenizer.from_file(str(tmp_path / "again.json"))
    assert again.get_vocab() == tokenizer.get_vocab()
    for text in texts:
        assert again.encode(text).ids == tokenizer.encode(text).ids
    assert parse(model("show", tmp_path / "again.json")) == shown


def test_old_spellings_of_theirs(model, theirs, tmp_path):
    """Merges as strings, inverted Removed, TemplateProcessing: older forms of the same file."""
    spec = json.loads(train_theirs(LLAMA3).to_str())
    (tmp_path / "new.json").write_text(json.dumps(spec))
    spec["model"]["merges"] = [" ".join(pair) for pair in spec["model"]["merges"]]
    spec["pre_tokenizer"]["pretokenizers"][0].update(behavior="Removed", invert=True)
    spec["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [], "special_tokens": {}}]}
    (tmp_path / "old.json").write_text(json.dumps(spec))
    assert model("show", tmp_path / "old.json") == model("show", tmp_path / "new.json")


REFUSED = {
    "StripAccents": lambda d: d.update(normalizer={"type": "StripAccents"}),
    "not byte-level": lambda d: d.update(
        pre_tokenizer={"type": "Digits", "individual_digits": True}),
    "Metaspace": lambda d: d.update(decoder={"type": "Metaspace"}),
    "dropout": lambda d: d["model"].update(dropout=0.1),
    "continuing_subword_prefix": lambda d: d["model"].update(continuing_subword_prefix="##"),
    "WordPiece": lambda d: d["model"].update(type="WordPiece"),
    "{n,m}+": lambda d: d.update(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": CL100K}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refuses_by_name_what_would_change_ids(model, theirs, tmp_path, what):
    spec = json.loads(theirs.to_str())
    REFUSED[what](spec)
    (tmp_path / "t.json").write_text(json.dumps(spec))
    model("show", tmp_path / "t.json")
    with pytest.raises(RuntimeError) as caught:
        model("convert", tmp_path / "t.json", tmp_path / "out.json")
    assert str(caught.value).startswith("not supported: ") and what in str(caught.value)


WRONG = {
    "not in the vocab": lambda d: d["model"]["merges"].append(["a", "nothing"]),
    "occurs twice": lambda d: d["model"]["merges"].append(d["model"]["merges"][0]),
    "same id": lambda d: d["model"]["vocab"].update(a=d["model"]["vocab"]["b"]),
    "out of range": lambda d: d["model"]["vocab"].update(zzzz=10**9),
    "not an integer": lambda d: d["model"]["vocab"].update(zzzz="1"),
}


@pytest.mark.parametrize("what", WRONG)
def test_refuses_what_contradicts_itself(model, theirs, tmp_path, what):
    spec = json.loads(theirs.to_str())
    WRONG[what](spec)
    (tmp_path / "t.json").write_text(json.dumps(spec))
    with pytest.raises(RuntimeError) as caught:
        model("show", tmp_path / "t.json")
    assert str(caught.value).startswith("bad input: ") and what in str(caught.value)
    assert "t.json" in str(caught.value)


EXPRESSIONS = [
    r"\p{L}+|\s+|[^\p{L}\s]+", r"(?>\d{1,3})|[a-z]+(?=\s)|\S", r"(?i:'s|'ve)?[A-Za-z]+|[^A-Za-z]",
    r"[\r\n]+|\x{41}+|[^\r\n\x{41}-\x{43}]{1,4}", r"(?:ab?)++|(?<!a)c|.|\n",
    r"\s+(?![\s\S])|\s+?|\S{2,3}?|."
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_custom_expressions(model, ours, merges, tmp_path, rng, expression):
    build(model, merges, "hf", expression, tmp_path / "t.json")
    loaded = Tokenizer.from_file(str(tmp_path / "t.json"))
    texts = texts_of(rng) + ["abab cab aabbc\n", "AAA BC\nD", "1234 56 abc d"]
    for text, ids in zip(texts, ours(tmp_path / "t.json", texts)):
        assert loaded.encode(text).ids == ids, text


DIFFERENT = [
    r"^a|.", r"a$|.", r"\h+|.", r"\R|.", r"\X", r"\d{1,3}+|.", r"(?m)a|.", r"a\Kb|.", r"\w+|.",
    r"(?i:ss)|.", r"a*", r"|a", r"\p{scx=Greek}|.", r"[a--b]|.", r"[[:alpha:]]|.", r"(?<n>a)|.",
    r"(a)\1|.", r"\Q.\E", r"a{2}?|.", r"\bx|.", r"\N"
]


@pytest.mark.parametrize("expression", DIFFERENT)
def test_expressions_that_are_read_differently_are_refused(model, merges, tmp_path, expression):
    with pytest.raises(RuntimeError, match="not supported: .*Oniguruma"):
        build(model, merges, "hf", expression, tmp_path / "t.json")
    assert not os.listdir(tmp_path)
    build(model, merges, "hf", expression, tmp_path / "t.tiktoken")


@pytest.mark.parametrize("layout", ["bytes-first", "hf", "gpt2"])
def test_every_format_holds_the_same_model(model, merges, tmp_path, layout):
    names = ["a", "b.json", "c-vocab.json", "d.tiktoken"]
    named = [x for token in SPECIALS for x in ("--special", token)]
    models = []
    for name in names:
        build(model, merges, layout, "qwen2", tmp_path / name)
        models.append(parse(model("show", tmp_path / name, "--pattern", "qwen2", *named)))
    for name, other in zip(names, models):
        assert other.pop("meaning") == ("rank by id" if name.endswith("tiktoken") else "merge list")
        assert other == models[0], name
    # The merges follow from the ranks alone, and make the same tokenizer.json.
    model("convert", tmp_path / "d.tiktoken", tmp_path / "e.json", "--pattern", "qwen2", *named)
    assert (tmp_path / "e.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_ranks_of_tiktoken(model, ours, tmp_path, rng):
    """Random ranks, with tokens that merging can't reach, give the same ids as tiktoken."""
    tiktoken = pytest.importorskip("tiktoken")
    for number in range(20):
        ranks = {bytes([b]): b for b in range(256)}
        while len(ranks) < 400:
            token = bytes(rng.choice(b"abcd") for _ in range(rng.randint(2, 6)))
            ranks.setdefault(token, len(ranks))
        path = tmp_path / f"{number}.tiktoken"
        path.write_text("".join(f"{base64.b64encode(t).decode()} {r}\n" for t, r in ranks.items()))
        encoding = tiktoken.Encoding("x", pat_str=r"\S+|\s+", mergeable_ranks=ranks,
                                     special_tokens={})
        texts = ["".join(rng.choice("abcd ") for _ in range(rng.randint(1, 40))) for _ in range(50)]
        for text, ids in zip(texts, ours(path, texts, "--pattern", r"\S+|\s+")):
            assert encoding.encode(text) == ids
        model("convert", path, tmp_path / "again.tiktoken")
        assert (tmp_path / "again.tiktoken").read_bytes() == path.read_bytes()
        with pytest.raises(RuntimeError, match="has no pattern"):
            model("convert", path, tmp_path / "x.json")
        with pytest.raises(RuntimeError, match="which merging can't make"):
            model("convert", path, tmp_path / "vocab.json", "--pattern", "gpt2")


def test_lines_that_readers_of_merges_txt_skip(model, tmp_path):
    """Merges that begin with #version: we agree with theirs, or refuse, in every spelling."""
    merges = [["#version"[:i], "#version"[i]] for i in range(1, 8)] + [["#version", "1"]]
    tokens = pre_tokenizers.ByteLevel.alphabet() + [a + b for a, b in merges]
    vocab = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab, [tuple(pair) for pair in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    for spell in (list, " ".join):
        file = json.loads(tokenizer.to_str())
        file["model"]["merges"] = [spell(pair) for pair in merges]
        path = tmp_path / "tokenizer.json"
        path.write_text(json.dumps(file))
        model("convert", path, tmp_path / f"{spell is list}.json")
        written = Tokenizer.from_file(str(tmp_path / f"{spell is list}.json"))
        assert written.encode("#version1").ids == Tokenizer.from_file(
            str(path)).encode("#version1").ids
        assert len(written.encode("#version1").ids) == (1 if spell is list else 2)
    (tmp_path / "vocab.json").write_text(json.dumps(vocab))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" +
                                         "".join(f"{a} {b}\n" for a, b in merges))
    read = models.BPE.from_file(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    assert len(Tokenizer(read).encode("#version1").ids) == 2
    with pytest.raises(RuntimeError, match="comment to others"):
        model("convert", tmp_path / "vocab.json", tmp_path / "a.tiktoken")
