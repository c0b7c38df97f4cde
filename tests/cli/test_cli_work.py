# The commands from outside: train, count, merge-counts, encode, decode, convert, inspect.
# SPDX-License-Identifier: MIT
import gzip
import json
import random
import re
import struct
from collections import Counter

import pytest
import regex

PRINTABLE = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
TO_PRINTABLE = {b: chr(b) for b in PRINTABLE}
OTHERS = [b for b in range(256) if b not in PRINTABLE]
TO_PRINTABLE.update({b: chr(256 + i) for i, b in enumerate(OTHERS)})


def model_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()
            if path.name != "training.json"}


def ids_of(done):
    return [int(word) for word in done.stdout.split()]


# ---- Special tokens ----

def count_words(run, folder, text, specials):
    (folder / "text.txt").write_text(text)
    options = [part for special in specials for part in ("--special", special)]
    run("count", "-q", "--pattern", "none", *options, "-o", folder / "words.tsv",
        folder / "text.txt")
    lines = (folder / "words.tsv").read_text().splitlines()
    return {word: int(count) for word, count in (line.split("\t") for line in lines[1:])}


@pytest.mark.parametrize("make", [
    lambda rng: f"<|reserved_{rng.randrange(10**5)}|>",
    lambda rng: "".join(rng.choices("abcdefghij", k=rng.randint(3, 8))),
    lambda rng: "".join(rng.choices("abcdefghij", k=rng.randint(12, 20))),
])
def test_thousands_of_special_tokens(run, tmp_path, make):
    rng = random.Random(4)
    specials = sorted({make(rng) for _ in range(3000)})
    pieces = ["".join(rng.choices("abcdefghij|<", k=rng.randint(1, 40))) for _ in range(3000)]
    text = "".join(piece + rng.choice(specials + [""] * 9000) for piece in pieces)
    longest_first = "|".join(map(re.escape, sorted(specials, key=len, reverse=True)))
    expected = Counter(piece for piece in re.split(longest_first, text) if piece)
    assert count_words(run, tmp_path, text, specials) == expected


@pytest.mark.parametrize("specials", [["a" * 4000 + "b"], ["a", "a" * 4000 + "b"],
                                      ["a" * n for n in range(1, 400)] + ["a" * 4000 + "b"]])
def test_special_tokens_that_fail_late(run, tmp_path, specials):
    text = "a" * 1_000_000 + "b" + "a" * 4000 + "c"
    longest_first = "|".join(sorted(specials, key=len, reverse=True))
    expected = Counter(piece for piece in re.split(longest_first, text[-10_000:]) if piece)
    got = count_words(run, tmp_path, text, specials)
    assert sum(got.values()) == sum(expected.values())
    assert sorted(got)[1:] == sorted(expected)[1:]


# ---- Training ----

def test_folder_and_single_files_hold_the_same_model(run, model, text_file, tmp_path):
    assert set(model_files(model)) >= {
        "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"
    }
    record = json.loads((model / "training.json").read_text())
    assert record
    for name in ("single.json", "single.tiktoken"):
        run("train", "-q", "-s", 400, "--special", "<|end|>", "-o", tmp_path / name, text_file)
    assert (tmp_path / "single.json").read_bytes() == (model / "tokenizer.json").read_bytes()
    assert (tmp_path / "single.tiktoken").read_bytes().count(b"\n") == 399


def test_stdin_lists_and_folders(run, model, text_file, tmp_path):
    for name, arguments, text in (("a", [], text_file.read_bytes()),
                                  ("b", ["-"], text_file.read_bytes()),
                                  ("c", [text_file.parent], b""),
                                  ("d", ["@" + str(tmp_path / "list")], b"")):
        (tmp_path / "list").write_text(f"{text_file}\n")
        run("train", "-q", "-s", 400, "--special", "<|end|>", "-o", tmp_path / name, *arguments,
            input=text)
        assert model_files(tmp_path / name) == model_files(model)


def test_counts_stand_in_for_text(run, model, text_file, tmp_path):
    text = text_file.read_bytes()
    half = text.index(b"<|end|>")
    parts = []
    for number, piece in enumerate((text[:half], text[half:])):
        parts.append(tmp_path / f"{number}.counts")
        done = run("count", "--special", "<|end|>", "--json", "-o", parts[-1], input=piece)
        assert json.loads(done.stdout)["totals"]["bytes"] == len(piece)
    whole = tmp_path / "whole.counts"
    totals = json.loads(run("merge-counts", "--json", "-o", whole, *parts).stdout)["totals"]
    assert totals["bytes"] == len(text)
    run("train", "-q", "-s", 400, "--counts", whole, "-o", tmp_path / "from_whole")
    run("train", "-q", "-s", 400, "--counts", parts[0], "--counts", parts[1], "-o",
        tmp_path / "from_parts")
    piece = tmp_path / "piece.txt"
    piece.write_bytes(text[half:])
    run("train", "-q", "-s", 400, "--counts", parts[0], "-o", tmp_path / "mixed", piece)
    for name in ("from_whole", "from_parts", "mixed"):
        assert model_files(tmp_path / name) == model_files(model)


def test_tsv_stands_in_for_text(run, model, text_file, tmp_path):
    tsv = tmp_path / "words.tsv"
    run("count", "-q", "--special", "<|end|>", "-o", tsv, text_file)
    assert tsv.read_bytes().startswith(b"#pairmill-counts 1\n")
    run("train", "-q", "-s", 400, "--special", "<|end|>", "--counts", tsv, "-o", tmp_path / "out")
    assert model_files(tmp_path / "out") == model_files(model)
    bare = tmp_path / "bare.tsv"
    bare.write_bytes(tsv.read_bytes().split(b"\n", 1)[1])
    assert run("train", "-s", 400, "--counts", bare, check=False).returncode == 1
    run("train", "-q", "-s", 400, "--special", "<|end|>", "--counts", bare, "--tsv", "printable",
        "-o", tmp_path / "again")
    assert model_files(tmp_path / "again") == model_files(model)


def test_with_counts_and_no_file_stdin_is_not_read(run, tmp_path):
    run("count", "-q", "-o", tmp_path / "a.counts", input=b"ab ab ab")
    done = run("train", "-s", 300, "--json", "--counts", tmp_path / "a.counts",
               input=b"xyxyxyxy" * 50)
    assert json.loads(done.stdout)["totals"]["bytes"] == 8


def test_counts_that_do_not_belong_together(run, text_file, tmp_path):
    run("count", "-q", "-o", tmp_path / "a.counts", text_file)
    run("count", "-q", "--pattern", "cl100k", "-o", tmp_path / "b.counts", text_file)
    a, b = tmp_path / "a.counts", tmp_path / "b.counts"
    for command in (["merge-counts", "-o", tmp_path / "c.counts", a, b],
                    ["train", "-s", 300, "--counts", a, "--counts", b],
                    ["train", "-s", 300, "--pattern", "cl100k", "--counts", a],
                    ["train", "-s", 300, "--special", "x", "--counts", a]):
        done = run(*command, check=False)
        assert done.returncode == 1, command
        assert b"gpt2" in done.stderr or b"special" in done.stderr
    assert not (tmp_path / "c.counts").exists()


def test_separator_and_reserved_tokens(run, tmp_path):
    done = run("train", "--json", "-s", 300, "--doc-separator", "\n", "--reserve", 3,
               "--pad-vocab-to", 64, "-o", tmp_path / "m", input=b"ab ab\nab cd\n" * 9)
    figures = json.loads(done.stdout)
    assert figures["totals"]["documents"] == 18
    shown = json.loads(run("inspect", "--json", tmp_path / "m").stdout)
    specials = [token["text"] for token in shown["special_tokens"]]
    assert specials[:4] == ["\n", "<|reserved_0|>", "<|reserved_1|>", "<|reserved_2|>"]
    assert shown["vocab_size"] % 64 == 0


def test_bad_json_lines(run, tmp_path):
    lines = b'{"text": "ab ab"}\n{"no": 1}\n{"text": "cd"}\n'
    done = run("train", "-s", 300, "--input-format", "jsonl", input=lines, check=False)
    assert done.returncode == 1 and b"line 2" in done.stderr
    done = run("train", "-s", 300, "--input-format", "jsonl", "--skip-bad-lines", input=lines)
    assert (b'Skipped 1 bad line. It was stdin: line 2: byte 18: the field "text" is missing.\n'
            in done.stderr)
    done = run("train", "-s", 300, "--input-format", "jsonl", "--field", "body", "--json",
               input=b'{"body": "abc"}\n')
    assert json.loads(done.stdout)["totals"]["bytes"] == 3


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_bad_line_of_each_file(run, model, tmp_path, threads):
    good, bad = '{"text": "ab"}\n', '{"text": NaN}\n'
    files = [tmp_path / name for name in ("c.jsonl", "a.jsonl", "b.jsonl")]
    files[0].write_text(good * 500 + bad + (good + "{}\n") * 700)
    files[1].write_text(good * 1000)
    files[2].write_text("[]\n" + good)
    first = [
        (str(files[0]), 701, 501, 500 * len(good) + 9, 'the field "text" is NaN, not a string'),
        (str(files[2]), 1, 1, 0, "a JSON object expected"),
    ]
    commands = [
        ["train", "-s", 300, "-j", threads, "--chunk-size", 1000],
        ["count", "-o", tmp_path / "x.tsv", "-f", "-j", threads],
        ["encode", "-m", model, "-o", tmp_path / "x.u16", "-f"],
    ]
    for command in commands:
        done = run(*command, "--json", "--skip-bad-lines", *files)
        figures = json.loads(done.stdout)
        assert figures.get("totals", figures)["bad_lines"] == 702
        assert [tuple(file.values()) for file in figures["bad_files"]] == first
        name, _, line, byte, reason = first[0]
        place = f"line {line}: byte {byte}: {reason}.\n"
        assert (f"Skipped 702 bad lines. They are in 2 files. The first was {name}: {place}"
                in done.stderr.decode())
        shown = run(*command, "-v", "--skip-bad-lines", *files).stderr.decode()
        assert "Skipped 702 bad lines.\n" in shown
        assert f"{name}: skipped 701; the first: {place}" in shown
        assert (f"{files[2]}: skipped 1; the first: line 1: byte 0: a JSON object expected.\n"
                in shown)
        assert json.loads(run(*command, "--json", files[1]).stdout)["bad_files"] == []


def test_fields_within_objects(run, tmp_path):
    lines = b'\xef\xbb\xbf{"a": {"b": "right"}, "b": "no", "n": -Infinity}\n{"a.b": "too", "a": 1}\n'
    out = tmp_path / "x.tsv"
    run("count", "-o", out, "--input-format", "jsonl", "--field", "a.b", input=lines)
    assert out.read_bytes().splitlines()[1:] == [b"right\t1", b"too\t1"]
    done = run("count", "-o", out, "-f", "--input-format", "jsonl", "--field", "n", input=lines,
               check=False)
    assert done.returncode == 1
    assert b'line 1: byte 41: the field "n" is -Infinity, not a string' in done.stderr


# ---- Encoding and decoding ----

def test_round_trip_in_every_format(run, model, text_file, tmp_path):
    text = text_file.read_bytes()
    for arguments, name in (([], "a.txt"), ([], "a.u16"), ([], "a.u32"), ([], "a.bin"),
                            (["--format", "u32"], "a")):
        out = tmp_path / name
        run("encode", "-q", "-m", model, *arguments, "-o", out, text_file)
        assert run("decode", "-m", model, *arguments, out).stdout == text
        run("decode", "-q", "-m", model, *arguments, "-o", tmp_path / "back", out)
        assert (tmp_path / "back").read_bytes() == text
        (tmp_path / "back").unlink()
    ids = ids_of(run("encode", "-q", "-m", model, text_file))
    assert struct.unpack(f"<{len(ids)}H", (tmp_path / "a.u16").read_bytes()) == tuple(ids)
    assert struct.unpack(f"<{len(ids)}I", (tmp_path / "a.u32").read_bytes()) == tuple(ids)
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "a.u16").read_bytes()
    to_stdout = run("encode", "-q", "-m", model, "--format", "u16", text_file).stdout
    assert to_stdout == (tmp_path / "a.u16").read_bytes()
    assert run("decode", "-m", model, tmp_path / "a.u16", tmp_path / "a.u32").stdout == text * 2


def test_decoding_many_files(run, model, tmp_path):
    folder = tmp_path / "ids"
    folder.mkdir()
    (folder / "1.txt").write_bytes(b"97 98\n99\n")
    (folder / "2.u16").write_bytes(b"d\0e\0")
    (tmp_path / "list").write_text(f"{folder}/2.u16\n{folder}/1.txt\n")
    (tmp_path / "ids.gz").write_bytes(gzip.compress(b"102 103"))
    assert run("decode", "-m", model, folder, "-", input=b"120").stdout == b"ab\nc\ndex"
    assert run("decode", "-m", model, f"@{tmp_path}/list").stdout == b"deab\nc\n"
    assert run("decode", "-m", model, "--format", "text", tmp_path / "ids.gz").stdout == b"fg"
    done = run("decode", "-m", model, "--json", "-o", tmp_path / "out", folder)
    figures = json.loads(done.stdout)
    assert (figures["documents"], figures["tokens"], figures["bytes"]) == (2, 5, 7)
    assert (tmp_path / "out").read_bytes() == b"ab\nc\nde"
    done = run("decode", "-m", model, "-o", tmp_path / "none", folder, "-", input=b"4000000000",
               check=False)
    assert done.returncode == 1 and b"stdin: byte 0: " in done.stderr
    assert not (tmp_path / "none").exists()


def test_ids_as_json_lines(run, model, text_file, tmp_path):
    texts = ["The mill grinds", "", "粉を挽く\n", "a<|end|>"]
    lines = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    encode = ["encode", "-q", "-m", model, "--input-format", "jsonl", "--special-tokens", "all"]
    made = run(*encode, "--format", "jsonl", input=lines).stdout
    vocab = {token: number for token, number in json.loads(
        (model / "vocab.json").read_bytes()).items()}
    documents = [json.loads(line) for line in made.splitlines()]
    by_text = run(*encode, input=lines).stdout.decode().splitlines()
    assert [document["ids"] for document in documents] == [
        [int(number) for number in line.split()] for line in by_text]
    assert documents[3]["tokens"][-1] == "<|end|>"
    for document in documents:
        assert list(document) == ["ids", "tokens"]
        assert [vocab.get(token, document["ids"][-1]) for token in document["tokens"]] == \
            document["ids"]
    expected = "".join(text if text.endswith("\n") else text + "\n" for text in texts).encode()
    assert run("decode", "-m", model, "--format", "jsonl", input=made).stdout == expected
    # By the suffix, a file of one document, and compressed.
    run("encode", "-q", "-m", model, "-o", tmp_path / "a.jsonl", text_file)
    assert run("decode", "-m", model, tmp_path / "a.jsonl").stdout == text_file.read_bytes()
    (tmp_path / "a.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    assert run("decode", "-m", model, "--format", "jsonl",
               tmp_path / "a.gz").stdout == text_file.read_bytes()
    (tmp_path / "bad.jsonl").write_bytes(b'{"ids": [1]}\n{"ids": [-1]}\n')
    done = run("decode", "-m", model, tmp_path / "bad.jsonl", check=False)
    assert done.returncode == 1
    assert (b"bad.jsonl: line 2: byte 22: the number that begins here is not an id\n"
            in done.stderr)


def test_special_tokens_left_out(run, model, tmp_path):
    encode = ["encode", "-q", "-m", model, "--special-tokens", "all", "--eot", "<|end|>"]
    ids = run(*encode, "--text", "a<|end|>b").stdout
    assert run("decode", "-m", model, input=ids).stdout == b"a<|end|>b<|end|>"
    assert run("decode", "-m", model, "--skip-special-tokens", input=ids).stdout == b"ab"
    run(*encode, "--text", "a<|end|>b", "-o", tmp_path / "a.u16")
    done = run("decode", "-m", model, "--skip-special-tokens", "--json", "-o", tmp_path / "back",
               tmp_path / "a.u16")
    figures = json.loads(done.stdout)
    assert (figures["tokens"], figures["bytes"]) == (4, 2)
    assert (tmp_path / "back").read_bytes() == b"ab"


def test_dash_is_stdout(run, model, text_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for options in ([], ["--format", "u16"], ["--format", "tokens"], ["--text", "a"]):
        source = [] if "--text" in options else [text_file]
        plain = run("encode", "-q", "-m", model, *options, *source)
        for extra in (["-o", "-"], ["-o-"], ["-f", "--output=-"]):
            done = run("encode", "-q", "-m", model, *options, *extra, *source)
            assert done.stdout == plain.stdout
    assert run("decode", "-m", model, "-o", "-", input=b"97 98").stdout == b"ab"
    assert list(tmp_path.iterdir()) == []


def test_text_on_the_command_line(run, model, tmp_path):
    for text in ("The mill grinds", "", "<|end|>", "粉を挽く", b"a \xff\xfe"):
        raw = text if isinstance(text, bytes) else text.encode()
        by_option = run("encode", "-m", model, "--text", text)
        assert by_option.stderr == b""
        if raw:
            assert by_option.stdout == run("encode", "-q", "-m", model, input=raw).stdout
        assert run("decode", "-m", model, input=by_option.stdout).stdout == raw
        for suffix in ("txt", "u16", "u32", "bin"):
            out = tmp_path / f"out.{suffix}"
            run("encode", "-f", "-m", model, "--text", text, "-o", out)
            assert run("decode", "-m", model, out).stdout == raw
    done = run("encode", "-m", model, "--text", "a", "-o", tmp_path / "out.dat", check=False)
    assert done.returncode == 2 and b"name one (text, u16, u32, jsonl, npy, olmo, llmc, megatron, datatrove)" in done.stderr


def test_special_token_policies(run, model):
    end = next(t["id"]
               for t in json.loads(run("inspect", "--json", model).stdout)["special_tokens"])
    text = ["--text", "a<|end|>b"]
    assert end not in ids_of(run("encode", "-m", model, *text))
    assert end not in ids_of(run("encode", "-m", model, "--special-tokens", "none", *text))
    assert end in ids_of(run("encode", "-m", model, "--special-tokens", "all", *text))
    assert end in ids_of(run("encode", "-m", model, "--special-tokens", "<|end|>", *text))
    twice = ["--special-tokens", "<|end|>"] * 2
    assert end in ids_of(run("encode", "-m", model, *twice, *text))
    done = run("encode", "-m", model, "--special-tokens", "error", *text, check=False)
    assert done.returncode == 1 and b"<|end|>" in done.stderr
    done = run("encode", "-m", model, "--special-tokens", "<|no|>", *text, check=False)
    assert done.returncode == 2 and b"<|no|>" in done.stderr


def test_special_tokens_with_commas(run, text_file, tmp_path):
    run("train", "-q", "-s", 300, "--special", "a,b", "--special", "<c>", "-o", tmp_path / "m",
        text_file)
    def specials(*options):
        ids = ids_of(run("encode", "-m", tmp_path / "m", "--text", "xa,b<c>", *options))
        return [i for i in ids if 256 <= i < 258]
    assert specials("--special-tokens", "all") == [256, 257]
    assert specials("--special-tokens", "a,b", "--special-tokens", "<c>") == [256, 257]
    assert run("encode", "-m", tmp_path / "m", "--text", "x", "--special-tokens", "a,b",
               check=False).returncode == 2


def test_end_of_text(run, model, text_file):
    by_option = run("encode", "-m", model, "--text", "ab", "--eot", "<|end|>")
    by_stdin = run("encode", "-q", "-m", model, "--eot", "<|end|>", input=b"ab")
    assert by_option.stdout == by_stdin.stdout
    assert len(ids_of(by_option)) == 1 + len(ids_of(run("encode", "-m", model, "--text", "ab")))
    assert run("encode", "-m", model, "--text", "ab", "--eot", "<no>", check=False).returncode == 2
    assert run("encode", "-m", model, "--eot", "<no>", text_file, check=False).returncode == 2
    parts = run("encode", "-q", "-m", model, "--doc-separator", "<|end|>", "--eot", "<|end|>",
                text_file)
    assert parts.stdout.count(b"\n") == 2


def test_counting_tokens(run, model, text_file):
    ids = ids_of(run("encode", "-q", "-m", model, text_file))
    text = run("encode", "-m", model, "--count", text_file)
    size = text_file.stat().st_size
    assert re.fullmatch(
        rf"documents +1\nbytes +{size}\ntokens +{len(ids)}\nbytes per token +[\d.]+\n",
        text.stdout.decode())
    figures = json.loads(run("encode", "-m", model, "--count", "--json", text_file).stdout)
    assert (figures["documents"], figures["bytes"], figures["tokens"]) == (1, size, len(ids))
    ratio = figures["bytes"] / figures["tokens"]
    assert figures["bytes_per_token"] == pytest.approx(ratio, abs=1e-5)
    figures = json.loads(run("encode", "-m", model, "--count", "--json", "--text", "").stdout)
    assert (figures["bytes"], figures["tokens"], figures["bytes_per_token"]) == (0, 0, 0)


SHOWN = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\\\": "\\", "\\|": "|", "·": " "}


def read_tokens(line):
    """Parses a line of --format tokens back into tokens."""
    tokens = [b""]
    for part in re.findall(r"\\x[0-9A-F]{2}|\\.|.", line):
        if part == "|":
            tokens.append(b"")
        elif part.startswith("\\x"):
            tokens[-1] += bytes([int(part[2:], 16)])
        else:
            tokens[-1] += SHOWN.get(part, part).encode()
    return tokens


@pytest.mark.parametrize("text", [
    b"The mill | grinds\\ \t\r\n\x00\x7f", "粉を挽く·\u202e\u00a0é".encode(), b"\xff\xe2\x82 a\xc3",
    b"a b", bytes(range(256))])
def test_tokens_are_shown_whole(run, model, text):
    ids = ids_of(run("encode", "-q", "-m", model, input=text))
    shown = run("encode", "-q", "-m", model, "--format", "tokens", input=text).stdout.decode()
    assert shown.endswith("\n") and shown.count("\n") == 1 and shown[:-1].isprintable()
    tokens = read_tokens(shown[:-1])
    assert b"".join(tokens) == text and len(tokens) == len(ids)
    for token, number in zip(tokens, ids):
        assert run("decode", "-m", model, input=b"%d\n" % number).stdout == token or len(ids) > 20


def test_one_document_per_line(run, model):
    done = run("encode", "-q", "-m", model, "--format", "tokens", "--input-format", "lines",
               input=b"one\ntwo\nthree")
    lines = [b"".join(read_tokens(line)) for line in done.stdout.decode().splitlines()]
    assert lines == [b"one\n", b"two\n", b"three"]


def test_tokens_on_a_terminal(run_on_terminal, model):
    arguments = ["encode", "-m", model, "--format", "tokens", "--text", "The mill grinds"]
    code, shown = run_on_terminal(*arguments)
    assert code == 0
    grounds = re.findall(rb"\x1b\[38;5;16;48;5;(\d+)m", shown)
    assert len(grounds) >= 2 and all(a != b for a, b in zip(grounds, grounds[1:]))
    assert shown.count(b"\x1b[0m") == len(grounds)
    code, shown = run_on_terminal(*arguments, env={"NO_COLOR": "1"})
    assert code == 0 and b"\x1b" not in shown and b"|" in shown


def test_ids_that_need_more_than_16_bits_are_refused(run, tmp_path, text_file):
    run("train", "-q", "-s", 70000, "--reserve", 69000, "-o", tmp_path / "wide", text_file)
    for source in (["--text", "a"], [text_file]):
        done = run("encode", "-m", tmp_path / "wide", "--format", "u16", *source, check=False)
        assert done.returncode == 2 and b"u16" in done.stderr
    run("encode", "-q", "-m", tmp_path / "wide", "-o", tmp_path / "a.bin", "--text", "a")
    assert (tmp_path / "a.bin").stat().st_size == 4


def test_unknown_id(run, model):
    done = run("decode", "-m", model, input=b"97 98 4000000000\n", check=False)
    assert done.returncode == 1 and b"4000000000" in done.stderr


# ---- Converting and inspecting ----

def test_convert(run, model, tmp_path):
    run("convert", "--allow-loss", model, tmp_path / "a.tiktoken")
    run("convert", "-q", tmp_path / "a.tiktoken", tmp_path / "b.json", "--pattern", "gpt2",
        "--special", "<|end|>")
    text = ["--text", "The mill <|end|>", "--special-tokens", "all"]
    assert run("encode", "-m", tmp_path / "b.json", *text).stdout.count(b" ") == \
        run("encode", "-m", model, *text).stdout.count(b" ")
    run("convert", "-q", model, tmp_path / "c.gguf")
    assert run("encode", "-m", tmp_path / "c.gguf", *text).stdout == \
        run("encode", "-m", model, *text).stdout


def test_inspect_a_model(run, model):
    for name in (model, model / "tokenizer.json", model / "vocab.json"):
        text = run("inspect", name).stdout.decode()
        assert re.search(r"^vocab size +400$", text, re.M)
        assert re.search(r"^merges +143$", text, re.M)
        assert re.search(r"^layout +bytes-first$", text, re.M)
        assert len(re.findall(r"^  ok  ", text, re.M)) == 4 and "FAILED" not in text
    text = run("inspect", model).stdout.decode()
    assert re.search(r"^pattern +gpt2$", text, re.M) and re.search(r"^Unicode +16\.0$", text, re.M)
    assert re.search(r"^ +256  <\|end\|>$", text, re.M)
    assert re.search(r"^trained +by pairmill ", text, re.M)


@pytest.mark.parametrize("text, totals", [
    (b"abcd", "from           4 B, 1 document, 1 pretoken, 1 word"),
    (b"abcd ab", "from           7 B, 1 document, 2 pretokens, 2 words")])
def test_inspect_uses_singular_and_plural(run, tmp_path, text, totals):
    run("train", "-q", "-s", 257, "-o", tmp_path / "m", input=text)
    assert totals in run("inspect", tmp_path / "m").stdout.decode()


@pytest.fixture(params=["tiktoken", "vocab.json", "nameless"])
def model_without_pattern(request, run, model, tmp_path):
    path = tmp_path / f"without.{request.param}"
    if request.param != "nameless":
        run("convert", "-q", "--allow-loss", model,
            path if request.param == "tiktoken" else tmp_path / "vocab.json")
        return path if request.param == "tiktoken" else tmp_path / "vocab.json"
    run("convert", "-q", "--allow-loss", model, tmp_path / "some.tiktoken")
    return (tmp_path / "some.tiktoken").rename(tmp_path / "nameless")


def test_unknown_pattern(run, model_without_pattern, tmp_path):
    name = model_without_pattern
    assert re.search(r"^pattern +unknown$", run("inspect", "-v", name).stdout.decode(), re.M)
    assert json.loads(run("inspect", "--json", name).stdout)["pattern"] is None
    assert run("decode", "-v", "-m", name, input=b"97 98").stdout == b"ab"
    for command in (["encode", "-v", "-m", name, "--text", "a"], ["encode", "-v", "-m", name],
                    ["convert", "-v", name, tmp_path / "out.json"],
                    ["convert", name, tmp_path / "out"]):
        done = run(*command, check=False)
        assert done.returncode in (1, 2) and b"pattern" in done.stderr, command
        assert done.stdout == b""
        assert not (tmp_path / "out.json").exists()
        assert not (tmp_path / "out").exists()


def test_pattern_given_as_an_option(run, model, model_without_pattern, tmp_path):
    name = model_without_pattern
    options = ["--pattern", "gpt2", "--special", "<|end|>"]
    text = run("inspect", *options, name).stdout.decode()
    assert re.search(r"^pattern +gpt2$", text, re.M)
    assert re.search(r"^ +256  <\|end\|>$", text, re.M)
    to_encode = ["--special-tokens", "all", "--text", "a mill<|end|>"]
    expected = run("encode", "-m", model, *to_encode).stdout
    assert run("encode", *options, "-m", name, *to_encode).stdout == expected
    assert run("decode", *options, "-m", name, input=expected).stdout == b"a mill<|end|>"
    run("convert", "-q", *options, name, tmp_path / "out.json")
    assert json.loads(run("inspect", "--json", tmp_path / "out.json").stdout)["pattern"] == "gpt2"


@pytest.mark.parametrize("layout", ["bytes-first", "hf", "gpt2"])
@pytest.mark.parametrize("specials", [[], ["<|end|>"]])
def test_layout_is_detected(run, text_file, tmp_path, layout, specials):
    options = [part for token in specials for part in ("--special", token)]
    run("train", "-q", "-s", 300, "--layout", layout, *options, "-o", tmp_path / "m.json",
        text_file)
    shown = json.loads(run("inspect", "--json", tmp_path / "m.json").stdout)
    # Without special tokens, hf and gpt2 are the same layout.
    is_same = not specials and layout == "hf" and shown["layout"] == "gpt2"
    assert shown["layout"] == layout or is_same


def test_inspect_json_of_a_model(run, model):
    shown = json.loads(run("inspect", "--json", "--top", 1000, model).stdout)
    assert shown["kind"] == "model" and shown["vocab_size"] == 400 and all(shown["checks"].values())
    vocab = json.loads((model / "vocab.json").read_text())
    tokens = {token["id"]: token for token in shown["longest_tokens"]}
    assert len(tokens) == 399
    for number, token in tokens.items():
        assert vocab[token["printable"]] == number
        assert token["bytes"] == len(token["printable"])
    lengths = [token["bytes"] for token in shown["longest_tokens"]]
    assert lengths == sorted(lengths, reverse=True)
    assert [merge["id"] for merge in shown["first_merges"]] == list(range(257, 400))
    assert shown["training"]["totals"]["documents"] == 1
    assert json.loads(run("inspect", "--json", "--top", 0, model).stdout)["longest_tokens"] == []


def test_inspect_finds_a_damaged_model(run, model, tmp_path):
    broken = json.loads((model / "tokenizer.json").read_text())
    a, b = broken["model"]["merges"][0]
    broken["model"]["vocab"].pop(a + b)
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    done = run("inspect", tmp_path / "broken.json", check=False)
    assert done.returncode == 1 and b"broken.json" in done.stderr


@pytest.mark.parametrize("name", ["a.counts", "a.tsv"])
def test_inspect_counts(run, text_file, tmp_path, name):
    path = tmp_path / name
    run("count", "-q", "-o", path, text_file)
    text = run("inspect", path).stdout.decode()
    assert re.search(r"^pattern +gpt2$", text, re.M) and re.search(r"^Unicode +16\.0$", text, re.M)
    shown = json.loads(run("inspect", "--json", "--top", 3, path).stdout)
    words = [(word["printable"], word["count"]) for word in shown["most_frequent"]]
    pattern = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
    counted = Counter(regex.findall(pattern, text_file.read_bytes().decode()))
    best = sorted(counted.items(), key=lambda item: (-item[1], item[0].encode()))[:3]
    assert words == [("".join(TO_PRINTABLE[b] for b in word.encode()), count)
                     for word, count in best]
    assert shown["totals"]["words"] == len(counted)


def test_inspect_checks_every_block(run, text_file, tmp_path):
    path = tmp_path / "a.counts"
    run("count", "-q", "-o", path, text_file)
    assert "every block" in run("inspect", "--check", "--top", 0, path).stdout.decode()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    for top in (0, 5):
        done = run("inspect", "--check", "--top", top, path, check=False)
        assert done.returncode == 1 and b"a.counts" in done.stderr


def test_inspect_by_content(run, model, text_file, tmp_path):
    run("count", "-q", "-o", tmp_path / "a.counts", text_file)
    (tmp_path / "a.counts").rename(tmp_path / "nameless")
    assert "count file" in run("inspect", tmp_path / "nameless").stdout.decode()
    done = run("inspect", text_file, check=False)
    assert done.returncode == 1 and b"neither a count file nor a model" in done.stderr


def test_version_json(run):
    figures = json.loads(run("version", "--json").stdout)
    assert "gpt2" in figures["patterns"]
    assert figures["unicode"] == ["14.0", "15.0", "15.1", "16.0", "17.0"]
