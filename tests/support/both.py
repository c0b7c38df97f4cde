# A model in the library and in the reference, and texts in spans on which to compare them.
# SPDX-License-Identifier: MIT
import functools
import json

import random_members
import small_models
import texts
from reference import origins, tokenizer_json
from reference.policies import Forbidden, Policy
from support import library

BETWEEN = [piece.encode() for piece in texts.PIECES if piece != "\u180e"] + [
    b" ", b"  ", b" ", b"the", b"a", b"x", b"_", b"ab", b" I", b"ll", b"\xff", b"\xc3", b"\xf0\x9f",
    "e\u0323\u0301".encode(), "\ufb01".encode(), "İ".encode(), "\u1112\u1161\u11ab".encode()]


@functools.cache
def document_of(name):
    return small_models.make(name)


def make_members(build_dir, base, rng):
    """A model like `base` with steps, added tokens and a normalizer that no model has."""
    while True:
        made = dict(base, added_tokens=random_members.make_added(rng))
        if rng.random() < 0.7:
            made["pre_tokenizer"] = random_members.make_pre_tokenizer(rng)
        if rng.random() < 0.5:
            made["normalizer"] = random_members.make_normalizer(rng)
            if random_members.empty_once_normalized(made):
                continue
        both = Both(build_dir, made)
        normal = [content for content, _ in both.reference.searched[True]]
        if len(normal) == len(set(normal)):  # else policies that recognise two alike are refused
            return both


class Both:
    """`document` is a tokenizer.json."""

    def __init__(self, build_dir, document):
        self.document = document
        self.reference = tokenizer_json.Tokenizer(document)
        self.model = library.load(build_dir, json.dumps(document).encode())
        self.encoder = self.model.encoder()
        self.by_bytes, self.by_characters = self.model.ids("byte"), self.model.ids("char")
        self.policies = {}
        added = self.reference.added
        self.contents = [[t.content for t in added if t.special is kind] for kind in (True, False)]

    def explain(self):
        return {key: value for key, value in self.document.items()
                if key in ("added_tokens", "normalizer", "pre_tokenizer")}

    def policy(self, policy):
        """The library's policy for one of the reference."""
        if policy not in self.policies:
            lists = {name: [content.encode() for content in getattr(policy, name)]
                     for name in ("special_list", "added_list")}
            self.policies[policy] = self.model.policy(
                policy.special, policy.added, add_template=policy.add_template, **lists)
        return self.policies[policy]

    def spans(self, spans):
        return [(text, self.policy(policy)) for text, policy in spans]

    def make_policy(self, rng, has_errors=0.1):
        def choose(contents):
            if rng.random() < has_errors:
                return "error", ()
            choice = rng.choice(["none", "all", "all", "list"])
            size = rng.randint(0, len(contents)) if choice == "list" else 0
            return choice, tuple(rng.sample(contents, size))

        special, added = map(choose, self.contents)
        return Policy(special[0], added[0], special[1], added[1], rng.random() < 0.3)

    def make_text(self, rng, most=12):
        """Joined from whole tokens, parts of tokens, and what may be between."""
        contents = [content.encode() for kind in self.contents for content in kind] or [b"ab"]

        def piece():
            kind, token = rng.randrange(8), rng.choice(contents)
            if kind < 3:
                return token
            if kind == 3:
                return token[: rng.randrange(len(token) + 1)]
            if kind == 4:
                return token[rng.randrange(len(token) + 1) :]
            return rng.choice(BETWEEN)

        return b"".join(piece() for _ in range(rng.randint(0, most)))

    def make_spans(self, rng, text, most=4):
        """Cuts a text into spans, some of them empty, whose policies differ."""
        cuts = sorted(rng.randint(0, len(text)) for _ in range(rng.randrange(most)))
        has_errors = rng.choice([0, 0.05, 0.3])
        policies = [self.make_policy(rng, has_errors) for _ in range(2)]
        return [(text[begin:end], rng.choice(policies))
                for begin, end in zip([0, *cuts], [*cuts, len(text)])]

    def expect(self, spans, most=None):
        """[(id, begin, end)] and the bytes used, or the offset of the error."""
        try:
            return self.reference.encode_spans(spans, most)
        except (Forbidden, tokenizer_json.NoToken) as error:
            return error.args[0]

    def encode(self, spans, buffer):
        """[(id, begin, end)], or the offset of the error."""
        buffer.clear()
        try:
            self.encoder.encode_spans(self.spans(spans), buffer)
        except library.Error as error:
            assert error.status == "bad input", error
            assert buffer.list() == [] and buffer.ends() == []
            return error.offset
        assert buffer.ends() == [len(buffer.list())]
        return [(i, *offsets) for i, offsets in zip(buffer.list(), buffer.offsets(), strict=True)]

    def check(self, spans):
        """Ids, offsets of both units, the count; returns what is expected."""
        wanted, shown = self.expect(spans), f"{spans}, {self.explain()}"
        got = self.encode(spans, self.by_bytes)
        if isinstance(wanted, int):
            assert got == wanted, f"{got}, not an error at byte {wanted}: {shown}"
            assert self.encode(spans, self.by_characters) == wanted, shown
            return None
        wanted = wanted[0]
        assert [one[0] for one in got] == [one[0] for one in wanted], f"other ids: {shown}"
        assert got == wanted, f"{got}, not {wanted}: {shown}"
        text = b"".join(text for text, _ in spans)
        characters = origins.in_characters(text, [one[1:] for one in wanted])
        got = [one[1:] for one in self.encode(spans, self.by_characters)]
        assert got == characters, f"other characters: {shown}"
        assert self.encoder.count(self.spans(spans)) == len(wanted), shown
        return wanted
