# The instruction counts kept in the repository, and how a run is compared with them.
# SPDX-License-Identifier: MIT
import json

LIMIT = 0.03  # more or less than the baseline


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write(path, baseline):
    path.write_text(json.dumps(baseline, indent=2) + "\n", encoding="utf-8")


def why_not_comparable(baseline, build):
    """Returns None if the same compiler made both builds, else a message."""
    if baseline["build"] == build:
        return None
    return f"this build is by {build}, the baseline by {baseline['build']}"


def must_compare(baseline, system):
    """On the baseline's system, which CI uses, the compiler must be the same too."""
    return baseline["system"] == system


def change(before, after):
    return (after - before) / before


def complaints(baseline, counts, inputs):
    """Returns a message for each job that is beyond the limit, new or gone, and each new text."""
    found = [f"{name}: the text is not that of the baseline"
             for name in sorted(inputs.keys() | baseline["inputs"].keys())
             if inputs.get(name) != baseline["inputs"].get(name)]
    for name in sorted(counts.keys() | baseline["jobs"].keys()):
        before, after = baseline["jobs"].get(name), counts.get(name)
        if before is None or after is None:
            found.append(
                f"{name}: {'not in the baseline' if before is None else 'in the baseline only'}")
        elif abs(change(before, after)) > LIMIT:
            word = "more" if after > before else "fewer"
            found.append(
                f"{name}: {abs(change(before, after)):.1%} {word} instructions than the baseline, "
                f"{before:,} -> {after:,}")
    return found


def table(before, after):
    """Returns lines with each job's counts before and after, for terminals and commit messages."""
    lines = []
    for name in after:
        if name in before:
            percent = change(before[name], after[name])
            lines.append(f"{name:28} {before[name]:>13,} {after[name]:>13,} {percent:+8.2%}")
        else:
            lines.append(f"{name:28} {'-':>13} {after[name]:>13,}      new")
    gone = [name for name in before if name not in after]
    return lines + [f"{name:28} {before[name]:>13,} {'-':>13}     gone" for name in gone]
