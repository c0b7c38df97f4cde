# Tables: vocabularies, and each library's own calls that encode and decode with them.
# SPDX-License-Identifier: MIT
"""
A row times a call as the library's users write it, up to ids or text in Python, as the library
likes to give them: lists, arrays of its own, NumPy's or Awkward's.
"""
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable

# A second version of a library that is installed beside the first: bench/requirements-next.txt.
NEXT = Path(__file__).resolve().parents[2] / "build/bench/next"

# Names, tiktoken's encoding of it if any, and the tokenizer of npm's @lenml that has the same ids.
VOCABULARIES = {
    "r50k": ("r50k_base", "gpt3"),
    "cl100k": ("cl100k_base", "gpt35turbo"),
    "o200k": ("o200k_base", "gpt4o"),
    "llama3": (None, "llama3"),
    "qwen3": (None, "qwen3"),
}


@dataclass(frozen=True)
class Vocabulary:
    name: str
    json: str  # path of the tokenizer.json
    encoding: str | None = None
    ranks: str | None = None  # path of the encoding's .tiktoken file


# ---- How each library loads it ----

def load_pairmill(vocabulary):
    from pairmill import Tokenizer
    return Tokenizer.load(vocabulary.ranks or vocabulary.json)


def load_tiktoken(vocabulary):
    import tiktoken
    if vocabulary.encoding:
        return tiktoken.get_encoding(vocabulary.encoding)
    import pairmill
    model = pairmill.Tokenizer.load(vocabulary.json)
    added = model.special_tokens | model.added_tokens
    ranks = {token: id for id, token in model.vocab.items() if id not in added.values()}
    return tiktoken.Encoding(vocabulary.name, pat_str=pairmill.pattern_expression(model.pattern),
                             mergeable_ranks=ranks, special_tokens=added)


def load_tokenizers(vocabulary):
    from tokenizers import Tokenizer
    return Tokenizer.from_file(vocabulary.json)


def load_next_tokenizers(vocabulary):
    sys.path.insert(0, str(NEXT))
    return load_tokenizers(vocabulary)


def load_snaptokens(vocabulary):
    from snaptokens import Tokenizer
    return Tokenizer.from_file(vocabulary.json)


def load_toktok(vocabulary):
    """Its vocabularies are its own."""
    import toktok
    return toktok._encoding(vocabulary.encoding or vocabulary.name)


def load_quicktok(vocabulary):
    """Its vocabularies are its own."""
    import quicktok
    return quicktok.get_encoding(vocabulary.encoding or vocabulary.name)


def load_gigatoken(vocabulary):
    from gigatoken import Tokenizer
    return Tokenizer.from_tiktoken(vocabulary.ranks) if vocabulary.ranks \
        else Tokenizer(vocabulary.json)


def load_fastokens(vocabulary):
    """Its from_tiktoken knows two encodings; some of OpenAI's tokenizer.json it can't load."""
    from fastokens import Tokenizer
    if vocabulary.encoding in ("cl100k_base", "o200k_base"):
        return Tokenizer.from_tiktoken(vocabulary.ranks, encoding=vocabulary.encoding)
    return Tokenizer.from_file(vocabulary.json)


LOADERS = {"pairmill": load_pairmill, "tiktoken": load_tiktoken, "tokenizers": load_tokenizers,
           "tokenizers-next": load_next_tokenizers, "gigatoken": load_gigatoken,
           "fastokens": load_fastokens, "snaptokens": load_snaptokens,
           "toktok-rs": load_toktok, "quicktok-v1": load_quicktok}


# ---- Calls ----

@dataclass(frozen=True)
class Row:
    module: str  # the package; of LOADERS
    call: str
    takes: str  # "text", "texts", "ids" or "id lists"
    bind: Callable  # (tokenizer, threads) -> the call, a function of one argument
    # What it returns, as a list of ids, a str, or a list of those.
    plain: Callable = lambda out: out
    # (tokenizer, text or texts, ids as lists) -> the argument of a row that takes ids
    prepare: Callable = lambda tokenizer, text, ids: ids
    has_threads: bool = False  # by an argument, or RAYON_NUM_THREADS


def to_list(out):
    return out.tolist()


def ids_of_all(encodings):
    return [encoding.ids for encoding in encodings]


def split_flat(flat):
    """The ids of all, and the offsets, both as buffers."""
    ids, offsets = (memoryview(part).cast("B").cast(kind) for part, kind in zip(flat, "Iq"))
    return [ids[begin:end].tolist() for begin, end in zip(offsets, offsets[1:])]


def to_numpy(tokenizer, text, ids):
    import numpy
    return numpy.asarray(ids, numpy.uint32)


def hf_batch(method):
    return lambda t, n: lambda texts: ids_of_all(method(t)(texts, add_special_tokens=False))


def tokenizers_rows(module):
    return (
        Row(module, "encode().ids", "text",
            lambda t, n: lambda text: t.encode(text, add_special_tokens=False).ids),
        Row(module, "encode_batch, ids", "texts", hf_batch(lambda t: t.encode_batch),
            has_threads=True),
        Row(module, "decode", "ids", lambda t, n: t.decode),
        Row(module, "decode_batch", "id lists", lambda t, n: t.decode_batch, has_threads=True),
    )


def fastokens_rows(module):
    """fastokens and what was made from it."""
    return (
        Row(module, "encode().ids", "text", lambda t, n: lambda text: t.encode(text).ids),
        Row(module, "encode_batch, ids", "texts",
            lambda t, n: lambda texts: ids_of_all(t.encode_batch(texts)), has_threads=True),
        Row(module, "encode_batch_flat", "texts", lambda t, n: t.encode_batch_flat, split_flat,
            has_threads=True),
        Row(module, "decode", "ids", lambda t, n: t.decode),
        Row(module, "decode_batch", "id lists", lambda t, n: t.decode_batch, has_threads=True),
    )


ROWS = (
    Row("pairmill", "encode", "text", lambda t, n: t.encode),
    Row("pairmill", "encode_to_array", "text", lambda t, n: t.encode_to_array, to_list),
    Row("pairmill", "encode_batch", "texts", lambda t, n: partial(t.encode_batch, threads=n),
        to_list, has_threads=True),
    Row("pairmill", "decode", "ids", lambda t, n: t.decode),
    Row("pairmill", "decode, of an array", "ids", lambda t, n: t.decode,
        prepare=lambda t, text, ids: t.encode_to_array(text)),
    Row("pairmill", "decode_batch", "id lists", lambda t, n: partial(t.decode_batch, threads=n),
        prepare=lambda t, texts, ids: t.encode_batch(texts), has_threads=True),

    Row("tiktoken", "encode", "text", lambda t, n: t.encode),
    Row("tiktoken", "encode_ordinary", "text", lambda t, n: t.encode_ordinary),
    Row("tiktoken", "encode_to_numpy", "text", lambda t, n: t.encode_to_numpy, to_list),
    Row("tiktoken", "encode_ordinary_batch", "texts",
        lambda t, n: partial(t.encode_ordinary_batch, num_threads=n), has_threads=True),
    Row("tiktoken", "decode", "ids", lambda t, n: t.decode),
    Row("tiktoken", "decode_batch", "id lists", lambda t, n: partial(t.decode_batch, num_threads=n),
        has_threads=True),

    *tokenizers_rows("tokenizers"),
    Row("tokenizers", "encode_batch_fast, ids", "texts", hf_batch(lambda t: t.encode_batch_fast),
        has_threads=True),
    *tokenizers_rows("tokenizers-next"),

    Row("gigatoken", "encode", "text", lambda t, n: t.encode, to_list),
    Row("gigatoken", "encode_batch", "texts", lambda t, n: partial(t.encode_batch, parallel=n > 1),
        to_list, has_threads=True),
    Row("gigatoken", "encode_batch_list", "texts",
        lambda t, n: partial(t.encode_batch_list, parallel=n > 1), has_threads=True),
    Row("gigatoken", "decode", "ids", lambda t, n: t.decode, bytes.decode, to_numpy),

    *fastokens_rows("fastokens"),
    *fastokens_rows("snaptokens"),

    Row("toktok-rs", "encode_ordinary", "text", lambda t, n: t.encode_ordinary),
    Row("toktok-rs", "encode_to_numpy", "text", lambda t, n: t.encode_to_numpy, to_list),
    Row("toktok-rs", "encode_batch", "texts", lambda t, n: partial(t.encode_batch, threads=n),
        split_flat, has_threads=True),
    Row("toktok-rs", "decode", "ids", lambda t, n: t.decode),
    Row("toktok-rs", "decode_batch", "id lists", lambda t, n: t.decode_batch),

    Row("quicktok-v1", "encode_ordinary", "text", lambda t, n: t.encode_ordinary),
    Row("quicktok-v1", "encode_batch", "texts", lambda t, n: partial(t.encode_batch, threads=n),
        split_flat, has_threads=True),
    Row("quicktok-v1", "decode", "ids", lambda t, n: t.decode),
    Row("quicktok-v1", "decode_batch", "id lists", lambda t, n: t.decode_batch),
)
