# The reference's normalizer of a tokenizer.json.
# SPDX-License-Identifier: MIT
"""Reads what a tokenizer.json calls its normalizer as steps of reference.normalizer.

>>> normalize(b" I", {"type": "Sequence", "normalizers": [{"type": "Lowercase"},
...     {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]})
b'_i'
"""
from reference import normalizer


def read_replace(step):
    (kind, found), = step["pattern"].items()
    return "replace" if kind == "String" else "replace-regex", found, step["content"]


def read_strip(step):
    sides = [side for side in ("left", "right") if step.get(f"strip_{side}", True)]
    return [(f"strip-{side}",) for side in sides]


def read_steps(step):
    """The steps, tuples as in reference.normalizer, of one normalizer; None has none."""
    if step is None:
        return []
    kind = step["type"]
    if kind == "Sequence":
        return [inner for outer in step["normalizers"] for inner in read_steps(outer)]
    if kind in ("NFC", "NFD", "NFKC", "NFKD"):
        return [(kind,)]
    if kind == "Lowercase":
        return [("lowercase",)]
    if kind == "Prepend":
        return [("prepend", step["prepend"])]
    if kind == "Strip":
        return read_strip(step)
    if kind == "Replace":
        return [read_replace(step)]
    raise ValueError(f"normalizer {kind}")


def normalize(text, step):
    """Returns the normalised text. Both are bytes; `step` is a dict, or None for no change."""
    return normalizer.normalize(text, read_steps(step))
