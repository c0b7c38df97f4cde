# What is shown, or called, while long work runs.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple, TextIO


class Progress(NamedTuple):
    """How far one stage of long work is.

    ``stage``: "count", "sort", "index", "merge", ...; ``done`` of ``total`` units (0: unknown; for
    "merge" an estimate that changes); ``unit``: "bytes", "words", ...; ``elapsed_s``: seconds since
    the stage began.
    """

    stage: str
    done: int
    total: int
    unit: str
    elapsed_s: float


# What a ``progress`` argument takes.
ProgressOption = bool | str | Callable[[Progress], object] | None
# What the extension calls.
Report = Callable[[str, int, int, str, float], object]


def _size(number: float, unit: str) -> str:
    for prefix in ("", "k", "M", "G", "T"):
        if number < 1000 or prefix == "T":
            break
        number /= 1000
    amount = f"{number:.0f}" if number >= 100 or prefix == "" else f"{number:.1f}"
    return f"{amount} {prefix}{'B' if unit == 'bytes' else unit}"


def _describe(progress: Progress) -> str:
    stage, done, total, unit, elapsed_s = progress
    if unit == "bytes":
        done_text = _size(done, unit)
        rate = f", {_size(done / elapsed_s, unit)}/s" if elapsed_s > 0.2 else ""
    else:
        done_text, rate = f"{done:,} {unit}", ""
    share = f"{100 * min(done, total) // total:3} %, " if total > 0 else ""
    return f"{stage}: {share}{done_text}{rate}, {elapsed_s:.1f} s"


def _is_notebook(stream: TextIO) -> bool:
    """A notebook's stderr is no terminal, but a line there can be written over as well."""
    return type(stream).__module__.startswith("ipykernel.")


class _Line:
    """One line on a terminal or in a notebook, written over; elsewhere one every ten seconds."""

    def __init__(self, stream: TextIO, bar: bool) -> None:
        self.stream, self.bar = stream, bar
        self.on_terminal = stream.isatty() or _is_notebook(stream)
        self.shown_at, self.width = 0.0, 0
        self.stage: str | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        is_over = progress.total > 0 and progress.done >= progress.total
        pause = 0.1 if self.on_terminal else 10.0
        if now - self.shown_at < pause and not is_over and progress.stage == self.stage:
            return
        self.shown_at, self.stage = now, progress.stage
        text = _describe(progress)
        if self.bar and progress.total > 0:
            text = f"{_draw(progress.done / progress.total)} {text}"
        self._show(text)

    def _show(self, text: str) -> None:
        if self.on_terminal:
            self.stream.write("\r" + text.ljust(self.width))
            self.width = len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def close(self) -> None:
        if self.on_terminal and self.width > 0:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()


def _draw(share: float, cells: int = 24) -> str:
    eighths = int(min(max(share, 0.0), 1.0) * cells * 8)
    full, rest = divmod(eighths, 8)
    return "▕" + ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(cells) + "▏"


class Reporter:
    """Makes of a ``progress`` argument what the extension calls. Use as a context manager."""

    def __init__(self, option: ProgressOption) -> None:
        self.line: _Line | None = None
        self.call: Callable[[Progress], object] | None = None
        if option is None or option is False:
            return
        if option is True or option in ("bar", "line"):
            self.line = _Line(sys.stderr, bar=option != "line")
            self.call = self.line
        elif callable(option):
            self.call = option
        else:
            raise ValueError(
                f"progress must be True, False, 'bar', 'line' or a callable, not {option!r}")

    @property
    def report(self) -> Report | None:
        call = self.call
        if call is None:
            return None
        return lambda stage, done, total, unit, elapsed_s: call(
            Progress(stage, done, total, unit, elapsed_s))

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        if self.line is not None:
            self.line.close()
