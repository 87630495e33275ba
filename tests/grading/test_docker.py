"""``--engine docker``: each submission in a container of its own, asked for with the sandbox's limits."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dlcourse.checks.bank import load
from dlcourse.grading.docker import docker_command, remove_left_over
from dlcourse.grading.grade import grade
from dlcourse.grading.report import GradeReport
from dlcourse.grading.sandbox import Limits, SandboxMissingError
from tests.grading.mini import EXERCISE, RIGHT_GATE, SWAPPED_GATE, answered, hand_in, released

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

LIMITS = Limits(memory=300 << 20, cell=30, call=10, wall=60, processes=50)
GATE, RELU = load("01.multiply_gate").points, load("01.relu_gate").points
CRASH = RIGHT_GATE + "\nimport os\nos._exit(3)\n"


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory):
    """Put the fake before any real docker, with a daemon that answers and an image that is built."""
    folder = tmp_path_factory.mktemp("docker")
    script = folder / "docker"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent / "fake_docker.py"} "$@"\n')
    script.chmod(0o755)
    (folder / "daemon").touch()
    (folder / "image").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        patch.setenv("FAKE_DOCKER", str(folder))
        yield folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, fake: Path) -> GradeReport:
    root = tmp_path_factory.mktemp("grade")
    exercise = root / "course" / "exercises" / EXERCISE
    exercise.mkdir(parents=True)
    nbformat.write(released(), exercise / f"{EXERCISE}.ipynb")
    for student, notebook in {
        "right": answered(),
        "wrong": answered(gate=SWAPPED_GATE),
        "crash": answered(gate=CRASH),
    }.items():
        hand_in(root / "in", student, notebook)
    return grade(root / "in", root / "out", course=root / "course", workers=2, limits=LIMITS, engine="docker")


def notes(fake: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in fake.glob("*dlcourse-*/note.json")]


def runs(pid: int) -> bool:
    """Whether a process is there, and not only its entry that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_class_is_graded_in_containers(graded: GradeReport):
    scores = {row.student: (row.score, row.status) for row in graded.rows}
    assert scores["right"][0] == GATE + RELU
    assert scores["wrong"][0] == RELU
    assert scores["crash"] == (0, "stopped, marking pending")


def test_every_submission_had_a_container_of_its_own_and_none_is_left(graded: GradeReport, fake: Path):
    assert len({note["options"]["--name"][0] for note in notes(fake)}) == len(notes(fake)) == 3
    assert len({note["options"]["--user"][0] for note in notes(fake)}) == 3 or os.getuid() != 0
    assert not list(fake.glob("dlcourse-*"))
    assert not [note["pid"] for note in notes(fake) if runs(note["pid"])]


def test_a_container_gets_no_network_no_rights_and_the_limits(graded: GradeReport, fake: Path):
    for note in notes(fake):
        options = note["options"]
        assert options["--network"] == ["none"]
        assert options["--cap-drop"] == ["ALL"]
        assert options["--security-opt"] == ["no-new-privileges"]
        assert "--read-only" in options
        assert options["--memory"] == options["--memory-swap"] == [str(LIMITS.memory)]
        assert options["--pids-limit"] == [str(LIMITS.processes)]
        assert not options["--user"][0].startswith("0:")
        assert note["image"] == "dlcourse-grader"


def test_questions_solutions_and_the_grader_have_no_path_inside(graded: GradeReport, fake: Path):
    for note in notes(fake):
        binds = [text.split(",") for text in note["options"]["--mount"]]
        mounts = [dict(part.split("=") for part in bind if "=" in part) for bind in binds]
        covered = {text.split(":")[0] for text in note["options"]["--tmpfs"]}
        assert {"/opt/dlcourse/dlcourse/grading", "/opt/dlcourse/dlcourse/checks"} <= covered
        inside = [Path(mount["target"]) for mount in mounts if "/opt/" in mount["target"]]
        shown = {path.relative_to("/opt/dlcourse/dlcourse").as_posix() for path in inside}
        assert shown == {".", "checks/__init__.py", "checks/drives"}
        writable = [text for text in note["options"]["--mount"] if not text.endswith(",readonly")]
        assert len(writable) == 1
        assert all("solutions" not in mount["source"] for mount in mounts)


def test_containers_of_a_killed_grader_are_removed(fake: Path):
    for name, owner in (("dlcourse-lost", 999_999_999), ("dlcourse-used", os.getpid())):
        (fake / name).mkdir()
        note = {"pid": 999_999_999, "options": {"--label": [f"dlcourse.grader={owner}"]}}
        (fake / name / "note.json").write_text(json.dumps(note))
    assert remove_left_over([os.getpid()]) == 1
    assert not (fake / "dlcourse-lost").exists()
    assert (fake / "dlcourse-used").exists()
    shutil.rmtree(fake / "dlcourse-used")


@pytest.mark.parametrize(
    ("missing", "says"), [("daemon", "is it started"), ("image", "docker build -t dlcourse-grader")]
)
def test_without_a_daemon_or_an_image_nothing_runs(fake: Path, tmp_path: Path, course: Path, missing: str, says: str):
    hand_in(tmp_path / "in", "ann", answered())
    (fake / missing).unlink()
    try:
        with pytest.raises(SandboxMissingError, match=says):
            grade(tmp_path / "in", tmp_path / "out", course=course, engine="docker")
    finally:
        (fake / missing).touch()
    assert not (tmp_path / "out").exists()


def test_without_docker_the_message_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxMissingError, match=r"docs\.docker\.com"):
        docker_command(["python"], name="a", owner=1, shared=tmp_path)


def test_the_image_is_built_from_the_lock():
    text = (Path(__file__).parents[2] / "dlcourse" / "grading" / "Dockerfile").read_text()
    assert "COPY requirements.lock" in text
    assert "pip install" in text
