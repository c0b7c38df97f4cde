# The ids of encode, compared with Hugging Face `tokenizers` and `tiktoken`: three meanings of BPE.
# SPDX-License-Identifier: MIT
import base64
import json
import struct
import subprocess

import pytest
import texts

tokenizers = pytest.importorskip("tokenizers")
tiktoken = pytest.importorskip("tiktoken")

CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIALS = ["<|endoftext|>", "<|end|>", "<|end|>!"]
# If one special token is a prefix of another, tiktoken takes whichever its hash table lists first.
SPECIALS_APART = SPECIALS[:2]


class Encoder:
    """Runs tests/tools/encode.c once for all texts. It also checks that the ids decode."""

    def __init__(self, build_dir):
        self.program = build_dir / "tests" / "encode"

    def run(self, items, model, *args):
        data = b"".join(struct.pack("<I", len(item)) + item for item in items)
        done = subprocess.run([self.program, *args, model], input=data, capture_output=True)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        words = struct.unpack(f"<{len(done.stdout) // 4}I", done.stdout)
        out, at = [], 0
        for _ in items:
            if words[at] == 0xFFFFFFFF:
                out.append(("error", words[at + 1]))
                at += 2
            else:
                out.append(list(words[at + 1 : at + 1 + words[at]]))
                at += 1 + words[at]
        assert at == len(words)
        return out


@pytest.fixture
def encode(build_dir):
    return Encoder(build_dir).run


def make_texts(rng, specials=(), count=600):
    """Small, hostile and real texts, all UTF-8, with special tokens scattered in."""
    made = [texts.small(rng).decode(errors="replace") for _ in range(count)]
    made += [texts.hostile(rng, invalid=0).decode() for _ in range(count)]
    words = texts.Words(rng, 300, ("latin", "greek", "han"))
    made += [words.text(2000) for _ in range(10)] + [texts.python_sources(200000)]
    made += ["", "a" * 3000, "ab" * 700, " " * 500]
    return [scatter(rng, text, specials) if specials and rng.random() < 0.5 else text
            for text in made]


def scatter(rng, text, specials):
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(specials) + text[at:]
    return text


def compare(items, ours, theirs):
    for text, mine, other in zip(items, ours, theirs, strict=True):
        assert mine == other, f"the ids of {text[:300]!r} differ"


def make_pre_tokenizer(expression):
    from tokenizers import Regex, pre_tokenizers

    if expression is None:
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    split = pre_tokenizers.Split(Regex(expression), behavior="isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([split, byte_level])


def train_peer(rng, expression, path):
    trained = tokenizers.Tokenizer(tokenizers.models.BPE())
    trained.pre_tokenizer = make_pre_tokenizer(expression)
    trained.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=1500, special_tokens=SPECIALS, show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    corpus = [texts.python_sources(300000)]
    corpus += [texts.hostile(rng, invalid=0).decode() for _ in range(300)]
    trained.train_from_iterator(corpus, trainer)
    trained.save(str(path))
    return trained


def peer_ids(peer, items):
    return [encoding.ids for encoding in peer.encode_batch(items, add_special_tokens=False)]


@pytest.mark.parametrize("expression", [None, LLAMA3], ids=["gpt2", "llama3"])
def test_merge_list(encode, rng, tmp_path, expression):
    path = tmp_path / "tokenizer.json"
    peer = train_peer(rng, expression, path)
    items = make_texts(rng, SPECIALS)
    ours = encode([text.encode() for text in items], path, "--special-tokens", "all")
    compare(items, ours, peer_ids(peer, items))


def add_unreachable_tokens(rng, model):
    """Adds tokens to the vocab that no merge makes."""
    for text in make_texts(rng)[:600]:
        token = text[:8]
        if token.isascii() and token.isalpha() and token not in model["vocab"]:
            model["vocab"][token] = len(model["vocab"])


def test_ignore_merges(encode, rng, tmp_path):
    path = tmp_path / "tokenizer.json"
    train_peer(rng, LLAMA3, path)
    document = json.loads(path.read_text())
    document["model"]["ignore_merges"] = True
    before = len(document["model"]["vocab"])
    add_unreachable_tokens(rng, document["model"])
    assert len(document["model"]["vocab"]) > before
    path.write_text(json.dumps(document))
    peer = tokenizers.Tokenizer.from_file(str(path))
    items = make_texts(rng, SPECIALS)
    theirs = peer_ids(peer, items)
    assert any(i >= before for ids in theirs for i in ids)
    compare(items, encode([text.encode() for text in items], path, "--special-tokens", "all"),
            theirs)


def make_any_merges(rng, letters):
    """Merges in an order that no training gives: a merge may come before those of its parts."""
    tokens, merges = list(letters), {}
    for _ in range(rng.randint(1, 40)):
        left, right = rng.choice(tokens), rng.choice(tokens)
        if len(left + right) <= 12:
            merges[left, right] = None
            tokens.append(left + right)
    merges = list(merges)
    rng.shuffle(merges)
    return list(dict.fromkeys(tokens)), merges


def test_merges_in_any_order(encode, rng, tmp_path):
    for case in range(40):
        letters = "abc"[: rng.randint(1, 3)]
        tokens, merges = make_any_merges(rng, letters)
        alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
        vocab = {token: i for i, token in enumerate(dict.fromkeys(alphabet + tokens))}
        peer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=merges))
        peer.pre_tokenizer = make_pre_tokenizer(None)
        path = tmp_path / f"{case}.json"
        peer.save(str(path))
        items = ["".join(rng.choices(letters, k=rng.randrange(200))) for _ in range(50)]
        compare(items, encode([text.encode() for text in items], path), peer_ids(peer, items))


def make_ranks(rng):
    """All bytes and random strings in random order, so that merging can't reach many of them."""
    tokens = {bytes([byte]): None for byte in range(256)}
    source = texts.python_sources(100000).encode()
    for _ in range(1500):
        at = rng.randrange(len(source))
        tokens[source[at : at + rng.randint(2, 6)]] = None
    for length in range(2, 8):
        tokens[b"a" * length] = tokens[b"ab" * length] = tokens[b" " * length] = None
    order = list(tokens)
    rng.shuffle(order)
    return {token: rank for rank, token in enumerate(order)}


def write_tiktoken(path, ranks):
    lines = [base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()]
    path.write_bytes(b"".join(lines))


def make_tiktoken(rng, path, expression):
    ranks = make_ranks(rng)
    write_tiktoken(path, ranks)
    specials = {token: len(ranks) + i for i, token in enumerate(SPECIALS_APART)}
    return tiktoken.Encoding("test", pat_str=expression, mergeable_ranks=ranks,
                             special_tokens=specials)


def load_options(pattern):
    return ["--pattern", pattern, *(a for token in SPECIALS_APART for a in ("--special", token))]


def test_rank_by_id(encode, rng, tmp_path):
    path = tmp_path / "ranks.tiktoken"
    peer = make_tiktoken(rng, path, CL100K)
    items = make_texts(rng)
    ours = encode([text.encode() for text in items], path, *load_options("cl100k"))
    compare(items, ours, [peer.encode_ordinary(text) for text in items])


def test_rank_by_id_of_any_bytes(encode, rng, tmp_path):
    path = tmp_path / "ranks.tiktoken"
    peer = make_tiktoken(rng, path, CL100K)
    items = [texts.small(rng, 400) for _ in range(300)] + [texts.hostile(rng) for _ in range(300)]
    items = [item for item in items if item] + [b"ab" * 1000, b"a" * 5000, b"\xff" * 700]
    ours = encode(items, path, "--pattern", "none")
    compare(items, ours, [peer._encode_single_piece(item) for item in items])


def test_special_tokens_by_name(encode, rng, tmp_path):
    """tiktoken looks only for the allowed special tokens, as the policy `list` does."""
    path = tmp_path / "ranks.tiktoken"
    peer = make_tiktoken(rng, path, CL100K)
    items = make_texts(rng, SPECIALS, count=200)
    for allowed in ([], SPECIALS_APART[:1], SPECIALS_APART[1:], SPECIALS_APART):
        args = ["--special-tokens", "list", *(a for token in allowed for a in ("--allowed", token))]
        ours = encode([text.encode() for text in items], path, *load_options("cl100k"), *args)
        theirs = [peer.encode(text, allowed_special=set(allowed), disallowed_special=())
                  for text in items]
        compare(items, ours, theirs)


def test_special_tokens_as_errors(encode, rng, tmp_path):
    path = tmp_path / "ranks.tiktoken"
    peer = make_tiktoken(rng, path, CL100K)
    items = make_texts(rng, SPECIALS, count=200)
    ours = encode([text.encode() for text in items], path, *load_options("cl100k"),
                  "--special-tokens", "error")
    for text, ids in zip(items, ours, strict=True):
        places = [text.encode().find(token.encode()) for token in SPECIALS_APART if token in text]
        assert ids == (("error", min(places)) if places else peer.encode(text))
