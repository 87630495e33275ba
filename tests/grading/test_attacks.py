"""One batch of hostile and honest submissions: nobody gains, nothing leaves, and the honest keep their scores."""

from __future__ import annotations

import os
import re
import resource
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest

from dlcourse.checks.bank import load
from dlcourse.grading.grade import grade
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.report import GradeReport
from dlcourse.grading.sandbox import Limits
from dlcourse.grading.store import Store
from tests.grading.attacks import CHANNEL, CHEATS, ESCAPES, STOPPERS, STOPPERS_THAT_END_THE_RUN, STRAINS
from tests.grading.mini import EXERCISE, RIGHT_GATE, STUB_RELU, answered, hand_in, released

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

SECRET = "the solution OF THE COURSE: x * y"
TOKEN = "token-of-the-grader-8f2c"
ATTACKS = CHEATS | CHANNEL | ESCAPES | STOPPERS | STOPPERS_THAT_END_THE_RUN | STRAINS
HONEST = ("aaa-honest", "m-honest", "zzz-honest")
LIMITS = Limits(memory=300 << 20, cell=4, call=3.0, wall=40.0, scratch=64 << 20, output=1 << 20)
GATE, RELU = load("01.multiply_gate").points, load("01.relu_gate").points


@dataclass
class Batch:
    root: Path
    report: GradeReport
    connections: list[object]
    memory: int

    def outcome(self, student: str) -> Outcome:
        found = Store(self.root / "out").load(student, EXERCISE)
        assert found is not None
        return found

    def text(self, student: str) -> str:
        """Everything that the run put into the executed notebook."""
        return nbformat.writes(nbformat.from_dict(self.outcome(student).notebook))


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[int, list[object]]]:
    """A server on this machine that nobody in a sandbox may reach."""
    accepted: list[object] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted.append(server.accept())
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1], accepted
    server.close()


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory, listener: tuple[int, list[object]]) -> Batch:
    root = tmp_path_factory.mktemp("attacks")
    exercise, secret = root / "course" / "exercises" / EXERCISE, root / "course" / "solutions" / "secret.txt"
    exercise.mkdir(parents=True)
    secret.parent.mkdir()
    secret.write_text(SECRET)
    nbformat.write(released(), exercise / f"{EXERCISE}.ipynb")
    port, accepted = listener
    for name, code in ATTACKS.items():
        for place, value in (
            ("{secret!r}", repr(str(secret))),
            ("{out!r}", repr(str(root / "out"))),
            ("{port}", str(port)),
        ):
            code = code.replace(place, value)
        hand_in(root / "submissions", name, answered(gate=code))
    for student in HONEST:
        hand_in(root / "submissions", student, answered(words=SECRET))
    os.environ["DLCOURSE_TEST_TOKEN"] = TOKEN
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        report = grade(
            root / "submissions", root / "out", course=root / "course", workers=6, limits=LIMITS, retry=False
        )
    finally:
        del os.environ["DLCOURSE_TEST_TOKEN"]
    return Batch(root, report, accepted, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_gains_a_point(batch: Batch, attack: str) -> None:
    first = batch.outcome(attack).scores[0]
    assert first.points == 0
    assert first.status in {"wrong", "stopped"}
    assert len(first.reason) > 10
    assert "grader itself" not in first.reason


@pytest.mark.parametrize("student", HONEST)
def test_the_honest_keep_their_scores(batch: Batch, student: str) -> None:
    assert batch.outcome(student).points == GATE + RELU


@pytest.mark.parametrize("attack", STOPPERS)
def test_a_run_that_can_go_on_scores_the_other_question(batch: Batch, attack: str) -> None:
    assert batch.outcome(attack).points == RELU, batch.outcome(attack).scores[1].reason


@pytest.mark.parametrize("attack", STOPPERS_THAT_END_THE_RUN)
def test_a_run_that_cannot_go_on_says_why(batch: Batch, attack: str) -> None:
    outcome = batch.outcome(attack)
    assert outcome.status == "stopped"
    assert outcome.reason.startswith("The run was stopped because ")


@pytest.mark.parametrize(
    ("attack", "why"),
    [
        ("memory-bomb", "it used more than 300 MB of memory"),
        ("memory-bomb-in-children", "it used more than 300 MB of memory"),
        ("flood-past-the-counter", "it sent more than 4 MB of output"),
        ("shared-folder-bomb", "it wrote files into the kernel's own folder"),
        ("exit", r"its Python process ended \(os._exit or a crash\)"),
        ("stubborn-loop", "a cell did not stop when it was interrupted"),
        ("stubborn-call", "a call did not stop when it was interrupted after 3 s"),
    ],
)
def test_the_reason_is_the_right_one(batch: Batch, attack: str, why: str) -> None:
    assert re.search(why, batch.outcome(attack).reason), batch.outcome(attack).reason


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_from_outside_was_read(batch: Batch, attack: str) -> None:
    text = batch.text(attack).replace("\n".join(ATTACKS[attack].splitlines()), "")
    outputs = [cell.get("outputs", []) for cell in nbformat.from_dict(batch.outcome(attack).notebook).cells]
    assert "solution OF THE COURSE" not in text
    assert TOKEN not in text
    for word in ("FOUND", "WROTE", "CONNECTED", "UNSHARED", "PRIVILEGED", "RAN "):
        assert word not in str([output for each in outputs for output in each if output.get("output_type") == "stream"])


@pytest.mark.parametrize("attack", ["output-flood", "call-flood"])
def test_an_endless_print_is_named(batch: Batch, attack: str) -> None:
    assert "it printed more than 1 MB" in batch.outcome(attack).scores[0].reason


def test_no_connection_left_a_sandbox(batch: Batch) -> None:
    assert batch.connections == []


def test_every_submission_is_recorded(batch: Batch) -> None:
    assert sorted(row.student for row in batch.report.rows) == sorted([*ATTACKS, *HONEST])
    assert {row.score for row in batch.report.rows if row.student in HONEST} == {GATE + RELU}


def test_nothing_is_left_behind(batch: Batch) -> None:
    ours = re.compile(rf"98765|/tmp/dlcourse-{os.getpid()}-")
    commands = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if ours.search(command)] == []
    assert [child for child in psutil.Process().children(recursive=True) if child.name() in {"bwrap", "setpriv"}] == []
    assert list(Path("/tmp").glob(f"dlcourse-{os.getpid()}-*")) == []
    assert "/tmp/dlcourse-" not in Path("/proc/mounts").read_text()


def test_feedback_pages_of_attacks_hold_no_active_content(batch: Batch) -> None:
    for path in batch.report.feedback:
        assert not re.search(r"<script|<img src=x|<[a-z][^>]*\son\w+=", path.read_text("utf-8"))


def test_the_graders_memory_stays_small(batch: Batch) -> None:
    assert batch.memory < 600 << 10, "in kB, above what the tests' own process had used before"


def test_pages_stay_small(batch: Batch) -> None:
    assert max(path.stat().st_size for path in batch.report.feedback) < 2 << 20


def test_a_stub_beside_an_attack_earns_nothing(tmp_path: Path, course: Path) -> None:
    """The channel's replies belong to one call: a forged reply for one question does not answer another."""
    replay = RIGHT_GATE + (
        "import sys\nchannel = sys.modules['_dlcourse_channel']\nreal, kept = channel.answer, []\n"
        "def replay(*a):\n    kept.append(real(*a))\n    return kept[0]\nchannel.answer = replay\n"
    )
    hand_in(tmp_path / "in", "ann", answered(gate=replay, relu=STUB_RELU))
    report = grade(tmp_path / "in", tmp_path / "out", course=course, limits=LIMITS)
    assert [found.score for found in report.rows] == [GATE]
