# Measures our trainer and others on the same text: python -m bench [options].
# SPDX-License-Identifier: MIT
import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from . import compare, machine, merge_list, peers, report, runs, texts

OURS = "pairmill"


def parse_options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench", description="Compares every trainer's merges with ours, then times them.")
    parser.add_argument("--text", action="append", metavar="PATH",
                        help=f"a file whose documents end in {texts.SPECIAL}, or a folder of "
                        "files; may be repeated (default: the text that make demo fetches)")
    parser.add_argument("--counts", metavar="FILE",
                        help="time merging alone, from this count file or TSV")
    parser.add_argument("--tsv", choices=("raw", "printable"),
                        help="how the words of --counts are spelled")
    parser.add_argument("--runs", type=int, default=5, metavar="N",
                        help="runs of each row (default 5)")
    parser.add_argument("--vocab-size", type=int, default=32000, metavar="N",
                        help="entries of the vocab (default 32000)")
    parser.add_argument("--threads", default="1,2", metavar="LIST",
                        help="numbers of threads for our rows (default 1,2)")
    parser.add_argument("--peer-threads", metavar="LIST",
                        help="the same for the others (default: the last of --threads)")
    parser.add_argument("--rows", metavar="LIST", help="only rows whose names start with one of "
                        "these: " + ", ".join([OURS, *(peer.name for peer in peers.PEERS)]))
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables to this file")
    parser.add_argument("--timeout", type=float, default=900, metavar="SECONDS",
                        help="limit for each run (default 900)")
    parser.add_argument("--command", default=str(runs.ROOT / "build/release/pairmill"),
                        metavar="PATH", help="our command")
    parser.add_argument("--work", default=str(runs.ROOT / "build/bench/work"), metavar="FOLDER",
                        help="where to put converted texts and lists of merges")
    options = parser.parse_args(arguments)
    options.threads = [int(word) for word in options.threads.split(",")]
    options.peer_threads = [int(word) for word in options.peer_threads.split(",")] \
        if options.peer_threads else options.threads[-1:]
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    options.command = str(Path(options.command).resolve())
    if not Path(options.command).is_file():
        parser.error(f"{options.command} not found: build it, or name it with --command")
    default = runs.ROOT / "build/demo/text"
    if not options.text and not options.counts:
        if not default.is_dir():
            parser.error(
                f"{default} not found: run tools/fetch-text.sh, or name a text with --text")
        options.text = [str(default)]
    return options


def is_wanted(name, options):
    return not options.rows or any(name.startswith(word) for word in options.rows.split(","))


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class TextBench:
    """The rows of one text: checked once, then timed in turns."""

    def __init__(self, text, options):
        self.text, self.options = text, options
        self.work = Path(options.work)
        self.ours, self.peers, self.skipped = [], [], []
        self.our_lists = {}

    def path_of(self, form):
        return self.text.lines if form == "lines" else self.text.path

    def train_arguments(self, threads, path, *more):
        return ["train", "-s", str(self.options.vocab_size), "--special", texts.SPECIAL,
                "-j", str(threads), *more, str(path)]

    def our_merges(self, peer):
        """Files with our merges and words under the row's rule, made once per rule."""
        form = ("--input-format", "lines") if peer.form == "lines" else ()
        key = (*peer.rule, *form)
        if key not in self.our_lists:
            name = "-".join(word.strip("-") for word in key)
            model, words = self.work / f"model-{name}", self.work / f"words-{name}.tsv"
            path = self.path_of(peer.form)
            arguments = self.train_arguments(0, path, *key, "-f", "-o", str(model))
            runs.run_ours(self.options.command, arguments, self.work, self.options.timeout)
            arguments = ["count", "--special", texts.SPECIAL, *form, "-f", "-o", str(words),
                         str(path)]
            runs.run_ours(self.options.command, arguments, self.work, self.options.timeout)
            lines = (model / "merges.txt").read_text(encoding="utf-8").split("\n")[1:-1]
            merges = self.work / f"merges-{name}"
            merge_list.write(merges, peers.read_printable(line.split(" ") for line in lines))
            self.our_lists[key] = merges, words
        return self.our_lists[key]

    def compare(self, peer, theirs):
        if peer.not_compared:
            return {"result": "not compared", "why": peer.not_compared}
        ours, words = self.our_merges(peer)
        done = subprocess.run([sys.executable, "-m", "bench.compare", ours, theirs, words],
                              cwd=runs.ROOT, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def case(self, peer, threads):
        path = str(self.path_of(peer.form))
        return peers.Case(path, self.options.vocab_size, threads, str(self.work))

    def check_peer(self, peer, threads):
        """The extra run, for its merges and its memory."""
        theirs = self.work / f"merges-{peer.name}" if peer.merges else None
        run, version, memory = runs.run_peer(
            peer, self.case(peer, threads), self.options.timeout, theirs, samples_memory=True)
        row = {"name": peer.name, "version": version, "threads": threads,
               "threads_told_by": peer.threads, "fed": peer.form, "documents": peer.documents,
               "rule": list(peer.rule), "ties": peer.ties,
               "merges": self.compare(peer, theirs), "runs": [],
               "memory": {"anonymous": memory.get("anonymous"),
                          "before": run["before"].get("anonymous"),
                          "is_peak_of_call": run["is_peak_of_call"]}}
        say(f"  {peer.name}, {threads} threads: {compare.sentence(row['merges'])}")
        self.peers.append(row)

    def check(self):
        for threads in self.options.threads if is_wanted(OURS, self.options) else ():
            arguments = self.train_arguments(threads, self.text.path)
            _, done, memory = runs.run_ours(
                self.options.command, arguments, self.work, self.options.timeout,
                samples_memory=True)
            self.ours.append({"name": OURS, "threads": threads, "arguments": arguments, "runs": [],
                              "totals": done["totals"], "merges": done["merges"], "memory": memory})
        for peer in peers.PEERS:
            for threads in self.options.peer_threads if is_wanted(peer.name, self.options) else ():
                try:
                    self.check_peer(peer, threads)
                except runs.Failed as failure:
                    say(f"  {peer.name}: skipped: {failure}")
                    self.skipped.append(
                        {"name": peer.name, "threads": threads, "failed": str(failure)})

    def time_once(self):
        for row in self.ours:
            row["runs"].append(runs.run_ours(
                self.options.command, row["arguments"], self.work, self.options.timeout)[0])
        for row in list(self.peers):
            peer = peers.find(row["name"])
            try:
                row["runs"].append(
                    runs.run_peer(peer, self.case(peer, row["threads"]), self.options.timeout)[0])
            except runs.Failed as failure:
                self.peers.remove(row)
                self.skipped.append({**row, "failed": str(failure)})

    def figures(self):
        return {**self.text.figures(), "ours": self.ours, "peers": self.peers,
                "skipped": self.skipped}


def bench_text(name, options):
    work = Path(options.work)
    text = texts.Text(name, work)
    say(f"{text.name}: {text.bytes:,} bytes; comparing merges")
    bench = TextBench(text, options)
    bench.check()
    for number in range(options.runs):
        say(f"  run {number + 1} of {options.runs}")
        bench.time_once()
    return bench.figures()


def bench_counts(options):
    """Merging alone, from words already counted."""
    path = Path(options.counts).resolve()
    if not path.is_file():
        raise SystemExit(f"bench: {path} not found")
    spelling = ["--tsv", options.tsv] if options.tsv else []
    rows = [{"name": f"{OURS} --counts", "threads": threads, "runs": [],
             "arguments": ["train", "-s", str(options.vocab_size), "--special", texts.SPECIAL, "-j",
                           str(threads), *spelling, "--counts", str(path)]}
            for threads in options.threads]
    say(f"{path.name}: merging alone")
    for row in rows:
        row["memory"] = runs.run_ours(
            options.command, row["arguments"], options.work, options.timeout,
            samples_memory=True)[2]
    for number in range(options.runs):
        say(f"  run {number + 1} of {options.runs}")
        for row in rows:
            row["runs"].append(runs.run_ours(
                options.command, row["arguments"], options.work, options.timeout)[0])
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": texts.sha256_of(path),
            "ours": rows}


def write(document, options):
    """Writes the results so far: an interrupted run keeps the texts it has finished."""
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=1) + "\n")
    if options.markdown:
        Path(options.markdown).write_text(report.markdown(document))


def main(arguments=None):
    options = parse_options(arguments)
    shutil.rmtree(options.work, ignore_errors=True)
    Path(options.work).mkdir(parents=True)
    document = {"machine": machine.machine(), "build": machine.build(options.command),
                "versions": machine.versions(), "vocab_size": options.vocab_size,
                "runs": options.runs, "special_token": texts.SPECIAL, "pattern": "gpt2",
                "texts": [], "counts": None}
    if options.counts:
        document["counts"] = bench_counts(options)
        write(document, options)
    for name in options.text or ():
        document["texts"].append(bench_text(name, options))
        write(document, options)
    print(report.markdown(document), end="")


if __name__ == "__main__":
    try:
        main()
    except runs.Failed as failure:
        raise SystemExit(f"bench: {failure}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
