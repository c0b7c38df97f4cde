# Encodes with our encoder, and compares with `tokenizers`.
# SPDX-License-Identifier: MIT
import json
import struct
import subprocess

from tokenizers import Tokenizer


def encode(build_dir, path, texts, *options, policy="all"):
    data = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
    command = [str(build_dir / "tests" / "encode"), "--special-tokens", policy, *options,
               str(path)]
    done = subprocess.run(command, input=data, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    answers, at = [], 0
    for text in texts:
        (count,) = struct.unpack_from("<I", done.stdout, at)
        assert count != 0xFFFFFFFF, f"an error in {text!r}"
        answers.append(list(struct.unpack_from(f"<{count}I", done.stdout, at + 4)))
        at += 4 + 4 * count
    return answers


def check_equal(build_dir, path, theirs, texts, *options):
    """Ids with all added tokens recognised, plain and in the template."""
    for extra, adds in ((), False), (("--template", "yes", "--lossy", "yes"), True):
        ours = encode(build_dir, path, texts, *options, *extra)
        for text, got in zip(texts, ours):
            wanted = theirs.encode(text, add_special_tokens=adds).ids
            assert got == wanted, f"{path}: {text!r}: {got}, theirs {wanted}"


def check_model(build_dir, folder, made, texts, *options):
    """The model as it is, and as we write it, for `tokenizers` and for us."""
    path, again, old = (folder / name for name in ("a.json", "b.json", "c.json"))
    path.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    theirs = Tokenizer.from_str(path.read_text("utf-8"))
    check_equal(build_dir, path, theirs, texts, *options)
    program = str(build_dir / "tests" / "model")
    for source, out, flag in (path, again, ()), (again, old, ("--merges", "strings")):
        subprocess.run([program, "convert", str(source), str(out), *flag], check=True)
    assert all(isinstance(m, str) for m in json.loads(old.read_text("utf-8"))["model"]["merges"])
    for written in again, old:
        read = Tokenizer.from_str(written.read_text("utf-8"))
        for text in texts:
            for adds in False, True:
                got = read.encode(text, add_special_tokens=adds).ids
                assert got == theirs.encode(text, add_special_tokens=adds).ids, text
        assert read.get_added_tokens_decoder() == theirs.get_added_tokens_decoder()
        check_equal(build_dir, written, theirs, texts, *options)
    return json.loads(again.read_text("utf-8"))
