# The reference's tokenizer: reads a tokenizer.json and encodes with everything that it says.
# SPDX-License-Identifier: MIT
"""A whole tokenizer, put together from the other parts of the reference.

Encoding finds added tokens that are not normalised, normalises the text between them, finds those
that are, cuts the rest into pretokens and merges each. A template, if asked for, puts ids around.

>>> model = Tokenizer({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2},
...     "merges": ["a b"]}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
...     "added_tokens": [{"id": 3, "content": "<e>", "special": True}]})
>>> model.encode(b"abba<e>", "all")
[2, 1, 0, 3]
"""
import json

from reference import added_tokens, cutting, normal_steps
from reference.encoder import encode_pretoken
from reference.trainer import PRINTABLE

BYTES = {character: byte for byte, character in PRINTABLE.items()}


class Forbidden(ValueError):
    """The text holds a special token, which the policy "error" forbids."""


class NoToken(ValueError):
    """The vocab has no token for a byte."""


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
        self.normal_step = document.get("normalizer")
        self.steps = cutting.flatten(document.get("pre_tokenizer"))
        self.before, self.after = read_template(document.get("post_processor"))
        self.meaning = "ignore merges" if model.get("ignore_merges") else "merge list"
        self.ids = {read_token(token): i for token, i in model["vocab"].items()}
        self.merges = [read_merge(merge) for merge in model["merges"]]
        self.known = {}  # ids of pretokens that have been encoded

    @classmethod
    def read(cls, path):
        return cls(json.loads(path.read_text("utf-8")))

    def encode_segment(self, segment):
        out = []
        for pretoken in cutting.cut(segment, self.steps):
            if pretoken not in self.known:
                if any(pretoken[i : i + 1] not in self.ids for i in range(len(pretoken))):
                    raise NoToken
                self.known[pretoken] = encode_pretoken(pretoken, self.ids, self.merges,
                                                       self.meaning)
            out += self.known[pretoken]
        return out

    def find(self, text, chosen, policy, is_normalized, encode):
        """Ids of the added tokens in `text`, and what `encode` gives for the text between them."""
        tokens = {}
        for token in chosen:
            if token.normalized == is_normalized:
                tokens.setdefault(self.searched(token), token)
        forbidden = {token.id for token in chosen if token.special and policy == "error"}
        out = []
        for piece, token_id in added_tokens.find(text, tokens):
            if token_id in forbidden:
                raise Forbidden
            out += encode(piece) if token_id is None else [token_id]
        return out

    def searched(self, token):
        content = token.content.encode()
        return normal_steps.normalize(content, self.normal_step) if token.normalized else content

    def encode(self, text, policy="none", allowed=(), template=False):
        """Returns the ids of `text` (bytes).

        `policy` is "none", "all", "list" (of `allowed`), "error" or "untrusted". Raises Forbidden,
        NoToken, or cutting.Dropped if a step removes text.
        """
        chosen = [token for token in self.added
                  if added_tokens.is_chosen(token, policy, allowed)]

        def encode_normalized(piece):
            normal = normal_steps.normalize(piece, self.normal_step)
            return self.find(normal, chosen, policy, True, self.encode_segment)

        ids = self.find(text, chosen, policy, False, encode_normalized)
        return self.before + ids + self.after if template else ids
