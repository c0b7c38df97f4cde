# One run of one row, in its own process: python -m bench.encode.worker JOB.
# SPDX-License-Identifier: MIT
"""
Loads the vocabulary, makes the texts, calls once with something else, then times the calls. With
`checks` it compares what they return with our ids, or with the text, instead. The last line of
stdout is its report in JSON; everything else there is the library's.
"""
import gc
import json
import pickle
import sys
import tempfile
import time
from pathlib import Path

from bench.texts import SPECIAL

from .peers import LOADERS, ROWS, Vocabulary

READ_BYTES = 12_000_000
WARM_UP = "A text to warm up with."


def make_texts(path, length, count):
    """`count` different texts of about `length` bytes from all of the first 12 MB, or fewer."""
    with open(path, "rb") as file:
        data = file.read(READ_BYTES)
    text = data.decode("utf-8", "ignore").replace(SPECIAL, "")
    characters = max(1, min(len(text), round(length * len(text) / len(data))))
    count = min(count, len(text) // characters)
    step = len(text) // count
    return [text[i * step:i * step + characters] for i in range(count)]


def split_texts(texts, seen):
    """What is encoded before, and what then is checked or timed."""
    if seen == "all":
        return texts, texts
    if seen == "half":
        middles = [len(text) // 2 for text in texts]
        return ([text[:at] for text, at in zip(texts, middles)],
                [text[at:] for text, at in zip(texts, middles)])
    return [], texts


def make_arguments(row, tokenizer, texts, ids):
    """What each call gets."""
    if row.takes == "text":
        return texts
    if row.takes == "texts":
        return [texts]
    if row.takes == "id lists":
        return [row.prepare(tokenizer, texts, ids)]
    return [row.prepare(tokenizer, text, one) for text, one in zip(texts, ids)]


def warm_up(row, tokenizer, call):
    call(make_arguments(row, tokenizer, [WARM_UP], [[0, 1, 2]])[0])


def describe_difference(found, expected):
    """"equal", or how many differ and what the first one is."""
    if len(found) != len(expected):
        return f"{len(found)} results instead of {len(expected)}"
    different = [i for i, (ours, theirs) in enumerate(zip(expected, found)) if ours != theirs]
    if not different:
        return "equal"
    ours, theirs = expected[different[0]], found[different[0]]
    at = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]),
              min(len(ours), len(theirs)))
    return (f"{len(different):,} of {len(found):,} differ, first number {different[0]} at {at}: "
            f"{theirs[at:at + 4]!r} instead of {ours[at:at + 4]!r}")


def check(row, call, arguments, texts, ids):
    found = [row.plain(call(argument)) for argument in arguments]
    if row.takes in ("texts", "id lists"):
        found = found[0]
    return {"result": describe_difference(found, ids if row.takes.startswith("text") else texts)}


def measure(call, arguments):
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    for argument in arguments:
        out = call(argument)
    seconds = time.perf_counter() - began
    del out
    return {"seconds": seconds, "cpu_seconds": time.process_time() - cpu}


def run_row(job, vocabulary, seen, texts):
    row = ROWS[job["row"]]
    tokenizer = LOADERS[row.module](vocabulary)
    ids = pickle.loads(Path(job["ids"]).read_bytes())
    call = row.bind(tokenizer, job["threads"])
    arguments = make_arguments(row, tokenizer, texts, ids)
    warm_up(row, tokenizer, call)
    for text in seen:
        call(text)
    return check(row, call, arguments, texts, ids) if job["checks"] else measure(call, arguments)


def count_pretokens(tokenizer, texts):
    """All pretokens, and the different ones."""
    import pairmill
    if not texts:
        return 0, 0
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        for text in texts:
            file.write(text.encode() + SPECIAL.encode())
        file.flush()
        counts = pairmill.count([file.name], pattern=tokenizer.pattern, special_tokens=[SPECIAL])
    return counts.pretokens, counts.words


def write_ids(job, vocabulary, seen, texts):
    """Our ids, which the others' are compared with, and how many pretokens are new."""
    tokenizer = LOADERS["pairmill"](vocabulary)
    ids = tokenizer.encode_batch(texts).tolist()
    Path(job["ids"]).write_bytes(pickle.dumps(ids))
    pretokens, _ = count_pretokens(tokenizer, texts)
    new = count_pretokens(tokenizer, seen + texts)[1] - count_pretokens(tokenizer, seen)[1]
    return {"texts": len(texts), "bytes": sum(len(text.encode()) for text in texts),
            "ids": sum(map(len, ids)), "pretokens": pretokens, "new": new}


def main():
    job = json.loads(sys.argv[1])
    vocabulary = Vocabulary(**job["vocabulary"])
    seen, texts = split_texts(make_texts(job["path"], job["length"], job["count"]), job["seen"])
    report = (write_ids if job["row"] is None else run_row)(job, vocabulary, seen, texts)
    print("\n" + json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
