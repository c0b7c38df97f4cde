# Every format of token files and every policy of the command, compared with the reference.
# SPDX-License-Identifier: MIT
import json
import struct
import subprocess

import pytest

pytest.importorskip("tokenizers")
import random_members  # noqa: E402
from reference.policies import Policy  # noqa: E402
from support.both import document_of, make_members  # noqa: E402
from support.both import Both  # noqa: E402
from support.tiers import mostly_slow  # noqa: E402

FORMATS = {"text": lambda data: [[int(i) for i in line.split()] for line in data.splitlines()],
           "jsonl": lambda data: [json.loads(line) for line in data.splitlines()],
           "u16": lambda data: struct.unpack(f"<{len(data) // 2}H", data),
           "u32": lambda data: struct.unpack(f"<{len(data) // 4}I", data)}


def make_choice(both, rng):
    """--special-tokens with its values, and what it means."""
    kind = rng.choice(["none", "all", "untrusted", "list", None])
    if kind == "untrusted":
        return ["--special-tokens", kind], Policy("none", "none")
    if kind == "list":
        special, added = ([c for c in contents if rng.random() < 0.5] for contents in both.contents)
        # One value would be cut at commas, or name a policy; so a token is given twice.
        values = [*special, *added, *(special + added)[:1]]
        if values:
            options = [part for value in values for part in ("--special-tokens", value)]
            return options, Policy("list", "list" if added else "all", tuple(special),
                                   tuple(added))
    return (["--special-tokens", kind] if kind in ("none", "all") else [],
            Policy("all" if kind == "all" else "none"))


def check_formats(both, pairmill, path, rng):
    texts = [both.make_text(rng).decode("utf-8", "replace") for _ in range(6)]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    options, policy = make_choice(both, rng)
    most = rng.choice([None, rng.randint(0, 12)])
    if rng.random() < 0.4:
        options, policy = [*options, "--template"], policy.__class__(
            policy.special, policy.added, policy.special_list, policy.added_list, True)
    if most is not None:
        most += 2 + len(both.reference.before) + len(both.reference.after)
        options = [*options, "--max-tokens", str(most)]
    wanted = [both.reference.encode_spans([(text.encode(), policy)], most)[0] for text in texts]
    ids = [[i for i, _, _ in document] for document in wanted]
    for name, read in FORMATS.items():
        command = [pairmill, "encode", "-q", "-m", path, "--input-format", "jsonl", "--format", name,
                   *options, *(["--offsets"] if name == "jsonl" else [])]
        done = subprocess.run(command, input=lines, capture_output=True)
        shown = f"{command} on {lines}, {both.explain()}"
        assert done.returncode == 0, f"{done.stderr}: {shown}"
        got = read(done.stdout)
        if name == "jsonl":
            assert [document["ids"] for document in got] == ids, shown
            assert [document["offsets"] for document in got] == [
                [list(one[1:]) for one in document] for document in wanted], shown
            assert all(len(document["tokens"]) == len(document["ids"]) for document in got)
        else:
            assert list(got) == (ids if name == "text" else [i for one in ids for i in one]), shown


@pytest.fixture
def pairmill(build_dir):
    return build_dir / "pairmill"


@pytest.mark.parametrize("name", mostly_slow(
    ["gpt2", "qwen3", "roberta", "llama3", "deepseek-v3"], ["gpt2", "llama3"]))
def test_known_models(build_dir, pairmill, rng, tmp_path, name):
    both = Both(build_dir, document_of(name))
    (tmp_path / "m.json").write_text(json.dumps(both.document))
    for _ in range(12):
        check_formats(both, pairmill, tmp_path / "m.json", rng)


@pytest.mark.slow
def test_random_members(build_dir, pairmill, rng, tmp_path):
    base = random_members.make_base()
    for _ in range(40):
        both = make_members(build_dir, base, rng)
        (tmp_path / "m.json").write_text(json.dumps(both.document))
        check_formats(both, pairmill, tmp_path / "m.json", rng)
