#!/usr/bin/env python3
# Counts the instructions of small fixed jobs, and compares them with the baseline.
# SPDX-License-Identifier: MIT
"""Counts the instructions that the command executes in small fixed jobs, under valgrind, and fails
if one differs from tests/instructions/baseline.json by more than 3 %. Unlike times, these counts
are not noise."""
import argparse
import concurrent.futures
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from instructions import baseline, callgrind, jobs  # noqa: E402

WAITING = ("team", "thread", "watch")  # in src/base: how long they wait depends on timing


def system():
    release = platform.freedesktop_os_release()
    return f"{release.get('ID')} {release.get('VERSION_ID')} {platform.machine()}"


def read_cmake(path, name):
    found = re.search(rf'^(?:set\()?{name}(?::\w+=|\s+")([^"\n]*)',
                      path.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else ""


def build_name(build):
    """Compiler, version and flags of the build folder."""
    compiler = next((build / "CMakeFiles").glob("*/CMakeCCompiler.cmake"))
    words = [read_cmake(compiler, f"CMAKE_C_COMPILER_{part}") for part in ("ID", "VERSION")]
    words += [read_cmake(build / "CMakeCache.txt", name)
              for name in ("CMAKE_C_FLAGS", "CMAKE_C_FLAGS_RELEASE")]
    return " ".join(word for word in words if word)


def defined(*files):
    """The functions in these programs or objects; a name occurs as often as it is defined."""
    command = ["nm", "--defined-only", *files]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in lines.splitlines())
    return [row[2] for row in rows if len(row) == 3 and row[1] in "tT"]


def waiting_functions(build):
    objects = build / "CMakeFiles" / "pairmill_static.dir" / "src" / "base"
    names = defined(*(objects / f"{name}.c.o" for name in WAITING))
    everywhere = defined(build / "pairmill")
    twice = [name for name in names if everywhere.count(name) > 1]
    if twice:
        sys.exit(f"count_instructions: {', '.join(twice)}: the name of a function that waits, and "
                 "of another")
    return set(names)


def check_programs(build):
    if not shutil.which("valgrind"):
        sys.exit("count_instructions: valgrind not found")
    for path in (build / "pairmill", build / "tests" / "fixed_random.so"):
        if not path.is_file():
            sys.exit(f"count_instructions: {path} not found: run tools/build.sh test")


def run_job(build, name, inputs):
    """The costs of one job, run in its own folder next to the inputs."""
    with tempfile.TemporaryDirectory(dir=inputs.parent, prefix=f"{name}.") as folder:
        folder = pathlib.Path(folder)
        for path in inputs.iterdir():
            (folder / path.name).symlink_to(path)
        command = [str(build / "pairmill"), *shlex.split(jobs.JOBS[name]), "-q"]
        return callgrind.run(command, folder, build / "tests" / "fixed_random.so")


def count(build, names, folder):
    """({job: {function: instructions}}, {text: SHA-256})."""
    waiting = waiting_functions(build)
    inputs = folder / "inputs"
    inputs.mkdir()
    hashes = jobs.write_inputs(inputs)
    for line in jobs.PREPARE:
        subprocess.run([build / "pairmill", *shlex.split(line), "-q"], cwd=inputs, check=True)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        costs = dict(zip(names, pool.map(lambda name: run_job(build, name, inputs), names)))
    counted = {name: {function: cost for function, cost in costs[name].items()
                      if function not in waiting} for name in names}
    return counted, hashes


def show_functions(costs):
    for function, cost in sorted(costs.items(), key=lambda row: -row[1])[:12]:
        print(f"    {cost:>13,} {function}")


def update(build, totals, hashes):
    before = baseline.read(jobs.BASELINE)["jobs"] if jobs.BASELINE.exists() else {}
    print(*baseline.table(before, totals), sep="\n")
    baseline.write(jobs.BASELINE, {"system": system(), "build": build_name(build),
                                   "inputs": hashes, "jobs": totals})
    path = jobs.BASELINE.relative_to(ROOT)
    print(f"written to {path}: say in the commit message why, and by how much")


def compare(kept, costs, totals, hashes):
    if len(costs) < len(jobs.JOBS):
        kept["jobs"] = {name: kept["jobs"][name] for name in costs if name in kept["jobs"]}
    print(*baseline.table(kept["jobs"], totals), sep="\n")
    found = baseline.complaints(kept, totals, hashes)
    for line in found:
        print(line)
        show_functions(costs.get(line.split(":")[0], {}))
    if found:
        print(f"instructions: {len(found)} wrong")
        return 1
    plural = "s" * (len(totals) != 1)
    print(f"instructions: {len(totals)} job{plural} within {baseline.LIMIT:.0%} of the baseline")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs (default: all)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release",
                        metavar="FOLDER", help="the release build (default: build/release)")
    parser.add_argument("--update", action="store_true",
                        help="update the baseline, and show what changed")
    args = parser.parse_args()
    unknown = [name for name in args.jobs if name not in jobs.JOBS]
    if unknown or (args.update and args.jobs):
        parser.error(f"unknown job {unknown[0]}" if unknown else "--update takes no jobs")
    build = args.build.resolve()
    if not args.update:
        kept = baseline.read(jobs.BASELINE)
        why = baseline.why_not_comparable(kept, build_name(build))
        if why:
            print(f"instructions: not compared: {why}")
            return 1 if baseline.must_compare(kept, system()) else 0
    check_programs(build)
    with tempfile.TemporaryDirectory(prefix="pairmill-instructions.") as folder:
        costs, hashes = count(build, args.jobs or list(jobs.JOBS), pathlib.Path(folder))
    totals = {name: sum(costs[name].values()) for name in costs}
    if args.update:
        update(build, totals, hashes)
        return 0
    return compare(kept, costs, totals, hashes)


if __name__ == "__main__":
    sys.exit(main())
