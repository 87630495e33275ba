"""What importing the package costs, and that its folders `numpy` and `torch` never shadow the real ones."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "sklearn", "matplotlib", "IPython", "pandas", "scipy", "anywidget", "nbgrader", "rich")


def run(code, cwd):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "module", ["dlcourse", "dlcourse.numpy", "dlcourse.checks", "dlcourse.data", "dlcourse.training"]
)
def test_import_loads_numpy_at_most(module):
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = run(code, ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


FOLDERS = [ROOT, *(p for p in sorted((ROOT / "dlcourse").iterdir()) if p.is_dir() and (p / "__init__.py").exists())]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_both_twins_start_from_every_folder(folder):
    # -m puts the working folder first on the path, which is where shadowing would show.
    code = "import dlcourse.numpy, dlcourse.torch, numpy, torch; print(numpy.ones(1)[0], torch.ones(1)[0].item())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["1.0", "1.0"], done.stderr
