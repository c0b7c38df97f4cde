# The reference's tokenizer: reads a tokenizer.json and encodes with everything that it says.
# SPDX-License-Identifier: MIT
"""A whole tokenizer, put together from the other parts of the reference.

Encoding finds added tokens that are not normalised, normalises the text between them, finds those
that are, cuts the rest into pretokens and merges each. A template, if asked for, puts ids around.
Each id has the range of bytes that it comes from.

>>> model = Tokenizer({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2},
...     "merges": ["a b"]}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
...     "added_tokens": [{"id": 3, "content": "<e>", "special": True}]})
>>> model.encode(b"abba<e>", "all")
[2, 1, 0, 3]
>>> model.encode_spans([(b"abba<e", Policy("all")), (b">", Policy("all"))], most=3)
([(2, 0, 2), (1, 2, 3), (0, 3, 4)], 4)
"""
import dataclasses
import json

from reference import added_tokens, cutting, normal_steps, normalizer, origins
from reference.encoder import encode_pretoken, rank_merges
from reference.policies import Forbidden, Policy, Spans
from reference.trainer import PRINTABLE

BYTES = {character: byte for byte, character in PRINTABLE.items()}


class NoToken(ValueError):
    """The vocab has no token for a byte: (its offset)."""


def read_token(printable):
    """The bytes of a token as a vocab spells it; None if that is not in printable bytes.

    >>> read_token("Ġa")
    b' a'
    """
    if any(ord(character) not in BYTES for character in printable):
        return None
    return bytes(BYTES[ord(character)] for character in printable)


def read_merge(merge):
    """One merge, written "a b" or ["a", "b"]."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return read_token(left), read_token(right)


def read_added(document):
    """The added tokens. The ids in the file don't count: one in the vocab has the vocab's.

    >>> [token.id for token in read_added({"model": {"vocab": {"a": 0, "<b>": 1}},
    ...     "added_tokens": [{"content": "<c>"}, {"content": "<b>"}, {"content": "<d>"}]})]
    [2, 1, 3]
    """
    vocab = document["model"]["vocab"]
    flags = ("special", "lstrip", "rstrip", "single_word", "normalized")
    tokens = {}
    for token in document.get("added_tokens") or []:
        content = token["content"]
        free = max(len(vocab), *(known.id + 1 for known in tokens.values()), 0)
        if content and content not in tokens:
            found = {flag: token.get(flag, False) for flag in flags}
            tokens[content] = added_tokens.Added(content, vocab.get(content, free), **found)
    return list(tokens.values())


def read_template(step):
    """The ids that a post-processor puts before and after a text."""
    kind = step["type"] if step else "ByteLevel"
    if kind == "ByteLevel":
        return [], []
    if kind == "Sequence":
        around = [read_template(inner) for inner in step["processors"]]
        return ([i for before, _ in reversed(around) for i in before],
                [i for _, after in around for i in after])
    if kind in ("RobertaProcessing", "BertProcessing"):
        return [step["cls"][1]], [step["sep"][1]]
    if kind != "TemplateProcessing":
        raise ValueError(f"post-processor {kind}")
    out = [[]]
    for part in step["single"]:
        if "Sequence" in part:
            out.append([])
        else:
            out[-1] += step["special_tokens"][part["SpecialToken"]["id"]]["ids"]
    before, after = out
    return before, after


class Tokenizer:
    """Encodes bytes by a tokenizer.json, given as a dict."""

    def __init__(self, document):
        model = document["model"]
        self.added = read_added(document)
        self.normal_steps = normal_steps.read_steps(document.get("normalizer"))
        self.steps = cutting.flatten(document.get("pre_tokenizer"))
        self.before, self.after = read_template(document.get("post_processor"))
        self.meaning = "ignore merges" if model.get("ignore_merges") else "merge list"
        self.ids = {read_token(token): i for token, i in model["vocab"].items()}
        self.tokens = {i: token for token, i in self.ids.items()}
        self.ranks = rank_merges([read_merge(merge) for merge in model["merges"]])
        self.known = {}  # ids of pretokens that have been encoded
        self.searched = [[], []]  # (bytes, token): in the text itself, in normalised text
        for token in self.added:
            content = token.content.encode()
            if token.normalized:
                content = normalizer.normalize(content, self.normal_steps)
            self.searched[token.normalized].append((content, token))

    @classmethod
    def read(cls, path):
        return cls(json.loads(path.read_text("utf-8")))

    def encode_pretoken(self, pretoken):
        if pretoken not in self.known:
            self.known[pretoken] = encode_pretoken(pretoken, self.ids, self.ranks, self.meaning)
        return self.known[pretoken]

    def encode_segment(self, segment, places, at):
        """Yields (id, begin, end). `places` has (begin, end) of each byte, the segment's from
        `at`."""
        pretokens = cutting.cut(segment, self.steps)
        places = origins.trace_added_spaces(b"".join(pretokens), segment, places, at)
        done = 0
        for pretoken in pretokens:
            lacking = [at for at, byte in enumerate(pretoken) if bytes([byte]) not in self.ids]
            if lacking:
                raise NoToken(places[done + lacking[0]][0])
            for i in self.encode_pretoken(pretoken):
                begin, done = done, done + len(self.tokens[i])
                yield i, *origins.cover(places[begin:done])

    def encode_normalized(self, spans, begin, end):
        """Yields (id, begin, end) of a text between two tokens that were found in it as it is."""
        segment, places = origins.trace(spans.text[begin:end], begin, self.normal_steps)

        def treat(token, first, last):
            return spans.treat(token, *origins.cover(places[first:last]))

        try:
            for first, last, token in added_tokens.find(segment, self.searched[True], treat):
                if token is None:
                    yield from self.encode_segment(segment[first:last], places, first)
                else:
                    yield token.id, *origins.cover(places[first:last])
        except Forbidden as error:
            raise Forbidden(places[error.args[0]][0]) from None

    def encode_document(self, spans):
        for begin, end, token in added_tokens.find(spans.text, self.searched[False], spans.treat):
            if token is None:
                yield from self.encode_normalized(spans, begin, end)
            else:
                yield token.id, begin, end

    def encode_spans(self, spans, most=None):
        """Returns [(id, begin, end)], and how many bytes of the text the ids stand for.

        `spans` is [(bytes, Policy)]; `most` is the most ids to keep, those of the template counted.
        Raises Forbidden or NoToken with the byte's offset, cutting.Dropped if a step removes text,
        or ValueError if there is no room for the template.
        """
        spans = Spans(spans)
        before = self.before if spans.policies[0].add_template else []
        after = self.after if spans.policies[-1].add_template else []
        found, used = list(self.encode_document(spans)), len(spans.text)
        if most is not None:
            room = most - len(before) - len(after)
            if room < 0:
                raise ValueError("no room for the template")
            if len(found) > room:
                used = found[room - 1][2] if room > 0 else 0
                found = found[:room]
        end = len(spans.text)
        return [*((i, 0, 0) for i in before), *found, *((i, end, end) for i in after)], used

    def encode(self, text, policy="none", allowed=(), template=False):
        """Returns the ids of `text` (bytes).

        `policy` is "none", "all", "list" (of `allowed`), "error" or, without any added tokens,
        "untrusted". Raises as encode_spans does.
        """
        chosen = Policy("none", "none") if policy == "untrusted" else Policy(
            policy, special_list=tuple(allowed))
        found, _ = self.encode_spans([(text, dataclasses.replace(chosen, add_template=template))])
        return [i for i, _, _ in found]
