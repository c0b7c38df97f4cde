# Tables in Markdown: one for each text and job, with a column for each vocabulary.
# SPDX-License-Identifier: MIT
import statistics

from bench.report import table

FACTORS = {"ms": 1e3, "µs": 1e6}

NOTES = """\
Each figure comes from processes of its own, which load the vocabulary, call once with another text,
and are then timed: calls alone, on `str`, with results as the library gives them. Median (best;
CPU: median of the process's time on all processors), and the median as a multiple of our first row
with as many threads. Of single calls each text is new to the process; their time is that of one
call. Of a document, the first half has been encoded before ("steady", the second half is timed), or
all of it ("warm"). ≠: not the same ids as ours; see below the table."""


def summary(job, row):
    if not row["runs"]:
        return None
    calls = job["texts"] if job["unit"] == "µs" else 1
    factor = FACTORS[job["unit"]] / calls
    seconds, cpu = ([factor * run[name] for run in row["runs"]]
                    for name in ("seconds", "cpu_seconds"))
    return {"median": statistics.median(seconds), "best": min(seconds),
            "cpu": statistics.median(cpu)}


def short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(job, row):
    if "failed" in row:
        return "failed"
    ours = next((other for other in job["rows"] if other["module"] == "pairmill"
                 and other["threads"] == row["threads"]), None)
    figures, base = summary(job, row), ours and summary(job, ours)
    if figures is None:
        return "equal" if row["result"] == "equal" else "≠"
    text = f"{short(figures['median'])} ({short(figures['best'])}; {short(figures['cpu'])})"
    if base and ours is not row:
        text += f" ×{figures['median'] / base['median']:.1f}"
    return text + (" ≠" if row["result"] != "equal" else "")


def complaints(jobs):
    for job in jobs:
        for row in job["rows"]:
            what = row.get("failed") and f"failed: {row['failed']}" or row["result"]
            if what != "equal":
                yield (f"- {row['module']} {row['call']}, {row['threads']} threads, "
                       f"{job['vocabulary']}: {what}")


def job_table(jobs, versions):
    head = ["library", "call", "threads",
            *(f"{job['vocabulary']}, {job['unit']}" for job in jobs)]
    shown = [[f"{row['module']} {versions[row['module']] or ''}", row["call"],
              str(row["threads"]), *(cell(job, job["rows"][index]) for job in jobs)]
             for index, row in enumerate(jobs[0]["rows"])]
    return table(head, shown)


def pretoken_counts(jobs):
    """A line for each vocabulary, whose pattern says what pretokens are."""
    return [f"- {job['vocabulary']}: {job['pretokens']:,} pretokens, {job['new']:,} of them new "
            f"({job['new'] / job['pretokens']:.1%})" for job in jobs if job["pretokens"]]


def paces(cold, warm):
    """Nanoseconds for a known pretoken and for a new one: the warm text, and what else cold takes."""
    for job, again in zip(cold, warm):
        rows = [(row, other) for row, other in zip(job["rows"], again["rows"])
                if row["runs"] and other["runs"] and row["result"] == other["result"] == "equal"]
        for row, other in rows:
            first, second = summary(job, row)["median"], summary(again, other)["median"]
            known, more = 1e6 * second / again["pretokens"], 1e6 * (first - second) / job["new"]
            yield [job["vocabulary"], row["module"], row["call"], f"{known:.1f}",
                   f"{known + more:,.0f}"]


def pace_table(of_text):
    cold, warm = ([job for job in of_text if job["job"] == name]
                  for name in ("document", "document, warm"))
    rows = list(paces(cold, warm)) if len(cold) == len(warm) else []
    if not rows:
        return []
    return ["", "### Nanoseconds a pretoken", "", "Of medians: the warm document over its "
            "pretokens; what the cold one takes longer, over the new ones.", "",
            table(["vocabulary", "library", "call", "known", "new"], rows)]


def markdown(document):
    machine = document["machine"]
    parts = ["# Encoding benchmark", "",
             f"{machine['cpu']}, {machine['processors']} processors, {machine['system']}, "
             f"Python {machine['python']}; load at the start: {machine['load_average']:.1f}. "
             f"Runs: {document['runs']}, interleaved.", "", NOTES]
    for text, sha256 in document["texts"].items():
        parts += ["", f"## {text}", "", f"The beginning of a file with SHA-256 `{sha256}`."]
        of_text = [job for job in document["jobs"] if job["text"] == text]
        for name in dict.fromkeys(job["job"] for job in of_text):
            jobs = [job for job in of_text if job["job"] == name]
            parts += ["", f"### {name}", "",
                      f"Texts: {jobs[0]['texts']:,}; bytes: {jobs[0]['bytes']:,}.",
                      *pretoken_counts(jobs), "",
                      job_table(jobs, document["versions"]), "", *complaints(jobs)]
        parts += pace_table(of_text)
    return "\n".join(parts).rstrip() + "\n"
