# pairmill.compat.tiktoken: encodings by name, models, files, pickles.
# SPDX-License-Identifier: MIT
import copy
import os
import pickle
import tempfile

import pytest
import tiktoken
import tiktoken.load
import tiktoken.model

import pairmill
import pairmill.compat.tiktoken as compat
from support import vocabularies

R50K = vocabularies.TIKTOKEN_CACHE["r50k_base.tiktoken"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for rank files; no encoding is loaded yet."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setattr(compat, "_registered", {})
    return tmp_path


def test_names():
    assert sorted(compat.list_encoding_names()) == sorted(tiktoken.list_encoding_names())
    assert set(compat.list_encoding_names()) <= set(pairmill.choices["encodings"])


def test_models():
    for model, encoding in tiktoken.model.MODEL_TO_ENCODING.items():
        assert compat.encoding_name_for_model(model) == encoding
    for beginning, encoding in tiktoken.model.MODEL_PREFIX_TO_ENCODING.items():
        for model in (beginning, beginning + "x", beginning + "-2024-05-13"):
            assert compat.encoding_name_for_model(model) == tiktoken.encoding_name_for_model(model)


@pytest.mark.parametrize("model", ["", "gpt", "gpt-4x", "o1mini", "text-davinci-004", "gpt2-x"])
def test_unknown_models(model):
    for module in (tiktoken, compat):
        with pytest.raises(KeyError):
            module.encoding_for_model(model)


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR", "the default"])
@pytest.mark.parametrize("name", [R50K, "r50k_base.tiktoken"])
def test_files(folder, monkeypatch, variable, name):
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    where = folder
    if variable == "the default":
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        where = folder / "data-gym-cache"
        where.mkdir()
    else:
        monkeypatch.setenv(variable, str(folder))
    os.symlink(vocabularies.path_of("r50k_base.tiktoken"), where / name)
    encoding = compat.get_encoding("r50k_base")
    assert encoding is compat.get_encoding("r50k_base") is compat.encoding_for_model("davinci")
    assert encoding.encode("hello world") == [31373, 995]
    assert compat.get_encoding("gpt2").name == "gpt2"
    with pytest.raises(FileNotFoundError):
        compat.get_encoding("p50k_base")


@pytest.mark.slow
def test_gpt2_from_its_own_files(folder):
    for name in ("encoder.json", "vocab.bpe"):
        with pytest.raises(FileNotFoundError):
            compat.get_encoding("gpt2")
        os.symlink(vocabularies.path_of(name), folder / vocabularies.TIKTOKEN_CACHE[name])
    encoding = compat.get_encoding("gpt2")
    assert encoding.encode("hello <|endoftext|>", allowed_special="all") == [31373, 220, 50256]
    assert encoding._mergeable_ranks == tiktoken.load.load_tiktoken_bpe(
        str(vocabularies.path_of("r50k_base.tiktoken")))
    assert encoding._special_tokens == {"<|endoftext|>": 50256} and encoding.n_vocab == 50257
    assert encoding._encode_single_piece("hello") == [31373]


def test_no_file(folder):
    with pytest.raises(FileNotFoundError) as raised:
        compat.encoding_for_model("davinci")
    message = str(raised.value)
    assert f"{folder / R50K} nor {folder / 'r50k_base.tiktoken'}" in message
    assert "TIKTOKEN_CACHE_DIR" in message


def test_another_file(folder):
    (folder / "cl100k_base.tiktoken").write_bytes(b"YQ== 0\n")
    with pytest.raises(ValueError, match="cl100k_base"):
        compat.get_encoding("cl100k_base")


@pytest.mark.parametrize("name", ["r50k", "", "qwen", 5, None, ["gpt2"]])
def test_unknown_names(folder, name):
    for module in (tiktoken, compat):
        with pytest.raises(ValueError):
            module.get_encoding(name)


@pytest.mark.slow
def test_pickles_and_copies_of_known_encodings(folder):
    os.symlink(vocabularies.path_of("r50k_base.tiktoken"), folder / R50K)
    old = compat.get_encoding("r50k_base")
    assert len(pickle.dumps(old)) < 200
    for new in (pickle.loads(pickle.dumps(old)), copy.copy(old), copy.deepcopy(old)):
        assert new.encode("hello world") == [31373, 995]
        assert new._core is old._core


def test_rank_files():
    path = str(vocabularies.path_of("r50k_base.tiktoken"))
    sha256 = vocabularies.MADE["r50k_base.tiktoken"]
    assert compat.load_tiktoken_bpe(path, sha256) == tiktoken.load.load_tiktoken_bpe(path)
    with pytest.raises(ValueError, match="another file"):
        compat.load_tiktoken_bpe(path, sha256[::-1])
    with pytest.raises(OSError):
        compat.load_tiktoken_bpe(path + "x")
