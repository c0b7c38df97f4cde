# The same text as file, pipe, gzip, zstd, folder, list, lines or JSON lines gives the same model.
# SPDX-License-Identifier: MIT
import gzip
import json
import subprocess

import pytest

import texts
from compare import SPECIAL, check_words, printable
from reference.pretokens import count_words
from reference.trainer import train

MODEL_FILES = ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def skippable_frame(data):
    return (0x184D2A53).to_bytes(4, "little") + len(data).to_bytes(4, "little") + data


@pytest.fixture
def model(run, tmp_path):
    def train_and_read(*arguments, **kwargs):
        run("train", "-s", 500, "--special", SPECIAL.decode(), "-f", "-o", tmp_path / "out",
            *arguments, **kwargs)
        return {name: (tmp_path / "out" / name).read_bytes() for name in MODEL_FILES}

    return train_and_read


def expected(documents, vocab_size=500):
    """The lines of merges.txt and the vocab that the reference learns."""
    learned = train(count_words(documents, "gpt2", [SPECIAL]), vocab_size, [SPECIAL])
    merges = [
        f"{printable(learned.vocab[a])} {printable(learned.vocab[b])}"
        for a, b, _, _ in learned.merges
    ]
    names = [
        token.decode() if token in learned.specials else printable(token) for token in learned.vocab
    ]
    return merges, {name: i for i, name in enumerate(names)}


def check(files, documents):
    merges, vocab = expected(documents)
    assert files["merges.txt"].decode().splitlines() == ["#version: 0.2", *merges]
    assert json.loads(files["vocab.json"]) == vocab
    written = json.loads(files["tokenizer.json"])["model"]
    assert written["vocab"] == vocab
    assert [" ".join(pair) for pair in written["merges"]] == merges


def test_ways_of_reading(model, rng, tmp_path):
    words = texts.Words(rng, 500, ("latin", "cyrillic"))
    text = SPECIAL.join(words.text(4000).encode() + texts.hostile(rng, 20) for _ in range(6))
    half = text.index(b" ", len(text) // 2)
    (tmp_path / "text").write_bytes(text)
    (tmp_path / "text.gz").write_bytes(gzip.compress(text))
    (tmp_path / "text.zst").write_bytes(zstd(text))
    members = gzip.compress(text[:half]) + gzip.compress(b"") + gzip.compress(text[half:])
    frames = zstd(text[:half]) + skippable_frame(b"nothing") + zstd(b"") + zstd(text[half:])
    (tmp_path / "members").write_bytes(members)
    (tmp_path / "frames").write_bytes(frames)
    (tmp_path / "list").write_text(f"{tmp_path / 'text'}\n")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "b").write_bytes(text)
    (tmp_path / "folder" / ".hidden").write_bytes(b"not to be read " * 100)
    wanted = model(tmp_path / "text")
    check(wanted, [text])
    for name in ["text.gz", "text.zst", "members", "frames", "folder"]:
        assert model(tmp_path / name) == wanted, name
    assert model(f"@{tmp_path / 'list'}") == wanted
    for data in (text, members, frames):
        assert model(input=data) == wanted
        assert model("-", input=data) == wanted
    for threads in (1, 2, 3, 8):
        assert model("-j", threads, tmp_path / "text") == wanted, threads
        assert model("-j", threads, input=text) == wanted, threads


def test_files_are_documents(model, rng, tmp_path):
    """Words never extend from one file into the next, and the order of files does not matter."""
    documents = [texts.small(rng) for _ in range(30)]
    for i, document in enumerate(documents):
        (tmp_path / f"{i}.txt").write_bytes(document)
    files = [tmp_path / f"{i}.txt" for i in range(len(documents))]
    wanted = model(*files)
    check(wanted, documents)
    (tmp_path / "list").write_text("".join(f"{file}\n" for file in files))
    for arguments in (files[::-1], [f"@{tmp_path / 'list'}"], ["-j", 3, *files]):
        assert model(*arguments) == wanted


def test_lines(model, rng, tmp_path):
    text = b"".join(texts.small(rng) + rng.choice([b"\n", b"\r\n", b"\n\n", b" \n"])
                    for _ in range(60))
    text += b"no line end"
    documents = [line + b"\n" for line in text.split(b"\n")[:-1]] + [text.split(b"\n")[-1]]
    (tmp_path / "text").write_bytes(text)
    for threads in (1, 3):
        check(model("--input-format", "lines", "-j", threads, tmp_path / "text"), documents)


@pytest.mark.parametrize("field", ["text", "content", "t\"x", "ключ"])
def test_json_lines(model, rng, tmp_path, field):
    documents = []
    lines = []
    for _ in range(80):
        text = texts.hostile(rng, 20, 0).decode()
        text += rng.choice(["", "\\", '"', "/", "\U0001f600", "\u2028", SPECIAL.decode()])
        record = {"id": rng.randrange(99), "other": 'x"text": "no', field: text,
                  "nested": {field: "not this", "a": [1, None, True, {}]}}
        keys = list(record)
        rng.shuffle(keys)
        documents.append(text.encode())
        lines.append(json.dumps({k: record[k] for k in keys}, ensure_ascii=rng.random() < 0.5,
                                separators=rng.choice([(",", ":"), (" , ", " : ")])))
    path = tmp_path / "text.jsonl"
    path.write_text("\n".join(lines) + rng.choice(["", "\n", "\r\n"]), "utf-8", newline="")
    options = [] if field == "text" else ["--field", field]
    wanted = model(*options, path)
    check(wanted, documents)
    (tmp_path / "text.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    (tmp_path / "text.jsonl.zst").write_bytes(zstd(path.read_bytes()))
    (tmp_path / "plain").write_bytes(path.read_bytes())
    assert model(*options, tmp_path / "text.jsonl.gz") == wanted
    assert model(*options, tmp_path / "text.jsonl.zst") == wanted
    assert model(*options, "--input-format", "jsonl", tmp_path / "plain") == wanted
    assert model(*options, "--input-format", "jsonl", "-j", 3, input=path.read_bytes()) == wanted


@pytest.mark.parametrize("line", [
    '{"a": 1}', '{"text": 5}', '{"text": null}', '{"text": "x"', "[]", "x", '{"text": "\\x"}', '""',
    "{}"
])
def test_bad_json_lines(run, model, tmp_path, line):
    path = tmp_path / "text.jsonl"
    path.write_text('{"text": "good text"}\n' + line + '\n{"text": "more good text"}\n')
    done = run("train", "-s", 300, path, check=False)
    assert done.returncode == 1
    assert b"text.jsonl" in done.stderr and b"2" in done.stderr, done.stderr
    check(model("--skip-bad-lines", path), [b"good text", b"more good text"])
    done = run("train", "-s", 300, "--json", "--skip-bad-lines", path)
    assert json.loads(done.stdout), done.stdout


def test_half_of_a_surrogate_pair(model, tmp_path):
    path = tmp_path / "text.jsonl"
    path.write_text('{"text": "a\\ud83db"}\n{"text": "\\ude00\\ud83d\\ude00"}\n')
    check(model(path), ["a\ufffdb".encode(), "\ufffd\U0001f600".encode()])


@pytest.mark.parametrize("form", ["text", "lines", "jsonl", "gz", "zst"])
def test_forms_at_any_chunk_size(batch, rng, tmp_path, form):
    for _ in range(15):
        documents = [
            texts.hostile(rng, 15, 0 if form == "jsonl" else 0.1) for _ in range(rng.randint(1, 6))
        ]
        if form == "jsonl":
            lines = [json.dumps({"text": d.decode()}, ensure_ascii=rng.random() < 0.5) + "\n"
                     for d in documents]
            data = "".join(lines).encode()
        elif form == "lines":
            documents = [d.replace(b"\n", b" ") + b"\n" for d in documents]
            data = b"".join(documents)
        else:
            data = b"".join(documents)
            documents = [data]
        path = tmp_path / f"text.{form}"
        path.write_bytes({"gz": gzip.compress, "zst": zstd}.get(form, bytes)(data))
        words = dict(count_words(documents, "gpt2", [SPECIAL]))
        for chunk_size in [1, 2, 3, 7, 64, 4096, 0]:
            for threads in [1, 3]:
                check_words(batch, words, file=path, format="lines" if form == "lines" else None,
                            special=[SPECIAL], chunk_size=chunk_size, threads=threads)


@pytest.mark.parametrize("damage", ["cut", "flip", "tail"])
@pytest.mark.parametrize("compress", [gzip.compress, zstd])
def test_damaged_compressed_input(run, rng, tmp_path, compress, damage):
    data = compress(texts.Words(rng, 500).text(20000).encode())
    place = rng.randrange(len(data) // 4, len(data) // 2)
    flipped = bytes([data[place] ^ 16])
    bad = {"cut": data[:place], "flip": data[:place] + flipped + data[place + 1 :],
           "tail": data + b"junk"}[damage]
    path = tmp_path / "text"
    path.write_bytes(bad)
    done = run("train", "-s", 300, path, check=False)
    assert done.returncode == 1 and str(path).encode() in done.stderr, done.stderr
