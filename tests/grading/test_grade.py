"""``grade`` from a folder of submissions to grades, feedback and gradebook, in real sandboxes."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters.base import NbGraderException

from dlcourse.checks.bank import load
from dlcourse.cli import app
from dlcourse.grading import work
from dlcourse.grading.config import course_config
from dlcourse.grading.grade import grade
from dlcourse.grading.pool import outcomes
from dlcourse.grading.report import GradeReport, Row
from dlcourse.grading.reproduce import reproduce
from dlcourse.grading.sandbox import Limits, SandboxMissingError
from dlcourse.grading.store import Store
from dlcourse.grading.template import Templates
from tests.grading.mini import EXERCISE, RIGHT_GATE, RIGHT_RELU, STUB_GATE, SWAPPED_GATE, answered, hand_in, released

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

LIMITS = Limits(cell=4, call=3, wall=60)
GATE, RELU = load("01.multiply_gate").points, load("01.relu_gate").points
SWAPPED = next(variant.says for variant in load("01.multiply_gate").variants if variant.name == "own_value")


def without_check() -> NotebookNode:
    notebook = answered()
    notebook.cells = [cell for cell in notebook.cells if cell.id != "check-multiply_gate"]
    return notebook


def with_changed_points() -> NotebookNode:
    notebook = answered(gate=SWAPPED_GATE)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.points = 1000
    notebook.cells[3].source = "1000.0"
    return notebook


def below_its_check() -> NotebookNode:
    notebook = answered(gate="# see the end")
    notebook.cells.append(nbformat.v4.new_code_cell(RIGHT_GATE))
    return notebook


SUBMISSIONS: dict[str, Callable[[], NotebookNode | bytes]] = {
    "right": answered,
    "wrong": lambda: answered(gate=SWAPPED_GATE),
    "syntax": lambda: answered(gate="class MultiplyGate\n    pass"),
    "endless": lambda: answered(gate="while True:\n    pass"),
    "endless-call": lambda: answered(gate=RIGHT_GATE.replace("return x * y", "while True: pass")),
    "deleted": without_check,
    "points": with_changed_points,
    "late": below_its_check,
    "stub": lambda: answered(gate=STUB_GATE),
    "borrowed": lambda: answered(relu=BORROWED_RELU),
    "unreadable": lambda: b"PK\x03\x04 a zip with the wrong name",
}

BORROWED_RELU = RIGHT_RELU.replace("class", "import dlcourse.numpy as dl\nclass").replace(
    "np.maximum(x, 0)", "dl.functional.relu(dl.tensor(x)).data"
)

EXPECTED: dict[str, tuple[float, str]] = {
    "right": (GATE + RELU, r"^$"),
    "borrowed": (
        GATE,
        r"^01\.relu_gate: Your answer uses dlcourse\.numpy\.functional\.relu, which .* write yourself\.$",
    ),
    "wrong": (RELU, rf"^01\.multiply_gate: dx.* {re.escape(SWAPPED)}\.$"),
    "syntax": (RELU, r"^01\.multiply_gate: The cell of this answer stopped with SyntaxError: .*line 1 of the cell"),
    "endless": (
        RELU,
        r"^The cell that begins with \"while True:\" was interrupted "
        r".*01\.multiply_gate: The cell of this answer was interrupted: it took longer than 4 s\.$",
    ),
    "endless-call": (
        RELU,
        r"^A call of MultiplyGate was interrupted after 3 s\. .*"
        r"01\.multiply_gate: The call did not finish within 3 s\.$",
    ),
    "deleted": (GATE + RELU, r"^The cell check-multiply_gate was missing and was put back\.$"),
    "points": (
        RELU,
        r"^The cell check-multiply_gate had been changed; the original was used\. "
        r"The points of 3 cells were changed; the course's own count\. 01\.multiply_gate: dx",
    ),
    "late": (GATE + RELU, r"^$"),
    "stub": (RELU, r"^01\.multiply_gate: Not answered yet\."),
    "unreadable": (0.0, r"^01_mini\.ipynb is not a notebook: it is not valid JSON"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GradeReport]:
    root = tmp_path_factory.mktemp("grade")
    exercise = root / "course" / "exercises" / EXERCISE
    exercise.mkdir(parents=True)
    nbformat.write(released(), exercise / f"{EXERCISE}.ipynb")
    for student, make in SUBMISSIONS.items():
        hand_in(root / "submissions", student, make())
    return root, again(root)


def again(root: Path, **options: object) -> GradeReport:
    return grade(root / "submissions", root / "out", course=root / "course", workers=2, limits=LIMITS, **options)


def row(report: GradeReport, student: str) -> Row:
    return next(row for row in report.rows if row.student == student)


def page(root: Path, student: str) -> str:
    return (root / "out" / "feedback" / student / EXERCISE / f"{EXERCISE}.html").read_text("utf-8")


@pytest.mark.parametrize("student", SUBMISSIONS)
def test_each_submission_gets_its_score_and_a_sentence(graded: tuple[Path, GradeReport], student: str) -> None:
    found, (score, says) = row(graded[1], student), EXPECTED[student]
    assert found.score == score
    assert re.search(says, found.reason), found.reason


@pytest.mark.parametrize("student", SUBMISSIONS)
def test_the_sentence_is_in_the_feedback_page(graded: tuple[Path, GradeReport], student: str) -> None:
    text = page(graded[0], student)
    for score in Store(graded[0] / "out").load(student, EXERCISE).scores:
        assert score.status == "right" or score.reason.split("'")[0].split("<")[0] in text.replace("&#39;", "'")


def test_points_come_from_the_questions(graded: tuple[Path, GradeReport]) -> None:
    assert {found.out_of for found in graded[1].rows} == {GATE + RELU + 2}


def test_what_a_person_must_mark_stays_open(graded: tuple[Path, GradeReport]) -> None:
    assert row(graded[1], "right").points["explain"] is None
    assert row(graded[1], "right").status == "graded, marking pending"
    assert row(graded[1], "unreadable").points["explain"] == 0


def test_grades_csv_has_a_line_for_each_submission(graded: tuple[Path, GradeReport]) -> None:
    with graded[1].grades_csv.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["student"] for line in lines] == sorted(SUBMISSIONS)
    assert list(lines[0]) == [
        *("student", "assignment", "score", "max", "01.multiply_gate", "01.relu_gate", "explain", "status", "reason")
    ]
    assert {line["student"]: float(line["score"]) for line in lines} == {
        student: score for student, (score, _) in EXPECTED.items()
    }


def test_feedback_needs_nothing_and_runs_nothing(graded: tuple[Path, GradeReport]) -> None:
    for path in [*graded[1].feedback, graded[1].class_report]:
        text = path.read_text("utf-8")
        assert "default-src 'none'" in text
        assert not re.search(r"<script|<link|<iframe|\ssrc=\"(?!data:)|\son\w+=", text)


def test_feedback_shows_the_diagnosis_without_expected_values(graded: tuple[Path, GradeReport]) -> None:
    text = page(graded[0], "wrong")
    assert "Nudge x a little." in text
    assert " want " not in text
    score = Store(graded[0] / "out").load("wrong", EXERCISE).scores[0]
    right = load("01.multiply_gate").expected(load("01.multiply_gate").draw(score.seed))
    numbers = [value for array in right.values() if array.dtype.kind == "f" for value in array.ravel()]
    drawn = [value for value in numbers if value not in (0.0, 1.0)]  # flags such as "x unchanged" are no secret
    shown = [f"{value:.4g}" for value in drawn]
    telling = [number for number in shown if len(number.strip("-0.").replace(".", "")) >= 4]  # not the page's "1.2em"
    assert telling
    assert not any(number in text for number in telling)


def test_the_class_report_counts_the_mistakes(graded: tuple[Path, GradeReport]) -> None:
    text = graded[1].class_report.read_text("utf-8")
    assert f"2 × {SWAPPED}" in text
    assert "its Python process" not in text


def test_the_gradebook_agrees(graded: tuple[Path, GradeReport]) -> None:
    with Gradebook(f"sqlite:///{graded[0] / 'out' / 'gradebook.db'}") as gradebook:
        for student, (score, _) in EXPECTED.items():
            assert gradebook.find_submission(EXERCISE, student).score == score


def test_a_second_run_grades_nothing_again(graded: tuple[Path, GradeReport], monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("a kernel was started")

    monkeypatch.setattr("dlcourse.grading.kernel.Kernel.start", never)
    assert again(graded[0]).rows == graded[1].rows


def test_grading_everything_again_gives_the_same(graded: tuple[Path, GradeReport], tmp_path: Path) -> None:
    shutil.copytree(graded[0], tmp_path / "copy")
    assert again(tmp_path / "copy", force=True).rows == graded[1].rows


def test_a_changed_submission_is_graded_and_points_by_hand_stay(
    graded: tuple[Path, GradeReport], tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(graded[0] / "course", root / "course")
    for student in ("stub", "wrong"):
        shutil.copytree(graded[0] / "submissions" / student, root / "submissions" / student)
    again(root)
    with Gradebook(f"sqlite:///{root / 'out' / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("check-multiply_gate", EXERCISE, EXERCISE, "wrong").manual_score = 1.5
        gradebook.find_comment("explain", EXERCISE, EXERCISE, "wrong").manual_comment = "Almost: <b>look</b> at y."
        gradebook.find_grade("explain", EXERCISE, EXERCISE, "wrong").manual_score = 2
        gradebook.db.commit()
    hand_in(root / "submissions", "stub", answered())
    report = again(root)
    assert row(report, "stub").score == GATE + RELU
    assert row(report, "wrong").score == 1.5 + RELU + 2
    assert row(report, "wrong").status == "graded"
    assert "Almost: &lt;b&gt;look&lt;/b&gt; at y." in page(root, "wrong")


def test_one_secret_gives_one_set_of_inputs_and_another_gives_others() -> None:
    seeds = {work.question_seed(secret, student, "01.relu_gate") for secret in (b"a", b"b") for student in ("x", "y")}
    assert len(seeds) == 4
    assert work.question_seed(b"a", "x", "01.relu_gate") in seeds


def test_a_score_can_be_computed_again_with_its_numbers(graded: tuple[Path, GradeReport]) -> None:
    replay = reproduce(graded[0] / "out", "wrong", "01.multiply_gate", LIMITS)
    assert replay.same
    assert replay.changes == ()
    question = load("01.multiply_gate")
    want = question.expected(question.draw(replay.stored.seed))["dx"]
    assert f"{want.ravel()[0]:.4g}" in str(replay)
    assert "want" in str(replay)


def test_the_command_line_replays_a_score_for_an_appeal(
    graded: tuple[Path, GradeReport], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        app(["grade", "--out", str(graded[0] / "out"), "--reproduce", "wrong", "01.multiply_gate"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "the same score" in said
    assert " want " in said


def test_a_replay_names_what_has_changed(graded: tuple[Path, GradeReport], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(graded[0] / "out", out)
    store = Store(out)
    outcome = store.load("wrong", EXERCISE)
    outcome.scores[0] = replace(outcome.scores[0], version="00000000", points=3.0, status="right")
    outcome.versions["numpy"] = "1.0"
    store.save(outcome)
    replay = reproduce(out, "wrong", "01.multiply_gate", LIMITS)
    assert not replay.same
    assert "another score than the stored 3" in str(replay)
    assert [change.split()[0:3] for change in replay.changes] == [["The", "question", "has"], ["numpy", "was", "1.0,"]]


def test_a_replay_of_nothing_is_named(graded: tuple[Path, GradeReport]) -> None:
    with pytest.raises(FileNotFoundError, match=r"no score of 09\.none for wrong"):
        reproduce(graded[0] / "out", "wrong", "09.none")


def test_a_time_limit_on_a_busy_machine_is_tried_again_alone(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that is too slow the first time, when the machine is busy, and fast enough the second."""
    batches: list[tuple[list[str], int]] = []
    real = outcomes

    async def counted(
        jobs: list[work.Job], workers: int, templates: Templates
    ) -> AsyncIterator[tuple[work.Job, object]]:
        batches.append(([job.submission.student for job in jobs], workers))
        busy = [replace(job, limits=LIMITS) if workers > 1 else job for job in jobs]
        async for job, outcome in real(busy, workers, templates):
            yield jobs[busy.index(job)], outcome

    monkeypatch.setattr("dlcourse.grading.grade.outcomes", counted)
    hand_in(tmp_path / "in", "ann", answered(gate="import time\ntime.sleep(6)\n" + RIGHT_GATE))
    hand_in(tmp_path / "in", "bob", answered(gate="while True: pass"))
    hand_in(tmp_path / "in", "eve", answered())
    report = grade(tmp_path / "in", tmp_path / "out", course=course, workers=2, limits=replace(LIMITS, cell=12))
    assert batches[0] == (["ann", "bob", "eve"], 2)
    again_alone, workers = batches[1]
    assert "ann" in again_alone
    assert "eve" not in again_alone
    assert workers == 1
    assert [found.score for found in report.rows] == [GATE + RELU, RELU, GATE + RELU]


def test_nbgraders_own_autograde_uses_the_sandbox(graded: tuple[Path, GradeReport], tmp_path: Path) -> None:
    """What a click on "autograde" in formgrader does, on a file that nobody has graded yet."""
    root = tmp_path / "out"
    shutil.copytree(graded[0] / "out", root)
    target = root / "submitted" / "stub" / EXERCISE / f"{EXERCISE}.ipynb"
    target.write_text(nbformat.writes(answered(relu="import os\nos._exit(0)")))
    command = [sys.executable, "-m", "nbgrader", "autograde", EXERCISE, "--student", "stub", "--force"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    outcome = Store(root).load("stub", EXERCISE)
    assert outcome.points == GATE
    assert "its Python process ended" in outcome.reason


def test_nbgraders_other_commands_work_on_the_same_folder(graded: tuple[Path, GradeReport], tmp_path: Path) -> None:
    root = tmp_path / "out"
    shutil.copytree(graded[0] / "out", root)
    command = [sys.executable, "-m", "nbgrader", "export"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with (root / "nbgrader-export.csv").open(newline="") as file:
        exported = {line["student_id"]: float(line["score"]) for line in csv.DictReader(file)}
    assert exported == {student: score for student, (score, _) in EXPECTED.items()}
    api = NbGraderAPI(config=course_config(root))
    found = {entry["student"]: entry for entry in api.get_submissions(EXERCISE)}
    assert {student for student, entry in found.items() if entry["autograded"]} == set(SUBMISSIONS)
    assert {student for student, entry in found.items() if not entry["needs_manual_grade"]} == {"unreadable"}


def test_submissions_that_nbgrader_collected_are_graded_where_they_lie(course: Path, tmp_path: Path) -> None:
    collected = tmp_path / "out" / "submitted"
    path = hand_in(collected, "ann", answered())
    (collected / "bob" / EXERCISE).mkdir(parents=True)
    (collected / "eve" / EXERCISE).mkdir(parents=True)
    (collected / "eve" / EXERCISE / path.name).symlink_to(path)
    for _ in range(2):
        report = grade(collected, tmp_path / "out", course=course, limits=LIMITS)
        assert [found.score for found in report.rows] == [GATE + RELU, 0, 0]
        assert "There is no 01_mini.ipynb" in row(report, "bob").reason
        assert "symbolic link" in row(report, "eve").reason
    assert (collected / "eve" / EXERCISE / path.name).is_symlink()
    assert list((collected / "bob" / EXERCISE).iterdir()) == []


def test_a_file_that_nbgrader_refuses_is_recorded_all_the_same(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NbGraderException("no")

    hand_in(tmp_path / "in", "ann", answered())
    monkeypatch.setattr("dlcourse.grading.record.Autograde.start", refuse)
    report = grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS)
    assert row(report, "ann").score == GATE + RELU


def test_without_bubblewrap_nothing_runs_unless_told(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path / "in", "ann", answered())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxMissingError, match="apt-get install bubblewrap"):
        grade(tmp_path / "in", tmp_path / "out", course=course)
    report = grade(tmp_path / "in", tmp_path / "out", course=course, unsafe=True)
    assert row(report, "ann").score == GATE + RELU
    assert row(report, "ann").status.startswith("unsafe")
    assert any("WITHOUT A SANDBOX" in line for line in report.lines())
    assert "without a sandbox" in report.class_report.read_text("utf-8")


def test_a_folder_that_a_submission_could_read_is_refused(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment made in the course's own folder would take the solutions with it into the sandbox."""
    hand_in(tmp_path / "in", "ann", answered())
    monkeypatch.setattr("dlcourse.grading.mounts._python_folders", lambda: (course,))
    monkeypatch.setattr("dlcourse.grading.grade.probe_sandbox", lambda _: None)  # this Python is not there any more
    with pytest.raises(ValueError, match="which a submission can read because Python is installed there"):
        grade(tmp_path / "in", tmp_path / "out", course=course)


def test_an_answer_may_read_the_exercises_files_only(course: Path, tmp_path: Path) -> None:
    read = "import os\nassert open('data.csv').read() == 'a,b\\n1,2\\n' and os.listdir('.') == ['data.csv']\n"
    hand_in(tmp_path / "in", "ann", answered(gate=read + RIGHT_GATE))
    report = grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS)
    assert row(report, "ann").score == GATE + RELU


def test_a_download_from_an_lms_is_graded_from_its_zip_file(course: Path, tmp_path: Path) -> None:
    place = tmp_path / "download.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("smithann_4711_98765_01_mini-1.ipynb", nbformat.writes(answered()))
        archive.writestr("Bo O'Hara_12_assignsubmission_file_/01_mini.ipynb", nbformat.writes(answered(gate=STUB_GATE)))
    report = grade(place, tmp_path / "out", course=course, limits=LIMITS)
    assert {found.student: found.score for found in report.rows} == {"Bo O-Hara_12": RELU, "smithann_4711": GATE + RELU}
    assert "smithann,4711,,,,5" in (tmp_path / "out" / "canvas-01_mini.csv").read_text()
    assert "Participant 12,Bo O'Hara,2" in (tmp_path / "out" / "moodle-01_mini.csv").read_text()


def test_a_late_timestamp_reaches_nbgrader(course: Path, tmp_path: Path) -> None:
    path = hand_in(tmp_path / "in", "ann", answered())
    path.with_name("timestamp.txt").write_text("2026-01-02 10:00:00 UTC")
    grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS)
    with Gradebook(f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}") as gradebook:
        assert str(gradebook.find_submission(EXERCISE, "ann").timestamp) == "2026-01-02 10:00:00"


@pytest.mark.parametrize("count", [0, -1])
def test_workers_must_be_positive(course: Path, tmp_path: Path, count: int) -> None:
    hand_in(tmp_path / "in", "ann", answered())
    with pytest.raises(ValueError, match="expected at least 1"):
        grade(tmp_path / "in", tmp_path / "out", course=course, workers=count)


def test_an_empty_folder_is_named(course: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(FileNotFoundError, match=r"STUDENT/EXERCISE/EXERCISE\.ipynb with EXERCISE one of 01_mini"):
        grade(tmp_path / "in", tmp_path / "out", course=course)


def test_a_graded_cell_without_a_check_is_refused(course: Path, tmp_path: Path) -> None:
    path = course / "exercises" / EXERCISE / f"{EXERCISE}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].source = "assert True"
    nbformat.write(notebook, path)
    hand_in(tmp_path / "in", "ann", answered())
    with pytest.raises(ValueError, match="cell check-multiply_gate: a graded cell needs one call check"):
        grade(tmp_path / "in", tmp_path / "out", course=course)


def test_a_mistake_of_the_grader_is_named_and_the_batch_goes_on(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = load("01.multiply_gate")

    def fail(**_: object) -> None:
        raise ZeroDivisionError("ours")

    fixed = replace(broken, answer=fail)
    monkeypatch.setattr("dlcourse.checks.bank.load", lambda name: fixed if name == broken.id else load(name))
    hand_in(tmp_path / "in", "ann", answered(relu=RIGHT_RELU))
    report = grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS)
    assert row(report, "ann").score == RELU
    assert "The grader itself failed on this question (ZeroDivisionError)" in row(report, "ann").reason
    assert re.search(r"the grader failed on ann: ZeroDivisionError: ours \(test_grade\.py, line \d+\)", str(report))


def test_one_cause_that_fails_a_whole_class_is_one_line(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no kernel\nhere")

    monkeypatch.setattr("dlcourse.grading.kernel.Kernel.start", fail)
    for student in ("ann", "bob"):
        hand_in(tmp_path / "in", student, answered())
    report = grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS)
    said = [line for line in report.lines() if "RuntimeError" in line]
    assert len(said) == 1
    assert re.match(
        r" the grader failed on ann, bob: RuntimeError: no kernel here \(test_grade\.py, line \d+\)", said[0]
    )
    assert "Traceback" not in "".join(capfd.readouterr())
    assert row(report, "ann").status.startswith("failed")
    assert row(report, "ann").reason == (
        "This submission was not graded because the grader itself failed on it (RuntimeError); "
        "your instructor has been told."
    )


def test_what_stopped_several_questions_is_said_once(course: Path, tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ann", answered(gate="import os\nos._exit(0)"))
    reason = row(grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS), "ann").reason
    assert reason.count("Not reached") == 1
    assert "01.multiply_gate, 01.relu_gate: Not reached: the run was stopped because its Python process ended" in reason


def test_a_cell_that_waits_for_an_endless_answer_names_its_question(course: Path, tmp_path: Path) -> None:
    notebook = answered(gate=RIGHT_GATE.replace("return x * y", "while True: pass"))
    notebook.cells.insert(4, nbformat.v4.new_code_cell("\nproduct = MultiplyGate().forward(2, 3)\nprint(product)"))
    hand_in(tmp_path / "in", "ann", notebook)
    found = row(grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS), "ann")
    assert found.score == RELU
    assert found.reason.startswith(
        'The cell that begins with "product = MultiplyGate().forward(2, 3)" was interrupted because it took longer '
        "than 4 s. Before it, 01.multiply_gate did not finish either. The other questions were scored."
    )
