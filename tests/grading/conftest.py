"""What the grader's tests share: a small course, and the rule for machines without a sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from dlcourse.grading.sandbox import INSTALL_BUBBLEWRAP, SandboxMissingError
from tests.grading.mini import EXERCISE, released


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a sandbox where there is none, unless the system's packages are required."""
    reason = sandbox_problem()
    if reason and os.environ.get("DLCOURSE_REQUIRE_SYSTEM") != "1":
        for item in items:
            if item.get_closest_marker("sandbox"):
                item.add_marker(pytest.mark.skip(reason=reason))


def sandbox_problem() -> str:
    from dlcourse.grading.probe import probe_sandbox

    try:
        probe_sandbox()
    except SandboxMissingError as error:
        return f"no sandbox here ({error}); {INSTALL_BUBBLEWRAP}"
    return ""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with the one exercise, and the solutions beside it that nobody may read."""
    root = tmp_path / "course"
    exercise = root / "exercises" / EXERCISE
    exercise.mkdir(parents=True)
    (root / "lectures").mkdir()
    nbformat.write(released(), exercise / f"{EXERCISE}.ipynb")
    (exercise / "data.csv").write_text("a,b\n1,2\n")
    secret = root / "solutions" / EXERCISE
    secret.mkdir(parents=True)
    (secret / "solution.txt").write_text("the solution of the course")
    return root
