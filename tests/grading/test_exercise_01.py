"""The course's own exercise: six submissions, as a class hands them in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from dlcourse.checks.bank import all_questions, load
from dlcourse.grading.exercise import grade_id
from dlcourse.grading.grade import grade
from dlcourse.grading.report import GradeReport, Row
from dlcourse.grading.sandbox import Limits
from dlcourse.lab import course_root

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

EXERCISE = "01_backprop"
ROOT = course_root(Path(__file__).parent)
ALL = sum(question.points for question in all_questions("01"))
EXP = load("01.exp_gate").points


def solution() -> NotebookNode:
    return nbformat.read(ROOT / "solutions" / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)


def stub() -> NotebookNode:
    return nbformat.read(ROOT / "exercises" / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)


def with_exp(source: str) -> NotebookNode:
    notebook = solution()
    next(cell for cell in notebook.cells if grade_id(cell) == "answer-exp_gate").source = source
    return notebook


def wrong() -> NotebookNode:
    return with_exp(
        "class ExpGate:\n"
        "    def forward(self, x):\n        self.z = np.exp(x)\n        return self.z\n"
        "    def backward(self, dz):\n        return self.z\n"
    )


def without_check() -> NotebookNode:
    notebook = solution()
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != "check-exp_gate"]
    return notebook


def with_changed_points() -> NotebookNode:
    notebook = stub()
    for cell in notebook.cells:
        if grade_id(cell) and cell.metadata.nbgrader.get("grade"):
            cell.metadata.nbgrader.points = 1000
    return notebook


SUBMISSIONS: dict[str, tuple[Callable[[], NotebookNode], float, str]] = {
    "right": (solution, ALL, ""),
    "wrong": (wrong, ALL - EXP, "01.exp_gate: dx"),
    "syntax": (
        lambda: with_exp("class ExpGate:\n    def forward(self, X)\n        return X"),
        ALL - EXP,
        "01.exp_gate: The cell of this answer stopped with SyntaxError: expected ':' (line 2 of the cell)",
    ),
    "endless": (
        lambda: with_exp("while True:\n    pass"),
        ALL - EXP,
        "01.exp_gate: The cell of this answer was interrupted: it took longer than 20 s.",
    ),
    "deleted": (without_check, ALL, "The cell check-exp_gate was missing and was put back."),
    "points": (
        with_changed_points,
        0,
        f"The points of {len(all_questions('01')) + 1} cells were changed; the course's own count. ",
    ),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> GradeReport:
    folder = tmp_path_factory.mktemp("class")
    for student, (make, _, _) in SUBMISSIONS.items():
        path = folder / "submissions" / student / EXERCISE / f"{EXERCISE}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(make(), path)
    return grade(folder / "submissions", folder / "grades", course=ROOT, limits=Limits(cell=20))


@pytest.fixture(scope="module")
def rows(report: GradeReport) -> dict[str, Row]:
    return {row.student: row for row in report.rows}


@pytest.mark.parametrize("student", SUBMISSIONS)
def test_the_score_and_the_sentence(rows: dict[str, Row], student: str) -> None:
    _, score, says = SUBMISSIONS[student]
    assert rows[student].score == score
    assert says in rows[student].reason
    if not says:
        assert rows[student].reason == ""


def test_changed_points_are_named_in_the_feedback_page(report: GradeReport, rows: dict[str, Row]) -> None:
    page = html.unescape((report.root / "feedback" / "points" / EXERCISE / f"{EXERCISE}.html").read_text("utf-8"))
    mended = page.split("this was mended:")[1].split("</ul>")[0]
    assert SUBMISSIONS["points"][2].strip() in mended
    assert "01.exp_gate: Not answered yet." in rows["points"].reason


def test_the_class_report_counts_what_stopped_an_answer(report: GradeReport) -> None:
    text = report.class_report.read_text("utf-8")
    cell = re.search(r"01\.exp_gate<br>.*?</tr>", text, re.DOTALL)
    assert cell is not None
    assert "1 × stopped with SyntaxError" in cell[0]
    assert "1 × interrupted at the time limit" in cell[0]
    assert "not recognised" not in cell[0]
    right = re.search(r"01\.multiply_gate<br>.*?</tr>", text, re.DOTALL)
    assert right is not None
    assert "<td>–</td>" in right[0]


def test_an_interrupted_cell_is_named_by_its_first_line(rows: dict[str, Row]) -> None:
    says = 'The cell that begins with "while True:" was interrupted because it took longer than 20 s.'
    assert rows["endless"].reason.startswith(says)


def test_every_question_has_its_column(rows: dict[str, Row]) -> None:
    assert {question.id for question in all_questions("01")} <= set(rows["right"].points)
