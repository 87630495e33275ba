"""Runs of the grader as a process of its own: as an ordinary user, killed in the middle, and two at a time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from dlcourse.checks.bank import load
from dlcourse.grading.grade import grade
from dlcourse.grading.sandbox import Limits
from dlcourse.grading.store import Store
from tests.grading.mini import EXERCISE, RIGHT_GATE, SWAPPED_GATE, answered, hand_in

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

GATE, RELU = load("01.multiply_gate").points, load("01.relu_gate").points

SCRIPT = """
import os, sys
from pathlib import Path
from dlcourse.grading.grade import grade
submissions, out, course = map(Path, sys.argv[1:4])
report = grade(submissions, out, course=course, workers=2)
print("graded as", os.getuid(), {row.student: row.score for row in report.rows})
"""


def arguments(course: Path, tmp_path: Path) -> list[str]:
    return [sys.executable, "-c", SCRIPT, str(tmp_path / "in"), str(tmp_path / "out"), str(course)]


def test_an_ordinary_user_can_grade(course: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("this is an ordinary user already: every other test here shows it")
    hand_in(tmp_path / "in", "ann", answered())
    hand_in(tmp_path / "in", "bob", answered(gate=SWAPPED_GATE))
    look = "import os\nopen('/etc/passwd', 'a')"
    hand_in(tmp_path / "in", "eve", answered(gate=look))
    as_user = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--bind", "/", "/"]
    as_user += ["--dev-bind", "/dev", "/dev", "--proc", "/proc", "--"]
    done = subprocess.run([*as_user, *arguments(course, tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    expected = {"ann": float(GATE + RELU), "bob": float(RELU), "eve": float(RELU)}
    assert f"graded as 1000 {expected}" in done.stdout


def test_a_killed_run_leaves_nothing_and_goes_on_where_it_was(course: Path, tmp_path: Path) -> None:
    for index in range(4):
        hand_in(tmp_path / "in", f"a{index}", answered())
    for index in range(3):
        hand_in(tmp_path / "in", f"slow{index}", answered(gate="import time\ntime.sleep(4)\n" + RIGHT_GATE))
    process = subprocess.Popen(arguments(course, tmp_path), stdout=subprocess.DEVNULL)
    store = Store(tmp_path / "out")
    wait_until(lambda: len(list(store.all(EXERCISE))) >= 2)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    finished = {outcome.student: outcome for outcome in store.all(EXERCISE)}
    assert 2 <= len(finished) < 7
    report = grade(tmp_path / "in", tmp_path / "out", course=course, workers=2)
    assert {row.score for row in report.rows} == {GATE + RELU}
    assert len(report.rows) == 7
    assert {student: store.load(student, EXERCISE) for student in finished} == finished
    assert list(Path("/tmp").glob(f"dlcourse-{process.pid}-*")) == []


def test_two_runs_into_one_folder_are_refused(course: Path, tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ann", answered(gate="import time\ntime.sleep(10)\n" + RIGHT_GATE))
    process = subprocess.Popen(arguments(course, tmp_path), stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: (tmp_path / "out" / "gradebook.db").exists())
        with pytest.raises(RuntimeError, match="another run is grading into"):
            grade(tmp_path / "in", tmp_path / "out", course=course)
    finally:
        process.kill()
        process.wait()


def test_a_damaged_result_is_graded_again(course: Path, tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ann", answered())
    first = grade(tmp_path / "in", tmp_path / "out", course=course, limits=Limits())
    path = tmp_path / "out" / "results" / "ann" / f"{EXERCISE}.json"
    path.write_text(path.read_text()[:100])
    shutil.rmtree(tmp_path / "out" / "feedback")
    assert grade(tmp_path / "in", tmp_path / "out", course=course, limits=Limits()).rows == first.rows
    assert first.feedback[0].exists()


def test_a_lost_gradebook_is_written_again(course: Path, tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ann", answered())
    first = grade(tmp_path / "in", tmp_path / "out", course=course)
    (tmp_path / "out" / "gradebook.db").unlink()
    assert grade(tmp_path / "in", tmp_path / "out", course=course).rows == first.rows


def test_what_nbgrader_had_half_recorded_is_recorded_again(course: Path, tmp_path: Path) -> None:
    """Killed while nbgrader writes: the notebook is there, and some of its grades are not."""
    hand_in(tmp_path / "in", "ann", answered())
    first = grade(tmp_path / "in", tmp_path / "out", course=course)
    (tmp_path / "out" / "results" / "ann" / f"{EXERCISE}.recorded").unlink()
    with Gradebook(f"sqlite:///{tmp_path / 'out' / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_submission_notebook(EXERCISE, EXERCISE, "ann")
        notebook.grades[0].auto_score = None
        gradebook.db.commit()
    assert grade(tmp_path / "in", tmp_path / "out", course=course).rows == first.rows


def wait_until(condition: object, timeout: float = 90.0) -> None:
    end = time.monotonic() + timeout
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
