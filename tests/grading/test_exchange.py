"""nbgrader's exchange, from release to feedback, as an instructor and two students who may not read each other."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from dlcourse.checks.bank import all_questions, load
from dlcourse.grading.exercise import grade_id
from dlcourse.lab import course_root
from tests.grading.test_instructors_page import PAGE, commands
from tests.grading.users import EXCHANGE, Machine

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        os.getuid() != 0,
        reason="only root can become an instructor and two students: "
        "sudo .venv/bin/python -m pytest tests/grading/test_exchange.py",
    ),
]

NAME = "01_backprop"
ROOT = course_root(Path(__file__).parent)
ALL, EXP = sum(question.points for question in all_questions("01")), load("01.exp_gate").points
DZ = next(variant.says for variant in load("01.exp_gate").variants if variant.name == "exp_without_upstream")
RELEASE, RELEASE_ASSIGNMENT, COLLECT, GRADE, RELEASE_FEEDBACK = commands("dlcourse release 01 --into")
FETCH, SUBMIT, FETCH_FEEDBACK = commands("nbgrader fetch_assignment")
LOOK = f"""import os
try:
    print("SEEN", os.listdir("{EXCHANGE}/dlcourse/inbound"))
except OSError as error:
    print("HIDDEN", type(error).__name__)
"""
WITHOUT_DZ = """class ExpGate:
    def forward(self, x):
        self.z = np.exp(x)
        return self.z

    def backward(self, dz):
        return self.z
"""


@dataclass(frozen=True)
class Term:
    """A machine on which an exercise has gone out and come back, and what the instructor's commands printed."""

    machine: Machine
    printed: dict[str, str]

    def page(self, student: str) -> str:
        """The one page of feedback that a student has fetched."""
        (path,) = self.machine.home(student).glob(f"{NAME}/feedback/*/*.html")
        return path.read_text("utf-8")

    def grades(self) -> dict[str, dict[str, str]]:
        text = self.machine.run("prof", "cat dlcourse/grades/grades.csv")
        return {line["student"]: line for line in csv.DictReader(io.StringIO(text))}


@pytest.fixture(scope="module")
def term() -> Iterator[Term]:
    with tempfile.TemporaryDirectory(prefix="dlcourse-exchange-") as folder:
        machine = Machine(Path(folder), "prof", "ann", "bob")
        require_sandbox(machine)
        yield Term(machine, round_trip(machine))
        assert machine.processes() == []


def require_sandbox(machine: Machine) -> None:
    """Skip where an ordinary user cannot start a sandbox, unless the system's packages are required."""
    try:
        machine.run("prof", "bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc true")
    except AssertionError as error:
        if os.environ.get("DLCOURSE_REQUIRE_SYSTEM") == "1":
            raise
        pytest.skip(f"ordinary users cannot start bubblewrap here (sysctl user.max_user_namespaces): {error}")


def round_trip(machine: Machine) -> dict[str, str]:
    """Everything that the three of them type, as it stands in ``docs/instructors.md``; return what was printed."""
    printed: dict[str, str] = {}

    def prof(command: str) -> None:
        printed[command] = machine.run("prof", command, folder="dlcourse")

    def hand_in(student: str, answers: dict[str, str]) -> None:
        machine.run(student, FETCH)
        solve(machine, student, answers)
        machine.run(student, SUBMIT)

    course = machine.home("prof") / "dlcourse"
    for part in ("solutions", "exercises"):
        shutil.copytree(ROOT / part / NAME, course / part / NAME)
    (course / "lectures").mkdir()
    machine.give("prof", course)
    with ThreadPoolExecutor(2) as both:
        prof(RELEASE)
        prof(RELEASE_ASSIGNMENT)
        list(both.map(hand_in, ("ann", "bob"), ({}, {"answer-exp_gate": WITHOUT_DZ})))
        prof(COLLECT)
        mailed = f"grades/submitted/cat/{NAME}"
        prof(f"mkdir -p {mailed} && cp exercises/{NAME}/{NAME}.ipynb {mailed}")
        prof(GRADE)
        prof(RELEASE_FEEDBACK)
        list(both.map(machine.run, ("ann", "bob"), 2 * [FETCH_FEEDBACK]))
    return printed


def solve(machine: Machine, student: str, answers: dict[str, str]) -> None:
    """Fill in the course's own answers but for some, look for the exchange, and leave other files beside it."""
    folder = machine.home(student) / NAME
    solution = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4)
    given = {name: cell.source for cell in solution.cells if (name := grade_id(cell))} | answers
    notebook = fetched(machine, student)
    for cell in notebook.cells:
        cell.source = given.get(grade_id(cell) or "", cell.source)
    notebook.cells.append(nbformat.v4.new_code_cell(LOOK))
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    nbformat.write(nbformat.v4.new_notebook(), folder / "scratch.ipynb")
    (folder / "plot.html").write_text("<script>parent.location = 'x'</script>")
    machine.give(student, folder)


def fetched(machine: Machine, student: str) -> NotebookNode:
    return nbformat.read(machine.home(student) / NAME / f"{NAME}.ipynb", as_version=4)


def test_the_page_names_the_folder_that_has_to_be_there() -> None:
    assert f"sudo install -d -m 1777 {EXCHANGE}" in PAGE


def test_what_students_fetch_is_what_is_in_exercises(term: Term) -> None:
    got = json.loads(term.machine.run("bob", f"cat {EXCHANGE}/dlcourse/outbound/{NAME}/{NAME}.ipynb"))
    want = nbformat.read(ROOT / "exercises" / NAME / f"{NAME}.ipynb", as_version=4)
    assert ["".join(cell["source"]) for cell in got["cells"]] == [cell.source for cell in want.cells]
    points = [cell["metadata"].get("nbgrader", {}).get("points") for cell in got["cells"]]
    assert points == [cell.metadata.get("nbgrader", {}).get("points") for cell in want.cells]


def test_everybody_is_graded(term: Term) -> None:
    grades = term.grades()
    assert {student: float(line["score"]) for student, line in grades.items()} == {
        "ann": ALL,
        "bob": ALL - EXP,
        "cat": 0,
    }
    assert grades["ann"]["reason"] == ""
    assert "nbgrader did not record" not in term.printed[GRADE]


def test_each_student_has_the_own_score_and_diagnosis(term: Term) -> None:
    ann, bob = term.page("ann"), term.page("bob")
    assert f"{ALL:g} of" in ann
    assert f"{ALL - EXP:g} of" in bob
    assert DZ in bob
    assert DZ not in ann


def test_a_student_reads_nothing_of_another(term: Term) -> None:
    run = term.machine.run
    for place in (f"{EXCHANGE}/dlcourse/feedback", f"{EXCHANGE}/dlcourse/inbound", "/home/ann", "/home/prof"):
        assert "Permission denied" in run("bob", f"ls {place}", succeeds=False)
    assert "Permission denied" in run("bob", "cat /home/prof/dlcourse/grades/grades.csv", succeeds=False)
    before = term.page("bob")
    run("bob", f"{FETCH_FEEDBACK} --student ann")
    assert term.page("bob") == before


def test_a_submission_does_not_see_the_exchange_from_the_sandbox(term: Term) -> None:
    """The sandbox runs as the instructor, who may read all submissions there."""
    assert "inbound" in term.machine.run("prof", f"ls -d {EXCHANGE}/dlcourse/inbound/*")
    assert "HIDDEN FileNotFoundError" in term.page("ann")
    assert "SEEN" not in term.page("ann").replace("print(&#34;SEEN", "")


def test_a_page_without_an_owner_in_the_exchange_does_not_stop_the_others(term: Term) -> None:
    released = term.machine.root / "exchange" / "dlcourse" / "feedback"
    assert len(list(released.glob("*.html"))) == 3
    assert "student 'cat'" in term.printed[RELEASE_FEEDBACK]


def test_nothing_that_a_browser_would_run_is_collected(term: Term) -> None:
    held = term.machine.home("prof") / "dlcourse" / "grades"
    for folder in ("submitted", "autograded"):
        assert [path.name for path in sorted((held / folder / "ann" / NAME).iterdir()) if path.suffix == ".html"] == []


def test_marks_come_back_with_the_next_release(term: Term) -> None:
    mark = (
        "from nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        f"    place = ('answer-explain_adding_up', '{NAME}', '{NAME}', 'ann')\n"
        "    book.find_grade(*place).manual_score = 2\n"
        "    book.find_comment(*place).manual_comment = 'Well said.'\n"
        "    book.db.commit()\n"
    )
    term.machine.run("prof", f"python -c {shlex.quote(mark)}", folder="dlcourse/grades")
    term.machine.run("prof", f"nbgrader generate_feedback {NAME} --force", folder="dlcourse/grades")
    term.machine.run("prof", RELEASE_FEEDBACK, folder="dlcourse")
    term.machine.run("ann", FETCH_FEEDBACK)
    assert "Well said." in term.page("ann")
    assert f"{ALL + 2:g} of" in term.page("ann")
    assert "Well said." not in term.page("bob")
