# encode --max-tokens, --offsets, --format jsonl, and lists of tokens to recognise.
# SPDX-License-Identifier: MIT
import json

import pytest

TEXT = "The mill grinds slowly: 粉を挽く <t> corn in."


@pytest.fixture(scope="module")
def chat(run, model, tmp_path_factory):
    """The model with a template, a special token, and two added ones that aren't special."""
    data = json.loads((model / "tokenizer.json").read_bytes())
    first = 1 + max(token["id"] for token in data["added_tokens"])
    first = max(first, len(data["model"]["vocab"]))
    names = [("<s>", True), ("<t>", False), ("<u>", False)]
    for number, (content, special) in enumerate(names, first):
        data["added_tokens"].append({
            "id": number, "content": content, "special": special, "single_word": False,
            "lstrip": False, "rstrip": False, "normalized": False})
    data["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                   {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "<s>", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [first], "tokens": ["<s>"]}}}
    path = tmp_path_factory.mktemp("chat") / "tokenizer.json"
    path.write_text(json.dumps(data))
    return path, {name: first + i for i, (name, _) in enumerate(names)}


def encode(run, path, *args, **options):
    return run("encode", "-q", "-m", path, *args, **options).stdout


def ids_of(output):
    return [int(number) for number in output.split()]


@pytest.mark.parametrize("which, found", [
    ("none", "<t> <u>"), ("untrusted", ""), ("all", "<s> <t> <u>"), ("<s>", "<s> <t> <u>"),
    ("<t>", "<t>"), ("<s>,<u>", "<s> <u>")])
def test_which_tokens_are_recognised(run, chat, which, found):
    path, numbers = chat
    ids = ids_of(encode(run, path, "--special-tokens", which, "--text", "a<s>b<t>c<u>"))
    names = {number: name for name, number in numbers.items()}
    assert " ".join(names[number] for number in ids if number in names) == found


def test_at_most_so_many_tokens(run, chat, tmp_path):
    path, numbers = chat
    mark = numbers["<s>"]
    whole = ids_of(encode(run, path, "--text", TEXT))
    framed = [mark, *whole, mark]
    for most in range(1, len(whole) + 3):
        assert ids_of(encode(run, path, "--max-tokens", most, "--text", TEXT)) == whole[:most]
        if most >= 2:
            cut = [mark, *whole[: most - 2], mark]
            assert ids_of(encode(run, path, "--template", "--max-tokens", most, "--text",
                                 TEXT)) == cut
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.jsonl").write_text("".join(
        json.dumps({"text": text}) + "\n" for text in (TEXT, "", TEXT[:3], TEXT)))
    few = encode(run, path, "--max-tokens", 4, "--template", "--eot", "<|end|>", tmp_path / "a.txt",
                 tmp_path / "b.jsonl").decode().splitlines()
    end = ids_of(encode(run, path, "--special-tokens", "all", "--text", "<|end|>"))
    short = ids_of(encode(run, path, "--text", TEXT[:3]))
    cut = [mark, *whole[:2], mark, *end]
    assert [ids_of(line) for line in few] == [
        cut, cut, [mark, mark, *end], [mark, *short[:2], mark, *end], cut]
    assert framed[:3] == cut[:3]
    figures = json.loads(encode(run, path, "--count", "--json", "--max-tokens", 4,
                                tmp_path / "b.jsonl"))
    assert figures["tokens"] == 8 + len(short[:4])
    assert figures["truncated"] == 2 + (len(short) > 4)
    done = run("encode", "-m", path, "--template", "--max-tokens", 1, "--text", TEXT, check=False)
    assert done.returncode == 2 and b"the template alone has 2 ids" in done.stderr


def test_where_each_token_comes_from(run, chat, tmp_path):
    path, numbers = chat
    raw = TEXT.encode()
    (tmp_path / "a.txt").write_bytes(raw)
    arguments = ["--format", "jsonl", "--offsets", "--template"]
    from_text = json.loads(encode(run, path, *arguments, "--text", TEXT))
    assert json.loads(encode(run, path, *arguments, tmp_path / "a.txt")) == from_text
    lines = json.dumps({"text": TEXT}).encode() + b"\n"
    assert json.loads(encode(run, path, *arguments, "--input-format", "jsonl",
                             input=lines)) == from_text
    offsets = from_text["offsets"]
    assert len(offsets) == len(from_text["ids"]) == len(from_text["tokens"])
    assert offsets[0] == [0, 0] and offsets[-1] == [len(raw), len(raw)]
    at = 0
    for number, (begin, end) in list(zip(from_text["ids"], offsets))[1:-1]:
        assert begin == at
        assert run("decode", "-m", path, input=str(number).encode()).stdout == raw[begin:end]
        at = end
    assert at == len(raw)
    mark = from_text["ids"].index(numbers["<t>"])
    assert raw[slice(*offsets[mark])] == b"<t>" and from_text["tokens"][mark] == "<t>"


def test_offsets_need_json_lines(run, chat, tmp_path):
    done = run("encode", "-m", chat[0], "--offsets", "--text", "a", check=False)
    assert done.returncode == 2 and b"option --offsets: needs --format jsonl" in done.stderr
    run("encode", "-q", "-m", chat[0], "--offsets", "--text", "a", "-o", tmp_path / "a.jsonl")
    assert json.loads((tmp_path / "a.jsonl").read_bytes())["offsets"] == [[0, 1]]
