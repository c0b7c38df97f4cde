# Counting and training.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import operator
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Unpack

from . import _core
from ._counts import Counts
from ._options import (ArrowArray, ArrowStream, CountOptions, CountTextsOptions, InputOptions,
                       LearnOptions, Paths, RunOptions, Text, TextOptions, Texts,
                       TrainCountsOptions, TrainOptions, TrainTextsOptions, pick, refuse_others,
                       warn)
from ._progress import ProgressOption, Report, Reporter
from ._tokenizer import Tokenizer

# Characters, or bytes, of text that a thread gets at a time.
_BATCH = 1 << 20


def _make_counter(options: Mapping[str, Any], reporter: Reporter) -> _core._Counter:
    run = pick(options, RunOptions)
    run["progress"] = reporter.report
    return _core._Counter(pick(options, TextOptions), run)


def _learn_options(options: Mapping[str, Any], vocab_size: int) -> dict[str, Any]:
    learn = pick(options, LearnOptions)
    learn["vocab_size"] = vocab_size
    learn["reserve"] = options.get("reserve", 0)
    return learn


def _add_files(counter: _core._Counter, files: Paths, options: Mapping[str, Any]) -> None:
    notices = counter.add_files(files, pick(options, InputOptions))
    warn(notices, counter.bad_files(), stacklevel=2)


# ---- Texts in memory ----


def _thread_count(options: Mapping[str, Any]) -> int:
    threads = operator.index(options.get("threads") or 0)
    if threads > 0:
        return threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    batch: list[Text] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text) if isinstance(text, (str, bytes)) else memoryview(text).nbytes
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _add_arrow(counter: _core._Counter, texts: ArrowArray | ArrowStream, threads: int) -> None:
    """Each thread borrows the column and counts its part of it."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            parts = [pool.submit(counter.add_texts, texts, part, threads)
                     for part in range(threads)]
            for part in parts:
                part.result()
        except BaseException:
            counter.stop()
            raise


def _add_batches(counter: _core._Counter, texts: Iterable[Text], threads: int,
                 report: Report | None) -> None:
    """No more than two batches a thread are held at a time."""
    pending: deque[Future[None]] = deque()
    began, documents = time.monotonic(), 0
    with ThreadPoolExecutor(threads) as pool:
        try:
            for batch in _batches(texts):
                while len(pending) >= 2 * threads:
                    pending.popleft().result()
                pending.append(pool.submit(counter.add_texts, batch))
                documents += len(batch)
                if report is not None:
                    report("count", documents, 0, "documents", time.monotonic() - began)
            while pending:
                pending.popleft().result()
        except BaseException:
            counter.stop()
            raise


def _add_texts(counter: _core._Counter, texts: Texts, options: Mapping[str, Any],
               reporter: Reporter) -> None:
    if isinstance(texts, (str, bytes)):
        raise TypeError("expected an iterable of texts, not one text")
    threads = _thread_count(options)
    if isinstance(texts, (ArrowArray, ArrowStream)):
        _add_arrow(counter, texts, threads)
    else:
        _add_batches(counter, texts, threads, reporter.report)


# ---- What users call ----


def count(files: Paths, *, progress: ProgressOption = None,
          **options: Unpack[CountOptions]) -> Counts:
    """Counts the words of files.

    ``files``, ``progress`` and the options: as for ``train``, those of learning aside.

    Raises ValueError for bad input, with its byte as the attribute ``offset``; OSError.
    """
    refuse_others(options, TextOptions, InputOptions, RunOptions)
    with Reporter(progress) as reporter:
        counter = _make_counter(options, reporter)
        _add_files(counter, files, options)
        return counter.take(Counts)


def count_from_iterator(texts: Texts, *, progress: ProgressOption = None,
                        **options: Unpack[CountTextsOptions]) -> Counts:
    """Counts the words of texts in memory, each a document.

    ``texts`` as for ``train_from_iterator``; the options as for ``train``, those of files and of
    learning aside. Raises ValueError.
    """
    refuse_others(options, TextOptions, RunOptions)
    with Reporter(progress) as reporter:
        counter = _make_counter(options, reporter)
        _add_texts(counter, texts, options, reporter)
        return counter.take(Counts)


def train(files: Paths, vocab_size: int, *, progress: ProgressOption = None,
          **options: Unpack[TrainOptions]) -> Tokenizer:
    """Learns a vocab of ``vocab_size`` entries, special tokens included, from files.

    ``files``: a path or an iterable of paths. A folder stands for the files in and below it, "-"
    for stdin, "@LIST" for the names in the file LIST. gzip and zstd are recognised.
    ``progress``: True or "bar" (on stderr), "line", or a callable that is given a Progress; what it
    raises ends the work.

    How text is cut:

    - ``pattern``: a name (``pairmill.choices["patterns"]``) or a regular expression; "gpt2".
    - ``unicode_version``: of the character classes; "16.0".
    - ``special_tokens``: never part of a word.
    - ``doc_separator``: ends documents; a special token as well.
    - ``reserve``: this many special tokens <|reserved_0|> ..., part of ``vocab_size``.

    What files contain:

    - ``input_format``: "text" (a file is a document), "lines" or "jsonl"; by suffix.
    - ``field``: of JSON lines, the one with the text; "text".
    - ``skip_bad_lines``, ``skip_binary``: go on without bad JSON lines, and without files in
      folders that aren't text, and warn of them.
    - ``sha256``: hash the inputs for the training's record.

    What is learned:

    - ``min_count``: never merge a pair that occurs less often; 1.
    - ``max_token_length``: in bytes; 0 for no limit.
    - ``ties``: which of two pairs with the same count comes first; "bytes".
    - ``layout``: where bytes, special tokens and merges get their ids; "bytes-first".
    - ``compat``: "hf" for what Hugging Face's trainer would learn.
    - ``pad_vocab_to``: append reserved tokens up to a multiple of this.

    How the work is run:

    - ``threads``: 0 for one a processor.
    - ``memory_limit``: bytes that the process may use; what doesn't fit goes to ``tmp_dir``.
    - ``scanner``: the instruction set; the fastest.

    Raises ValueError for bad options or input, with its byte as the attribute ``offset``; OSError;
    MemoryError.

    >>> path = pathlib.Path(tempfile.mkdtemp(), "corpus.txt")
    >>> _ = path.write_text("low lower lowest" * 9)
    >>> pairmill.train(path, 300, pattern="cl100k", special_tokens=["<|end|>"])
    <Tokenizer of 265 entries, 1 special tokens, pattern 'cl100k'>
    """
    refuse_others(options, TextOptions, InputOptions, RunOptions, LearnOptions)
    learn = _learn_options(options, vocab_size)
    _core._check_train(pick(options, TextOptions), learn)
    with Reporter(progress) as reporter:
        counter = _make_counter(options, reporter)
        _add_files(counter, files, options)
        return counter.train(Tokenizer, learn)


def train_from_iterator(texts: Texts, vocab_size: int, *,
                        progress: ProgressOption = None,
                        **options: Unpack[TrainTextsOptions]) -> Tokenizer:
    """Learns a vocab from texts in memory, each a document.

    ``texts``: an iterable of str or bytes-like, of which only a few MB are held at a time, or an
    Arrow column of strings. Counting runs on threads while the iterator works.
    ``vocab_size``, ``progress`` and the options: as for ``train``, those of files aside.

    Raises ValueError for bad options; MemoryError.

    >>> tok = pairmill.train_from_iterator(["low lower lowest"] * 9, 258)
    >>> tok.merges
    [(b'o', b'w'), (b'l', b'ow')]
    """
    refuse_others(options, TextOptions, RunOptions, LearnOptions)
    learn = _learn_options(options, vocab_size)
    _core._check_train(pick(options, TextOptions), learn)
    with Reporter(progress) as reporter:
        counter = _make_counter(options, reporter)
        _add_texts(counter, texts, options, reporter)
        return counter.train(Tokenizer, learn)


def train_from_counts(counts: Counts, vocab_size: int, *, progress: ProgressOption = None,
                      **options: Unpack[TrainCountsOptions]) -> Tokenizer:
    """Learns a vocab from counts, which say pattern, Unicode version and special tokens.

    ``vocab_size``, ``progress`` and the options: as for ``train``, those of text and files aside.

    Raises ValueError for bad options; MemoryError.

    >>> counts = pairmill.count_from_iterator(["low lower lowest"] * 9)
    >>> pairmill.train_from_counts(counts, 258).merges
    [(b'o', b'w'), (b'l', b'ow')]
    """
    refuse_others(options, TrainCountsOptions, LearnOptions, RunOptions)
    with Reporter(progress) as reporter:
        run = pick(options, RunOptions)
        run["progress"] = reporter.report
        return Tokenizer._train_from_counts(counts, _learn_options(options, vocab_size), run)
