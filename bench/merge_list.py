# Files of merges: one per line, in hexadecimal.
# SPDX-License-Identifier: MIT
"""A line is "left right", or only the token if the trainer doesn't say which two made it."""


def write(path, merges):
    with open(path, "w") as file:
        for merge in merges:
            sides = (merge,) if isinstance(merge, bytes) else merge
            file.write(" ".join(side.hex() for side in sides) + "\n")


def read(path):
    with open(path) as file:
        return [tuple(bytes.fromhex(side) for side in line.split(" "))
                for line in file.read().splitlines()]
