# The instruction counts that are kept in the tree, and how a run is held against them.
# SPDX-License-Identifier: MIT
import json

LIMIT = 0.03  # more or less than the baseline


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write(path, baseline):
    path.write_text(json.dumps(baseline, indent=2) + "\n", encoding="utf-8")


def why_not_comparable(baseline, build):
    """None where the same compiler made both, else a sentence."""
    if baseline["build"] == build:
        return None
    return f"this build is by {build}, the baseline by {baseline['build']}"


def must_compare(baseline, system):
    """The system of the baseline, which is that of CI, has the compiler that made it."""
    return baseline["system"] == system


def change(before, after):
    return (after - before) / before


def complaints(baseline, counts, inputs):
    """A sentence for each job that is not within the limit, is not in the baseline, or has gone, and for
    each text that is not the one of the baseline."""
    found = [f"{name}: the text is not that of the baseline"
             for name in sorted(inputs.keys() | baseline["inputs"].keys())
             if inputs.get(name) != baseline["inputs"].get(name)]
    for name in sorted(counts.keys() | baseline["jobs"].keys()):
        before, after = baseline["jobs"].get(name), counts.get(name)
        if before is None or after is None:
            found.append(f"{name}: {'not in the baseline' if before is None else 'in the baseline only'}")
        elif abs(change(before, after)) > LIMIT:
            word = "more" if after > before else "fewer"
            found.append(f"{name}: {abs(change(before, after)):.1%} {word} instructions than the baseline, "
                         f"{before:,} -> {after:,}")
    return found


def table(before, after):
    """Lines with the counts of each job before and after, for the terminal and for a commit message."""
    lines = []
    for name in after:
        if name in before:
            lines.append(f"{name:28} {before[name]:>13,} {after[name]:>13,} {change(before[name], after[name]):+8.2%}")
        else:
            lines.append(f"{name:28} {'-':>13} {after[name]:>13,}      new")
    return lines + [f"{name:28} {before[name]:>13,} {'-':>13}     gone" for name in before if name not in after]
