# The JSON of a study: all of its keys, and the kind of value each has.
# SPDX-License-Identifier: MIT
import re

SEARCH = {"max_s", "update_s"}
WORKERS = SEARCH | {"compute_s"}
COPIED = WORKERS | {"copy_s"}
SENT = COPIED | {"copy_trunks_s"}

# The sections of each system, besides total, word count and merge.
SECTIONS = {
    "v3": SEARCH,
    "v4_mp": COPIED,
    "v4": SENT,
    "v4_mp_spawn": SENT,
    "v4_mp_deepcopy": COPIED,
    "v4_time2": SEARCH | {"copy_s", "max_by_count_s", "copy_strings_s"},
    "v4_shuffled": SENT,
    "v4_pinned": SENT,
    "v4_mp_pinned": COPIED,
    "threads": WORKERS,
    "thread_pool": WORKERS,
    "shared_pool": COPIED | {"copy_strings_s"},
    "heap": SEARCH,
    "batches": set(),
}
SERIAL = {"v3", "v4_time2", "heap"}
EXPERIMENTS = {"what_crosses", "walk", "walk_table", "walk_writing"}
COUNTINGS = {"count_queue", "count"}


def whole(value):
    assert type(value) is int and value >= 0, value


def positive(value):
    assert type(value) is int and value > 0, value


def seconds(value):
    assert type(value) is float and value >= 0, value


def number(value):
    assert value is None or type(value) in (int, float), value


def truth(value):
    assert type(value) is bool, value


def text(value):
    assert type(value) is str and value, value


def is_hash(value):
    assert re.fullmatch("[0-9a-f]{64}", value), value


def or_null(check):
    return lambda value: value is None or check(value)


def one_of(values):
    def check(value):
        assert value in values, value

    return check


COUNTERS = {
    "processes": whole, "threads": whole, "start_s": seconds,
    "bytes_sent": whole, "bytes_received": whole,
    "own_minor_faults": whole, "own_switches": whole,
    "child_minor_faults": whole, "child_switches": whole,
}


def check_sections(value):
    for key, time in value.items():
        seconds(time)
        assert key.endswith("_s")


def check_figures(value):
    assert value
    for name, figure in value.items():
        text(name)
        number(figure)


REPORT = {
    "program": one_of(["pairmill-study"]),
    "version": text,
    "machine": {"processors": positive, "kernel": text, "compiler": text},
    "text": {
        "inputs": [{"name": text, "bytes": whole, "sha256": is_hash}],
        "counts": or_null(text), "documents": whole, "bytes": whole, "pretokens": whole,
        "words": whole,
        "special": or_null(text),
    },
    "vocab_size": positive,
    "merges": whole,
    "merges_possible": whole,
    "stopped_early": truth,
    "runs": positive,
    "library": {"merges": whole, "seconds": seconds},
    "word_count_seconds": seconds,
    "results": [{
        "system": one_of(SECTIONS), "article": or_null(text), "workers": or_null(positive),
        "run": positive, "merges": whole, "sections": check_sections, "counters": COUNTERS,
    }],
    "countings": [{
        "name": one_of(COUNTINGS), "counters": whole, "mergers": whole, "chunk_size": whole,
        "run": positive, "seconds": seconds, "words": whole, "pretokens": whole,
        "documents": whole, "most_chunks_queued": whole, "most_tables_queued": whole,
        "system": COUNTERS,
    }],
    "experiments": [{"name": text, "variant": or_null(text), "run": positive,
                     "figures": check_figures}],
}


def check_value(value, form, place):
    if isinstance(form, dict):
        assert type(value) is dict and list(value) == list(form), f"{place}: {value}"
        for key, part in form.items():
            check_value(value[key], part, f"{place}.{key}")
    elif isinstance(form, list):
        assert type(value) is list, place
        for i, item in enumerate(value):
            check_value(item, form[0], f"{place}[{i}]")
    else:
        try:
            form(value)
        except (AssertionError, TypeError) as error:
            raise AssertionError(f"{place}: {error}") from None


def check_result(result):
    """Checks what must hold for its times, whatever they are."""
    sections = result["sections"]
    name = result["system"]
    wanted = {"total_s", "word_count_s", "merge_s"}
    if result["merges"] > 0:
        wanted |= SECTIONS[name]
    assert set(sections) == wanted, name
    assert (result["workers"] is None) == (name in SERIAL), name
    assert abs(sections["total_s"] - sections["word_count_s"] - sections["merge_s"]) < 1e-8, name
    apart = sum(value for key, value in sections.items()
                if key not in ("total_s", "word_count_s", "merge_s", "compute_s"))
    assert apart <= sections["merge_s"], name
    assert sections.get("compute_s", 0) <= sections.get("max_s", 0), name


def check_report(report):
    check_value(report, REPORT, "report")
    assert report["merges"] <= report["merges_possible"]
    assert report["stopped_early"] == (report["merges"] < report["merges_possible"])
    assert report["library"]["merges"] == report["merges"]
    for result in report["results"]:
        assert result["merges"] == report["merges"]
        check_result(result)
    return report
