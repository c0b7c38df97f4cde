# Medians, and tables in Markdown.
# SPDX-License-Identifier: MIT
import statistics

from . import compare

STAGES = ("count", "sort", "index", "merge")


def summary(runs):
    """Median and best seconds, and medians of everything else that all runs have."""
    if not runs:
        return None
    seconds = [run["seconds"] for run in runs]
    stages = {name: statistics.median(run["stages"].get(name, 0) for run in runs)
              for name in runs[0].get("stages", {})}
    peaks = [run["peak"] for run in runs if run.get("peak")]
    return {"median": statistics.median(seconds), "best": min(seconds), "stages": stages,
            "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
            "peak": max(peaks, default=None)}


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def megabytes(value):
    return "" if value is None else f"{value / 1e6:,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def our_table(rows):
    shown = []
    for row in rows:
        figures = summary(row["runs"])
        peak = figures["peak"] or row["memory"].get("peak")
        stages = [seconds(figures["stages"][name]) if name in figures["stages"] else ""
                  for name in STAGES]
        shown.append([row["name"], str(row["threads"]), *stages, seconds(figures["median"]),
                      seconds(figures["best"]), seconds(figures["cpu_seconds"]), megabytes(peak),
                      megabytes(row["memory"].get("anonymous"))])
    head = ["row", "threads", *(f"{name}, s" for name in STAGES), "whole, median s", "best s",
            "CPU s", "peak MB", "anonymous MB"]
    return table(head, shown)


def ratio(theirs, ours, figure):
    return f"{theirs[figure] / ours[figure]:.1f}"


def peer_cells(row, ours):
    figures = summary(row["runs"])
    start = [row["name"], row["version"] or "", str(row["threads"]), row["documents"],
             compare.sentence(row["merges"])]
    if figures is None:
        return [*start, *[""] * 8]
    memory = row["memory"]
    cells = start + [seconds(figures[name]) for name in ("median", "best", "cpu_seconds")]
    cells += [ratio(figures, ours, "median"), ratio(figures, ours, "best")] if ours else ["", ""]
    return [*cells, megabytes(figures["peak"]), megabytes(memory.get("anonymous")),
            megabytes(memory.get("before"))]


def peer_table(rows, our_rows):
    ours = {row["threads"]: summary(row["runs"]) for row in our_rows}
    head = ["trainer", "version", "threads", "documents", "merges", "median s", "best s", "CPU s",
            "times ours, median", "times ours, best", "peak MB", "anonymous MB",
            "before the call MB"]
    return table(head, [peer_cells(row, ours.get(row["threads"])) for row in rows])


NOTES = """\
Our time is that of the whole process, from spawning it to its end. The others are timed for their
training call alone, in a fresh process, without imports and without reading the text into the form
that the call takes. Files are in the page cache. Peak: of the whole process, including mapped
files; for the others, since the call began. Anonymous: the maximum, sampled every 4 ms in an extra
run, without mapped files. Before the call: the part of it taken by the interpreter, the imports and
the text passed in."""


def markdown(document):
    machine, build = document["machine"], document["build"]
    parts = ["# Training benchmark", "",
             f"{machine['cpu']}, {machine['processors']} processors, {machine['system']}, "
             f"Linux {machine['kernel']}, huge pages: {machine['huge_pages']}; "
             f"load at the start: {machine['load_average']:.1f}.",
             f"pairmill {build['version']}, {build.get('compiler', 'unknown compiler')}, "
             f"`{build.get('flags', '')}`. Vocab of {document['vocab_size']:,} entries, "
             f"runs: {document['runs']}, interleaved.", "", NOTES]
    for text in document["texts"]:
        parts += ["", f"## {text['name']}", "",
                  f"{text['bytes']:,} bytes, SHA-256 `{text['sha256']}`."]
        if text["ours"]:
            parts += ["", our_table(text["ours"])]
        if text["peers"]:
            parts += ["", peer_table(text["peers"], text["ours"])]
        parts += ["", *(f"- {row['name']}: {row['failed']}" for row in text["skipped"])]
    if document["counts"]:
        parts += ["", "## Merging alone", "", f"Words of `{document['counts']['name']}`, "
                  f"{document['counts']['bytes']:,} bytes, "
                  f"SHA-256 `{document['counts']['sha256']}`.", "",
                  our_table(document["counts"]["ours"])]
    return "\n".join(parts).rstrip() + "\n"
