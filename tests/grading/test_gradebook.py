"""The gradebook is nbgrader's own, although the grader makes it and remembers its SQL."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from dlcourse.grading.gradebook import create_gradebook, gradebook_url

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def content(path: Path) -> list[str]:
    """Return every table's definition and the version of the tables, as SQL."""
    with sqlite3.connect(path) as connection:
        return sorted(line for line in connection.iterdump() if not line.startswith('INSERT INTO "course"'))


def test_it_is_the_one_that_nbgrader_makes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # alembic's program
    Gradebook(f"sqlite:///{tmp_path / 'theirs.db'}").close()
    create_gradebook(tmp_path)
    tables = content(tmp_path / "gradebook.db")
    assert tables == content(tmp_path / "theirs.db")
    assert any("INSERT INTO" in line and "alembic_version" in line for line in tables)
    assert not (tmp_path / ".gradebook.tmp").exists()


def test_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    create_gradebook(tmp_path)
    with Gradebook(gradebook_url(tmp_path)) as gradebook:
        gradebook.add_student("ann")
    before = (tmp_path / "gradebook.db").read_bytes()
    create_gradebook(tmp_path)
    assert (tmp_path / "gradebook.db").read_bytes() == before


def test_remembered_statements_belong_to_no_gradebook(tmp_path: Path) -> None:
    """The same statements on two files: each answers from its own."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        create_gradebook(tmp_path / name)
        with Gradebook(gradebook_url(tmp_path / name)) as gradebook:
            gradebook.add_student(name)
            gradebook.add_assignment("first")
    for name in ("one", "two"):
        with (
            Gradebook(gradebook_url(tmp_path / name)) as gradebook,
            Gradebook(f"sqlite:///{tmp_path / name / 'gradebook.db'}") as plain,
        ):
            assert (
                [student.id for student in gradebook.students] == [student.id for student in plain.students] == [name]
            )
            assert gradebook.find_assignment("first").num_submissions == 0
