# Model files that are valid JSON with wrong content: errors name the byte of what is wrong.
# SPDX-License-Identifier: MIT
import base64
import copy
import json
import re

import pytest

from support.json_places import LAYOUTS, MARK, find_places

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False}
TOKENIZER = {
    "added_tokens": [{"id": 5, "content": "<s>", "special": True}, {"id": 6, "content": "</s>"}],
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "NFC"}, {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u0120"},
            {"type": "Replace", "pattern": {"String": "x"}, "content": "y"}]}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "a+"}, "behavior": "Isolated"}, BYTE_LEVEL]},
    "post_processor": {"type": "Sequence", "processors": [
        {"type": "ByteLevel"},
        {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]}}},
        {"type": "BertProcessing", "cls": ["<s>", 5], "sep": ["</s>", 6]}]},
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "ignore_merges": False,
              "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "\u0120a": 4},
              "merges": [["a", "b"], "#version: 0.2", "\u0120 a"]},
}
UNIGRAM = {"pre_tokenizer": None, "decoder": {"type": "Fuse"},
           "model": {"type": "Unigram", "vocab": [["a", 0], ["b", -1.5], ["c", -2]]}}
TEXT = {"pre_tokenizer": {"type": "Metaspace"}, "decoder": {"type": "Metaspace"},
        "model": {"type": "BPE", "vocab": {"\u2581a": 0, "b": 1, "a": 2}, "merges": []}}
TEKKEN = {
    "config": {"pattern": "\\S+", "default_vocab_size": 259, "default_num_special_tokens": 2,
               "version": "v11"},
    "vocab": [{"rank": i, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
              for i, token in enumerate([*(bytes([i]) for i in range(256)), b"th"])],
    "special_tokens": [{"rank": 0, "token_str": "<s>"}, {"rank": 1, "token_str": "\0\u0120"}],
}
VOCAB = {"a": 0, "b": 1, "ab": 2, "\u0120": 3}

BASES = {"tokenizer": TOKENIZER, "unigram": UNIGRAM, "text": TEXT, "tekken": TEKKEN, "vocab": VOCAB}
MISSING = object()
MODEL, POST = ("model",), ("post_processor", "processors")
NORMAL = ("normalizer", "normalizers", 1, "normalizers")
PRE = ("pre_tokenizer", "pretokenizers")


def fault(base, path, value, message, at=None, key=False):
    """`value` is put at `path`; the error is about what is there, or about `at`, or its key."""
    return pytest.param(base, path, value, message, path if at is None else at, key,
                        id=f"{base}-{'.'.join(map(str, path))}-{message[:20]}")


FAULTS = [
    # The model.
    fault("tokenizer", MODEL, 3, "no \"model\""),
    fault("tokenizer", MODEL, MISSING, "no \"model\"", at=()),
    fault("tokenizer", (*MODEL, "type"), "Other", "model \"Other\" is not supported"),
    fault("tokenizer", (*MODEL, "vocab"), None, "vocab is not an object"),
    fault("tokenizer", (*MODEL, "vocab"), MISSING, "vocab is not an object", at=MODEL),
    fault("tokenizer", (*MODEL, "merges"), True, "its merges are not a list"),
    fault("tokenizer", (*MODEL, "ignore_merges"), 1, "neither true nor false"),
    *(fault("tokenizer", (*MODEL, "vocab", "ab"), value, "\"ab\" is not an integer")
      for value in (None, True, "2", 1.5, [], {"ab": 2}, [[2]])),
    *(fault("tokenizer", (*MODEL, "vocab", "ab"), value, "out of range")
      for value in (-1, 2**31, 2**32 - 1, 2**63 - 1, -2**63)),
    fault("tokenizer", (*MODEL, "vocab", "\u0120"), 2, "have the same id 2", key=True),
    fault("tokenizer", (*MODEL, "vocab", "\u0120a"), 0, "have the same id 0", key=True),
    fault("tokenizer", (*MODEL, "vocab", "text \"\\"), 0, "have the same id 0", key=True),
    fault("tokenizer", (*MODEL, "vocab", ""), 7, "is empty", key=True),
    # Merges.
    fault("tokenizer", (*MODEL, "merges", 2), ["a", "\u0120"], "not in the vocab"),
    fault("tokenizer", (*MODEL, "merges", 0), ["a", "zz"], "merge 0: the token \"zz\""),
    fault("tokenizer", (*MODEL, "merges", 2), "b  a", "not two tokens separated by one space"),
    fault("tokenizer", (*MODEL, "merges", 2), "a b", "occurs twice"),
    fault("tokenizer", (*MODEL, "merges", 2), ["a", "b"], "occurs twice"),
    fault("tokenizer", (*MODEL, "merges", 2), ["a", " "], "not spelled in printable bytes"),
    *(fault("tokenizer", (*MODEL, "merges", 2), value, "merge 1 is neither a pair")
      for value in (None, False, 7, [], ["a"], ["a", None], ["a", "b", "c"], {"a": "b"}, [["a"]])),
    # Added tokens.
    fault("tokenizer", ("added_tokens",), True, "added_tokens is not a list"),
    fault("tokenizer", ("added_tokens",), {"a": 1}, "added_tokens is not a list"),
    fault("tokenizer", ("added_tokens", 1), None, "has no content"),
    fault("tokenizer", ("added_tokens", 1), {"id": 6}, "has no content"),
    fault("tokenizer", ("added_tokens", 1, "content"), 6, "has no content"),
    fault("tokenizer", ("added_tokens", 1, "id"), None, "\"</s>\" has no id"),
    fault("tokenizer", ("added_tokens", 1, "id"), "6", "\"</s>\" has no id"),
    fault("tokenizer", ("added_tokens", 1, "id"), MISSING, "\"</s>\" has no id",
          at=("added_tokens", 1)),
    fault("tokenizer", (*MODEL, "vocab", "\u0120a"), 6, "have the same id 6",
          at=("added_tokens", 1)),
    fault("tokenizer", (*MODEL, "vocab", "</s>"), 1, "have the same id 1", key=True),
    fault("tokenizer", (*MODEL, "vocab", "</s>"), -1, "out of range"),
    # Steps.
    fault("tokenizer", (*NORMAL,), 1, "a Sequence has no list of normalizers"),
    fault("tokenizer", (*NORMAL,), MISSING, "has no list of normalizers", at=NORMAL[:-1]),
    fault("tokenizer", (*NORMAL, 0, "prepend"), None, "the normalizer Prepend has no prepend"),
    fault("tokenizer", (*NORMAL, 1, "content"), MISSING, "Replace has no content",
          at=(*NORMAL, 1)),
    fault("tokenizer", (*NORMAL, 1, "pattern"), {"Other": 1}, "neither a \"Regex\" nor"),
    fault("tokenizer", (*PRE, 0, "pattern"), None, "Split has neither a \"Regex\" nor"),
    fault("tokenizer", (*PRE, 1, "add_prefix_space"), MISSING, "has no add_prefix_space",
          at=(*PRE, 1)),
    fault("tokenizer", (*PRE, 1, "add_prefix_space"), None, "has no add_prefix_space"),
    fault("tokenizer", ("decoder",), {"type": "Sequence", "decoders": 5}, "has no list of decoders",
          at=("decoder", "decoders")),
    # Templates.
    fault("tokenizer", POST, None, "has no list of processors"),
    fault("tokenizer", (*POST, 1, "single"), 0, "has no single"),
    fault("tokenizer", (*POST, 1, "special_tokens", "<s>", "ids"), None, "a token without ids"),
    fault("tokenizer", (*POST, 1, "special_tokens"), {}, "a token without ids",
          at=(*POST, 1, "single", 0, "SpecialToken")),
    *(fault("tokenizer", (*POST, 1, "special_tokens", "<s>", "ids", 0), value, "not in the vocab")
      for value in (7, -1, 2**31, None, "5")),
    fault("tokenizer", (*POST, 2, "sep", 1), 2**40, "not in the vocab"),
    fault("tokenizer", (*POST, 2, "cls"), ["<s>"], "not in the vocab"),
    fault("tokenizer", (*POST, 2, "cls"), True, "not in the vocab", at=(*POST, 2)),
    # Models that can only decode.
    fault("unigram", (*MODEL, "vocab", 1), ["a", 1], "entry 1 of the model's vocab occurs twice"),
    *(fault("unigram", (*MODEL, "vocab", 1), value, "entry 1 of the model's vocab has no text")
      for value in (None, "b", [], [None, 1])),
    fault("text", (*MODEL, "vocab", "b"), None, "is not an integer"),
    fault("text", (*MODEL, "vocab", "a"), 1, "have the same id 1", key=True),
    # tekken.json.
    fault("tekken", ("config", "default_vocab_size"), -1, "is not a number of tokens"),
    fault("tekken", ("config", "default_vocab_size"), 2**32, "is not a number of tokens"),
    fault("tekken", ("config", "default_vocab_size"), 2**31, "is more than the tokens"),
    fault("tekken", ("config", "default_vocab_size"), MISSING, "is not a number", at=("config",)),
    fault("tekken", ("config", "default_num_special_tokens"), 2**31, "is out of range"),
    fault("tekken", ("config", "version"), "v99", "is not known"),
    fault("tekken", ("config", "pattern"), "\0", "is not an expression"),
    fault("tekken", ("special_tokens",), True, "special_tokens is not a list"),
    fault("tekken", ("special_tokens",), None, "special_tokens is missing"),
    fault("tekken", ("special_tokens", 1), None, ".rank is not the place"),
    fault("tekken", ("special_tokens", 1, "rank"), 0, ".rank is not the place in the list"),
    fault("tekken", ("special_tokens", 1, "token_str"), "<s>", "occurs before, too"),
    fault("tekken", ("special_tokens", 2), {"rank": 2, "token_str": "x"}, "is beyond"),
    fault("tekken", ("vocab", 256), None, "vocab[256].rank is not"),
    fault("tekken", ("vocab", 256, "rank"), 2**31, "vocab[256].rank is not"),
    fault("tekken", ("vocab", 256, "token_bytes"), MISSING, "is missing", at=("vocab", 256)),
    fault("tekken", ("vocab", 256, "token_bytes"), "dG!=", "character 2: not valid base64"),
    fault("tekken", ("vocab", 256, "token_bytes"), "YQ==", "the token \"a\" occurs twice",
          at=("vocab", 256)),
    fault("tekken", ("vocab", 256, "token_str"), "ht", "is not the text of token_bytes"),
    fault("tekken", ("vocab", 7, "token_bytes"), "YQ==", "vocab[7] is not the byte",
          at=("vocab", 7)),
    # vocab.json.
    fault("vocab", ("ab",), "2", "\"ab\" is not an integer"),
    fault("vocab", ("ab",), None, "\"ab\" is not an integer"),
    fault("vocab", ("ab",), 2**31, "out of range among 4 tokens"),
    fault("vocab", ("\u0120",), 0, "the tokens \"a\" and \" \" have the same id 0", key=True),
    fault("vocab", ("a b",), 4, "not spelled in printable bytes", key=True),
]


def put(root, path, value):
    for step in path[:-1]:
        root = root[step]
    if value is MISSING:
        del root[path[-1]]
    elif isinstance(root, list) and path[-1] == len(root):
        root.append(value)
    else:
        root[path[-1]] = value


def is_loaded(done):
    """Whether there is no error, though the audit may find that the model lacks bytes."""
    return done.returncode == 0 or done.stderr.endswith(b": a check failed\n")


def read_error(done):
    found = re.search(rb": byte (\d+): (.*)", done.stderr)
    assert done.returncode == 1 and found is not None, done.stderr
    return int(found[1]), found[2].decode()


@pytest.fixture
def inspect(run, tmp_path):
    """Writes a model file, and returns the byte and the message of the error about it."""

    def write_and_inspect(data, name="vocab.json"):
        (tmp_path / name).write_bytes(data)
        (tmp_path / "merges.txt").write_text("a b\n")
        done = run("inspect", tmp_path / name, check=False)
        assert f"{tmp_path / name}: ".encode() in done.stderr
        return read_error(done)

    return write_and_inspect


@pytest.mark.parametrize("base", BASES)
def test_bases_load(run, tmp_path, base):
    (tmp_path / "merges.txt").write_text("a b\n")
    for layout in LAYOUTS.values():
        (tmp_path / "vocab.json").write_bytes(layout(BASES[base]))
        done = run("inspect", "--json", tmp_path / "vocab.json", check=False)
        assert is_loaded(done), done.stderr


@pytest.mark.parametrize("base, path, value, message, at, key", FAULTS)
def test_fault(inspect, base, path, value, message, at, key):
    model = copy.deepcopy(BASES[base])
    put(model, path, value)
    for name, layout in LAYOUTS.items():
        data = layout(model)
        values, keys = find_places(data)
        byte, text = inspect(data, "vocab.json" if base == "vocab" else "model.json")
        assert message in text, name
        assert byte == (keys if key else values)[at], (name, text)


def test_second_of_two_ids_names_the_first(inspect):
    """Whatever comes between them."""
    vocab = {"first": 0, **{f"x{i}": i for i in range(1, 3000)}, "second": 0}
    for name, layout in LAYOUTS.items():
        data = layout(vocab)
        byte, text = inspect(data)
        assert text == "the tokens \"first\" and \"second\" have the same id 0", name
        assert byte == find_places(data)[1][("second",)]


def test_duplicate_keys(inspect):
    """Refused by the parser, at the second."""
    for data in (b'{"a": 0, "b": 1, "a": 2}', MARK + b'{"ab": 0,\n "a\\u0062": 2, "c": 3}',
                 b'{"model": {"vocab": {"a": 0, "b": 1, "a": 2}, "merges": []}}'):
        byte, text = inspect(data)
        assert "duplicate name in an object" in text
        assert data[byte:].split(b":")[0] in (b'"a"', b'"a\\u0062"') and byte > 5


def test_deep_nesting(inspect):
    """As deep as the parser allows, and deeper."""
    for depth in (10, 1000, 2040, 3000, 100_000):
        inner = b'{"x":[' * depth + b"]}" * depth
        data = b'{"normalizer": ' + inner + b', "model": {"vocab": {"a": "0"}, "merges": []}}'
        byte, text = inspect(data)
        if depth <= 1000:
            assert byte == data.index(b'"0"') and "is not an integer" in text
        else:
            assert "nested more than 2048 deep" in text and byte <= len(data)


@pytest.mark.parametrize("lines, bad, message", [
    (["#version: 0.2", "a b", "", "a b"], 3, "occurs twice"),
    (["a b", "a  b"], 1, "merge 1: \"a  b\" is not two tokens"),
    (["a b", "ab \u0120"], 1, "merge 1: the token \"ab\u0120\" is not in the vocab"),
    (["", "a b", "#version b"], None, None),
    (["a b", "b \u4e00"], 1, "printable bytes"),
])
@pytest.mark.parametrize("start, end", [("", "\n"), ("\ufeff", "\r\n")])
def test_merges(run, tmp_path, lines, bad, message, start, end):
    (tmp_path / "vocab.json").write_text(json.dumps(VOCAB))
    path = tmp_path / "merges.txt"
    path.write_bytes((start + end.join(lines) + end).encode())
    done = run("inspect", tmp_path / "vocab.json", check=False)
    if bad is None:
        assert is_loaded(done), done.stderr
        return
    byte, text = read_error(done)
    assert message in text and f"{path}: byte".encode() in done.stderr
    assert byte == len((start + "".join(line + end for line in lines[:bad])).encode())


def test_special_token_of_another_id(run, tmp_path):
    data = b'{"a": 0, "b": 1, "ab": 2, "\\u003cs>" : 1}'
    (tmp_path / "vocab.json").write_bytes(data)
    (tmp_path / "merges.txt").write_text("a b\n")
    done = run("inspect", tmp_path / "vocab.json", "--special", "<s>", check=False)
    byte, text = read_error(done)
    assert byte == data.index(b'"\\u003c') and "have the same id 1" in text


@pytest.mark.parametrize("path, value, message, at", [
    (("merges",), "3", "\"merges\" is not a number in range", None),
    (("pattern",), "llama3", "its pattern is", None),
    (("stopped",), MISSING, "\"stopped\" is missing", ()),
    (("options", "ties"), 5, "\"ties\" is not a string", None),
    (("options", "layout"), None, "\"layout\" is missing", None),
    (("options", "min_count"), -1, "\"min_count\" is not a number in range", None),
    (("merge_counts", 2), 0, "a count that is not a positive integer", None),
    (("merge_counts", 2), None, "a count that is not a positive integer", None),
    (("merge_counts",), [1], "does not have one count for each merge", None),
    (("inputs", 0, "name"), 1, "\"name\" is not a string", None),
    (("inputs", 0), None, "an input without a name", None),
    (("stages",), {}, "\"stages\" is not a list", None),
    (("stages", 0, "name"), MISSING, "a stage without a name", ("stages", 0)),
    (("unicode_version",), "99.0.0", "no tables for its unicode_version", None),
    (("merges",), 3, "it has 3 merges, the model", None),
])
def test_record(run, model, tmp_path, path, value, message, at):
    (tmp_path / "tokenizer.json").write_bytes((model / "tokenizer.json").read_bytes())
    record = json.loads((model / "training.json").read_bytes())
    put(record, path, value)
    if value == 3:
        record["merge_counts"] = []  # or they would be found too many first
    for name, layout in LAYOUTS.items():
        data = layout(record)
        (tmp_path / "training.json").write_bytes(data)
        byte, text = read_error(run("inspect", tmp_path, check=False))
        assert message in text, name
        assert byte == find_places(data)[0][path if at is None else at], (name, text)
