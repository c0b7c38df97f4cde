# The installed package: what its two programs need and show, and what is installed beside them.
# SPDX-License-Identifier: MIT
from __future__ import annotations

import gzip
import importlib.metadata
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pairmill
import pytest
from pairmill import _core

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = Path(_core.__file__)
COMMAND = Path(sysconfig.get_path("scripts")) / "pairmill"
PROGRAMS = pytest.mark.parametrize("program", [EXTENSION, COMMAND], ids=["extension", "command"])
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")


def run(*command: object) -> str:
    done = subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return done.stdout.decode()


def symbols(program: Path, *options: str) -> dict[str, str]:
    """Names, without versions, and nm's letters for them."""
    rows = (line.split()[-2:] for line in run("nm", *options, program).splitlines())
    return {name.partition("@")[0]: letter for letter, name in rows}


def test_is_installed() -> None:
    """Else these tests would look at something else."""
    files = importlib.metadata.files("pairmill") or []
    assert EXTENSION.resolve() in {Path(file.locate()).resolve() for file in files}
    assert COMMAND.resolve() in {Path(file.locate()).resolve() for file in files}


@linux_only
@PROGRAMS
def test_needs_only_the_c_library(program: Path) -> None:
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", program))
    assert needed
    for library in needed:
        assert re.match(r"(lib(c|m|pthread)|ld-linux[-\w]*|libc\.musl-\w+)\.so\.", library), library


@linux_only
def test_extension_exports_its_initialisation_alone() -> None:
    assert list(symbols(EXTENSION, "-D", "--defined-only")) == ["PyInit__core"]


@linux_only
def test_extension_is_shared_between_processes() -> None:
    """Text with relocations would be a copy in each."""
    assert "TEXTREL" not in run("readelf", "-dW", EXTENSION)


@linux_only
def test_extension_asks_for_the_stable_abi() -> None:
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("free-threaded CPython has no stable ABI")
    assert EXTENSION.name == "_core.abi3.so"
    audit = [sys.executable, "-m", "abi3audit", "--strict", "--report", EXTENSION]
    report = json.loads(run(*audit, "--assume-minimum-abi3", "3.11"))
    (result,) = [spec["object"]["result"] for spec in report["specs"].values()]
    assert result["is_abi3"] and not result["non_abi3_symbols"] and not result["future_abi3_objects"]


def test_command_is_of_the_same_version() -> None:
    first = run(COMMAND, "version").splitlines()[0]
    assert first == f"pairmill {pairmill.__version__}"
    assert importlib.metadata.version("pairmill") == pairmill.__version__


def test_command_has_all_optional_libraries(tmp_path: Path) -> None:
    """gzip, zstd (count files) and expressions of one's own; smoke.py tries the extension."""
    text, counts = tmp_path / "text.gz", tmp_path / "text.counts"
    text.write_bytes(gzip.compress(b"aa bb aa"))
    run(COMMAND, "count", "--quiet", "--pattern", r"\p{L}+|\s", "-o", counts, text)
    run(COMMAND, "train", "--quiet", "-s", 257, "--counts", counts, "-o", tmp_path / "model")
    assert pairmill.Tokenizer.load(tmp_path / "model").merges == [(b"a", b"a")]


def test_depends_on_nothing() -> None:
    assert not [requirement for requirement in importlib.metadata.requires("pairmill") or []
                if "extra ==" not in requirement]


def test_metadata() -> None:
    metadata = importlib.metadata.metadata("pairmill")
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    content = importlib.metadata.distribution("pairmill").read_text("METADATA")
    assert content is not None and "\n# pairmill\n" in content


def test_licences_of_libraries_are_included() -> None:
    files = {str(file): file for file in importlib.metadata.files("pairmill") or []}
    texts = "".join(file.read_text() for name, file in files.items() if "/licenses/" in name)
    for owner in ("Petri Lehtinen", "University of Cambridge", "Meta Platforms", "Mark Adler"):
        assert owner in texts


def test_submodules_are_there_without_an_import() -> None:
    """But cost nothing until they are asked for."""
    code = """if True:
        import sys, pairmill
        assert not {"pairmill.cs336", "pairmill.compat"} & set(sys.modules)
        print(pairmill.cs336.train_bpe, pairmill.compat.tiktoken.get_encoding)
        print([hasattr(m, "other") for m in (pairmill, pairmill.compat)])"""
    assert run(sys.executable, "-c", code).endswith("[False, False]\n")


def test_smoke() -> None:
    """The program that tries wheels where there is no pytest."""
    printed = run(sys.executable, ROOT / "tests" / "python" / "smoke.py")
    assert printed.startswith(f"pairmill {pairmill.__version__} works in cpython")
