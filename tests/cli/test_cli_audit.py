# pairmill inspect --audit: what it shows of a model, and all of it as JSON.
# SPDX-License-Identifier: MIT
import base64
import json
import re

import pytest

KINDS = ["unreachable", "cut_by_pattern", "meanings_differ", "duplicate_bytes", "missing_bytes",
         "unused_ids", "partial_characters", "forgeable", "confusable"]


def printable(byte):
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [other for other in range(256) if other not in plain]
    return chr(byte if byte in plain else 256 + others.index(byte))


@pytest.fixture
def odd(tmp_path):
    """A tokenizer.json with something of each kind. Byte 0x7F is missing, 258 unused."""
    vocab = {printable(byte): byte for byte in range(256) if byte != 0x7F}
    vocab.update({"ab": 256, "xyz": 257, "cĠd": 259, "ãģ": 260, "the": 261, "th": 262})
    added = [{"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
              "normalized": False, "special": special}
             for id, content, special in ((263, "<think>", False), (264, "<|end|>", True),
                                          (265, "<|end|>>", True))]
    for token in added:
        vocab[token["content"]] = token["id"]
    document = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False,
                                              "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
                  "byte_fallback": False, "ignore_merges": False, "vocab": vocab,
                  "merges": [["a", "b"], ["ã", "ģ"], ["t", "h"], ["th", "e"]]}}
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(document))
    return path


def test_all_of_it_as_json(run, odd):
    # The check of all bytes fails, as it does without --audit.
    done = run("inspect", "--json", "--audit", odd, check=False)
    found = json.loads(done.stdout)["audit"]
    assert list(found) == KINDS
    assert all(kind["count"] == len(kind["findings"]) and kind["claim"] for kind in found.values())

    def ids(kind):
        return [finding["id"] for finding in found[kind]["findings"]]

    assert ids("unreachable") == [257, 259]
    assert found["unreachable"]["findings"][0]["text"] == "xyz"
    assert ids("cut_by_pattern") == [259]
    assert ids("meanings_differ") == [257, 259, 262]
    assert found["missing_bytes"]["findings"] == [{"text": "\x7f", "printable": "ġ"}]
    assert ids("unused_ids") == [127, 258]
    assert set(range(128, 256)) | {260} == set(ids("partial_characters"))
    assert ids("forgeable") == [263]
    assert [(finding["id"], finding["other"]) for finding in found["confusable"]["findings"]] == \
        [(264, 265)]
    assert "audit" not in json.loads(run("inspect", "--json", odd, check=False).stdout)


def test_the_first_of_it_as_text(run, odd):
    text = run("inspect", "--audit", "--top", 1, odd, check=False).stdout.decode()
    text = text[text.index("\naudit "):]
    assert re.search(r"^ +2  tokens whose own bytes never encode to them\n +257  xyz\n +1  tokens "
                     r"that the pattern cuts", text, re.M)
    assert re.search(r"^ +1  bytes that are no tokens.*\n +0x7F$", text, re.M)
    assert re.search(r"^ +263  <think>$", text, re.M)
    assert re.search(r"^ +264  <\|end\|>  \(and 265\)  \(is how another one begins", text, re.M)
    assert "  (merging never makes it" in text
    text = run("inspect", "--audit", "--top", 0, odd, check=False).stdout.decode()
    assert "xyz" not in text[text.index("\naudit "):]
    assert "\naudit" not in run("inspect", odd, check=False).stdout.decode()


def test_what_it_finds_is_no_failure(run, model):
    done = run("inspect", "--audit", model)
    assert done.returncode == 0 and done.stdout.count(b"  0  ") >= 7


def test_without_a_pattern_nothing_is_known_of_cutting(run, tmp_path):
    path = tmp_path / "a.tiktoken"
    path.write_bytes(b"".join(b"%s %d\n" % (base64.b64encode(bytes([byte])), byte)
                              for byte in range(256)))
    assert re.search(r"^ +unknown  tokens that the pattern cuts",
                     run("inspect", "--audit", path).stdout.decode(), re.M)
    found = json.loads(run("inspect", "--audit", "--json", path).stdout)["audit"]
    assert found["cut_by_pattern"]["count"] is None
    assert found["cut_by_pattern"]["findings"] == []


def test_only_models_have_one(run, text_file, tmp_path):
    run("count", "-q", "-o", tmp_path / "a.counts", text_file)
    done = run("inspect", "--audit", tmp_path / "a.counts", check=False)
    assert done.returncode == 2 and b"is a count file, not a model" in done.stderr


@pytest.mark.slow
def test_tokens_that_it_calls_unreachable_are(run, rng, tmp_path):
    """Ranks as a merge list: what encode makes of a token's bytes agrees with the audit."""
    ranks = [bytes([byte]) for byte in range(256)]
    while len(ranks) < 330:
        token = bytes(rng.choices(b"ab", k=rng.randint(2, 9)))
        if token not in ranks:
            ranks.append(token)
    (tmp_path / "a.tiktoken").write_bytes(b"".join(
        b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(ranks)))
    run("convert", "-q", "--pattern", "none", tmp_path / "a.tiktoken", tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    document["model"]["ignore_merges"] = False
    (tmp_path / "b.json").write_text(json.dumps(document))
    found = json.loads(run("inspect", "--audit", "--json", tmp_path / "b.json").stdout)["audit"]
    expected = []
    for rank, token in list(enumerate(ranks))[256:]:
        ids = run("encode", "-m", tmp_path / "b.json", "--text", token).stdout.split()
        if ids != [b"%d" % rank]:
            expected.append(rank)
    assert [finding["id"] for finding in found["unreachable"]["findings"]] == expected != []
