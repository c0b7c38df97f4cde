# tekken.json, with mistral-common 1.13.1: the same ids, and the same files taken and refused.
# SPDX-License-Identifier: MIT
import base64
import copy
import json
import re
import sys
import types
import warnings
from unittest.mock import MagicMock

import pytest

from support import model_texts, vocabularies
from support.model_texts import in_template, make_pairs, make_texts

pytestmark = pytest.mark.slow

FILES = ["tekken_240718.json", "tekken_240911.json"]
PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
WORDS = [b"th", b" th", b"the", b" the", b"\xc3\xa9", b"\xe6\x97", b"\xe6\x97\xa5", b"  ", b"in",
         b"ing"]
CONFIG = {"pattern": PATTERN, "num_vocab_tokens": 266, "default_vocab_size": 286,
          "default_num_special_tokens": 20, "version": "v3"}


@pytest.fixture(scope="module")
def tekkenizer():
    """mistral-common's class. What it imports besides, and reading needs none of, is replaced."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = types.ModuleType("language_code")
        codes.LanguageAlpha2 = str
        stubs = dict.fromkeys(["PIL", "PIL.Image", "jsonschema", "jsonschema.exceptions",
                               "pydantic_extra_types"], MagicMock())
        for name, stub in {**stubs, "pydantic_extra_types.language_code": codes}.items():
            if name not in sys.modules:
                patch.setitem(sys.modules, name, stub)
        patch.syspath_prepend(str(vocabularies.package_of(FILES[0])))
        yield pytest.importorskip("mistral_common.tokens.tokenizers.tekken").Tekkenizer


@pytest.fixture(scope="module")
def ours(build_dir):
    return model_texts.Encoder(build_dir)


@pytest.fixture(scope="module")
def inspect(run):

    def call(path):
        return json.loads(run("inspect", "--json", "--top", "0", path).stdout)

    return call


def make_file(version="v3", /, **members):
    tokens = [bytes([byte]) for byte in range(256)] + WORDS
    vocab = [{"rank": rank, "token_bytes": base64.b64encode(token).decode(),
              "token_str": token.decode() if is_text(token) else None}
             for rank, token in enumerate(tokens)]
    return {"config": {**CONFIG, "version": version}, "vocab": vocab, **members}


def is_text(token):
    try:
        return token.decode() is not None
    except UnicodeDecodeError:
        return False


def specials_of(*names, **flags):
    return [{"rank": rank, "token_str": name, "is_control": flags.get(name.strip("[]<>"), True)}
            for rank, name in enumerate(names)]


def compare(theirs, info):
    assert {t["text"]: t["id"] for t in info["special_tokens"]} == {
        t["token_str"]: t["rank"] for t in theirs._all_special_tokens}
    assert info["vocab_size"] == theirs.n_words


@pytest.mark.parametrize("name", FILES)
def test_mistrals_files(tekkenizer, ours, inspect, rng, name):
    theirs, path = tekkenizer.from_file(vocabularies.path_of(name)), vocabularies.path_of(name)
    compare(theirs, inspect(path))
    pairs = make_pairs() if name == FILES[0] else []
    documents = [*make_texts(rng), *pairs, *in_template(range(0x3400)), "[INST] Hi [/INST]</s>"]
    # They recognise no special token in text.
    for text, ids in zip(documents, ours(path, documents, specials="none"), strict=True):
        assert theirs.encode(text, bos=False, eos=False) == ids, text
    assert ours(path, ["<s>[INST]a"])[0][:2] == [theirs.bos_id, theirs.get_special_token("[INST]")]


def test_they_read_what_we_write(tekkenizer, run, tmp_path):
    source = vocabularies.path_of(FILES[1])
    run("convert", "-q", source, tmp_path / "tekken.json")
    before, after = json.loads(source.read_text()), json.loads((tmp_path / "tekken.json").read_text())
    # The rows that no program uses are left out.
    assert after.pop("vocab") == before.pop("vocab")[:131072 - 1000]
    assert before["config"].pop("num_vocab_tokens") == 150000
    assert after["config"].pop("num_vocab_tokens") == 130072
    assert before == after
    old, new = (tekkenizer.from_file(path) for path in (source, tmp_path / "tekken.json"))
    assert old.image == new.image and old._all_special_tokens == new._all_special_tokens
    run("convert", "-q", tmp_path / "tekken.json", tmp_path / "b_tekken.json")
    assert (tmp_path / "b_tekken.json").read_bytes() == (tmp_path / "tekken.json").read_bytes()


LISTED = {"special_tokens": specials_of("<unk>", "<s>", "</s>", "[THINK]", THINK=False)}
IMAGE = {"image_patch_size": 16, "max_image_size": 1024}
AUDIO = {"sampling_rate": 16000, "frame_rate": 12.5, "audio_encoding_config": {
    "num_mel_bins": 128, "hop_length": 160, "window_size": 400}, "chunk_length_s": 0.1}


@pytest.mark.parametrize("version, members", [
    *((version, {}) for version in ("v1", "v2", "v3", "v7")),
    *((version, LISTED) for version in ("v3", "v7", "v11", "v13", "v15")),
    ("v3", {"special_tokens": None}),
    ("v11", {**LISTED, "multimodal": IMAGE}),
    ("v13", {**LISTED, "image": IMAGE, "audio": AUDIO, "type": "tekken", "version": 1}),
    ("v11", {"special_tokens": []}),
])
def test_versions(tekkenizer, run, inspect, ours, tmp_path, version, members):
    path, again = tmp_path / "a.json", tmp_path / "tekken.json"
    path.write_text(json.dumps(make_file(version, **members)))
    theirs = tekkenizer.from_file(path)
    compare(theirs, inspect(path))
    documents = ["the thing  日本 é\n\n/ in 12 <s>", "[THINK]the"]
    assert ours(path, documents, specials="none") == [
        theirs.encode(text, False, False) for text in documents]
    run("convert", "-q", path, again)
    before, after = json.loads(path.read_text()), json.loads(again.read_text())
    assert {k: v for k, v in before.items() if v is not None} == after
    back = tekkenizer.from_file(again)
    assert back._all_special_tokens == theirs._all_special_tokens
    assert (back.image, back.audio, back.version) == (theirs.image, theirs.audio, theirs.version)


def changed(change, version="v3", /, **members):
    file = copy.deepcopy(make_file(version, **members))
    change(file)
    return file


def put(*path, value):
    """Sets a member; no value removes it."""

    def change(file):
        for key in path[:-1]:
            file = file[key]
        if value is None:
            del file[path[-1]]
        else:
            file[path[-1]] = value

    return change


BAD = {
    "config.version is \"v9\"": changed(lambda f: None, "v9"),
    "config.version is not a string": changed(put("config", "version", value=None)),
    "special_tokens is missing": changed(lambda f: None, "v11"),
    "config.pattern is not an expression": changed(put("config", "pattern", value=None)),
    "config.default_vocab_size is not a number of tokens": changed(
        put("config", "default_vocab_size", value=None)),
    "config.default_vocab_size is more than the tokens in the file": changed(
        put("config", "default_vocab_size", value=287)),
    "config.default_num_special_tokens is not a number": changed(
        put("config", "default_num_special_tokens", value=-1)),
    "vocab[257].rank is not the place": changed(put("vocab", 257, "rank", value=258)),
    "vocab[258].rank is not the place": changed(put("vocab", 258, "rank", value=None)),
    "vocab[5] is not the byte of that value": changed(
        put("vocab", 5, "token_bytes", value="YQ==")),
    "vocab[260].token_bytes: character 1: not valid base64": changed(
        put("vocab", 260, "token_bytes", value="Y*==")),
    "vocab[261].token_bytes is missing": changed(put("vocab", 261, "token_bytes", value=None)),
    'the token "th" occurs twice': changed(put("vocab", 258, value={
        "rank": 258, "token_bytes": "dGg=", "token_str": "th"})),
    "special_tokens[2].token_str occurs before": changed(
        lambda f: None, "v11", special_tokens=specials_of("a", "b", "a")),
    "special_tokens[20] is beyond": changed(
        lambda f: None, "v11", special_tokens=specials_of(*map(str, range(21)))),
    "special_tokens[1].token_str is missing": changed(
        lambda f: None, "v11", special_tokens=[{"rank": 0, "token_str": "a"}, {"rank": 1}]),
    # The text of one is what fills up for another.
    "special_tokens[7].token_str occurs before": changed(
        lambda f: None, "v11", special_tokens=specials_of("a", "<SPECIAL_7>")),
}


def check_refused(run, path, message):
    """With the byte of what is wrong: tests/cli/test_cli_bad_models.py looks at the number."""
    done = run("inspect", path, check=False)
    assert done.returncode == 1
    error = done.stderr.decode()
    assert re.search(re.escape(f"{path}: byte ") + r"\d+: " + re.escape(message), error), error


@pytest.mark.parametrize("message", BAD)
def test_what_they_refuse_is_refused(tekkenizer, run, tmp_path, message):
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(BAD[message]))
    with pytest.raises(Exception):
        tekkenizer.from_file(path)
    check_refused(run, path, message)


@pytest.mark.parametrize("message, change", [
    ("vocab[256].token_str is not the text", put("vocab", 256, "token_str", value="ht")),
    ("vocab[256].token_str is not the text", put("vocab", 256, "token_str", value=1)),
    ("vocab[200].token_str is not the text", put("vocab", 200, "token_str", value="È")),
    ("special_tokens[1].rank is not the place", put("special_tokens", 1, "rank", value=2)),
    ("special_tokens is not a list", put("special_tokens", value={})),
    ("config.default_num_special_tokens is out of range",
     put("config", "default_num_special_tokens", value=70000)),
])
def test_contradictions_are_refused(run, tmp_path, message, change):
    """They would read these, and some programs one of the two, others the other."""
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(changed(change, "v11", **LISTED)))
    check_refused(run, path, message)


def test_models_trained_here(tekkenizer, run, ours, tmp_path):
    (tmp_path / "text").write_text(model_texts.read_english())
    out = tmp_path / "tekken.json"
    for pattern in ("o200k", "cl100k", "none", r"\S+|\s+"):
        run("train", "-q", "-f", "-s", 400, "--pattern", pattern, "-o", out, tmp_path / "text")
        theirs = tekkenizer.from_file(out)
        documents = model_texts.LANGUAGES
        assert ours(out, documents) == [theirs.encode(t, False, False) for t in documents]
        assert theirs.n_words == 400 and theirs.num_special_tokens == 0


@pytest.mark.parametrize("options, message", [
    (["--special", "<s>"], 'the special token "<s>": it has special tokens before the bytes'),
    (["--reserve", "1"], r'the token "\x00" (id 0) comes before a special token'),
    (["--pad-vocab-to", "300"], "comes before a special token"),
    (["--layout", "hf"],
     'the token "!" (id 0) has the place of another: first come the special tokens, then the bytes'),
    (["--pattern", "a{1,2}+|."], "PCRE2 and Rust's regular expressions may read it differently"),
])
def test_models_that_it_cannot_hold(run, tmp_path, options, message):
    (tmp_path / "text").write_text("the thing " * 50)
    done = run("train", "-q", "-s", 260, *options, "-o", tmp_path / "tekken.json",
               tmp_path / "text", check=False)
    assert done.returncode != 0 and message in done.stderr.decode(), done.stderr.decode()
    assert not (tmp_path / "tekken.json").exists()
