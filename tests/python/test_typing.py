# The package's types: complete, right at run time, and what users' checkers make of them.
# SPDX-License-Identifier: MIT
"""Runs mypy, stubtest and pyright; `pyright[nodejs]` brings node, so that nothing is downloaded."""
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pairmill
import pytest

pytest.importorskip("mypy")
pytest.importorskip("pyright")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests" / "python" / "typing_examples.py"
SITE = Path(pairmill.__file__).resolve().parents[1]


def run_tool(*arguments, cwd=ROOT):
    result = subprocess.run([sys.executable, "-m", *map(str, arguments)], cwd=cwd, text=True,
                            capture_output=True, stdin=subprocess.DEVNULL, timeout=500)
    return result.returncode, result.stdout + result.stderr


def run_pyright(folder, **options):
    (folder / "pyrightconfig.json").write_text(json.dumps(options))
    code, out = run_tool("pyright", "--pythonpath", sys.executable, "--outputjson", "-p", folder)
    assert code in (0, 1), out
    return [(one["range"]["start"]["line"] + 1, one["message"])
            for one in json.loads(out[out.index("{"):])["generalDiagnostics"]
            if one["severity"] == "error"]


def test_the_package_passes_mypy():
    code, out = run_tool("mypy")
    assert code == 0 and "Success: no issues found" in out, out


def test_the_package_passes_pyright():
    code, out = run_tool("pyright", "--pythonpath", sys.executable)
    assert code == 0 and "0 errors, 0 warnings" in out, out


def test_the_stubs_are_those_of_the_extension(tmp_path):
    allowed = [r"pairmill\.compat\._tiktoken\..*"]  # functions with a functools.cache
    if sys.version_info < (3, 12):
        allowed.append(r".*\.__buffer__")  # no method at run time
    (tmp_path / "allowed").write_text("\n".join(allowed))
    code, out = run_tool("mypy.stubtest", "pairmill", "--allowlist", tmp_path / "allowed",
                         "--ignore-unused-allowlist", cwd=tmp_path)
    assert code == 0, out


def test_the_types_are_installed():
    assert (SITE / "pairmill" / "py.typed").is_file()
    assert (SITE / "pairmill" / "_core.pyi").is_file()


def wanted_errors():
    lines = EXAMPLES.read_text().splitlines()
    return {i for i, line in enumerate(lines, 1) if line.endswith("# error")}


def test_users_of_mypy(tmp_path):
    code, out = run_tool("mypy", "--strict", "--config-file=", "--cache-dir", tmp_path, EXAMPLES,
                         cwd=tmp_path)
    found = dict(re.findall(r"typing_examples\.py:(\d+): error: (.*)", out))
    assert {int(line) for line in found} == wanted_errors(), found


def test_users_of_pyright(tmp_path):
    (tmp_path / EXAMPLES.name).write_text(EXAMPLES.read_text())
    found = dict(run_pyright(tmp_path, typeCheckingMode="strict", reportUnusedExpression=False))
    assert set(found) == wanted_errors(), found


def test_the_checkers_are_those_of_the_requirements():
    text = (ROOT / "tests" / "requirements.txt").read_text()
    for name in ("mypy", "pyright"):
        version = re.search(rf"^{name}(?:\[\w+\])?==(.*)$", text, re.MULTILINE)[1]
        assert importlib.metadata.version(name) == version
