# Compares two lists of merges; if they differ, checks whether only ties can explain it.
# SPDX-License-Identifier: MIT
"""
python -m bench.compare OURS THEIRS WORDS: two files of merge_list.py, and the words as a TSV (read
only if the lists differ). Prints one JSON object. It runs in its own process to keep the harness
small.

Two lists that differ may both be right if they break ties differently. A list is greedy if no other
pair counts more than each of its pairs at the time it is merged. That is checked by merging the
list, with the counts kept up to date; of our results it needs only the words.
"""
import heapq
import json
import sys
from collections import Counter

from . import merge_list, peers


def first_difference(ours, theirs):
    """The index of the first merge that differs, within the shorter list's length; None: none."""
    for i, (mine, other) in enumerate(zip(ours, theirs)):
        if len(other) == 1:
            mine, other = b"".join(mine), b"".join(other)
        if mine != other:
            return i
    return None


def read_words(path):
    """{word: count} from a TSV in printable bytes."""
    table = peers.unprintable()
    words = {}
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            if not line.startswith("#"):
                word, count = line.rstrip("\n").split("\t")
                words[bytes(table[c] for c in word)] = int(count)
    return words


def replace(tokens, pair, new):
    """Applies one merge to one word, from left to right."""
    out, i = [], 0
    while i < len(tokens):
        if tokens[i] == pair[0] and i + 1 < len(tokens) and tokens[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


class Greedy:
    """Words being merged: how often each pair occurs, and which words may hold it."""

    def __init__(self, words):
        self.words = [list(word) for word in words]
        self.counts = list(words.values())
        self.pairs = Counter()
        self.holders = {}
        for i, word in enumerate(self.words):
            self.add_pairs(i, zip(word, word[1:]))
        self.heap = [(-count, pair) for pair, count in self.pairs.items()]
        heapq.heapify(self.heap)

    def add_pairs(self, i, pairs):
        for pair in pairs:
            self.pairs[pair] += self.counts[i]
            self.holders.setdefault(pair, set()).add(i)

    def greatest_count(self):
        while self.heap:
            count, pair = self.heap[0]
            if -count == self.pairs[pair]:
                return -count
            heapq.heapreplace(self.heap, (-self.pairs[pair], pair))
        return 0

    def merge(self, pair, new):
        """Merges, and pushes what changed onto the heap. Counts that fell turn out stale later."""
        changed = set()
        for i in self.holders.pop(pair):
            word = self.words[i]
            merged = replace(word, pair, new)
            if len(merged) == len(word):
                continue
            for old in zip(word, word[1:]):
                self.pairs[old] -= self.counts[i]
            added = list(zip(merged, merged[1:]))
            self.add_pairs(i, added)
            changed.update(added)
            self.words[i] = merged
        for other in changed:
            heapq.heappush(self.heap, (-self.pairs[other], other))


def pairs_of(merge, ids, greedy):
    """The pairs this merge may mean: one, or all ways to split it if only the token is known."""
    if len(merge) == 2:
        cuts = [merge]
    else:
        cuts = [(merge[0][:i], merge[0][i:]) for i in range(1, len(merge[0]))]
    pairs = [(left, right) for a, b in cuts for left in ids.get(a, ()) for right in ids.get(b, ())]
    return [pair for pair in pairs if greedy.pairs[pair] > 0]


def first_not_greedy(merges, words):
    """The index of the first merge whose pair is outnumbered by another; None: none."""
    greedy = Greedy(words)
    ids = {bytes([b]): [b] for b in range(256)}  # two merges may make the same bytes
    for i, merge in enumerate(merges):
        possible = pairs_of(merge, ids, greedy)
        best = max(possible, key=greedy.pairs.__getitem__, default=None)
        if best is None or greedy.pairs[best] < greedy.greatest_count():
            return i
        greedy.merge(best, 256 + i)
        ids.setdefault(b"".join(merge), []).append(256 + i)
    return None


def compare(ours, theirs, words):
    """`words` is a function that returns {word: count}, called only if the lists differ."""
    compared = min(len(ours), len(theirs))
    report = {"compared": compared, "ours": len(ours), "theirs": len(theirs)}
    first = first_difference(ours, theirs)
    if first is None:
        return {**report, "result": "equal"}
    report["first_difference"] = first + 1
    wrong = first_not_greedy(theirs[:compared], words())
    if wrong is None:
        return {**report, "result": "equal but for ties"}
    return {**report, "result": "differs", "first_not_greedy": wrong + 1}


def sentence(report):
    """For the table; merges are numbered from 1."""
    result, merges = report["result"], f"{report.get('compared', 0):,} merges"
    if result == "equal":
        return f"equal: {merges}"
    if result == "equal but for ties":
        return f"equal but for ties (first at {report['first_difference']:,}): {merges}"
    if result == "differs":
        return f"differs at merge {report['first_not_greedy']:,}"
    return f"not compared: {report['why']}"


def main():
    ours, theirs, words = sys.argv[1:]
    report = compare(merge_list.read(ours), merge_list.read(theirs), lambda: read_words(words))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
