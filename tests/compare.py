# Runs the same case in the reference and in the library, and compares all results.
# SPDX-License-Identifier: MIT
from reference.pretokens import count_words
from reference.trainer import PRINTABLE, train

SPECIAL = b"<|endoftext|>"


def printable(data):
    return "".join(chr(PRINTABLE[byte]) for byte in data)


def write_tsv(path, words):
    lines = [f"{printable(word)}\t{count}\n" for word, count in words]
    path.write_text("#pairmill-counts 1\n" + "".join(lines), encoding="utf-8", newline="")
    return path


def explain(case):
    return "\n".join(f"  {key} = {value!r}" for key, value in case.items())


def check_words(batch, expected, **case):
    """Counts words and compares them with `expected`, {word: count}."""
    answer = batch.run(take=1, **case)
    assert answer.status == "ok", f"{answer.message}\n{explain(case)}"
    if answer.words != expected:
        wrong = {w: (expected.get(w), answer.words.get(w))
                 for w in expected.keys() | answer.words.keys()
                 if expected.get(w) != answer.words.get(w)}
        raise AssertionError(
            f"words (expected, got): {dict(list(wrong.items())[:10])}\n{explain(case)}")
    assert answer.totals[2:4] == [sum(expected.values()), len(expected)], explain(case)
    return answer


def check_training(batch, words, options, specials=(), **case):
    """Trains, and compares with the reference trained on {word: count}.

    Returns the library's answer.
    """
    try:
        model = train(words, specials=specials, **options)
    except ValueError:
        model = "invalid argument"
    except OverflowError:
        model = "overflow"
    answer = batch.run(special=list(specials), **options, **case)
    shown = explain({**options, "special": specials, **case})
    if isinstance(model, str):
        assert answer.status != "ok", f"expected {model}\n{shown}"
        return answer
    assert answer.status == "ok", f"{answer.status}: {answer.message}\n{shown}"
    assert answer.merges == model.merges, first_difference(model, answer) + shown
    assert answer.vocab == model.vocab, shown
    assert answer.specials == model.specials, shown
    assert answer.stopped == model.stopped, f"{answer.stopped}, not {model.stopped}\n{shown}"
    assert answer.totals[2:4] == [sum(words.values()), len(words)], shown
    return answer


def first_difference(model, answer):
    for rank in range(max(len(model.merges), len(answer.merges))):
        wanted, got = model.merges[rank : rank + 1], answer.merges[rank : rank + 1]
        if wanted != got:
            return f"merge {rank} (left, right, id, count): expected {wanted}, got {got}\n"
    return "\n"


def check_texts(batch, documents, options, specials=(), pattern="gpt2", **case):
    words = count_words(documents, pattern, specials)
    return check_training(batch, words, options, specials, pattern=pattern, text=documents, **case)
