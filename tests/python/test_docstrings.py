# Every public name has a docstring and a signature, and the examples in docstrings run.
# SPDX-License-Identifier: MIT
import doctest
import inspect
import pathlib
import re
import tempfile

import pairmill
import pytest


def public_names():
    """(name, object), those of the classes included, without what all tuples have."""
    for name in pairmill.__all__:
        owner = getattr(pairmill, name)
        yield f"pairmill.{name}", owner
        for member in dir(owner) if inspect.isclass(owner) else ():
            if not member.startswith("_") and not (issubclass(owner, tuple) and
                                                   hasattr(tuple, member)):
                yield f"{name}.{member}", inspect.getattr_static(owner, member)


NAMES = dict(public_names())
FIELDS = (property, type(inspect.getattr_static(pairmill.Progress, "done")),
          type(inspect.getattr_static(pairmill.Tokenizer, "merges")),
          type(inspect.getattr_static(pairmill.Tokenizer, "pattern")))
IS_VALUE = ("pairmill.choices", "Policy.untrusted")


def is_field(name):
    return isinstance(NAMES[name], FIELDS) or name in IS_VALUE


def test_enough_is_looked_at():
    assert {"Tokenizer.encode", "Tokenizer.load", "TokenBatch.index", "Counts.sum",
            "Stream.settled", "pairmill.train", "Progress.done", "Tokenizer.vocab_size"} <= set(NAMES)


def test_all_is_complete():
    names = {name for name, value in vars(pairmill).items()
             if not name.startswith("_") and not inspect.ismodule(value)}
    assert names == set(pairmill.__all__) and sorted(pairmill.__all__) == pairmill.__all__


@pytest.mark.parametrize("name", [name for name in NAMES if name not in IS_VALUE])
def test_docstrings(name):
    text = inspect.getdoc(NAMES[name])
    assert text and (text[0].isupper() or text[0] in "`('") and "\t" not in text
    assert all(len(line) <= 100 for line in text.splitlines()), text
    if is_field(name):
        owner, _, field = name.partition(".")
        assert "Alias for field" not in text or f"``{field}``" in getattr(pairmill, owner).__doc__
    elif not inspect.isclass(NAMES[name]):
        assert text.split("\n\n")[0].rstrip().endswith((".", ":", "None"))


def get_call(name):
    found = NAMES[name]
    return found.__func__ if isinstance(found, classmethod) else found


@pytest.mark.parametrize("name", [name for name in NAMES if not is_field(name)])
def test_signatures(name):
    """A signature that C gives as the first line isn't in the docstring."""
    signature = inspect.signature(get_call(name))
    assert "--" not in inspect.getdoc(NAMES[name]).split("\n")
    if inspect.ismethoddescriptor(NAMES[name]) and hasattr(NAMES[name], "__objclass__"):
        assert list(signature.parameters)[0] in ("self", "type")
    for parameter in signature.parameters.values():
        assert parameter.kind is not parameter.VAR_POSITIONAL


@pytest.mark.parametrize("name", [name for name in NAMES if not is_field(name)])
def test_errors_are_named(name):
    """Calls that take anything say what they raise, or as which other call they fail."""
    call = NAMES[name]
    text = inspect.getdoc(call)
    if inspect.isclass(call) or name in ("Counts.most_common", "Counts.from_bytes"):
        return
    parameters = [one for one in inspect.signature(get_call(name)).parameters
                  if one not in ("self", "type", "cls")]
    if parameters and not name.endswith((".count", ".pattern_expression")):
        assert re.search(r"Raises|Error|rrors|The same", text), text


# ---- Examples ----


def parse(name):
    return doctest.DocTestParser().get_doctest(
        inspect.getdoc(NAMES[name]), {"pairmill": pairmill, "pathlib": pathlib,
                                      "tempfile": tempfile}, name, None, 0)


def run(test, globs=None):
    out = []
    test.globs.update(globs or {})
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
        test, out=out.append, clear_globs=False)
    assert failed == 0 and tried == len(test.examples), "".join(out)
    return test.globs


def with_examples():
    return [name for name in NAMES if name not in IS_VALUE and NAMES[name].__doc__ and parse(
        name).examples]


@pytest.mark.parametrize("name", with_examples())
def test_examples(name, tmp_path, monkeypatch):
    """`tok` is made in the docstring of Tokenizer."""
    monkeypatch.setattr(tempfile, "mkdtemp", lambda: str(tmp_path))
    tok = run(parse("pairmill.Tokenizer"))["tok"]
    run(parse(name), {"tok": tok})


def test_the_main_calls_have_examples():
    assert {"pairmill.train", "pairmill.train_from_iterator", "pairmill.Counts", "pairmill.Policy",
            "pairmill.Tokenizer", "Tokenizer.encode", "Tokenizer.encode_batch", "Tokenizer.stream",
            "Tokenizer.decode", "pairmill.TokenBatch"} <= set(with_examples())
