"""nbgrader's formgrader in a real JupyterLab and a real browser, on the gradebook that ``dlcourse grade`` has made."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from dlcourse.checks.bank import load
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.feedback import feedback_page
from dlcourse.grading.record import Recorder
from dlcourse.grading.store import Store
from tests.browser.conftest import browser, log, new_page, page  # noqa: F401  # fixtures
from tests.browser.test_lab import TOKEN, jupyter_lab
from tests.grading.mini import EXERCISE, RIGHT_GATE, SWAPPED_GATE, answered, hand_in, released

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]

GATE, RELU = load("01.multiply_gate").points, load("01.relu_gate").points
ALL = GATE + RELU + 2
STUDENTS = ["ann", "bob", "cat", "eve"]
COMMENT = "Say which input: <b>look</b> at y."

HOSTILE = """Why? <script>window.ran = 1</script><img src="missing" onerror="window.ran = 2">
[a link](javascript:window.ran=3) <a href="javascript:window.ran=4">another</a>

<iframe srcdoc="<script>parent.ran = 5</script>"></iframe>

    <svg onload="window.ran=6"> in code

Because `dx < y` and $a < b$."""
HOSTILE_OUTPUT = """from IPython.display import HTML, SVG, Markdown, display
display(HTML("<script>window.ran = 7</script>"), Markdown("<img src=missing onerror='window.ran = 8'>"))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=9"></svg>'))
print("<script>window.ran = 10</script>")
"""


@dataclass(frozen=True)
class Course:
    """A graded class, and the JupyterLab that an instructor has started in its grading folder."""

    root: Path
    address: str

    def grade(self) -> None:
        """``dlcourse grade``, in a process of its own: Playwright's event loop runs in this one."""
        command = [
            sys.executable,
            "-c",
            "from dlcourse.cli import main; main()",
            "grade",
            str(self.root / "submissions"),
        ]
        command += ["--out", str(self.root / "grades")]
        done = subprocess.run(command, cwd=self.root / "course", capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def submission(self, student: str) -> str:
        """The place of a student's page in manual grading."""
        with self.gradebook() as gradebook:
            found = gradebook.find_submission_notebook(EXERCISE, EXERCISE, student)
            return f"submissions/{found.id}/"

    def open(self, page, place: str) -> None:  # noqa: F811
        page.goto(f"{self.address}/login?token={TOKEN}&next=/formgrader/{place}")

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.root / 'grades' / 'gradebook.db'}")

    def line(self, student: str) -> dict[str, str]:
        """A student's line of ``grades.csv``."""
        with (self.root / "grades" / "grades.csv").open(newline="", encoding="utf-8") as file:
            return next(line for line in csv.DictReader(file) if line["student"] == student)

    def feedback(self, student: str) -> str:
        return (self.root / "grades" / "feedback" / student / EXERCISE / f"{EXERCISE}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    root = tmp_path_factory.mktemp("formgrader")
    exercise = root / "course" / "exercises" / EXERCISE
    exercise.mkdir(parents=True)
    (root / "course" / "lectures").mkdir()
    nbformat.write(released(), exercise / f"{EXERCISE}.ipynb")
    hostile = answered(words=HOSTILE)
    hostile.cells += [nbformat.v4.new_code_cell(HOSTILE_OUTPUT), nbformat.v4.new_markdown_cell(HOSTILE)]
    for student, notebook in zip(STUDENTS, (answered(), answered(gate=SWAPPED_GATE), answered(), hostile)):
        hand_in(root / "submissions", student, notebook)
    Course(root, "").grade()
    with jupyter_lab(root, root / "grades") as address:
        yield Course(root, address)


def table(page) -> list[list[str]]:  # noqa: F811
    """The cells of a formgrader table, as soon as it has been filled."""
    page.wait_for_function(
        "() => { const text = document.querySelector('tbody')?.innerText ?? '';"
        " return text.trim() && !text.includes('please wait'); }"
    )
    cells: list[list[str]] = page.eval_on_selector_all(
        "tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return cells


def test_the_menu_of_jupyterlab_opens_the_gradebook(course: Course, page) -> None:  # noqa: F811
    page.goto(f"{course.address}/lab?token={TOKEN}&reset")
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    inside = page.frame_locator("iframe[src*=formgrader]")
    inside.get_by_role("link", name="Manual Grading").click()
    inside.locator("tbody").get_by_role("link", name=EXERCISE).click()
    inside.locator("tbody").get_by_role("link", name=EXERCISE).click()
    inside.get_by_role("link", name="Submission #4").wait_for()
    inside.get_by_role("button", name="Show All Names").click()
    inside.get_by_role("link", name="ann").wait_for()
    assert sorted(inside.locator("tbody a.name-shown").all_inner_texts()) == STUDENTS


def test_the_views_show_every_score(course: Course, page, log) -> None:  # noqa: F811
    course.open(page, f"manage_submissions/{EXERCISE}")
    found = {student: (status, score) for _, student, _, status, score, *_ in table(page)}
    assert list(found) == STUDENTS
    assert found["bob"] == ("needs manual grading", f"{RELU:g} / {ALL:g}")
    assert found["eve"] == ("needs manual grading", f"{GATE + RELU:g} / {ALL:g}")
    course.open(page, "gradebook")
    assert [(name, submissions) for name, _, submissions, _ in table(page)] == [(EXERCISE, "4")]
    course.open(page, f"gradebook/{EXERCISE}/{EXERCISE}")
    code = sorted(score for _, _, _, score, *_ in table(page))
    assert code == sorted([f"{RELU:g} / {GATE + RELU:g}", *3 * [f"{GATE + RELU:g} / {GATE + RELU:g}"]])
    course.open(page, "manage_students")
    assert [student for _, student, *_ in table(page)] == STUDENTS
    assert log.console_errors + log.page_errors == []


def test_a_mark_given_in_the_browser_counts_everywhere_and_stays(course: Course, page, log) -> None:  # noqa: F811
    for student in ("ann", "cat"):
        course.open(page, course.submission(student))
        save(page, "#explain", "1.5")
        assert page.locator("#check-multiply_gate").get_attribute("placeholder") == f"{GATE:g}", "the automatic score"
        save(page, "#explain-comment", COMMENT)
        with course.gradebook() as gradebook:
            assert gradebook.find_grade("explain", EXERCISE, EXERCISE, student).manual_score == 1.5
            assert gradebook.find_comment("explain", EXERCISE, EXERCISE, student).manual_comment == COMMENT
    hand_in(course.root / "submissions", "ann", answered(gate=f"# better names\n{RIGHT_GATE}"))
    course.grade()  # runs ann's new file, and only writes cat's row and page anew
    for student in ("ann", "cat"):
        line = course.line(student)
        assert (line["explain"], line["score"], line["status"]) == ("1.5", f"{GATE + RELU + 1.5:g}", "graded")
        assert "Say which input: &lt;b&gt;look&lt;/b&gt; at y." in course.feedback(student)
        assert f"{GATE + RELU + 1.5:g} of {ALL:g}" in course.feedback(student)
    assert course.line("bob")["status"] == "graded, marking pending"
    course.open(page, course.submission("ann"))
    page.wait_for_function("document.querySelector('#explain').value === '1.5'")
    page.wait_for_function("said => document.querySelector('#explain-comment').value === said", arg=COMMENT)
    page.get_by_text("# better names").wait_for()
    only_mathjax_is_missing(log)


def save(page, field: str, text: str) -> None:  # noqa: F811
    """Fill a field as a marker does, and wait until nbgrader has answered."""
    page.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")
    with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        page.locator(field).fill(text)
        page.locator(field).blur()


def only_mathjax_is_missing(log) -> None:  # noqa: F811
    """Formgrader asks the network for MathJax, and for nothing else; marking works without."""
    assert {address.split("?")[0] for address in log.requests if "127.0.0.1" not in address} <= {
        "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/latest.js"
    }
    assert set(log.page_errors) <= {"MathJax is not defined"}


def test_export_gives_the_scores_of_our_own_table(course: Course) -> None:
    command = [sys.executable, "-m", "nbgrader", "export"]
    done = subprocess.run(command, cwd=course.root / "grades", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with (course.root / "grades" / "nbgrader-export.csv").open(newline="") as file:
        exported = {
            line["student_id"]: (float(line["score"]), float(line["max_score"])) for line in csv.DictReader(file)
        }
    ours = {student: course.line(student) for student in STUDENTS}
    assert exported == {student: (float(line["score"]), float(line["max"])) for student, line in ours.items()}


def test_nothing_that_a_student_wrote_runs_in_the_markers_browser(course: Course, page, log) -> None:  # noqa: F811
    course.open(page, course.submission("eve"))
    page.get_by_text("Because").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.get_by_text("a link").first.click()
    assert page.evaluate("window.ran") is None
    assert page.locator("#notebook").get_by_text("< script>window.ran = 1").count() == 2, "shown as the text that it is"
    assert page.locator("#notebook").get_by_text("<script>window.ran = 10</script>").count() == 2, "code and output"
    assert page.locator("#notebook :is(script, img, iframe, svg, [onerror], [onload])").count() == 0
    only_mathjax_is_missing(log)


def test_the_button_for_feedback_writes_the_graders_page(course: Course, page) -> None:  # noqa: F811
    course.open(page, course.submission("bob"))
    save(page, "#explain-comment", "Not yet.")
    assert "Not yet." not in course.feedback("bob")
    course.open(page, f"manage_submissions/{EXERCISE}")
    page.locator("tbody tr", has_text="bob").locator(".generate-feedback a").click()
    page.get_by_text("Successfully generated feedback").wait_for()
    root = course.root / "grades"
    outcome, exercise = Store(root).load("bob", EXERCISE), Exercise.load(root / "source" / EXERCISE)
    assert course.feedback("bob") == feedback_page(exercise, outcome, Recorder(root).grades("bob", EXERCISE))
    assert "Not yet." in course.feedback("bob")
