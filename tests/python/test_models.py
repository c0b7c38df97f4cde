# Models: loaded, saved, pickled, edited, compared, shown.
# SPDX-License-Identifier: MIT
import copy
import json
import multiprocessing
import pickle

import pairmill
import pytest
from pairmill import Tokenizer

pytest.importorskip("tokenizers")
import small_models  # noqa: E402
from support import both, vocabularies  # noqa: E402
from support.tiers import mostly_slow  # noqa: E402

TEXTS = ["Hello, world! 123 'll\n\n  <|endoftext|> <s></s> ſ é 日本語 ", "   a  b", "\u2066 xᲊ Ꟍ",
         "<think> It's 2026\r\n", "\xa0 ²½ x\u0301 \0"]


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest, new newer newest"] * 9, 280,
                                        special_tokens=["<|end|>", "<|pad|>"])


def facts(tok):
    """All that a model says of itself."""
    parts = [tok.describe(part) for part in ("normalizer", "pattern", "template")]
    return (tok.vocab_size, tok.pattern, tok.unicode_version, tok.meaning, tok.encoding,
            tok.refusal, tok.special_tokens, tok.added_tokens, tok.vocab, tok.merges, parts)


def ids_of(tok):
    if tok.refusal is not None or tok.describe("pattern") == "":
        return None
    return [tok.encode_batch(TEXTS, special_tokens=choice).tolist() for choice in ("none", "all")]


def check_pickle(tok):
    again = pickle.loads(pickle.dumps(tok))
    assert facts(again) == facts(tok) and ids_of(again) == ids_of(tok)
    assert again == tok and hash(again) == hash(tok) and repr(again) == repr(tok)


def check_bytes(tok):
    """In each format of one file that can hold the model."""
    kept = {}
    for name in pairmill.choices["model_formats"]:
        try:
            data = tok.to_bytes(name)
        except ValueError:
            continue
        lost = tok.losses(f"model/{name}", name)
        again = Tokenizer.from_bytes(data, format=name, unicode_version=tok.unicode_version)
        assert again.vocab == tok.vocab or lost
        if not lost:
            assert ids_of(again) == ids_of(tok)
            assert again.special_tokens == tok.special_tokens
        kept[name] = lost
    return kept


@pytest.mark.parametrize("name", mostly_slow(
    small_models.CONFIGURATIONS | small_models.BEHAVIORS, ["gpt2", "flags, normalised"]))
def test_small_models(name, tmp_path):
    tok = Tokenizer.from_bytes(json.dumps(both.document_of(name) if name in
                               small_models.CONFIGURATIONS else small_models.make(name)).encode())
    check_pickle(tok)
    assert check_bytes(tok)["tokenizer.json"] == []
    tok.save(tmp_path / "model.json")
    again = Tokenizer.load(tmp_path / "model.json")
    assert facts(again) == facts(tok) and again == tok
    tok.save(tmp_path / "model")
    assert ids_of(Tokenizer.load(tmp_path / "model")) == ids_of(tok)


RANK_FILES = [name for name in {**vocabularies.FILES, **vocabularies.MADE} if name not in (
    "encoder.json", "vocab.bpe")]


@pytest.mark.slow
@pytest.mark.parametrize("name", RANK_FILES)
def test_published_models(name):
    tok = Tokenizer.load(vocabularies.path_of(name))
    check_pickle(tok)
    assert tok == Tokenizer.load(vocabularies.path_of(name))
    if name == "r50k_base.tiktoken":
        older = Tokenizer.load(vocabularies.path_of(name), unicode_version="15.0")
        check_pickle(older)
        assert older != tok
        check_pickle(tok.with_special_tokens(["<|of mine|>"]))


@pytest.mark.slow
def test_published_models_in_each_format():
    for name in ("r50k_base.tiktoken", "tekken_240718.json", "llama3.json"):
        tok = Tokenizer.load(vocabularies.path_of(name))
        assert check_bytes(tok)["tokenizer.json"] == []


def test_a_model_without_a_pattern(tmp_path):
    """It can decode; a rank file without a pattern can be pickled, merges without one can't."""
    tok = Tokenizer.from_bytes(json.dumps(both.document_of("gpt2")).encode())
    bare = Tokenizer.from_bytes(tok.to_bytes("tiktoken"))
    assert bare.pattern is None and bare.decode(tok.encode("low lower")) == "low lower"
    with pytest.raises(ValueError, match="the model has no pattern"):
        bare.encode("a")
    check_pickle(bare)
    assert bare != tok and bare == Tokenizer.from_bytes(tok.to_bytes("tiktoken"))
    tok.save(tmp_path / "vocab.json", format="vocab.json", allow_loss=True)
    bare = Tokenizer.load(tmp_path / "vocab.json")
    assert bare.pattern is None and bare.merges == tok.merges
    assert bare == Tokenizer.load(tmp_path / "vocab.json") != tok
    with pytest.raises(ValueError, match="can't be pickled: the model has no pattern"):
        pickle.dumps(bare)
    named = Tokenizer.load(tmp_path / "vocab.json", pattern="gpt2")
    check_pickle(named)
    assert named.encode("low") == tok.encode("low")


def make_decode_only():
    """As Llama 2: SentencePiece's, whose bytes are tokens such as <0x0A>."""
    document = json.loads(json.dumps(both.document_of("gpt2")))
    document["pre_tokenizer"] = None
    document["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}]}
    document["model"] |= {"byte_fallback": True, "vocab": {
        "<unk>": 0, "<0x0A>": 1, "▁a": 2, "a": 3, "▁": 4}, "merges": [["▁", "a"]]}
    document["added_tokens"], document["post_processor"] = [], None
    return json.dumps(document).encode()


def test_a_model_that_can_only_decode():
    tok = Tokenizer.from_bytes(make_decode_only())
    assert "byte fallback" in tok.refusal and tok.decode([2, 3, 1]) == " aa\n"
    for call in (tok.encode, tok.count, tok.encode_to_array, lambda text: tok.encode_batch([text])):
        with pytest.raises(ValueError, match="byte fallback"):
            call("a")
    with pytest.raises(ValueError, match="byte fallback"):
        tok.stream()
    with pytest.raises(ValueError, match="can't be pickled.*byte fallback"):
        pickle.dumps(tok)
    again = Tokenizer.from_bytes(make_decode_only())
    assert tok == again and hash(tok) == hash(again) and copy.copy(tok) is tok
    other = Tokenizer.from_bytes(make_decode_only().replace(b'"a"', b'"b"'))
    assert tok != other and "Tokenizer of 5 entries" in repr(tok)


@pytest.mark.parametrize("options", [
    *({"pattern": name} for name in pairmill.choices["patterns"]), {"pattern": r"\w+|\W"},
    *({"unicode_version": name} for name in pairmill.choices["unicode_versions"]),
    *({"layout": name} for name in pairmill.choices["layouts"]), {"compat": "hf"},
    {"special_tokens": ["<|a|>", "<b>"], "reserve": 3, "pad_vocab_to": 64}], ids=str)
def test_trained_models(options):
    tok = pairmill.train_from_iterator(TEXTS * 5, 320, **options)
    check_pickle(tok)
    check_bytes(tok)
    for edited in (tok.with_special_tokens(["<|new|>"]), tok.with_vocab_size(tok.vocab_size)):
        check_pickle(edited)


def get_ids(tok):
    return ids_of(tok), tok.__reduce__()[0].__name__


def test_another_process(tok):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(get_ids, (tok,))[0] == ids_of(tok)
        assert pool.apply(tok.encode, ("low lower",)) == tok.encode("low lower")
        assert pool.apply(tok.encode_batch, (["low", ""],)) == tok.encode_batch(["low", ""])
        assert pool.apply(tok.encode_with_offsets, ("low",)) == tok.encode_with_offsets("low")


class Derived(Tokenizer):
    pass


def test_derived_classes(tok):
    mine = Derived.from_bytes(tok.to_bytes())
    for one in (mine, pickle.loads(pickle.dumps(mine)), mine.with_special_tokens(["<x>"]),
                Derived.load, Derived.from_parts({b"a": 0})):
        assert isinstance(one, Derived) or one == Derived.load
    assert mine == tok and mine.encode("low") == tok.encode("low")


# ---- An immutable value ----


def test_equality(tok):
    again = Tokenizer.from_bytes(tok.to_bytes())
    assert again == tok and hash(again) == hash(tok) and {tok: 1}[again] == 1
    for other in (tok.with_vocab_size(270), tok.with_special_tokens(["<x>"]), 5, None, "x",
                  tok.with_renamed_tokens({"<|end|>": "<x>"}),
                  Tokenizer.from_bytes(tok.to_bytes(), unicode_version="15.0")):
        assert tok != other
    assert copy.copy(tok) is tok is copy.deepcopy(tok)
    with pytest.raises(AttributeError):
        tok.vocab_size = 5
    with pytest.raises(TypeError, match="a Tokenizer comes from"):
        Tokenizer()


def test_shown(tok):
    assert repr(tok) == "<Tokenizer of 272 entries, 2 special tokens, pattern 'gpt2'>"
    assert "pattern 'a{50}..." not in repr(tok)
    long = pairmill.train_from_iterator(["ab"], 256, pattern="[ab]{1,2}" * 20)
    assert repr(long).endswith("pattern '[ab]{1,2}[ab]{1,2}[ab]{1,2}[ab]{1,2}[ab]...'>")


# ---- What it holds ----


def test_parts(tok):
    assert list(tok.vocab) == list(range(tok.vocab_size)) and tok.vocab[97] == b"a"
    for i, token in tok.vocab.items():
        assert tok.token_bytes(i) == token and tok.token_id(token) == i
    assert tok.token_id("<|end|>") == tok.special_tokens["<|end|>"]
    for left, right in tok.merges:
        assert left + right in tok.vocab.values()
    for wrong in (tok.vocab_size, -1, 2**32, 2**100):
        with pytest.raises(KeyError, match="the vocab has no id"):
            tok.token_bytes(wrong)
    for wrong in ("zzz", b"zzz", ""):
        with pytest.raises(KeyError, match="the vocab has no token"):
            tok.token_id(wrong)
    for wrong in (1.5, "1", None):
        with pytest.raises(TypeError):
            tok.token_bytes(wrong)
    with pytest.raises(ValueError, match="no part bogus"):
        tok.describe("bogus")


def test_made_from_parts(tok):
    vocab = {token: i for i, token in tok.vocab.items() if i not in tok.special_tokens.values()}
    for meaning, merges in (("merge list", tok.merges), ("rank by id", None), (None, tok.merges),
                            ("ignore merges", iter(tok.merges))):
        made = Tokenizer.from_parts(vocab, merges, tok.special_tokens, pattern="gpt2",
                                    meaning=meaning)
        assert ids_of(made) == ids_of(tok) and made.special_tokens == tok.special_tokens
        assert meaning in (None, made.meaning)
        check_pickle(made)
    for arguments, error in (
            (({b"a": 0, b"b": 0},), ValueError), (({b"a": -1},), ValueError),
            (({b"a": 2**32},), ValueError), (({"a": 0},), TypeError), (({b"a": 1.5},), TypeError),
            (({b"a": 0}, [(b"a", b"b")]), ValueError), (({b"a": 0}, [(b"a",)]), ValueError),
            (({b"a": 0}, [(b"a", [])]), TypeError), (({b"a": 0}, [5]), TypeError),
            (({b"a": 0}, [], {"b": 0}), ValueError), (({b"a": 0}, [], {5: 1}), TypeError)):
        with pytest.raises(error):
            Tokenizer.from_parts(*arguments)
    for options in ({"pattern": "("}, {"meaning": "bogus"}, {"unicode_version": "1"}):
        with pytest.raises(ValueError):
            Tokenizer.from_parts({b"a": 0}, **options)


def test_edits(tok):
    more = tok.with_special_tokens(["<x>", b"<y>"])
    assert more.special_tokens == tok.special_tokens | {"<x>": 272, "<y>": 273}
    assert tok.with_special_tokens({"<y>", "<x>"}) == more
    assert tok.with_special_tokens({"<x>": 300}).special_tokens["<x>"] == 300
    assert tok.with_renamed_tokens({"<|end|>": "<x>", "<|pad|>": "<|end|>"}).special_tokens == {
        "<x>": 256, "<|end|>": 257}
    small = tok.with_vocab_size(265)
    assert small.merges == tok.merges[: len(small.merges)] and small.vocab_size == 265
    for call, wrong in ((tok.with_special_tokens, ["<|end|>"]),
                        (tok.with_special_tokens, {"<x>": 97}),
                        (tok.with_special_tokens, ["<x>", "<x>"]), (tok.with_vocab_size, 0),
                        (tok.with_vocab_size, 257), (tok.with_vocab_size, 273),
                        (tok.with_renamed_tokens, {"<none>": "<x>"}),
                        (tok.with_renamed_tokens, {"<|end|>": "<|pad|>"})):
        with pytest.raises(ValueError):
            call(wrong)
    for call, wrong in ((tok.with_special_tokens, [5]), (tok.with_special_tokens, "<x>"),
                        (tok.with_special_tokens, 5), (tok.with_renamed_tokens, {5: "a"}),
                        (tok.with_vocab_size, 1.5)):
        with pytest.raises(TypeError):
            call(wrong)


# ---- Files ----


def test_saving(tok, tmp_path):
    path = tmp_path / "model.json"
    tok.save(path)
    with pytest.raises(FileExistsError):
        tok.save(path)
    tok.save(str(path), overwrite=True, merges_as_strings=True)
    assert isinstance(json.loads(path.read_bytes())["model"]["merges"][0], str)
    assert Tokenizer.load(path) == tok == Tokenizer.load(bytes(path))
    with pytest.raises(ValueError, match="pattern"):
        tok.save(tmp_path / "model.tiktoken")
    assert tok.losses(tmp_path / "model.tiktoken") == ["the pattern", "the special tokens"]
    assert tok.losses(tmp_path / "model.tiktoken", "tokenizer.json") == []
    tok.save(tmp_path / "model.tiktoken", allow_loss=True)
    loaded = Tokenizer.load(tmp_path / "model.tiktoken", pattern="gpt2",
                            special_tokens=list(tok.special_tokens))
    assert loaded.encode(TEXTS[0]) != [] and len(loaded.special_tokens) == 2
    tok.save(tmp_path / "model")
    again = Tokenizer.load(tmp_path / "model")
    assert again == tok and again.training.keys() == tok.training.keys()
    assert all(again.training[key] == tok.training[key] for key in tok.training if key != "stages")
    assert Tokenizer.load(path).training is None
    for name in ("folder", "vocab.json"):
        with pytest.raises(ValueError, match="several files"):
            tok.to_bytes(name)
