"""What importing the package costs, and that its folders `numpy` and `torch` never shadow the real ones."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "sklearn", "matplotlib", "IPython", "pandas", "scipy", "anywidget", "nbgrader", "rich")
LIGHT = ["dlcourse", "dlcourse.numpy", "dlcourse.checks", "dlcourse.data", "dlcourse.training"]
FOLDERS = [ROOT, *(p.parent for p in sorted((ROOT / "dlcourse").glob("*/__init__.py")))]


def run(*arguments, cwd):
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("module", LIGHT)
def test_import_loads_numpy_at_most(module):
    done = run("-c", f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])", cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("module", ["dlcourse.notebooks", "dlcourse.grading", "dlcourse.slides"])
def test_notebooks_are_read_without_building_a_grammar_of_addresses(module):
    done = run("-c", f"import sys, {module}, jsonschema, nbformat; print('rfc3987_syntax' in sys.modules)", cwd=ROOT)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_both_twins_start_from_every_folder(folder):
    # -P is how the command `dlcourse` starts: the working folder is not on the path.
    code = "import dlcourse.numpy, dlcourse.torch, numpy, torch; print(numpy.ones(1)[0], torch.ones(1)[0].item())"
    done = run("-P", "-c", code, cwd=folder)
    assert done.stdout.split() == ["1.0", "1.0"], done.stderr


@pytest.mark.parametrize("twin", ["numpy", "torch"])
def test_python_inside_the_package_folder_says_to_go_up(twin):
    done = run("-c", f"import {twin}", cwd=ROOT / "dlcourse")
    assert done.returncode != 0
    assert "start Python in the folder above" in done.stderr
