# The fixed small jobs whose instructions are counted, and the texts and files they read.
# SPDX-License-Identifier: MIT
#
# Everything that would depend on the machine is named: scanner, threads, merger. valgrind runs
# AVX2, SSE4 and scalar code, but not AVX-512.
import hashlib
import random
from pathlib import Path

import texts

BASELINE = Path(__file__).with_name("baseline.json")
MODEL = "model/tokenizer.json"


def english(rng):
    return texts.Words(rng).text(1_000_000)


def multilingual(rng):
    return texts.Words(rng, scripts=tuple(texts.SCRIPTS)).text(1_000_000)


def long_words(rng):
    """Words of 16 to 300 letters, some repeated: too long for the table of short words."""
    letters = texts.SCRIPTS["latin"]
    words = ["".join(rng.choices(letters, k=rng.randint(16, 300))) for _ in range(2000)]
    return " ".join(rng.choice(words) for _ in range(6000))


def spelled_words(rng):
    """A word list as TSV, unsorted, with counts by Zipf's law."""
    made = dict.fromkeys(texts.Words(rng, count=40_000).words)
    return "".join(f"{word}\t{1 + 1_000_000 // (rank + 3)}\n" for rank, word in enumerate(made))


def one_word(rng):
    """Few letters: with `--pattern none` one long word, in which each merge has many places."""
    return "".join(rng.choices("acgt", k=200_000))


def documents(rng):
    """JSON lines, with special tokens and escapes in the text."""
    words = texts.Words(rng, count=4000)
    lines = []
    while len(lines) < 2000:
        text = words.sentence() + "<|endoftext|>" + words.sentence()
        text = text.replace("\n", "\\n")
        lines.append(f'{{"id": {len(lines)}, "text": "{text}"}}\n')
    return "".join(lines)


INPUTS = {
    "english.txt": english,
    "multilingual.txt": multilingual,
    "long-words.txt": long_words,
    "words.tsv": spelled_words,
    "one-word.txt": one_word,
    "documents.jsonl": documents,
}

# Run before the jobs, uncounted: these make the files that the jobs read.
PREPARE = [
    "count -j 1 -o english.counts english.txt",
    "count -j 1 -o multilingual.counts multilingual.txt",
    "count -j 1 -o long-words.counts long-words.txt",
    "train -j 1 -s 4000 -o model english.txt",
    f"encode -j 1 -m {MODEL} -o english.u16 english.txt",
]


def count(scanner, text, options=""):
    return f"count -j 1 --scanner {scanner} {options} -o OUT.counts {text}"


JOBS = {
    "count-english-avx2": count("avx2", "english.txt"),
    "count-english-sse4": count("sse4", "english.txt"),
    "count-english-block": count("block", "english.txt"),
    "count-english-scalar": count("scalar", "english.txt"),
    "count-english-regex": count("regex", "english.txt"),
    "count-cl100k-avx2": count("avx2", "english.txt", "--pattern cl100k"),
    "count-o200k-avx2": count("avx2", "multilingual.txt", "--pattern o200k"),
    "count-multilingual-avx2": count("avx2", "multilingual.txt"),
    "count-multilingual-scalar": count("scalar", "multilingual.txt"),
    "count-long-words": count("avx2", "long-words.txt"),
    "count-jsonl": count("avx2", "documents.jsonl", "--special <|endoftext|>"),
    "count-small-chunks": "count -j 1 --scanner avx2 --chunk-size 64Ki -o OUT.counts english.txt",
    "load-tsv": "merge-counts --tsv raw -o OUT.counts words.tsv",
    "save-tsv": "merge-counts -o OUT.tsv english.counts",
    "merge-counts":
        "merge-counts -o OUT.counts english.counts multilingual.counts long-words.counts",
    "merge-one-by-one": "train -j 1 -s 6000 --merger one-by-one --counts multilingual.counts",
    "merge-in-batches": "train -j 1 -s 6000 --merger batches --counts multilingual.counts",
    "merge-in-batches-2-threads":
        "train -j 2 -s 6000 --merger batches --counts multilingual.counts",
    "merge-by-ids": "train -j 1 -s 4000 --ties ids --counts english.counts",
    "merge-tsv": "train -j 1 -s 4000 --tsv raw --counts words.tsv",
    "merge-one-long-word": "train -j 1 -s 3000 --pattern none one-word.txt",
    "train": "train -j 1 -s 2000 --scanner avx2 -o OUT english.txt",
    "encode": f"encode -j 1 --scanner avx2 -m {MODEL} -o OUT.u16 english.txt",
    "encode-multilingual": f"encode -j 1 --scanner avx2 -m {MODEL} -o OUT.u32 multilingual.txt",
    "decode": f"decode -j 1 -m {MODEL} -o OUT.txt english.u16",
    "load-and-save-json": f"convert {MODEL} OUT.json",
    "load-and-save-tiktoken": f"convert --allow-loss {MODEL} OUT.tiktoken",
}


def write_inputs(folder):
    """Writes the texts, and returns {name: SHA-256}."""
    hashes = {}
    for name, make in INPUTS.items():
        data = make(random.Random(name)).encode()
        (folder / name).write_bytes(data)
        hashes[name] = hashlib.sha256(data).hexdigest()
    return hashes
