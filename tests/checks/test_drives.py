"""Drives are what the sandbox sees: they load without the rest of the checks and hold no answers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dlcourse.checks.drives
from dlcourse.checks.bank import all_questions

FOLDER = Path(dlcourse.checks.drives.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_drives_import_numpy_the_standard_library_and_each_other(path):
    allowed = {"numpy", "torch", *sys.stdlib_module_names}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        for name in names:
            assert name.startswith("dlcourse.checks.drives") or name.split(".")[0] in allowed, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_torch_is_imported_only_when_a_drive_runs(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        assert not (isinstance(node, (ast.Import, ast.ImportFrom)) and "torch" in ast.unparse(node)), path.name


@pytest.mark.parametrize("question", all_questions(), ids=lambda question: question.id)
def test_a_drive_is_found_by_its_path(question):
    module, name = question.drive_path.split(":")
    assert module.startswith("dlcourse.checks.drives.")
    assert getattr(sys.modules[module], name) is question.drive


def test_drives_work_where_the_rest_of_the_checks_is_absent(tmp_path):
    """As in the sandbox: dlcourse.checks is an empty stub there, except its drives."""
    code = f"""
import sys, types
for name in ("dlcourse", "dlcourse.checks"):
    package = types.ModuleType(name)
    package.__path__ = []
    sys.modules[name] = package
sys.modules["dlcourse.checks"].__path__ = [{str(FOLDER.parent)!r}]
for forbidden in ("question", "bank", "checker", "compare", "diagnose"):
    sys.modules["dlcourse.checks." + forbidden] = None
import importlib
for path in {[path.stem for path in FILES if path.stem != "__init__"]!r}:
    importlib.import_module("dlcourse.checks.drives." + path)
assert "torch" not in sys.modules
print("loaded")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.stdout.strip() == "loaded", done.stderr


def test_torch_drives_leave_the_students_random_numbers_alone():
    import torch

    from dlcourse.checks.checker import run_check

    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    for question in all_questions("01"):
        if "torch" in question.drive.__module__:
            run_check(question, lambda *arguments: None, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
