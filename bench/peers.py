# The other trainers: a table with one row for each way to feed each of them.
# SPDX-License-Identifier: MIT
"""
Each row says under which of our rules its merges must equal ours. All rows train with GPT-2's
pattern on the same documents. `vocab_size` includes the special token; trainers without special
tokens get one entry less, so that all learn the same number of merges.

How each trainer breaks ties was found by training on real text and comparing. The tests of the
harness and every run of it compare again.

    tokenizers, gigatoken (its default), gigabpe
        the smaller (left id, right id), with bytes numbered in printable order: --compat hf
    rustbpe, ffbpe (its default), bpeasy
        the same, with bytes numbered by value: --ties ids
    sentencepiece
        a different algorithm: starts from characters, marks spaces, drops rare characters
"""
import importlib
import io
import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Callable, Optional

from .texts import SPECIAL, load

GPT2 = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
NO_LIMIT = 1 << 20  # bytes: for trainers that need a limit; longer than any learned token

HF = ("--compat", "hf")
IDS = ("--ties", "ids")


@dataclass(frozen=True)
class Case:
    """What a run has to do."""

    path: str  # the text in the row's form
    vocab_size: int
    threads: int
    work: str  # a folder of its own


@dataclass(frozen=True)
class Peer:
    name: str
    module: str  # to import, and the package it comes from
    form: str  # of texts.py
    train: Callable  # (module, result of prepare, case) -> anything; this call is timed
    # (result of train, case) -> for each merge (left, right) or the token, as bytes
    merges: Optional[Callable] = None
    prepare: Callable = lambda module, data, case: data
    rule: tuple = ()  # our options that give the same merges
    ties: str = ""
    threads: str = "RAYON_NUM_THREADS"  # how it is told the number of threads
    not_compared: str = ""  # why not, if the algorithm is different

    @property
    def fed(self):
        return "files" if self.form in ("text", "lines") else "documents"

    @property
    def documents(self):
        """What it treats as a document."""
        return "lines" if self.form == "lines" else "documents"


def unprintable():
    """Maps the printable characters of GPT-2's vocab.json to bytes."""
    plain = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    others = [b for b in range(256) if b not in plain]
    return {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(others)}


def read_printable(pairs):
    table = unprintable()
    for pair in pairs:
        yield tuple(bytes(table[c] for c in side) for side in pair)


def tokens_by_rank(ranks):
    """The tokens after the 256 bytes, from {bytes: rank}."""
    ordered = sorted(ranks, key=lambda item: item[1])
    return [bytes(token) for token, _ in ordered[256:]]


# ---- tokenizers ----

def prepare_tokenizers(module, data, case):
    tokenizer = module.Tokenizer(module.models.BPE())
    tokenizer.pre_tokenizer = module.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = module.trainers.BpeTrainer(
        vocab_size=case.vocab_size, special_tokens=[SPECIAL], show_progress=False,
        initial_alphabet=module.pre_tokenizers.ByteLevel.alphabet())
    return tokenizer, trainer, data


def train_tokenizers_documents(module, prepared, case):
    tokenizer, trainer, documents = prepared
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def train_tokenizers_files(module, prepared, case):
    tokenizer, trainer, path = prepared
    tokenizer.train([path], trainer)
    return tokenizer


def merges_of_tokenizers(tokenizer, case):
    return read_printable(json.loads(tokenizer.to_str())["model"]["merges"])


# ---- rustbpe ----

def train_rustbpe(module, documents, case):
    tokenizer = module.Tokenizer()
    tokenizer.train_from_iterator(documents, case.vocab_size - 1, pattern=GPT2)
    return tokenizer


# ---- gigatoken ----

def train_gigatoken_files(module, path, case):
    source = module.TextFileSource([path], separator=SPECIAL)
    return module.train_bpe(source, case.vocab_size, [SPECIAL])


def train_gigatoken_bytes(module, data, case):
    return module.train_bpe(data, case.vocab_size, [SPECIAL], separator=SPECIAL.encode())


def merges_of_gigatoken(out, case):
    return [(bytes(left), bytes(right)) for left, right in out[1]]


# ---- gigabpe ----

def train_gigabpe(module, path, case):
    return module.train_bpe([path], vocab_size=case.vocab_size, special_tokens=[SPECIAL],
                            pretokenizer="bytelevel", threads=case.threads)


# ---- ffbpe ----

def train_ffbpe_documents(module, documents, case):
    return module.train_bpe(documents, vocab_size=case.vocab_size, special_tokens=[SPECIAL])


def train_ffbpe_files(module, path, case):
    words = module.PreTokenizer([SPECIAL], eot_token=SPECIAL).get_words_from_file(path)
    trainer = module.BpeTrainer([SPECIAL])
    trainer.add_words(words)
    trainer.train(case.vocab_size)
    return trainer.validate_model()


def merges_of_ffbpe(model, case):
    path = Path(case.work, "ffbpe.merges.txt")
    model.save_merges_txt(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    return read_printable(line.split(" => ")[0].split(" ") for line in lines if " => " in line)


# ---- bpeasy ----

def train_bpeasy(module, documents, case):
    return module.train_bpe(iter(documents), GPT2, NO_LIMIT, case.vocab_size - 1)


# ---- sentencepiece ----

def train_sentencepiece(module, path, case):
    model = io.BytesIO()
    module.SentencePieceTrainer.train(
        input=path, model_writer=model, model_type="bpe", vocab_size=case.vocab_size,
        hard_vocab_limit=False, normalization_rule_name="identity", user_defined_symbols=[SPECIAL],
        max_sentence_length=1 << 30, num_threads=case.threads, minloglevel=2)
    return model


HF_TIES = "smaller ids, bytes in printable order"
ID_TIES = "smaller ids, bytes by value"

PEERS = (
    Peer("tokenizers-documents", "tokenizers", "documents", train_tokenizers_documents,
         merges_of_tokenizers, prepare_tokenizers, HF, HF_TIES,
         threads="RAYON_NUM_THREADS, TOKENIZERS_PARALLELISM"),
    Peer("tokenizers-files", "tokenizers", "lines", train_tokenizers_files,
         merges_of_tokenizers, prepare_tokenizers, HF, HF_TIES,
         threads="RAYON_NUM_THREADS, TOKENIZERS_PARALLELISM"),
    Peer("rustbpe", "rustbpe", "documents", train_rustbpe,
         lambda out, case: tokens_by_rank(out.get_mergeable_ranks()), rule=IDS, ties=ID_TIES),
    Peer("gigatoken-documents", "gigatoken", "bytes", train_gigatoken_bytes, merges_of_gigatoken,
         rule=HF, ties=HF_TIES),
    Peer("gigatoken-files", "gigatoken", "text", train_gigatoken_files, merges_of_gigatoken,
         rule=HF, ties=HF_TIES),
    Peer("gigabpe", "gigabpe", "lines", train_gigabpe,
         lambda out, case: read_printable(out[1]), rule=HF, ties=HF_TIES, threads="threads="),
    Peer("ffbpe-documents", "ffbpe", "documents", train_ffbpe_documents, merges_of_ffbpe,
         rule=IDS, ties=ID_TIES),
    Peer("ffbpe-files", "ffbpe", "text", train_ffbpe_files, merges_of_ffbpe,
         rule=IDS, ties=ID_TIES),
    Peer("bpeasy", "bpeasy", "documents", train_bpeasy,
         lambda out, case: tokens_by_rank(out.items()), rule=IDS, ties=ID_TIES),
    Peer("sentencepiece", "sentencepiece", "lines", train_sentencepiece, threads="num_threads=",
         not_compared="starts from characters, not bytes; marks spaces; drops rare characters"),
)


def find(name):
    return next(peer for peer in PEERS if peer.name == name)


def import_peer(peer):
    return importlib.import_module(peer.module)


def version_of(peer):
    return metadata.version(peer.module)


def environment(threads):
    """Tells libraries how many threads they may use."""
    return {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
            "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}


def prepare(peer, module, case):
    return peer.prepare(module, load(peer.form, case.path), case)
