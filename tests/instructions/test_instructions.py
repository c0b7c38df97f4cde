# Counting instructions: callgrind's output is parsed correctly, and changes beyond the limit fail.
# SPDX-License-Identifier: MIT
import copy

import pytest

from instructions import baseline, callgrind, jobs

OUTPUT = """\
# callgrind format
positions: line
events: Ir
summary: 1111

ob=/lib/libc.so.6
fl=???
fn=memcpy
0 500

fn=qsort
0 40
cob=/build/pairmill
cfn=compare
calls=3 0
0 90000

ob=/build/pairmill
fl=???
fn=scan
0 30
0 3
cob=/lib/libc.so.6
cfn=memcpy
calls=7 0
0 70000
0 4

fn=sort
0 100

fn=sort'2
0 20

fn=memcpy
0 5

totals: 1111
"""

BASELINE = {"system": "debian 12 x86_64", "build": "GNU 12.2.0 -O2",
            "inputs": {"a.txt": "12"}, "jobs": {"count": 100_000, "merge": 200_000}}


def complaints(change):
    """The messages if the counts are the baseline's but for `change`."""
    return baseline.complaints(BASELINE, BASELINE["jobs"] | change, BASELINE["inputs"])


def test_only_the_own_costs_of_our_functions_count():
    costs = callgrind.own_costs(OUTPUT.splitlines(keepends=True), "/build/pairmill")
    assert costs == {"scan": 37, "sort": 120, "memcpy": 5}


def test_another_program_has_no_cost():
    assert callgrind.own_costs(OUTPUT.splitlines(keepends=True), "/build/other") == {}


@pytest.mark.parametrize("count", [100_000, 103_000, 97_000])
def test_within_the_limit(count):
    assert complaints({"count": count}) == []


@pytest.mark.parametrize("count, word", [(103_001, "more"), (96_999, "fewer"), (200_000, "more"),
                                         (0, "fewer")])
def test_beyond_the_limit(count, word):
    found = complaints({"count": count})
    assert len(found) == 1
    assert found[0].startswith("count: ") and f"{word} instructions" in found[0]


def test_each_job_is_compared():
    found = complaints({"count": 1, "merge": 1})
    assert [line.split(":")[0] for line in found] == ["count", "merge"]


def test_a_job_that_is_not_in_the_baseline():
    assert complaints({"decode": 5}) == ["decode: not in the baseline"]


def test_a_job_that_was_not_run():
    found = baseline.complaints(BASELINE, {"count": 100_000}, BASELINE["inputs"])
    assert found == ["merge: in the baseline only"]


@pytest.mark.parametrize("inputs", [{"a.txt": "13"}, {}, {"a.txt": "12", "b.txt": "1"}])
def test_another_text(inputs):
    found = baseline.complaints(BASELINE, BASELINE["jobs"], inputs)
    assert len(found) == 1 and "the text is not that of the baseline" in found[0]


def test_another_compiler_is_not_compared_but_fails_on_the_system_of_the_baseline():
    assert baseline.why_not_comparable(BASELINE, "GNU 12.2.0 -O2") is None
    assert "GNU 13.2.0 -O2" in baseline.why_not_comparable(BASELINE, "GNU 13.2.0 -O2")
    assert baseline.must_compare(BASELINE, "debian 12 x86_64")
    assert not baseline.must_compare(BASELINE, "debian 13 x86_64")


def test_the_table_shows_changes():
    after = copy.copy(BASELINE["jobs"]) | {"count": 150_000, "decode": 7}
    del after["merge"]
    rows = [" ".join(line.split()) for line in baseline.table(BASELINE["jobs"], after)]
    assert rows == ["count 100,000 150,000 +50.00%", "decode - 7 new", "merge 200,000 - gone"]


def test_the_texts_are_the_same_each_time(tmp_path):
    kept = baseline.read(jobs.BASELINE)
    assert jobs.write_inputs(tmp_path) == kept["inputs"]
    assert jobs.write_inputs(tmp_path) == kept["inputs"]
    assert kept["jobs"].keys() == jobs.JOBS.keys()
