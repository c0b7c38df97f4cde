# Measures encoding and decoding, ours and others': python -m bench.encode [options].
# SPDX-License-Identifier: MIT
import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from bench import machine, runs, texts
from bench.peers import environment

from . import report
from .peers import LOADERS, NEXT, ROWS, VOCABULARIES, Vocabulary

PACKAGES = runs.ROOT / "build/npm/node_modules/@lenml"
SUPPORT = runs.ROOT / "tests/support"


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    takes: str  # of the rows that can do it
    length: int  # bytes of a text
    count: int  # texts
    unit: str
    seen: str = ""  # what has been encoded before: "half" of the text, the other being timed; "all"


def make_jobs(options):
    document, documents, calls = options.document_bytes, options.documents, options.calls
    return (Job("document", "text", document, 1, "ms"),
            Job("document, steady", "text", document, 1, "ms", "half"),
            Job("document, warm", "text", document, 1, "ms", "all"),
            Job("documents", "texts", 100, documents, "ms"),
            Job("calls of 20 bytes", "text", 20, calls, "µs"),
            Job("calls of 100 bytes", "text", 100, calls, "µs"),
            Job("calls of 10 kB", "text", 10_000, -(-calls // 50), "µs"),
            Job("decode document", "ids", document, 1, "ms"),
            Job("decode documents", "id lists", 100, documents, "ms"))


def parse_options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench.encode", description="Compares each library's ids with ours, then times it.")
    parser.add_argument("--text", action="append", required=True, metavar="FILE",
                        help="a text of 12 MB or more, of which the beginning is used; may be "
                        "repeated")
    for name, kind in (("vocabularies", "vocabularies: " + ", ".join(VOCABULARIES)),
                       ("rows", "rows, as module or module.call: pairmill,tiktoken.encode"),
                       ("jobs", "jobs: document, documents, calls, decode")):
        parser.add_argument(f"--{name}", metavar="LIST", help=f"only {kind}")
    for name, number, what in (("runs", 5, "runs of each row; 0: only compare ids"),
                               ("threads", machine.machine()["processors"],
                                "threads, beside 1, for rows that can use several"),
                               ("document-bytes", 10_000_000, "bytes of the long document"),
                               ("documents", 100_000, "documents of a batch"),
                               ("calls", 20_000, "single calls, and a fiftieth of 10 kB"),
                               ("timeout", 600, "limit for each run, in seconds")):
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N",
                            help=f"{what} (default {number:,})")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables to this file")
    return parser.parse_args(arguments)


def is_wanted(name, words):
    return not words or any(name.startswith(word) for word in words.split(","))


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def find_vocabulary(name):
    """Its files, downloaded if they aren't there; a tokenizer.json must be."""
    encoding, package = VOCABULARIES[name]
    path = PACKAGES / f"tokenizer-{package}/models/tokenizer.json"
    if encoding is None and not path.exists():
        raise SystemExit(f"bench: {path} not found: run tools/set-up.sh models")
    if encoding is None:
        return Vocabulary(name, str(path))
    sys.path.insert(0, str(SUPPORT))
    import vocabularies

    os.environ["TIKTOKEN_CACHE_DIR"] = str(vocabularies.tiktoken_cache())
    ranks = vocabularies.path_of(f"{encoding}.tiktoken")
    return Vocabulary(name, str(path), encoding, str(ranks))


def version_of(module):
    """That of a package, or of its next version, which is in a folder of its own."""
    name = module.removesuffix("-next")
    places = {"path": [str(NEXT)]} if name != module else {}
    found = next(iter(metadata.distributions(name=name, **places)), None)
    return found and found.version


class Bench:
    """One text, one vocabulary, one job: checked once, then timed in turns."""

    def __init__(self, path, vocabulary, job, options, folder):
        self.options = options
        self.base = {"path": str(path), "length": job.length, "count": job.count,
                     "vocabulary": dataclasses.asdict(vocabulary), "seen": job.seen,
                     "ids": f"{folder}/ids.pickle"}
        self.figures = {"text": path.stem, "vocabulary": vocabulary.name, "job": job.name,
                        "unit": job.unit, **self.work(None, options.threads)}
        self.rows = [{"module": row.module, "call": row.call, "index": index,
                      "version": version_of(row.module), "threads": threads, "runs": []}
                     for index, row in enumerate(ROWS)
                     if row.takes == job.takes and is_wanted(f"{row.module}.{row.call}",
                                                             options.rows)
                     for threads in sorted({1, options.threads} if row.has_threads else {1})]

    def work(self, index, threads, checks=False):
        job = {**self.base, "row": index, "threads": threads, "checks": checks}
        command = [sys.executable, "-m", "bench.encode.worker", json.dumps(job)]
        try:
            done = subprocess.run(command, cwd=runs.ROOT, capture_output=True, text=True,
                                  timeout=self.options.timeout, stdin=subprocess.DEVNULL,
                                  env={**os.environ, **environment(threads)})
        except subprocess.TimeoutExpired:
            raise runs.Failed(f"stopped after {self.options.timeout} s") from None
        if done.returncode != 0:
            lines = done.stderr.split("\n")
            raise runs.Failed(next((line for line in reversed(lines) if line.strip()),
                                   f"exit code {done.returncode}"))
        return json.loads(done.stdout.splitlines()[-1])

    def each(self, do):
        """Does it with each row that hasn't failed yet."""
        for row in self.rows:
            if "failed" not in row:
                try:
                    do(row)
                except runs.Failed as failure:
                    row["failed"] = str(failure)
                    say(f"  {row['module']} {row['call']}: failed: {failure}")

    def check(self, row):
        row["result"] = self.work(row["index"], row["threads"], checks=True)["result"]
        if row["result"] != "equal":
            say(f"  {row['module']} {row['call']}: {row['result']}")

    def time(self, row):
        row["runs"].append(self.work(row["index"], row["threads"]))

    def run(self):
        self.each(self.check)
        for _ in range(self.options.runs):
            self.each(self.time)
        return {**self.figures, "rows": self.rows}


def write(document, options):
    """Writes the results so far: an interrupted run keeps the jobs it has finished."""
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=1) + "\n")
    if options.markdown:
        Path(options.markdown).write_text(report.markdown(document))


def run_all(paths, wanted, options, document):
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            for job in make_jobs(options):
                for vocabulary in wanted if is_wanted(job.name, options.jobs) else ():
                    say(f"{path.stem}, {job.name}, {vocabulary.name}")
                    bench = Bench(path, vocabulary, job, options, folder)
                    document["jobs"].append(bench.run())
                    write(document, options)


def main(arguments=None):
    options = parse_options(arguments)
    paths = [Path(name).resolve() for name in options.text]
    document = {"machine": machine.machine(), "runs": options.runs,
                "versions": {module: version_of(module) for module in LOADERS},
                "texts": {path.stem: texts.sha256_of(path) for path in paths}, "jobs": []}
    wanted = [find_vocabulary(name) for name in VOCABULARIES
              if is_wanted(name, options.vocabularies)]
    run_all(paths, wanted, options, document)
    print(report.markdown(document), end="")


if __name__ == "__main__":
    try:
        main()
    except (runs.Failed, OSError) as failure:
        raise SystemExit(f"bench: {failure}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
