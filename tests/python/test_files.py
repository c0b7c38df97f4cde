# Files of ids: encoded and decoded, as the command does it.
# SPDX-License-Identifier: MIT
import json
import struct

import pairmill
import pytest
from pairmill import EncodedFiles, Policy

DOCUMENTS = ["low lower\n", "naïve 東京<|end|>\n", "newest\n"]


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest, new newer newest"] * 9, 280,
                                        special_tokens=["<|end|>"])


@pytest.fixture
def path(tmp_path):
    (tmp_path / "in.txt").write_text("".join(DOCUMENTS))
    return tmp_path / "in.txt"


@pytest.mark.parametrize("format", pairmill.choices["token_formats"])
def test_the_command_writes_the_same(run, tok, path, tmp_path, format):
    tok.save(tmp_path / "model.json")
    options = {"format": format, "input_format": "lines", "special_tokens": "all",
               "eot": "<|end|>", "max_tokens": 9, "offsets": format == "jsonl"}
    totals = tok.encode_file(path, tmp_path / "mine", **options)
    arguments = ["--offsets"] if format == "jsonl" else []
    run("encode", "--model", tmp_path / "model.json", "--format", format, "--input-format",
        "lines", "--special-tokens", "all", "--eot", "<|end|>", "--max-tokens", "9", *arguments,
        "--output", tmp_path / "theirs", path)
    mine, theirs = ({path.name.removeprefix(name): path.read_bytes()
                     for path in tmp_path.glob(f"{name}*")} for name in ("mine", "theirs"))
    assert mine == theirs and len(mine) > 1
    assert totals.documents == 3 and totals.bytes == path.stat().st_size and totals.truncated == 1
    back = tok.decode_file(tmp_path / "mine", tmp_path / "text", format=format)
    assert back.tokens == totals.tokens > 15


def test_ids_and_totals(tok, path, tmp_path):
    totals = tok.encode_file([str(path)], str(tmp_path / "ids.u16"))
    ids = tok.encode("".join(DOCUMENTS))
    data = (tmp_path / "ids.u16").read_bytes()
    assert list(struct.unpack(f"<{len(ids)}H", data)) == ids
    assert totals == EncodedFiles(documents=1, bytes=path.stat().st_size, tokens=len(ids),
                                  bad_lines=0, truncated=0)
    assert tok.decode_file(tmp_path / "ids.u16", tmp_path / "text").tokens == len(ids)
    assert (tmp_path / "text").read_text() == "".join(DOCUMENTS)


def test_policies_and_separators(tok, path, tmp_path):
    end = tok.special_tokens["<|end|>"]

    def read(**options):
        tok.encode_file(path, tmp_path / "ids.u32", overwrite=True, **options)
        data = (tmp_path / "ids.u32").read_bytes()
        return list(struct.unpack(f"<{len(data) // 4}I", data))

    text = "".join(DOCUMENTS)
    for options in ({}, {"special_tokens": "all"}, {"policy": Policy("all")},
                    {"special_tokens": ["<|end|>"]}):
        assert read(**options) == tok.encode(text, **options)
    assert read(doc_separator="<|end|>", eot="<|end|>") == [
        i for part in text.split("<|end|>") for i in [*tok.encode(part), end]]
    tok.decode_file(tmp_path / "ids.u32", tmp_path / "text", skip_special_tokens=True)
    assert (tmp_path / "text").read_text() == text.replace("<|end|>", "")


def test_many_kinds_of_input(tok, tmp_path):
    (tmp_path / "in.jsonl").write_text("".join(
        json.dumps({"body": text}) + "\n" for text in DOCUMENTS) + "no json\n")
    with pytest.warns(UserWarning, match="in.jsonl: 1 bad lines skipped"):
        totals = tok.encode_file(tmp_path / "in.jsonl", tmp_path / "ids.jsonl", field="body",
                                 skip_bad_lines=True)
    assert totals.documents == 3 and totals.bad_lines == 1
    lines = [json.loads(line) for line in (tmp_path / "ids.jsonl").read_text().splitlines()]
    assert [line["ids"] for line in lines] == tok.encode_batch(DOCUMENTS).tolist()
    tok.decode_file([tmp_path / "ids.jsonl"], tmp_path / "text")
    seen = []
    tok.encode_file(tmp_path / "text", tmp_path / "ids.u16", progress=seen.append)
    assert seen and all(isinstance(one, pairmill.Progress) for one in seen)


def test_what_is_wrong(tok, path, tmp_path):
    out = tmp_path / "ids.u16"
    with pytest.raises(ValueError, match="<|end|>") as error:
        tok.encode_file(path, out, special_tokens="error")
    assert error.value.offset == len("".join(DOCUMENTS).partition("<")[0].encode())
    for options in ({"format": "bogus"}, {"eot": "<x>"}, {"input_format": "bogus"},
                    {"offsets": True}, {"special_tokens": "bogus"}, {"max_tokens": -1}):
        with pytest.raises(ValueError):
            tok.encode_file(path, out, **options)
    for options in ({"bogus": 1}, {"format": 5}, {"max_tokens": 1.5}, {"eot": 5},
                    {"special_tokens": "all", "policy": Policy()}):
        with pytest.raises(TypeError):
            tok.encode_file(path, out, **options)
    with pytest.raises(FileNotFoundError):
        tok.encode_file(tmp_path / "none", out)
    assert not out.exists()
    tok.encode_file(path, out)
    for call, source in ((tok.encode_file, path), (tok.decode_file, out)):
        with pytest.raises(FileExistsError):
            call(source, out)
    out.write_bytes(struct.pack("<3H", 97, 60000, 97))
    with pytest.raises(ValueError, match="60000") as error:
        tok.decode_file(out, tmp_path / "text")
    assert error.value.offset == 2 and not (tmp_path / "text").exists()
    with pytest.raises(TypeError):
        tok.decode_file(out, tmp_path / "text", bogus=1)


def test_shards(tok, path, tmp_path):
    out = tmp_path / "shards"
    options = {"format": "u16", "input_format": "lines", "eot": "<|end|>", "shard_tokens": 5}
    totals = tok.encode_file(path, out, **options)
    made = {file.name: file.read_bytes() for file in out.iterdir()}
    tok.encode_file(path, tmp_path / "one.u16", input_format="lines", eot="<|end|>")
    shards = sorted(name for name in made if name.endswith(".u16"))
    assert len(shards) > 1
    assert b"".join(map(made.get, shards)) == (tmp_path / "one.u16").read_bytes()
    for name in (shards[-1], shards[-1] + ".json"):
        (out / name).unlink()
    with pytest.raises(FileExistsError):
        tok.encode_file(path, out, **options)
    assert tok.encode_file(path, out, resume=True, **options) == totals
    assert {file.name: file.read_bytes() for file in out.iterdir()} == made
    with pytest.raises(ValueError, match="made otherwise .max_tokens."):
        tok.encode_file(path, out, resume=True, max_tokens=3, **options)
    assert tok.decode_file(out, tmp_path / "text", skip_special_tokens=True).tokens == totals.tokens
    assert (tmp_path / "text").read_bytes() == path.read_bytes()
