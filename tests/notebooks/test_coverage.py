"""The table of what the course covers is true, complete and up to date."""

from pathlib import Path

import nbformat
import pytest

from dlcourse.notebooks.coverage import CoverageError, coverage_text, read_rows, write_coverage

FOLDER = Path(__file__).parents[2] / "lectures"
LECTURE = """
[[lecture]]
number = "01"
row = [{ topic = "Gates", covers = ["gate"], names = ["functional.relu"], questions = ["01.relu_gate"] }]
"""


@pytest.fixture
def folder(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("# Gates and graphs", id="title"),
        nbformat.v4.new_code_cell("1", id="shown", metadata={"tags": ["covers:01.gate"]}),
        nbformat.v4.new_code_cell("2", id="more", metadata={"tags": ["covers:01.beyond-that"]}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01_gates.ipynb")
    (tmp_path / "coverage.toml").write_text(LECTURE)
    return tmp_path


def test_the_committed_page_is_what_the_lectures_give():
    text = coverage_text(read_rows(FOLDER))
    assert (FOLDER / "COVERAGE.md").read_text(encoding="utf-8") == text, "run: dlcourse refresh"


def test_every_lecture_but_the_first_has_its_rows():
    numbers = {path.name[:2] for path in FOLDER.glob("[0-9][0-9]_*.ipynb")}
    assert {lecture.number for lecture in read_rows(FOLDER)} == numbers - {"00"}


def test_a_row_names_its_cell_both_twins_and_its_question(folder):
    text = coverage_text(read_rows(folder))
    row = "| Gates | `shown` | `numpy.functional.relu` | `torch.functional.relu` | 01.relu_gate |"
    assert row in text
    assert "## [Gates and graphs](01_gates.ipynb)" in text
    assert "Also shown: beyond that (`more`)." in text


def test_a_second_write_changes_nothing(folder):
    assert write_coverage(folder)
    assert not write_coverage(folder)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"gate"', '"gates"', "no cell is tagged gates"),
        ("functional.relu", "functional.rely", "there is no dlcourse.numpy.functional.rely"),
        ("01.relu_gate", "01.rely_gate", "there is no question 01.rely_gate"),
        ('number = "01"', 'number = "02"', "0 lectures 02_"),
    ],
)
def test_a_row_that_promises_what_is_not_there_is_refused(folder, old, new, problem):
    (folder / "coverage.toml").write_text(LECTURE.replace(old, new))
    with pytest.raises(CoverageError, match=problem):
        write_coverage(folder)
    assert not (folder / "COVERAGE.md").exists()
