# pairmill.cs336: what the handout of CS336's assignment 1 asks of a trainer and a tokenizer.
# SPDX-License-Identifier: MIT
import inspect
import itertools
import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import pairmill
import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from pairmill.cs336 import Tokenizer, train_bpe

import texts
from reference import encoder, pretokens, trainer
from support import vocabularies

END = "<|endoftext|>"


# ---- Training ----


def train(folder, text, vocab_size, special_tokens=(), **kwargs):
    path = folder / "text.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return train_bpe(path, vocab_size, list(special_tokens), **kwargs)


def expected(text, vocab_size, special_tokens=()):
    specials = [token.encode() for token in special_tokens]
    model = trainer.train(pretokens.count_words([text], "gpt2", specials), vocab_size, specials)
    merges = [(model.vocab[left], model.vocab[right]) for left, right, _, _ in model.merges]
    return dict(enumerate(model.vocab)), merges


def test_the_example_of_the_handout(tmp_path):
    words = ["low"] * 5 + ["lower"] * 2 + ["widest"] * 3 + ["newest"] * 6
    vocab, merges = train(tmp_path, "\n".join(words), 256 + 6)
    assert [b" ".join(merge).decode() for merge in merges] == [
        "s t", "e st", "o w", "l ow", "w est", "n e"]
    assert [vocab[256 + i] for i in range(6)] == [b"st", b"est", b"ow", b"low", b"west", b"ne"]


def test_ties_go_to_the_greater_pair(tmp_path):
    assert train(tmp_path, "ab\nba\nBA\n\xff", 257)[1] == [(b"\xc3", b"\xbf")]
    # Joined, b"az" would come after b"aba".
    merges = train(tmp_path, "ab\nab\naba\naba\naz\naz", 258)[1]
    assert merges == [(b"a", b"b"), (b"ab", b"a")]


@pytest.mark.parametrize("seed", range(60))
def test_same_as_the_reference(tmp_path, rng, seed):
    rng = random.Random(f"{rng.random()} {seed}")
    text = b"".join(texts.small(rng) + rng.choice([b"", END.encode(), b"<a><a>", b"\n"])
                    for _ in range(rng.randint(1, 8)))
    specials = rng.sample([END, "<a>", "<a><a>", "b c", "é"], rng.randint(0, 3))
    size = 256 + len(specials) + rng.randint(0, 40)
    assert train(tmp_path, text, size, specials) == expected(text, size, specials)


def test_real_text(tmp_path):
    text = texts.python_sources(12_000).encode()
    specials = ["import", END]
    assert train(tmp_path, text, 400, specials) == expected(text, 400, specials)


def test_special_tokens_are_boundaries(tmp_path):
    vocab, merges = train(tmp_path, f"low{END}low {END} low{END}er" * 9, 300, [END, "no", END])
    assert [token for token in vocab.values() if b"<" in token and len(token) > 1] == [END.encode()]
    assert sorted(vocab) == list(range(len(merges) + 258))
    assert all(b"|" not in left + right for left, right in merges)


@pytest.mark.parametrize("text", [b"", b"a", b"\xff\xfe\x80", b"\r\n\r\n", END.encode()])
def test_nothing_to_learn(tmp_path, text):
    vocab, merges = train(tmp_path, text, 1000, [END])
    assert len(vocab) == 257 + len(merges)
    assert (vocab, merges) == expected(text, 1000, [END])


def test_the_least_vocab(tmp_path):
    vocab, merges = train(tmp_path, "aaaa", 257, [END])
    assert merges == [] and sorted(vocab) == list(range(257))
    assert set(vocab.values()) == {bytes([byte]) for byte in range(256)} | {END.encode()}
    with pytest.raises(ValueError, match="too small"):
        train(tmp_path, "aaaa", 256, [END])


def test_arguments(tmp_path, monkeypatch):
    assert list(inspect.signature(train_bpe).parameters) == [
        "input_path", "vocab_size", "special_tokens", "kwargs"]
    text = "low lower lowest " * 20
    wanted = train(tmp_path, text, 270)
    assert train(tmp_path, text, 270, threads=2, progress=lambda progress: None) == wanted
    with pytest.raises(TypeError, match="unexpected"):
        train(tmp_path, text, 270, num_processes=2)
    with pytest.raises(TypeError, match="list"):
        train_bpe(tmp_path / "text.txt", 270, END)
    with pytest.raises(FileNotFoundError):
        train_bpe(tmp_path / "none.txt", 270, [])
    monkeypatch.chdir(tmp_path)
    for name in ("-", "@x", "x.jsonl"):  # files, whatever the library takes their names for
        (tmp_path / name).write_text(text)
        assert train_bpe(name, 270, []) == wanted


# ---- The tokenizer ----


@pytest.fixture(scope="module")
def gpt2_files():
    return vocabularies.path_of("encoder.json"), vocabularies.path_of("vocab.bpe")


@pytest.fixture(scope="module")
def gpt2(gpt2_files):
    return Tokenizer.from_files(*gpt2_files, [END])


@pytest.fixture(scope="module")
def peer():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(vocabularies.tiktoken_cache()))
        return tiktoken.get_encoding("gpt2")


def check(ours, peer, text):
    ids = peer.encode(text, allowed_special="all")
    assert ours.encode(text) == ids
    assert list(ours.encode_iterable(text.splitlines(keepends=True))) == ids
    assert ours.decode(ids) == text


def test_real_texts(gpt2, peer):
    check(gpt2, peer, texts.python_sources(1_000_000))
    words = texts.Words(random.Random(1), 3000, tuple(texts.SCRIPTS))
    check(gpt2, peer, END.join(words.text(5000) for _ in range(40)))


@pytest.mark.parametrize("text", [
    "", " ", "s", "🙃", "Héllò hôw are ü? 🙃", END, f"{END}{END}", f"a{END} b{END}\n\n{END}",
    "Die Größe", "\r\n\r\n", "x" * 3000, " " * 3000, "\0", "日本語 한국어 ไทย"])
def test_small_texts(gpt2, peer, text):
    check(gpt2, peer, text)


TEXT = st.lists(st.text() | st.sampled_from([*texts.PIECES, END, END[:5], END[5:]])).map("".join)


@settings(max_examples=50, deadline=None)
@given(TEXT)
def test_any_text(gpt2, peer, text):
    unstable = [c for c in text if not texts.is_stable(c)]
    check(gpt2, peer, text.translate({ord(c): None for c in unstable}))


def test_special_tokens_that_are_not_named(gpt2_files, peer):
    plain = Tokenizer.from_files(*gpt2_files)
    text = f"a{END}b"
    assert plain.encode(text) == peer.encode(text, disallowed_special=())
    assert plain.decode([50256]) == END and plain.special_tokens == []


def test_overlapping_special_tokens(gpt2_files):
    ours = Tokenizer.from_files(*gpt2_files, [END, END + END])
    assert ours.vocab[50257] == (END + END).encode() and len(ours.vocab) == 50258
    ids = ours.encode(f"Hi{END}{END}{END}, {END}")
    assert ids == [17250, 50257, 50256, 11, 220, 50256]
    assert [ours.decode([id]) for id in ids] == ["Hi", END + END, END, ",", " ", END]


def small_tokenizer(special_tokens=None):
    words = {b"low": 5, b"lower": 2, b" newest": 6, b" widest": 3}
    model = trainer.train(words, 256 + 12)
    merges = [(model.vocab[left], model.vocab[right]) for left, right, _, _ in model.merges]
    return Tokenizer(dict(enumerate(model.vocab)), merges, special_tokens)


SPECIALS = ["<a>", "<a><a>", "west", "low", "e", " ", "é", "<"]
PARTS = st.sampled_from([*SPECIALS, "newest", " widest", "lower", "w", "es", "t", "a>", "\n", "ö"])


@settings(deadline=None)
@given(st.lists(st.sampled_from(SPECIALS)), st.lists(PARTS | st.text(max_size=3), max_size=30))
def test_any_special_tokens(special_tokens, parts):
    """Also those that the vocab has as ordinary tokens, from which merges go on."""
    ours = small_tokenizer(special_tokens)
    ids = {token: id for id, token in ours.vocab.items()}
    specials = {token.encode(): ids[token.encode()] for token in special_tokens}
    text = "".join(c for c in "".join(parts) if texts.is_stable(c))
    wanted = encoder.encode(text.encode(), ids, ours.merges, specials=specials)
    assert ours.encode(text) == wanted
    assert list(ours.encode_iterable(iter(text))) == wanted
    assert ours.decode(wanted) == text


def test_new_special_tokens_come_last():
    vocab = {7: b"a", 3: b"b", 9: b"ab"}
    ours = Tokenizer(vocab, [(b"a", b"b")], ["x", "b", "yy", "x"])
    assert ours.vocab == {7: b"a", 3: b"b", 9: b"ab", 10: b"x", 11: b"yy"}
    assert vocab == {7: b"a", 3: b"b", 9: b"ab"}  # the caller's
    assert ours.encode("abxyya") == [7, 3, 10, 11, 7]
    assert Tokenizer({}, [], ["é"]).encode("éé") == [0, 0]


def test_what_training_gives(tmp_path):
    text = f"the theme of them{END}" * 20
    vocab, merges = train(tmp_path, text, 280, [END])
    ours = Tokenizer(vocab, merges, [END])
    assert ours.decode(ours.encode(text)) == text
    assert ours.vocab == vocab and ours.merges == merges


def test_errors():
    ours = small_tokenizer()
    for mistake in (lambda: ours.decode([0, 999]), lambda: ours.decode([-1]),
                    lambda: Tokenizer({0: b"a", 1: b"a"}, []),
                    lambda: Tokenizer({0: b"a"}, [(b"a", b"a")]),
                    lambda: Tokenizer({0: b"a"}, []).encode("ab"), lambda: ours.encode("\ud800"),
                    lambda: Tokenizer({0: b"a"}, [], [""])):
        with pytest.raises(ValueError):
            mistake()
    with pytest.raises(TypeError):
        Tokenizer({}, [], END)


# ---- decode ----


def test_decode_replaces():
    ours = small_tokenizer([END])
    euro = list("€".encode())
    assert ours.decode([]) == ""
    assert ours.decode(euro) == "€" and ours.decode(iter(euro)) == "€"
    assert ours.decode(euro[:2]) == "\ufffd" and ours.decode([255, 65, 128]) == "\ufffdA\ufffd"
    assert ours.decode([*euro[:2], ours.encode(END)[0], euro[2]]) == f"\ufffd{END}\ufffd"


@settings(deadline=None)
@given(st.lists(st.integers(0, 50256)))
def test_decode_any_ids(gpt2, peer, ids):
    assert gpt2.decode(ids) == peer.decode(ids)


# ---- encode_iterable ----


def test_parts_are_one_text(gpt2):
    text = f"Héllo  world{END}{END} it's\n\n 12345 🙃🙃 end"
    ids = gpt2.encode(text)
    for cut in itertools.combinations(range(len(text) + 1), 2):
        parts = [text[:cut[0]], text[cut[0]:cut[1]], "", text[cut[1]:]]
        assert list(gpt2.encode_iterable(parts)) == ids, parts
    assert list(gpt2.encode_iterable([])) == list(gpt2.encode_iterable([""])) == []
    assert list(gpt2.encode_iterable(iter(text))) == ids


def test_long_items(gpt2, rng):
    text = "".join(rng.choices(texts.PIECES, k=20_000))
    assert list(gpt2.encode_iterable([text, text])) == gpt2.encode(text + text)


def test_lazy(gpt2):
    taken = []

    def lines():
        for i in itertools.count():
            taken.append(i)
            yield f"line {i}\n"

    ids = gpt2.encode_iterable(lines())
    assert taken == []
    first = list(itertools.islice(ids, 40))
    assert len(taken) < 40
    assert first == gpt2.encode("".join(f"line {i}\n" for i in range(40)))[:40]
    ids.close()


def test_iterators_do_not_mix(gpt2):
    parts = [["a", "b ", "c"], ["d d", "e"], ["ö", "x" * 9000]]
    started = [gpt2.encode_iterable(part) for part in parts]
    mixed = [list(group) for group in itertools.zip_longest(*started)]
    for part, ids in zip(parts, itertools.zip_longest(*mixed)):
        assert [id for id in ids if id is not None] == gpt2.encode("".join(part))
    next(gpt2.encode_iterable(["abandoned ", "in the middle"]))
    with pytest.raises(UnicodeEncodeError):
        list(gpt2.encode_iterable(["wrong ", "\udc80"]))
    assert list(gpt2.encode_iterable(["a"])) == gpt2.encode("a")
    with ThreadPoolExecutor(8) as pool:
        for ids in pool.map(lambda _: list(gpt2.encode_iterable(["ab "] * 500)), range(32)):
            assert ids == gpt2.encode("ab " * 500)


# ---- Files ----


def test_files_of_save(tmp_path):
    specials = [END, "<|a é|>"]
    trained = pairmill.train_from_iterator(["hello hello yellow fellows"] * 9, 280,
                                           special_tokens=specials)
    trained.save(tmp_path / "x-vocab.json", allow_loss=True)
    paths = tmp_path / "x-vocab.json", tmp_path / "x-merges.txt"
    loaded = Tokenizer.from_files(*paths, [*specials, "<|new one|>"])
    assert loaded.vocab == {**trained.vocab, len(trained.vocab): b"<|new one|>"}
    assert loaded.merges == trained.merges
    text = "yellow<|a é|>hello<|endoftext|>"
    assert loaded.encode(text) == trained.encode(text, special_tokens="all")
    with pytest.raises(ValueError, match="x-vocab.json.*special"):
        Tokenizer.from_files(*paths)


def test_special_tokens_of_files(gpt2_files):
    """In the file "é" spells a byte (0xE9), which the special token isn't."""
    ours = Tokenizer.from_files(*gpt2_files, ["the", "é", " of"])
    assert ours.encode(" theé ofü") == [220, 1169, 2634, 286, 9116]


def test_bad_files(gpt2_files, tmp_path):
    vocab, merges = gpt2_files
    for paths in ((merges, merges), (vocab, vocab), (tmp_path / "list", merges)):
        (tmp_path / "list").write_text("[1, 2]")
        with pytest.raises(ValueError, match=str(paths[0])):
            Tokenizer.from_files(*paths)
    (tmp_path / "merges").write_text("#version: 0.2\nh e\nqqqqq z\n")
    with pytest.raises(ValueError, match=str(tmp_path / "merges")) as raised:
        Tokenizer.from_files(vocab, tmp_path / "merges")
    assert raised.value.offset == 18
    for paths in ((tmp_path / "none", merges), (vocab, tmp_path / "none")):
        with pytest.raises(FileNotFoundError, match="none"):
            Tokenizer.from_files(*paths)


def test_pickle():
    ours = small_tokenizer([END])
    copy = pickle.loads(pickle.dumps(ours))
    assert copy.encode(f"lower{END}") == ours.encode(f"lower{END}")
    assert (copy.vocab, copy.merges) == (ours.vocab, ours.merges)
