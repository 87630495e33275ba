"""A generated class is graded twice and, killed at random moments, resumed: every run ends with the same result."""

from __future__ import annotations

import html
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from dlcourse.grading.grade import grade
from dlcourse.grading.provisioner import sweep
from dlcourse.grading.report import GradeReport
from dlcourse.grading.sandbox import Limits
from tests.grading.mini import EXERCISE, hand_in
from tests.grading.whole_class import generate

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

LIMITS = Limits(memory=300 << 20, cell=6, call=4.0, wall=40.0, scratch=64 << 20, output=1 << 20)
WORKERS = 3

SCRIPT = """
import sys
from pathlib import Path
from dlcourse.grading.grade import grade
from tests.grading.test_whole_class import LIMITS, WORKERS
submissions, out, course = map(Path, sys.argv[1:4])
grade(submissions, out, course=course, workers=WORKERS, limits=LIMITS)
"""


@pytest.mark.parametrize(
    ("size", "kills"),
    [(16, 2), pytest.param(200, 10, marks=[pytest.mark.proof, pytest.mark.timeout(7200)])],
)
def test_a_class_graded_twice_and_killed_at_random_gives_one_result(
    course: Path, tmp_path: Path, size: int, kills: int
) -> None:
    students = generate(size)
    assert len(students) == size
    for name, (notebook, _) in students.items():
        hand_in(tmp_path / "in", name, notebook)

    started = time.monotonic()
    first = run(course, tmp_path, "first")
    seconds = time.monotonic() - started
    assert {row.student for row in first.rows} == set(students)
    for row in first.rows:
        expected = students[row.student][1]
        assert expected.at_least <= row.score <= expected.at_most, row
        assert expected.says in row.reason, row
        page = first.root / "feedback" / row.student / EXERCISE / f"{EXERCISE}.html"
        assert expected.says in html.unescape(page.read_text("utf-8")), row.student
    assert recorded(first) == {row.student: row.score for row in first.rows}

    second = tmp_path / "second"
    second.mkdir()
    (second / ".secret").write_text((first.root / ".secret").read_text())
    assert differences(first, run(course, tmp_path, "second")) == []

    third = tmp_path / "third"
    third.mkdir()
    (third / ".secret").write_text((first.root / ".secret").read_text())
    counts = [kill_a_run(course, tmp_path, third, *moment) for moment in moments(size, kills)]
    assert counts == sorted(counts)  # what was graded before a kill is there after it
    assert counts[-1] < size  # the last kill came before the end
    resumed = run(course, tmp_path, "third")
    assert differences(first, resumed) == []
    assert recorded(resumed) == recorded(first)
    print(f"{size} submissions in {seconds:.0f} s; graded at the kills: {counts}")


def run(course: Path, tmp_path: Path, out: str) -> GradeReport:
    return grade(tmp_path / "in", tmp_path / out, course=course, workers=WORKERS, limits=LIMITS)


def differences(one: GradeReport, other: GradeReport) -> list[tuple[object, object]]:
    """Rows that differ. Of hostile code only the score must agree: which of its attacks is met first is chance."""
    unequal = []
    for a, b in zip(one.rows, other.rows, strict=True):
        if (a.student, a.score, a.points) != (b.student, b.score, b.points) or (
            "-hostile-" not in a.student and a != b
        ):
            unequal.append((a, b))
    return unequal


def recorded(report: GradeReport) -> dict[str, float]:
    with Gradebook(f"sqlite:///{report.root / 'gradebook.db'}") as gradebook:
        found = gradebook.assignment_submissions(EXERCISE)
        scores = {submission.student.id: submission.score for submission in found}
    assert len(scores) == len(found)
    return scores


def moments(size: int, kills: int) -> list[tuple[int, float]]:
    """Random moments: how many must be graded, and how many seconds later the run is killed."""
    draw = random.Random(kills)
    return [(graded, draw.random()) for graded in sorted(draw.sample(range(size - 8), kills))]


def kill_a_run(course: Path, tmp_path: Path, out: Path, graded: int, delay: float) -> int:
    """Start a run, kill it at a moment, and return how many submissions are graded by then."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "in"), str(out), str(course)]
    process = subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    while len(results(out)) < graded or not list(Path("/tmp").glob(f"dlcourse-{process.pid}-*")):
        assert process.poll() is None, "the run ended before it was killed"
        time.sleep(0.02)
    time.sleep(delay)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(children, timeout=10)
    sweep()  # as the next run does
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == [], "what a killed grader started must end with it, or with the next run"
    return len(results(out))


def results(out: Path) -> list[Path]:
    return list((out / "results").glob(f"*/{EXERCISE}.json"))
