"""``docs/instructors.md`` is tried as written: its commands are read from the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from dlcourse.lab import course_root

ROOT = course_root(Path(__file__).parent)
PAGE = (ROOT / "docs" / "instructors.md").read_text("utf-8")
NAME = "01_backprop"


def commands(first: str = "sudo apt-get") -> list[str]:
    """The commands of the block that begins with `first`, without remarks."""
    block = re.search(rf"```\n({re.escape(first)}.*?)```", PAGE, re.DOTALL)
    assert block is not None
    return [line.split(" #")[0].strip() for line in block[1].splitlines()]


def run(command: str, folder: Path) -> str:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's folders as a fresh clone has them, with two submissions."""
    folder = tmp_path_factory.mktemp("clone")
    for part in ("lectures", "solutions", "exercises"):
        shutil.copytree(ROOT / part, folder / part)
    for name in ("pyproject.toml", "README.md", "requirements.lock", "Makefile"):
        shutil.copy(ROOT / name, folder / name)
    for student, source in (("ann", "solutions"), ("bob", "exercises")):
        path = folder / "submissions" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        shutil.copy(ROOT / source / NAME / f"{NAME}.ipynb", path)
    return folder


def test_there_are_ten_commands() -> None:
    assert len(commands()) == 10


def test_the_release_is_the_one_that_is_committed(clone: Path) -> None:
    (command,) = [line for line in commands() if line.startswith("dlcourse release")]
    before = (clone / "exercises" / NAME / f"{NAME}.ipynb").read_bytes()
    run(command, clone)
    assert (clone / "exercises" / NAME / f"{NAME}.ipynb").read_bytes() == before


def test_a_release_for_the_exchange_makes_the_grading_folder(clone: Path) -> None:
    printed = run(commands("dlcourse release 01 --into")[0], clone)
    given = nbformat.read(clone / "grades" / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    ours = nbformat.read(clone / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    assert [cell.source for cell in given.cells] == [cell.source for cell in ours.cells]
    assert oct((clone / "grades").stat().st_mode & 0o777) == "0o700"
    assert printed.splitlines()[-1] == f"next: cd grades && nbgrader release_assignment {NAME}"


@pytest.mark.sandbox
def test_grading_writes_what_the_page_names(clone: Path) -> None:
    (command,) = [line for line in commands() if line.startswith("dlcourse grade")]
    printed = run(command, clone)
    grades = clone / "grades"
    for name in ("grades.csv", "class-report.html", "gradebook.db", "nbgrader_config.py", ".secret"):
        assert name in PAGE
        assert (grades / name).is_file()
    assert (grades / "feedback" / "ann" / NAME / f"{NAME}.html").is_file()
    assert oct(grades.stat().st_mode & 0o777) == "0o700"
    assert "Wrote grades.csv, feedback/ (2), class-report.html" in printed


@pytest.mark.sandbox
def test_the_command_that_opens_formgrader_finds_the_gradebook(clone: Path) -> None:
    """``jupyter lab`` in the grading folder loads nbgrader's extension with our configuration."""
    assert commands()[-1] == "cd grades && jupyter lab"
    code = (
        "from nbgrader.apps.nbgraderapp import NbGraderApp\nfrom nbgrader.apps.api import NbGraderAPI\n"
        "app = NbGraderApp()\napp.initialize(['--log-level', 'ERROR'])\n"
        "print([entry['student'] for entry in NbGraderAPI(config=app.config).get_submissions('01_backprop')])"
    )
    assert "['ann', 'bob']" in run(f'{sys.executable} -c "{code}"', clone / "grades")
