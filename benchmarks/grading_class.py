"""One small class in the forms that three graders take: this course's, stock nbgrader's, and otter's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook

from dlcourse.checks.bank import load
from tests.grading.mini import EXERCISE, SWAPPED_GATE, answered, released

__all__ = [
    "ASSERTIONS",
    "POINTS",
    "nbgrader_scores",
    "notebooks",
    "otter_tool",
    "run",
    "run_otter",
    "write_nbgrader",
    "write_ours",
    "write_otter",
]

ROOT = Path(__file__).resolve().parents[1]
GATE, RELU = "01.multiply_gate", "01.relu_gate"
POINTS = {f"check-{name.partition('.')[2]}": float(load(name).points) for name in (GATE, RELU)}

ASSERTIONS = {
    "check-multiply_gate": """rng = np.random.default_rng(7)
x, y, dz = rng.normal(size=(3, 2, 3))
gate = MultiplyGate()
np.testing.assert_allclose(gate.forward(x, y), x * y)
dx, dy = gate.backward(dz)
np.testing.assert_allclose(dx, y * dz)
np.testing.assert_allclose(dy, x * dz)""",
    "check-relu_gate": """rng = np.random.default_rng(8)
x, dz = rng.normal(size=(2, 3, 4))
gate = ReLUGate()
np.testing.assert_allclose(gate.forward(x), np.maximum(x, 0))
np.testing.assert_allclose(gate.backward(dz), dz * (x > 0))""",
}
"""The questions as an instructor writes them for nbgrader: fixed inputs and assertions, which cost next to nothing."""


def notebooks(size: int, torch: bool) -> dict[str, Any]:
    """Return the submissions by student: every second one has swapped the two gradients."""
    found = {}
    for index in range(size):
        notebook = answered(gate=SWAPPED_GATE) if index % 2 else answered()
        found[f"student{index:02}"] = _with_torch(notebook) if torch else notebook
    return found


def write_ours(folder: Path, size: int, torch: bool) -> None:
    """Write a course of one exercise and a folder of submissions."""
    exercise = folder / "course" / "exercises" / EXERCISE
    exercise.mkdir(parents=True)
    nbformat.write(_with_torch(released()) if torch else released(), exercise / f"{EXERCISE}.ipynb")
    for student, notebook in notebooks(size, torch).items():
        _write(notebook, folder / "in" / student / EXERCISE)


def write_nbgrader(folder: Path, size: int, torch: bool) -> None:
    """Write an nbgrader course as `nbgrader quickstart` lays it out, with the exercise generated."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "stock"\n')
    _write(_with_assertions(_with_torch(released()) if torch else released()), folder / "source" / EXERCISE)
    run(["nbgrader", "generate_assignment", EXERCISE], folder)
    for student, notebook in notebooks(size, torch).items():
        _write(_with_assertions(notebook), folder / "submitted" / student / EXERCISE)


def nbgrader_scores(folder: Path) -> dict[str, float]:
    """Return the scores by student that a gradebook holds."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {each.student.id: float(each.score) for each in gradebook.assignment_submissions(EXERCISE)}


def write_otter(folder: Path, size: int, torch: bool) -> None:
    """Write otter's tests and the submissions."""
    (folder / "tests").mkdir(parents=True)
    for name, code in ASSERTIONS.items():
        body = "\n".join("    " + line for line in code.splitlines())
        (folder / "tests" / f"{name.partition('-')[2]}.py").write_text(
            "from otter.test_files import test_case\n\nOK_FORMAT = False\n"
            f"name = {name.partition('-')[2]!r}\npoints = {POINTS[name]}\n\n"
            f"@test_case(points=None, hidden=False)\ndef test_it(np, MultiplyGate, ReLUGate):\n{body}\n"
        )
    for student, notebook in notebooks(size, torch).items():
        notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check-")]
        for cell in notebook.cells:
            cell.source = cell.source.replace("from dlcourse.checks import check", "")
        _write(notebook, folder / student)


def otter_tool() -> str | None:
    """Return the path of `otter`, or None where it is not installed; it need not be in this environment."""
    return shutil.which("otter")


def run_otter(folder: Path) -> tuple[float, dict[str, float]]:
    """Grade what `write_otter` wrote; return the seconds and the scores by student."""
    tool = str(otter_tool())
    run([tool, "generate", "-t", "tests"], folder)
    started, scores = time.monotonic(), {}
    for path in sorted(folder.glob(f"student*/{EXERCISE}.ipynb")):
        run([tool, "run", str(path), "-a", "autograder.zip", "-o", str(path.parent), "--no-logo"], folder)
        results = json.loads((path.parent / "results.json").read_text("utf-8"))
        scores[path.parent.name] = float(sum(test.get("score", 0) for test in results["tests"]))
    return time.monotonic() - started, scores


def run(command: list[str], folder: Path) -> str:
    """Run a tool of this Python's environment and return what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _with_torch(notebook: Any) -> Any:
    setup = next(cell for cell in notebook.cells if cell.id == "setup")
    setup.source = f"import torch\n{setup.source}"
    return notebook


def _with_assertions(notebook: Any) -> Any:
    for cell in notebook.cells:
        if cell.id in ASSERTIONS:
            cell.source = ASSERTIONS[cell.id]
            cell.metadata.nbgrader.points = POINTS[cell.id]
        cell.source = cell.source.replace("from dlcourse.checks import check", "")
    return notebook


def _write(notebook: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{EXERCISE}.ipynb")
