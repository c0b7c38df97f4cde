# What Tokenizer.visualize returns: tokens as coloured spans, for notebooks, browsers and terminals.
# SPDX-License-Identifier: MIT
"""A token is shown as the part of the text that it comes from. What can't be seen has a mark: "·"
for a space, a code point, or hexadecimal bytes for part of a character. In HTML the style makes the
marks, and the text is there as well, so that what is selected and copied is the text.
"""
from __future__ import annotations

import bisect
import html
import itertools
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from . import _core
from ._policy import Choice, Policy

# Of more tokens the first are shown: 0.2 MB of HTML, which Chromium lays out in 10 ms.
SHOWN = 2000
# Of the text that one token stands for, or none: what is stripped may be long.
_SHOWN_BYTES = 2000

_SPACES = {" ": "·", "\t": "⇥", "\n": "↵"}
# Plain text is wrapped at this many columns.
_COLUMNS = 96
# Of terminals: black on light colours, whatever the terminal's own are.
_COLOURS = [f"\x1b[30;48;5;{colour}m" for colour in (153, 223, 157, 218, 189)]
_SPECIAL, _END = "\x1b[1;4m", "\x1b[0m"

# Backgrounds let the page's own through, and all else is the text's colour or grey: readable in
# any theme. Contrasts are tested.
_STYLE = """
.pairmill-tokens { font: 14px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }
.pairmill-tokens p { margin: 0.3em 0; font: inherit }
.pairmill-tokens [role=list] > span { display: inline-block; box-sizing: border-box;
  max-width: 100%; margin: 1px 0; padding: 0 2px; border: 1px solid #808080; border-radius: 3px;
  vertical-align: top; white-space: break-spaces; tab-size: 4; overflow-wrap: anywhere }
.pairmill-tokens [role=list] > span::after { content: attr(data-id); display: block;
  font-size: 11px; font-weight: normal; line-height: 1.3; opacity: 0.85 }
.pairmill-tokens span:nth-of-type(5n+1) { background: rgba(60, 140, 255, 0.25) }
.pairmill-tokens span:nth-of-type(5n+2) { background: rgba(240, 150, 0, 0.25) }
.pairmill-tokens span:nth-of-type(5n+3) { background: rgba(0, 180, 90, 0.25) }
.pairmill-tokens span:nth-of-type(5n+4) { background: rgba(230, 70, 130, 0.25) }
.pairmill-tokens span:nth-of-type(5n+5) { background: rgba(150, 100, 230, 0.25) }
.pairmill-tokens [role=list] > span.special { border: 3px double currentColor; font-weight: bold }
.pairmill-tokens [role=list] > span.none { border-style: dotted; background: none }
.pairmill-tokens i, .pairmill-tokens b { font-style: normal; font-weight: inherit }
.pairmill-tokens i { position: relative }
.pairmill-tokens i::before { content: attr(data-mark); position: absolute; opacity: 0.7 }
.pairmill-tokens i.break::before { position: static }
.pairmill-tokens b { font-size: 0 }
.pairmill-tokens b::before { content: attr(data-mark); font-size: 11px; margin: 0 1px;
  border: 1px dotted currentColor; border-radius: 2px; padding: 0 1px }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Tokens</title>
<style>
:root { color-scheme: light dark }
body { margin: 1em; background: Canvas; color: CanvasText }
</style>
"""


class Piece(NamedTuple):
    """``mark`` is shown for ``text``.

    ``kind``: "plain" (the mark is the text), "space", "code" (of a character or bytes) or "own"
    (what a token stands for that has no text here, or the same as the one before).
    """

    kind: str
    mark: str
    text: str


class Token(NamedTuple):
    """A token; or text that no token stands for, without an id.

    ``kind``: "special", "added" or ""; ``content``: the token's own bytes.
    """

    id: int | None
    kind: str
    content: bytes
    pieces: list[Piece]


# ---- From text to pieces ----


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _piece(character: str) -> Piece:
    if character in _SPACES:
        return Piece("space", _SPACES[character], character)
    if character.isprintable():
        return Piece("plain", character, character)
    return Piece("code", f"U+{ord(character):04X}", character)


class _Source:
    """The text's bytes, and where its characters begin. Each ill-formed byte is a character."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.characters = data.decode("utf-8", "surrogateescape")
        lengths = (1 if "\udc80" <= c <= "\udcff" else len(c.encode()) for c in self.characters)
        self.begins = list(itertools.accumulate(lengths, initial=0))

    def pieces(self, begin: int, end: int) -> Iterator[Piece]:
        """Those of the bytes [begin, end). The text of a cut character is in its first part."""
        left_out = max(end - begin - _SHOWN_BYTES, 0)
        yield from self._find_pieces(begin, end - left_out)
        if left_out:
            yield Piece("own", f"({_count(left_out, 'more byte')})", "")

    def _find_pieces(self, begin: int, end: int) -> Iterator[Piece]:
        i = bisect.bisect_right(self.begins, begin) - 1
        while begin < end:
            first, after = self.begins[i], self.begins[i + 1]
            character, stop = self.characters[i], min(after, end)
            is_bad = "\udc80" <= character <= "\udcff"
            if is_bad or stop - begin < after - first:
                text = "\ufffd" if is_bad else character
                mark = self.data[begin:stop].hex(" ").upper()
                yield Piece("code", mark, text if begin == first else "")
            else:
                yield _piece(character)
            begin, i = stop, i + 1


def _own_pieces(content: bytes) -> list[Piece]:
    marks = (piece.mark for piece in _Source(content).pieces(0, len(content)))
    return [Piece("own", "".join(marks), "")]


def find_tokens(tokenizer: _core.Tokenizer, data: bytes, ids: Sequence[int],
                offsets: Sequence[Sequence[int]]) -> Iterator[Token]:
    """The tokens of a text. ``offsets``: begin and end of each id in ``data``, in bytes."""
    # A character of up to 4 bytes may end behind the last token.
    source = _Source(data[:max((end for _, end in offsets), default=0) + 3])
    kinds = {id: "special" if is_special else "added"
             for _, id, is_special in tokenizer._list_specials()}
    at = 0
    for id, (begin, end) in zip(ids, offsets):
        if begin > at:
            yield Token(None, "", b"", list(source.pieces(at, begin)))
        content = tokenizer.token_bytes(id)
        pieces = list(source.pieces(max(at, begin), end)) or _own_pieces(content)
        yield Token(id, kinds.get(id, ""), content, pieces)
        at = max(at, end)


def _id_text(token: Token) -> str:
    return "-" if token.id is None else str(token.id)


def _is_break(piece: Piece) -> bool:
    return piece.text == "\n"


def _has_break(token: Token) -> bool:
    return any(map(_is_break, token.pieces))


# ---- HTML ----


def _escape(text: str) -> str:
    """Also what parsers of HTML would change: they drop U+0000, and make U+000D a line's end."""
    return html.escape(text).replace("\0", "\ufffd").replace("\r", "&#13;")


def _piece_html(kind: str, mark: str, text: str) -> str:
    if kind == "plain":
        return _escape(text)
    if text == "\n":
        return f'<i class="break" data-mark="{mark}"></i>'
    if kind == "space":
        return f'<i data-mark="{mark}">{text}</i>'
    return f'<b data-mark="{_escape(mark)}">{_escape(text)}</b>'


def _title(token: Token) -> str:
    if token.id is None:
        return "no token"
    try:
        content = repr(token.content.decode())
    except UnicodeDecodeError:
        content = repr(token.content)
    return f"{token.id} {content}" + (f" ({token.kind} token)" if token.kind else "")


def _count_last_breaks(token: Token) -> int:
    return len(list(itertools.takewhile(_is_break, reversed(token.pieces))))


def _token_html(token: Token) -> str:
    """What breaks lines is a <br> and no text: of the last ones behind the token's box."""
    kind = ' class="none"' if token.id is None else ' class="special"' if token.kind else ""
    after = _count_last_breaks(token)
    inside = len(token.pieces) - after
    shown = "".join(_piece_html(*piece) + "<br>" * (_is_break(piece) and i < inside)
                    for i, piece in enumerate(token.pieces))
    return (f'<span role="listitem"{kind} data-id="{_id_text(token)}" '
            f'title="{_escape(_title(token))}">{shown}</span>' + "<br>" * after)


# ---- Plain text ----


def _width(text: str) -> int:
    """In columns of a terminal."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
               for c in text)


def _plain(token: Token) -> str:
    return "".join(f"<{piece.mark}>" if piece.kind == "code" else piece.mark
                   for piece in token.pieces)


def _cells(token: Token) -> tuple[str, str]:
    """A token and its id, equally wide."""
    text = _plain(token)
    below = _id_text(token) + ("*" if token.kind else "")
    width = max(_width(text), len(below))
    return text + " " * (width - _width(text)), below.ljust(width)


def _rows(tokens: Iterable[Token]) -> Iterator[list[tuple[str, str]]]:
    """The cells of each line."""
    row: list[tuple[str, str]] = []
    left = _COLUMNS
    for token in tokens:
        cells = _cells(token)
        width = len(cells[1]) + 1
        if row and width > left:
            yield row
            row, left = [], _COLUMNS
        row.append(cells)
        left -= width
        if _has_break(token):
            yield row
            row, left = [], _COLUMNS
    if row:
        yield row


# ---- The result ----


class Visualization:
    """The tokens of a text, to look at: ``Tokenizer.visualize``.

    Notebooks show it as HTML, ``str`` gives text, ``ansi`` text with a terminal's colours, ``save``
    a page. Of more than 2,000 tokens the first are shown, and how many others there are.
    """

    def __init__(self, tokens: list[Token], count: int, size: int) -> None:
        self._tokens, self._count, self._size = tokens, count, size
        self._left_out = count - sum(token.id is not None for token in tokens)

    def __len__(self) -> int:
        """The number of tokens, of those that aren't shown as well."""
        return self._count

    def __repr__(self) -> str:
        return f"<Visualization of {self._summary()}>"

    def _summary(self) -> str:
        return f"{_count(self._count, 'token')}, {_count(self._size, 'byte')}"

    def _note(self) -> str:
        return f"{_count(self._left_out, 'more token')} not shown" if self._left_out else ""

    def _repr_html_(self) -> str:
        tokens = "".join(map(_token_html, self._tokens))
        note = f"<p>{self._note()}</p>\n" if self._left_out else ""
        return (f'<div class="pairmill-tokens">\n<style>{_STYLE}</style>\n'
                f"<p>{self._summary()}</p>\n"
                f'<div role="list" aria-label="Tokens">{tokens}</div>\n{note}</div>\n')

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def __str__(self) -> str:
        """Tokens with borders between them, and ids below; "*" marks those of special tokens."""
        lines = ("|".join(line).rstrip() for row in _rows(self._tokens) for line in zip(*row))
        return "\n".join([*lines, *filter(None, [self._note()])])

    def ansi(self) -> str:
        """The tokens in colours of a terminal, without ids; special tokens bold and underlined."""
        parts: list[str] = []
        for i, token in enumerate(self._tokens):
            style = _COLOURS[i % len(_COLOURS)] + (_SPECIAL if token.kind else "")
            parts.append(style + _plain(token) + _END + "\n" * _has_break(token))
        note = f"\n{self._note()}" if self._left_out else ""
        return "".join(parts) + note

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Saves a page for browsers, which needs no other file.

        Raises FileExistsError if the file is there, unless ``overwrite``; OSError.
        """
        with open(path, "w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
            file.write(_PAGE + self._repr_html_() + "</html>\n")


def visualize(tokenizer: _core.Tokenizer, text: str | bytes, special_tokens: Choice | None,
              policy: Policy | None) -> Visualization:
    """What ``Tokenizer.visualize`` does."""
    ids, offsets = tokenizer.encode_with_offsets(
        text, "byte", special_tokens=special_tokens, policy=policy)
    data = text.encode() if isinstance(text, str) else bytes(text)
    shown, places = ids[:SHOWN].tolist(), offsets[:SHOWN].tolist()
    tokens = list(find_tokens(tokenizer, data, shown, places))
    rest = max((end for _, end in places), default=0)
    if len(ids) == len(shown) and rest < len(data):
        tokens.append(Token(None, "", b"", list(_Source(data[rest:]).pieces(0, len(data) - rest))))
    return Visualization(tokens, len(ids), len(data))
