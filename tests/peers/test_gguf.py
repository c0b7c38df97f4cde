# GGUF files, tested with PyPI's gguf: it reads what we write, and we read what it writes.
# SPDX-License-Identifier: MIT
import json
import struct
import subprocess

import pytest

gguf = pytest.importorskip("gguf")

TEXT = ("The mill grinds slowly, it's 9 o'clock, we'LL go.\n\n  12345 (6,789)!\r\n" * 20 +
        "Müller mahlt 粉を挽く。 سلام e\u0301 ١٢٣ \U0001f600\u2028 if (a_b != 0x1F) return;\n" * 20)


@pytest.fixture(scope="module")
def pairmill(build_dir):
    def call(*args, input=b"", check=True):
        done = subprocess.run([str(build_dir / "pairmill"), *map(str, args)], input=input,
                              capture_output=True)
        assert not check or done.returncode == 0, done.stderr.decode()
        return done

    return call


@pytest.fixture(scope="module")
def model(pairmill, tmp_path_factory):
    """A folder with a model of which one token is special."""
    folder = tmp_path_factory.mktemp("gguf")
    (folder / "text").write_text(TEXT, encoding="utf-8")
    pairmill("train", "-q", "-s", 400, "--special", "<|endoftext|>", "--pattern", "qwen2", "-o",
             folder / "model", folder / "text")
    return folder / "model"


def read(path):
    return {name: field.contents() for name, field in gguf.GGUFReader(path).fields.items()}


def spellings(model):
    vocab = json.loads((model / "vocab.json").read_text(encoding="utf-8"))
    return [token for token, _ in sorted(vocab.items(), key=lambda item: item[1])]


def merge_lines(model):
    return (model / "merges.txt").read_text(encoding="utf-8").split("\n")[1:-1]


def test_it_reads_what_we_write(pairmill, model, tmp_path):
    path = tmp_path / "m.gguf"
    pairmill("convert", "-q", model, path)
    fields = read(path)
    tokens = spellings(model)
    end = tokens.index("<|endoftext|>")
    assert fields["GGUF.tensor_count"] == 0
    assert fields["tokenizer.ggml.model"] == "gpt2"
    assert fields["tokenizer.ggml.pre"] == "qwen2"
    assert fields["tokenizer.ggml.tokens"] == tokens
    assert fields["tokenizer.ggml.merges"] == merge_lines(model)
    assert fields["tokenizer.ggml.token_type"] == [
        3 if id == end else 1 for id in range(len(tokens))]
    assert fields["tokenizer.ggml.eos_token_id"] == end
    assert fields["tokenizer.ggml.add_bos_token"] is False
    assert fields["tokenizer.ggml.add_eos_token"] is False


def write(path, model, pre, tensors=0, holes=0, **keys):
    """As convert_hf_to_gguf.py writes a model, with more keys than we look at."""
    tokens = spellings(model)
    types = [3 if token == "<|endoftext|>" else 1 for token in tokens]
    tokens += [f"[PAD{len(tokens) + i}]" for i in range(holes)]
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("A model")
    writer.add_context_length(4096)
    writer.add_rope_scaling_factor(2.5)
    writer.add_array("general.languages", ["en", "ja"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types + [5] * holes)
    writer.add_token_scores([0.5] * len(tokens))
    writer.add_token_merges(merge_lines(model))
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|endoftext|>"))
    for name, value in keys.items():
        getattr(writer, name)(value)
    writer.add_chat_template("{{ messages }}")
    if tensors:
        import numpy
        for i in range(tensors):
            writer.add_tensor(f"blk.{i}.weight", numpy.ones((64, 64), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ids(pairmill, model, *options):
    return pairmill("encode", "-m", model, "--special-tokens", "all", *options, "-",
                    input=(TEXT + "<|endoftext|>x").encode()).stdout.split()


def test_we_read_what_it_writes(pairmill, model, tmp_path):
    path = tmp_path / "m.gguf"
    write(path, model, "qwen2", tensors=3, holes=20)
    assert ids(pairmill, path) == ids(pairmill, model)
    about = json.loads(pairmill("inspect", "--json", path).stdout)
    size = len(spellings(model)) + 20
    assert about["vocab_size"] == size
    decoded = pairmill("decode", "-m", path, input=b" ".join(ids(pairmill, path))).stdout
    assert decoded.decode() == TEXT + "<|endoftext|>x"
    done = pairmill("decode", "-m", path, input=b"%d" % (size - 1), check=False)
    assert done.returncode == 1 and b"%d" % (size - 1) in done.stderr


def test_it_comes_back_as_it_was(pairmill, model, tmp_path):
    first, second = tmp_path / "a.gguf", tmp_path / "b.gguf"
    write(first, model, "qwen2", holes=20, add_add_bos_token=True)
    pairmill("convert", "-q", first, second)
    one, two = read(first), read(second)
    for name in ("tokens", "token_type", "merges", "pre", "add_bos_token", "bos_token_id"):
        assert one[f"tokenizer.ggml.{name}"] == two[f"tokenizer.ggml.{name}"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_order(pairmill, model, tmp_path, order):
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(
        path, "llama",
        endianess=gguf.GGUFEndian.LITTLE if order == "<" else gguf.GGUFEndian.BIG)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(spellings(model))
    writer.add_token_merges(merge_lines(model))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert struct.unpack_from(order + "I", path.read_bytes(), 4) == (3,)
    done = pairmill("inspect", path, check=False)
    assert done.returncode == (0 if order == "<" else 1)
    assert order == "<" or b"big-endian" in done.stderr


def test_sentencepiece_is_decoded_only(pairmill, tmp_path):
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", "<0x0A>", "▁the", "▁mill"])
    writer.add_token_scores([0.0] * 6)
    writer.add_token_types([2, 3, 3, 6, 1, 1])
    writer.add_bos_token_id(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert pairmill("decode", "-m", path, input=b"1 4 5 3").stdout == b"<s> the mill\n"
    done = pairmill("encode", "-m", path, "--text", "the", check=False)
    assert done.returncode == 1 and b"SentencePiece BPE" in done.stderr
