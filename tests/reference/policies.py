# The reference's policies and spans: which added tokens a place in a text recognises.
# SPDX-License-Identifier: MIT
"""A text is a list of spans, (bytes, Policy), that are joined.

>>> from reference.added_tokens import Added
>>> token, spans = Added("<m>", 7), Spans([(b"a<", Policy("all")), (b"m>", Policy("error"))])
>>> spans.text, spans.treat(token, 0, 2) == RECOGNISED, spans.treat(token, 1, 4) == FORBIDDEN
(b'a<m>', True, True)
"""
from dataclasses import dataclass

# What a policy does with a token. Of the spans that share a token IGNORED wins, then FORBIDDEN.
IGNORED, RECOGNISED, FORBIDDEN = range(3)
CHOICES = {"none": IGNORED, "all": RECOGNISED, "error": FORBIDDEN}


class Forbidden(ValueError):
    """The text holds a token that a policy forbids: (its first byte)."""


@dataclass(frozen=True)
class Policy:
    """For special tokens and for the other added ones: "none", "all", "error" or "list"."""
    special: str = "none"
    added: str = "all"
    special_list: tuple = ()  # contents
    added_list: tuple = ()
    add_template: bool = False

    def treat(self, token):
        choice = self.special if token.special else self.added
        if choice == "list":
            listed = self.special_list if token.special else self.added_list
            choice = "all" if token.content in listed else "none"
        return CHOICES[choice]


class Spans:
    def __init__(self, spans):
        self.text = b"".join(text for text, _ in spans)
        self.policies = [policy for _, policy in spans] or [Policy()]
        self.by_byte = [policy for text, policy in spans for _ in text]

    def treat(self, token, begin, end):
        """`begin` and `end` are those of the token's own bytes. A token made from nothing, by a
        normalizer, counts as made from the byte at that place."""
        if begin == end:
            begin = min(begin, len(self.text) - 1)
        treated = {policy.treat(token) for policy in set(self.by_byte[begin : max(end, begin + 1)])}
        return IGNORED if IGNORED in treated else max(treated)
