# Counts: lookups, sums, files, values.
# SPDX-License-Identifier: MIT
import copy
import pickle

import pairmill
import pytest
from pairmill import Counts

TEXT = "low low lower naïve 東京<|end|> low \t1234 \xa0x"


@pytest.fixture(scope="module")
def counts():
    return pairmill.count_from_iterator([TEXT, "low", "naïve"], special_tokens=["<|end|>"])


def test_lookups(counts):
    words = dict(counts.items())
    assert words[b" low"] == 2 and words[b"low"] == 2 and words["naïve".encode()] == 1
    assert list(counts) == sorted(words) == [word for word, _ in counts.items()]
    assert len(counts) == len(words) == counts.words
    for word, count in words.items():
        assert counts[word] == count > 0 and word in counts
        assert counts[bytearray(word)] == counts[memoryview(word)] == count
        assert counts[word.decode()] == count and word.decode() in counts
        assert counts[word + b"\0"] == counts[b"\xff" + word] == 0
    for word in ("", b"", "none", "lo", "東", b"\xff", "<|end|>"):
        assert counts[word] == 0 and word not in counts
    for wrong in (5, None, ["low"], 1.5):
        with pytest.raises(TypeError):
            counts[wrong]
        with pytest.raises(TypeError):
            wrong in counts


def test_more_words_than_one_slice():
    counts = pairmill.count_from_iterator([f"w{i} " * (i % 3 + 1) for i in range(9001)],
                                          pattern="[a-z0-9]+")
    assert len(list(counts)) == len(counts) == len(dict(counts.items())) == 9002
    assert [counts[f"w{i}"] for i in range(9001)] == [i % 3 + 1 for i in range(9001)]


def test_totals(counts):
    assert counts.documents == 3
    assert counts.bytes == len((TEXT + "low" + "naïve").encode())
    assert counts.pretokens == sum(count for _, count in counts.items())
    assert counts.pattern == "gpt2" and counts.unicode_version == "16.0"
    assert counts.special_tokens == ["<|end|>"]
    other = pairmill.count_from_iterator(["ab"], pattern="[a]", unicode_version="15.0",
                                         doc_separator="<x>", reserve=1)
    assert (other.pattern, other.unicode_version) == ("[a]", "15.0")
    assert other.special_tokens == ["<x>"]


def test_most_common(counts):
    ordered = counts.most_common()
    assert sorted(ordered) == list(counts.items())
    assert [count for _, count in ordered] == sorted(dict(ordered).values(), reverse=True)
    assert counts.most_common(2) == ordered[:2] == [(b" ", 2), (b" low", 2)]
    assert counts.most_common(0) == [] and counts.most_common(99) == ordered


def test_sums(counts):
    twice = counts + counts
    assert type(twice) is Counts and twice == Counts.sum([counts, counts]) == sum([counts, counts])
    assert {word: 2 * count for word, count in counts.items()} == dict(twice.items())
    assert twice.documents == 6 and twice.bytes == 2 * counts.bytes and twice != counts
    assert Counts.sum((counts,)) == counts and sum([counts]) is counts
    empty = pairmill.count_from_iterator([], special_tokens=["<|end|>"])
    assert counts + empty == counts and len(empty) == 0 and list(empty) == []
    for other in (pairmill.count_from_iterator(["a"]),
                  pairmill.count_from_iterator(["a"], special_tokens=["<x>"]),
                  pairmill.count_from_iterator(["a"], special_tokens=["<|end|>"], pattern="none"),
                  pairmill.count_from_iterator(["a"], special_tokens=["<|end|>"],
                                               unicode_version="15.0")):
        with pytest.raises(ValueError):
            counts + other
    for wrong in (5, None, "x", {b"low": 1}):
        for add in (lambda: counts + wrong, lambda: wrong + counts,
                    lambda: Counts.sum([counts, wrong])):
            with pytest.raises(TypeError):
                add()
    for wrong in ([], 5, counts.items()):
        with pytest.raises(TypeError):
            Counts.sum(wrong)


def test_files(counts, tmp_path):
    path = tmp_path / "words.counts"
    counts.save(path)
    with pytest.raises(FileExistsError):
        counts.save(path)
    counts.save(str(path), overwrite=True)
    assert Counts.load(path) == counts == Counts.load(bytes(path), pattern="gpt2")
    assert Counts.load(path, memory_limit=10**9, special_tokens=["<|end|>"]) == counts
    assert path.read_bytes() == counts.to_bytes() and Counts.from_bytes(counts.to_bytes()) == counts
    for wrong in ({"pattern": "cl100k"}, {"unicode_version": "15.0"}, {"special_tokens": ["<x>"]}):
        with pytest.raises(ValueError):
            Counts.load(path, **wrong)
    with pytest.raises(TypeError, match="unexpected keyword argument 'bogus'"):
        Counts.load(path, bogus=1)
    with pytest.raises(FileNotFoundError):
        Counts.load(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        counts.save(tmp_path / "none" / "words.counts")


def test_spreadsheets(counts, tmp_path):
    counts.save(tmp_path / "words.tsv")
    again = Counts.load(tmp_path / "words.tsv", special_tokens=["<|end|>"])
    assert dict(again.items()) == dict(counts.items()) and again.pattern == "gpt2"
    (tmp_path / "raw.tsv").write_bytes(b"low\t3\n lower\t2\n")
    assert dict(Counts.load(tmp_path / "raw.tsv", tsv="raw").items()) == {b"low": 3, b" lower": 2}
    (tmp_path / "shown.tsv").write_text("low\t3\nĠlower\t2\n")
    for path, tsv in (("raw.tsv", "raw"), ("shown.tsv", "printable")):
        loaded = Counts.load(tmp_path / path, tsv=tsv, pattern="cl100k")
        assert loaded[" lower"] == 2 and loaded.pattern == "cl100k"
    with pytest.raises(ValueError):
        Counts.load(tmp_path / "raw.tsv", tsv="bogus")
    with pytest.raises(TypeError):
        Counts.load(tmp_path / "raw.tsv", tsv=5)


def test_damaged_files(counts, tmp_path):
    data = counts.to_bytes()
    for damaged in (b"", data[:-1], data[:100], data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
                    data + b"x", b"not counts"):
        with pytest.raises(ValueError):
            Counts.from_bytes(damaged)
    (tmp_path / "bad.tsv").write_bytes(b"low\t3\nlower\tmany\n")
    with pytest.raises(ValueError) as error:
        Counts.load(tmp_path / "bad.tsv", tsv="raw")
    assert error.value.offset is not None and error.value.offset >= 6


def test_values(counts):
    again = pickle.loads(pickle.dumps(counts))
    assert again == counts and hash(again) == hash(counts) and {counts: 1}[again] == 1
    assert copy.copy(counts) is counts is copy.deepcopy(counts)
    other = pairmill.count_from_iterator([TEXT, "low", "naive"], special_tokens=["<|end|>"])
    assert counts != other and counts != 5 and counts != dict(counts.items())
    assert repr(counts) == (f"<Counts of 3 documents, {counts.bytes} bytes: {counts.pretokens} "
                            f"pretokens, {counts.words} words, pattern 'gpt2'>")
    with pytest.raises(TypeError, match="Counts come from"):
        Counts()
    with pytest.raises(AttributeError):
        counts.words = 5


class Derived(Counts):
    pass


def test_derived_classes(counts):
    mine = Derived.from_bytes(counts.to_bytes())
    for one in (mine, mine + mine, Derived.sum([counts]), pickle.loads(pickle.dumps(mine))):
        assert type(one) is Derived
    assert mine == counts
