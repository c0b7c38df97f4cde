# Models as people have them: under any name, with a byte-order mark, or more than a format holds.
# SPDX-License-Identifier: MIT
import base64
import json
import os
import re
import subprocess

import pytest

BOM = b"\xef\xbb\xbf"
RANKS = b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(
    [bytes([byte]) for byte in range(256)] + [b"th", b"the"]))


def ids_of(done):
    return [int(word) for word in done.stdout.split()]


@pytest.fixture
def llama(tmp_path):
    """A .tiktoken under the name that Llama 3 gives it."""
    path = tmp_path / "tokenizer.model"
    path.write_bytes(RANKS)
    return path


# ---- What a model is ----

def test_the_content_tells_what_a_model_is(run, llama, model, tmp_path):
    assert ids_of(run("encode", "-m", llama, "--pattern", "gpt2", "--text", "the")) == [257]
    assert run("decode", "-m", llama, input=b"257\n").stdout == b"the"
    assert b"rank by id" in run("inspect", llama).stdout
    run("convert", "-q", llama, tmp_path / "a.json", "--pattern", "gpt2")
    assert ids_of(run("encode", "-m", tmp_path / "a.json", "--text", "the")) == [257]
    (tmp_path / "b.txt").write_bytes((model / "tokenizer.json").read_bytes())
    for command in (["encode", "--text", "mill", "-m"], ["inspect"]):
        assert run(*command, tmp_path / "b.txt").returncode == 0


def test_a_model_from_stdin(run):
    done = run("encode", "-m", "-", "--pattern", "gpt2", "--text", "the", input=BOM + RANKS)
    assert ids_of(done) == [257]


def test_the_format_may_be_named(run, llama, model, tmp_path):
    named = ["--model-format", "tiktoken"]
    for command in (["encode", "-m", llama, "--pattern", "gpt2", "--text", "the"],
                    ["decode", "-m", llama], ["inspect", llama],
                    ["convert", "-q", "--allow-loss", llama, tmp_path / "a.tiktoken"]):
        run(*command, *named)
        done = run(*command, "--model-format", "tokenizer.json", "-f" if command[0] == "convert"
                   else "-q", check=False)
        assert done.returncode == 1 and b"not valid JSON" in done.stderr
    done = run("inspect", model, *named, check=False)
    assert done.returncode == 2 and b"is a folder, not a tiktoken" in done.stderr
    done = run("inspect", llama, "--model-format", "sentencepiece", check=False)
    assert done.returncode == 2 and b"not supported yet" in done.stderr
    done = run("inspect", llama, "--model-format", "tiktokn", check=False)
    assert done.returncode == 2 and b'did you mean "tiktoken"?' in done.stderr


@pytest.mark.parametrize("data, what", [
    (b"\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02", b"a SentencePiece model"),
    (b"\xfd7zXZ\0", b"xz"),
    (b"version https://git-lfs.github.com/spec/v1\n", b"git lfs pull"),
    (b'{"text": "a"}\n{"text": "b"}\n', b"JSON lines"),
])
def test_other_files_are_refused_by_what_they_are(run, tmp_path, data, what):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(data.ljust(32, b"\0") if data[-1:] != b"\n" else data)
    for command in (["encode", "--text", "a", "-m"], ["decode", "-m"], ["inspect"]):
        done = run(*command, path, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith(b"pairmill: %s: %s: looks like " %
                                      (command[0].encode(), os.fsencode(path)))
        assert what in done.stderr


def test_a_damaged_count_file_is_called_damaged(run, text_file, tmp_path):
    counts = tmp_path / "nameless"
    run("count", "-q", "-o", tmp_path / "a.counts", text_file)
    data = bytearray((tmp_path / "a.counts").read_bytes())
    data[40] ^= 1
    counts.write_bytes(data)
    done = run("inspect", counts, check=False)
    assert done.returncode == 1 and b"as counts: " in done.stderr


# ---- Names that aren't UTF-8 ----

def test_file_names_stay_whole(run, tmp_path):
    name = b"caf\xe9 \"1\".txt"
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
        file.write(b"some words, some words")
    out = os.fsencode(tmp_path) + b"/out\xff"
    done = run("train", "-q", "-s", 258, "--json", "-o", out, name, cwd=tmp_path)
    figures = json.loads(done.stdout)
    assert printable(figures["inputs"][0]["printable"]) == name
    assert printable(figures["output_printable"]) == out
    with open(out + b"/training.json", encoding="utf-8") as file:
        record = json.load(file)
    assert record["inputs"][0]["name"] == 'caf\ufffd "1".txt'
    assert printable(record["inputs"][0]["printable"]) == name
    run("convert", "-q", out, tmp_path / "again")
    assert (tmp_path / "again" / "training.json").read_bytes() == \
        open(out + b"/training.json", "rb").read()
    figures = json.loads(run("inspect", "--json", out).stdout)
    assert printable(figures["printable"]) == out
    figures = json.loads(run("inspect", "--json", tmp_path / "again").stdout)
    assert "printable" not in figures and figures["name"] == str(tmp_path / "again")


def test_inspect_shows_durations(run, tmp_path):
    run("train", "-q", "-s", 258, "-o", tmp_path / "m", "-", input=b"ab ab ab")
    path = tmp_path / "m" / "training.json"
    record = json.loads(path.read_bytes())
    shown = {0.004: "0.00 s", 9.99: "9.99 s", 9.996: "10.0 s", 59.94: "59.9 s", 59.96: "1 min 00 s",
             125.4: "2 min 05 s", 3599.4: "59 min 59 s", 3599.6: "1 h 00 min", 3661: "1 h 01 min",
             360000: "100 h 00 min", 1e300: "277777 h 46 min"}
    record["stages"] = [{"name": f"stage{i}", "seconds": seconds, "peak_memory": 1}
                        for i, seconds in enumerate(shown)]
    path.write_text(json.dumps(record))
    lines = run("inspect", tmp_path / "m").stdout.decode().splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("  stage")] == \
        list(shown.values())


def printable(text):
    """The bytes that GPT-2's table of printable bytes spells."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in plain}
    table.update({chr(256 + i): byte
                  for i, byte in enumerate(byte for byte in range(256) if byte not in plain)})
    return bytes(table[character] for character in text)


# ---- What a format can't hold ----

VERSION = b"#version1 #version1 #version1"
LEARN = ["train", "--pattern", "none", "-s", 300]


def test_a_folder_goes_without_a_merges_txt_that_would_lie(run, tmp_path):
    done = run(*LEARN, "--json", "-o", tmp_path / "out", "-", input=VERSION)
    assert json.loads(done.stdout)["left_out"] == ["vocab.json", "merges.txt"]
    assert b"Without vocab.json and merges.txt: " in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == \
        {"tokenizer.json", "tokenizer_config.json", "training.json"}
    done = run("convert", tmp_path / "out", tmp_path / "copy")
    assert b"Without vocab.json and merges.txt: " in done.stderr
    done = run(*LEARN, "--json", "-o", tmp_path / "plain", "-", input=b"version1 version1")
    assert json.loads(done.stdout)["left_out"] == [] and b"Without" not in done.stderr


@pytest.mark.parametrize("limit", [[], ["--memory", "64000000"]])
def test_counts_are_kept_if_a_merges_txt_would_lie(run, tmp_path, limit):
    out, kept = tmp_path / "vocab.json", tmp_path / "vocab.json.counts"
    done = run(*LEARN, *limit, "-o", out, "-", input=VERSION, check=False)
    assert done.returncode == 1
    assert b"#version" in done.stderr and os.fsencode(kept) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    run("train", "-q", "-s", 300, "--counts", kept, "-o", tmp_path / "a.json")
    run(*LEARN, "-q", "-o", tmp_path / "b.json", "-", input=VERSION)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    done = run("train", "-s", 300, "--counts", kept, "-o", out, check=False)
    assert done.returncode == 1 and b"counts are kept" not in done.stderr
    # It isn't overwritten, and that is said before anything is counted.
    done = run(*LEARN, *limit, "-o", out, "-", input=VERSION, check=False)
    assert done.returncode == 1 and b"vocab.json.counts: already exists" in done.stderr
    done = run(*LEARN, *limit, "-f", "-o", out, "-", input=VERSION, check=False)
    assert done.returncode == 1 and b"the counts are kept" in done.stderr


def test_a_token_may_have_64_mib(run, tmp_path):
    """A file with a longer one is hostile, or broken."""
    path = tmp_path / "long.tiktoken"
    for length, said in ((64 << 20, b""), ((64 << 20) + 1, b"byte 7: the token with id 1 has")):
        with path.open("wb") as file:
            file.write(b"YQ== 0\n" + base64.b64encode(b"a" * length) + b" 1\n")
        done = run("decode", "-m", path, input=b"0", check=False)
        assert (done.returncode == 0) == (said == b"") and said in done.stderr


def test_counts_are_not_kept_if_all_goes_well(run, tmp_path):
    run("train", "-q", "--pattern", "none", "-s", 258, "-o", tmp_path / "vocab.json", "-",
        input=VERSION)
    assert {path.name for path in tmp_path.iterdir()} == {"vocab.json", "merges.txt"}


def test_a_token_spelled_like_a_special_token(run, tmp_path):
    """Ġve is how printable bytes spell " ve"."""
    for name in ("out", "out.json", "vocab.json"):
        done = run("train", "-s", 258, "--special", "Ġve", "-o", tmp_path / name, "-",
                   input=b" ve ve ve", check=False)
        assert done.returncode == 0
        kept = tmp_path / f"{name}.counts"
        done = run("train", "-s", 259, "--special", "Ġve", "-o", tmp_path / name, "-f", "-",
                   input=b" ve ve ve", check=False)
        assert done.returncode == 1 and b"would confuse the two" in done.stderr
        assert kept.is_file()
    run("train", "-q", "-s", 259, "--counts", kept, "-o", tmp_path / "a.tiktoken")


# ---- tekken.json, and encodings of rank files ----

@pytest.fixture
def tekken(run, tmp_path):
    (tmp_path / "text").write_text("the thing in the mill " * 20)
    run("train", "-q", "-s", 265, "-o", tmp_path / "tekken.json", tmp_path / "text")
    return tmp_path / "tekken.json"


def test_a_tekken_file_goes_in_and_out(run, tekken, tmp_path):
    ids = ids_of(run("encode", "-m", tekken, "--text", "the mill"))
    assert run("decode", "-m", tekken, input=b" ".join(b"%d" % i for i in ids)).stdout == b"the mill"
    (tmp_path / "other").write_bytes(BOM + tekken.read_bytes())
    for source in (tmp_path / "other", tekken):
        run("convert", "-q", "-f", source, tmp_path / "a.json")
        assert ids_of(run("encode", "-m", tmp_path / "a.json", "--text", "the mill")) == ids
    run("convert", "-q", "-f", tmp_path / "a.json", tmp_path / "b-tekken.json")
    assert (tmp_path / "b-tekken.json").read_bytes() == tekken.read_bytes()
    info = json.loads(run("inspect", "--json", tekken).stdout)
    assert info["meaning"] == "rank by id" and info["encoding"] is None
    assert info["vocab_size"] == 265


def test_a_tekken_file_may_be_named(run, tekken, tmp_path):
    run("inspect", tekken, "--model-format", "tekken.json")
    done = run("inspect", tekken, "--model-format", "tokenizer.json", check=False)
    assert done.returncode == 1 and b"\\u0000 is not allowed" in done.stderr
    (tmp_path / "half").write_bytes(tekken.read_bytes()[:2000])
    done = run("inspect", tmp_path / "half", "--model-format", "tekken.json", check=False)
    assert done.returncode == 1 and b"half: byte 2000: line" in done.stderr


@pytest.mark.parametrize("command", [["encode", "--text", "a", "-m"], ["decode", "-m"],
                                     ["inspect"], ["convert", "-q"]])
def test_an_encoding_is_for_known_rank_files(run, llama, tmp_path, command):
    out = [tmp_path / "out.tiktoken"] if command[0] == "convert" else []
    done = run(*command, llama, *out, "--encoding", "o200k_harmony", check=False)
    assert done.returncode == 2
    assert b"tokenizer.model: not a rank file whose encodings are known" in done.stderr
    done = run(*command, llama, *out, "--encoding", "o200k_harmoni", check=False)
    assert done.returncode == 2 and b'did you mean "o200k_harmony"?' in done.stderr
    assert not (tmp_path / "out.tiktoken").exists()


# ---- GGUF ----

@pytest.fixture
def gguf(run, model, tmp_path):
    path = tmp_path / "model.gguf"
    run("convert", "-q", model, path)
    return path


def test_gguf_is_a_model_like_any_other(run, model, gguf, text_file, tmp_path):
    wanted = run("encode", "-m", model, "--special-tokens", "all", text_file).stdout
    assert run("encode", "-m", gguf, "--special-tokens", "all", text_file).stdout == wanted
    assert run("decode", "-m", gguf, input=wanted).stdout == text_file.read_bytes()
    (tmp_path / "other").write_bytes(gguf.read_bytes())
    for path in (gguf, tmp_path / "other"):
        for named in ([], ["--model-format", "gguf"]):
            assert re.search(rb"^pattern +gpt2$", run("inspect", path, *named).stdout, re.M)
    run("convert", "-q", gguf, tmp_path / "again")
    for name in ("vocab.json", "merges.txt", "tokenizer.json"):
        assert (tmp_path / "again" / name).read_bytes() == (model / name).read_bytes()


def test_only_the_header_of_a_gguf_is_read(pairmill, gguf):
    """After the header of what comes through a pipe, the pipe never ends."""
    reader, writer = os.pipe()
    child = subprocess.Popen([pairmill, "encode", "-m", "-", "--text", "a"], stdin=reader,
                             stdout=subprocess.PIPE)
    os.close(reader)
    os.write(writer, gguf.read_bytes())
    assert child.communicate(timeout=30)[0] == b"97\n"
    os.close(writer)
    assert child.returncode == 0


def test_a_damaged_gguf_is_refused_at_its_byte(run, gguf):
    data = gguf.read_bytes()
    gguf.write_bytes(data[:1000])
    done = run("inspect", gguf, check=False)
    assert done.returncode == 1 and b"model.gguf: byte " in done.stderr
    at = data.index(b"tokenizer.ggml.tokens") + 21 + 8
    gguf.write_bytes(data[:at] + b"\xff" * 8 + data[at + 8 :])
    done = run("decode", "-m", gguf, check=False, input=b"1")
    assert done.returncode == 1 and b": byte %d: " % at in done.stderr


def test_a_gguf_without_a_known_pattern(run, gguf):
    data = gguf.read_bytes()
    gguf.write_bytes(data.replace(b"gpt-2", b"gpt-3"))
    assert run("decode", "-m", gguf, input=b"97").stdout == b"a"
    done = run("encode", "-m", gguf, "--text", "the mill", check=False)
    assert done.returncode == 1 and b'"gpt-3"' in done.stderr
    named = run("encode", "-m", gguf, "--text", "the mill", "--pattern", "gpt2").stdout
    gguf.write_bytes(data)
    assert named == run("encode", "-m", gguf, "--text", "the mill").stdout


def test_a_pattern_that_gguf_has_no_name_for(run, text_file, tmp_path):
    done = run("train", "-s", 300, "--pattern", "cl100k", "-o", tmp_path / "m.gguf", text_file,
               check=False)
    assert done.returncode == 1 and b'llama.cpp knows patterns by name' in done.stderr
    assert not (tmp_path / "m.gguf").exists()
