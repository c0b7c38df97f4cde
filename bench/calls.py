# What Python adds to the library's calls: python -m bench.calls [options].
# SPDX-License-Identifier: MIT
"""
bench/calls.c and this file encode the same ASCII texts with the same model: 20-byte texts, each a
call of its own, and 100,000 documents of 100 bytes as one batch. Processes alternate between C and
Python. In each the first run, which fills caches and makes tables, isn't counted.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from . import report, runs

# name, bytes of a text, texts, threads of a batch (None: single calls).
JOBS = (("encode, 20 bytes", 20, 20_000, None),
        ("encode_batch, 1 thread", 100, 100_000, 1),
        ("encode_batch, 2 threads", 100, 100_000, 2))


def parse_options(arguments):
    parser = argparse.ArgumentParser(prog="bench.calls", description=__doc__)
    parser.add_argument("--text", required=True, metavar="FILE", help="a text of 10 MB of ASCII")
    parser.add_argument("--model", required=True, metavar="FILE", help="what to encode with")
    parser.add_argument("--processes", type=int, default=9, metavar="N",
                        help="processes of each kind (default 9)")
    parser.add_argument("--runs", type=int, default=6, metavar="N",
                        help="runs in each process (default 6)")
    parser.add_argument("--program", default=str(runs.ROOT / "build/release/bench_calls"),
                        metavar="PATH", help="bench/calls.c, built with the release preset")
    return parser.parse_args(arguments)


def run_in_python(model, path, length, count, run_count, threads=None):
    """What bench/calls.c does."""
    import pairmill

    data = Path(path).read_bytes()[:length * count].decode("ascii")
    texts = [data[at:at + length] for at in range(0, len(data), length)]
    tokenizer = pairmill.Tokenizer.load(model)
    encode, encode_batch = tokenizer.encode, tokenizer.encode_batch
    ids = sum(map(len, encode_batch(texts)))
    for _ in range(run_count):
        cpu, began = time.process_time(), time.perf_counter()
        if threads is None:
            for text in texts:
                encode(text)
        else:
            encode_batch(texts, threads=threads)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        print(f"{seconds:.9f} {cpu_seconds:.6f} {ids}")


def measure(command):
    """(seconds, CPU seconds) of each run but the first, and how many ids they gave."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=runs.ROOT)
    lines = [line.split() for line in done.stdout.splitlines()]
    return [(float(seconds), float(cpu)) for seconds, cpu, _ in lines[1:]], lines[0][2]


def bench_job(options, text, job):
    name, length, count, threads = job
    words = [options.model, text, str(length), str(count), str(options.runs + 1)]
    words += [] if threads is None else [str(threads)]
    commands = [[options.program, *words], [sys.executable, "-m", "bench.calls", "--run", *words]]
    times, counts = ([], []), set()
    for _ in range(options.processes):
        for kind, command in enumerate(commands):
            found, ids = measure(command)
            times[kind].extend(found)
            counts.add(ids)
    if len(counts) != 1:
        raise SystemExit(f"bench: {name}: C and Python give different numbers of ids")
    return row(name, count if threads is None else None, *times)


def row(name, calls, c, python):
    """In µs per call if there are many calls, otherwise in ms."""
    unit, factor = ("µs", 1e6 / calls) if calls else ("ms", 1e3)
    cells = [f"{name}, {unit}"]
    for column, summary in ((0, statistics.median), (0, min), (1, statistics.median), (1, min)):
        ours, theirs = (factor * summary(run[column] for run in kind) for kind in (c, python))
        cells.append(f"{ours:.2f}, {theirs:.2f} ({theirs - ours:+.2f}, {theirs / ours:.2f} times)")
    return cells


def main(arguments):
    if arguments[:1] == ["--run"]:
        run_in_python(*arguments[1:3], *map(int, arguments[3:]))
        return
    options = parse_options(arguments)
    text = runs.ROOT / "build/bench/ascii.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    with open(options.text, "rb") as file:
        data = bytes(byte for byte in file.read(12_000_000) if byte < 128)
    text.write_bytes(data)
    load = os.getloadavg()[0]
    rows = [bench_job(options, str(text), job) for job in JOBS]
    print(report.table(["C, Python (difference, ratio)", "median", "best", "CPU, median",
                        "CPU, best"], rows))
    print(f"\nLoad: {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main(sys.argv[1:])
