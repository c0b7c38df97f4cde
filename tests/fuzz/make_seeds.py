# Makes the inputs that fuzzers start from: make_seeds.py PAIRMILL FOLDER.
# SPDX-License-Identifier: MIT
#
# Valid files of every format, and texts with what patterns tell apart: from nothing, a fuzzer hardly
# gets past the first checks of a gzip file. Many targets begin their inputs with bytes that say what
# the rest is; their files describe these.
import gzip
import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

TEXTS = {
    "english": "The mill grinds slowly, it's 9 o'clock, we'LL go. \n\n  12345 (6,789)!\r\n" * 3,
    "scripts": "Müller mahlt\u00a0Ǆ ǅ ʰ 粉を挽く。\u3000 سلام е\u0301 ١٢٣ \U0001f600\u2028\u0085" * 3,
    "code": "\tif (a_b != 0x1F) { return x->y['k'][10]; } // don't\n" * 4,
    "specials": "one<|endoftext|>two the 123<|end<|endoftext|>\n\n<|endoftext|>",
    "runs": "a" * 200 + " " * 130 + "\n" * 70 + "1" * 67 + "!" * 64 + "'" * 5,
}
TEXTS = {name: text.encode() for name, text in TEXTS.items()}
TEXTS["broken"] = b"a\xff\xfe \xe2\x82 \xc3 b\xed\xa0\x80 \xf4\x90\x80\x80c\x00d \xc0\xaf"

JSON_LINES = b"".join(json.dumps(line).encode() + b"\n" for line in [
    {"text": "one\ntwo \u00e9 \U0001f600", "id": 1},
    {"id": -1.5e10, "meta": {"a": [True, None, {"text": "not this"}]}, "text": "three"},
    {"content": "x", "text": "", "a": {"b": {"c": "deep"}}},
])

# Token files as jsonl, with all that other programs may put beside the ids.
ID_LINES = (b'\xef\xbb\xbf{"ids":[1,2]}\r\n\n{"a":[true,null,{"b":[]},-1.5e+3,NaN],"\\u0069ds":[3],'
            b'"t":"\\n\\ud83d\\ude00 \xc3\xa9"}\n { "ids" : [ ] , "c" : { "ids" : [ 9 ] } } \n')

# Marks in the wrong order, jamos, characters that decompose, and some that are new.
NORMAL_TEXTS = [
    "a\u0302\u0323 e\u0315\u0301\u0345 \u1100\u1161\u11a8\u11a7 \uac00\u11a8 \u0958 \u212b \u0344",
    "\ufb01 \ufdfa \u3300 \uff21\uff9e \u2126 \u0130 \u1e9b\u0323 \U0001d15f \u0f73\u0f71\u0f72",
    "\u32ff \U00016d67\U00016d67\U00016d68 \U000105d2 \u1abf\u0301 \U00011935\U00011930",
]

EXPRESSIONS = [
    r"'s|'t|'re| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|\s*[\r\n]|\s",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t)?",
    r"(?<=a)b|(?<!x)y|\bword\b|(a|b)\1|[[:alpha:]]+|\x{1F600}|\P{Han}|[^a-z\d_-]{2,5}?",
]


def run(*args):
    subprocess.run([str(arg) for arg in args], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def make_files(pairmill, folder):
    """A small model, token files and counts, as the command writes them."""
    text = folder / "text.txt"
    text.write_bytes(b"".join(TEXTS[name] for name in ("english", "code", "specials")))
    model = folder / "model"
    run(pairmill, "train", "-q", "-s", 290, "--special", "<|endoftext|>", "-o", model, text)
    run(pairmill, "train", "-q", "-s", 290, "-o", folder / "model.tiktoken", text)
    run(pairmill, "train", "-q", "-s", 290, "-o", folder / "tekken.json", text)
    run(pairmill, "convert", "-q", model, folder / "model.gguf")
    for name in ("words.counts", "words.tsv"):
        run(pairmill, "count", "-q", "-o", folder / name, text)
    for suffix in ("u16", "u32", "txt", "jsonl"):
        run(pairmill, "encode", "-q", "-m", model, "-o", folder / f"ids.{suffix}", text)
    return {path.name: path.read_bytes()
            for path in [*folder.iterdir(), *model.iterdir()] if path.is_file()}


def compress(data):
    """gzip in one member and in two, zstd with and without a checksum."""
    made = [gzip.compress(data, mtime=0), gzip.compress(data[:50], 1, mtime=0) * 2]
    for option in ("--check", "--no-check"):
        done = subprocess.run(["zstd", "-q", "-c", option], input=data, capture_output=True,
                              check=True)
        made.append(done.stdout)
    return made


def spaced_gguf():
    """A vocab of SentencePiece's as GGUF, with the values that a model of ours lacks."""
    def text(data):
        return struct.pack("<Q", len(data)) + data

    tokens = [b"<unk>", b"<s>", "\u2581the".encode(), b"<0x41>", b"[PAD4]", b"a"]
    keys = [
        text(b"tokenizer.ggml.model") + struct.pack("<I", 8) + text(b"llama"),
        text(b"a.list") + struct.pack("<IIQ3f", 9, 6, 3, 1, 2, 3),
        text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, len(tokens)) +
        b"".join(map(text, tokens)),
        text(b"tokenizer.ggml.token_type") + struct.pack("<IIQ6i", 9, 5, 6, 2, 3, 1, 6, 5, 4),
        text(b"tokenizer.ggml.bos_token_id") + struct.pack("<II", 4, 1),
        text(b"a.number") + struct.pack("<IQ", 10, 7),
    ]
    return b"GGUF" + struct.pack("<IQQ", 2, 5, len(keys)) + b"".join(keys)


def with_heads(heads, bodies):
    return [bytes(head) + body for head in heads for body in bodies]


def make_seeds(files):
    numbers = random.Random(1)
    texts = list(TEXTS.values())
    noise = [bytes(numbers.randrange(256) for _ in range(60)) for _ in range(20)]
    lines = files["model.tiktoken"].splitlines(keepends=True)
    compressed = [packed for text in texts for packed in compress(text)]
    return {
        "count_file": with_heads([[0], [1]], [files["words.counts"]]) +
                      with_heads([[2], [3], [4], [5], [6]], noise[:4]),
        "documents": with_heads([numbers.choices(range(256), k=4) for _ in range(20)],
                                [TEXTS["specials"], TEXTS["english"], JSON_LINES]),
        # Each kind of model, with flags and without; small bytes stand for whole tokens.
        "encoder": with_heads([[kind, flags] + numbers.choices(range(256), k=60)
                               for kind in range(10) for flags in (2, 5)],
                              [*texts[:3], bytes(numbers.choices(range(24), k=60))]),
        "expression": with_heads([[0], [2], [8]], [text.encode() for text in EXPRESSIONS]) +
                      with_heads([[1], [3]], noise[:5]),
        "first_look": [*texts, *compressed, JSON_LINES, b"[1, {}]", b'{"text": "a"}',
                       *files.values()],
        "gguf": [files["model.gguf"], spaced_gguf(), *noise],
        "json_line": JSON_LINES.splitlines(),
        "json_read": JSON_LINES.splitlines(),
        "normalizer": with_heads([[0, 0, 0, 0], [41, 36, 0, 0], [3, 2, 70, 31], [43, 99, 6, 4]],
                                 [*texts, *(text.encode() for text in NORMAL_TEXTS)]),
        "encode_pretokens": with_heads([[flags] for flags in range(16)], noise),
        "pretoken_encoder": with_heads([[flags] for flags in range(16)], noise),
        "pretokenize": with_heads([[row * 2 + spelled, version + 5 * 40] for row in range(8)
                                   for spelled, version in ((0, 0), (0, 4), (1, 3))],
                                  [*texts, noise[0] + noise[1]]),
        "reader": [*texts, *compressed],
        "special_finder": with_heads([[first] for first in range(0, 256, 16)], noise[:4]),
        # A first byte that 4 divides: the file as it is.
        "tekken": [b" " + files["tekken.json"], *noise],
        "tiktoken": [b"".join(sorted(lines, key=lambda line: line[0] % 4)), *noise],
        "token_file": with_heads([[row, step] for row in range(4) for step in (0, 15)],
                                 [files["ids.txt"], files["ids.u16"], files["ids.u32"]]) +
                      with_heads([[3, 0], [3, 9]], [files["ids.jsonl"], ID_LINES]),
        "tokenizer_json": [b" " + files["tokenizer.json"], b"\2", b"\6", *noise],
        "tsv": [files["words.tsv"], *texts],
        "vocab_merges": [b" " + files["vocab.json"],
                         b"!" + b"\n".join(files["merges.txt"].split(b"\n")[1:]), *noise],
    }


def main():
    pairmill, folder = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as made:
        seeds = make_seeds(make_files(pairmill, Path(made)))
    for name, inputs in seeds.items():
        target = folder / f"fuzz_{name}"
        target.mkdir(parents=True, exist_ok=True)
        for i, data in enumerate(inputs):
            (target / f"seed-{i:03}").write_bytes(data)


if __name__ == "__main__":
    main()
