# Models of others as tokenizer.json: what inspect shows of them, templates, and what can't encode.
# SPDX-License-Identifier: MIT
import json

import pytest

FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": False}


def byte_level(space=False):
    return {"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": True,
            "use_regex": True}


@pytest.fixture
def edit(model, tmp_path):
    """Writes the model with other members, and added tokens besides its own."""

    def write(added=(), **members):
        made = json.loads((model / "tokenizer.json").read_text("utf-8"))
        next_id = max(made["model"]["vocab"].values()) + 1
        made["added_tokens"] += [{"id": next_id + i, **FLAGS, **token}
                                 for i, token in enumerate(added)]
        made.update(members)
        path = tmp_path / "edited.json"
        path.write_text(json.dumps(made), "utf-8")
        return path, next_id

    return write


def ids_of(done):
    return [int(word) for word in done.stdout.split()]


def template(name, number):
    piece = {"SpecialToken": {"id": name, "type_id": 0}}
    whole = [piece, {"Sequence": {"id": "A", "type_id": 0}}]
    return {"type": "TemplateProcessing", "single": whole, "pair": whole,
            "special_tokens": {name: {"id": name, "ids": [number], "tokens": [name]}}}


def test_template(run, edit, tmp_path):
    _, number = edit()
    path, _ = edit([{"content": "<s>", "special": True}], post_processor=template("<s>", number))
    plain = ids_of(run("encode", "-m", path, "--text", "mill"))
    assert number not in plain
    assert ids_of(run("encode", "-m", path, "--template", "--text", "mill")) == [number, *plain]
    (tmp_path / "x.jsonl").write_text('{"text": "mill"}\n{"text": ""}\n')
    done = run("encode", "-m", path, "--template", tmp_path / "x.jsonl")
    lines = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    assert lines == [[number, *plain], [number]]
    assert b'template         before "<s>"' in run("inspect", path).stdout


def test_untrusted_text(run, edit):
    path, number = edit([{"content": "<think>"}])
    assert ids_of(run("encode", "-m", path, "--text", "<think>")) == [number]
    untrusted = ["--special-tokens", "untrusted"]
    assert number not in ids_of(run("encode", "-m", path, *untrusted, "--text", "<think>"))


def test_inspect(run, edit):
    digits = {"type": "Digits", "individual_digits": True}
    path, number = edit([{"content": "<x>", "lstrip": True, "normalized": True}], pre_tokenizer={
        "type": "Sequence", "pretokenizers": [digits, byte_level(space=True)]})
    text = run("inspect", path).stdout.decode()
    assert f"{number}  <x>  (added, not special)  lstrip  normalized\n" in text
    assert "\n                 gpt2, adds a space before\n" in text
    shown = json.loads(run("inspect", "--json", path).stdout)
    assert shown["pattern"] is None and shown["refusal"] is None
    assert len(shown["steps"]) == 2 and shown["steps"][1] == "gpt2, adds a space before"
    assert shown["normalizer"] == shown["template"] == []
    added = shown["special_tokens"][-1]
    assert added["lstrip"] and added["normalized"] and not added["rstrip"]


LLAMA = {
    "added_tokens": [{"id": 0, "content": "<s>", **FLAGS}],
    "pre_tokenizer": None,
    "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    "model": {"type": "BPE", "byte_fallback": True, "fuse_unk": True, "unk_token": "<s>",
              "vocab": {"<s>": 0, "<0x0A>": 1, "\u2581": 2, "é": 3, "\u2581é": 4},
              "merges": [["\u2581", "é"]]},
}


def test_a_model_that_cannot_encode(run, tmp_path):
    path = tmp_path / "llama.json"
    path.write_text(json.dumps(LLAMA), "utf-8")
    assert run("decode", "-m", path, input=b"4 1 3\n").stdout == " é\né".encode()
    shown = json.loads(run("inspect", "--json", path).stdout)
    reasons = ["not byte-level", "byte fallback, as in Llama 2", "unk_token", "fuse_unk",
               "keeps a space at the beginning"]
    assert all(reason in shown["refusal"] for reason in reasons)
    text = run("inspect", path).stdout.decode()
    assert all(reason in text for reason in reasons) and "FAILED" not in text
    for command in ["encode", "-m", path, "--text", "a"], ["convert", path, tmp_path / "out.json"]:
        done = run(*command, check=False)
        assert done.returncode == 1
        assert all(reason in done.stderr.decode() for reason in reasons)


def test_a_folder_keeps_its_files(run, model, tmp_path):
    run("convert", "-q", model, tmp_path / "a")
    config = b'{"tokenizer_class": "X", "unknown": [1], "chat_template": "{{ x }}"}'
    (tmp_path / "a" / "tokenizer_config.json").write_bytes(config)
    (tmp_path / "a" / "chat_template.jinja").write_bytes(b"{{ messages }}")
    run("convert", "-q", tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b" / "tokenizer_config.json").read_bytes() == config
    assert (tmp_path / "b" / "chat_template.jinja").read_bytes() == b"{{ messages }}"
