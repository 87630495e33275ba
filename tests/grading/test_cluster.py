"""``--engine ray``: several nodes on one machine, one of them killed in the middle."""

from __future__ import annotations

import importlib.util
import pickle
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from dlcourse.checks.bank import load
from dlcourse.grading.cluster import INSTALL_RAY, RayMissingError, _grade_here
from dlcourse.grading.collect import Submission
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.grade import grade
from dlcourse.grading.record import Recorder
from dlcourse.grading.work import Job, grade_job, job_key
from tests.grading.mini import EXERCISE, RIGHT_GATE, SWAPPED_GATE, answered, hand_in

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings are Ray's

GATE, RELU = load("01.multiply_gate").points, load("01.relu_gate").points
SLOW = "import time\ntime.sleep(3)\n"
READS = "assert open('data.csv').read() == 'a,b\\n1,2\\n'\n"
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason=f"Ray is not installed; {INSTALL_RAY} to try the cluster"
)


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head that holds the grader, and two more nodes; one core each."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, connect=True, head_node_args={"num_cpus": 1})
    cluster.nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@needs_ray
def test_a_node_that_dies_costs_nobody_a_score(
    cluster: Any, course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(4):
        hand_in(tmp_path / "in", f"right{index}", answered(gate=SLOW + READS + RIGHT_GATE))
        hand_in(tmp_path / "in", f"wrong{index}", answered(gate=SLOW + SWAPPED_GATE))
    hand_in(tmp_path / "in", "unreadable", b"no notebook")
    recorded: list[str] = []
    record = Recorder.record

    def spy(self: Recorder, submission: Any, outcome: Any) -> None:
        recorded.append(outcome.student)
        record(self, submission, outcome)

    monkeypatch.setattr(Recorder, "record", spy)
    killed: list[int] = []
    killer = threading.Thread(target=kill_a_busy_node, args=(cluster, recorded, killed))
    killer.start()
    report = grade(tmp_path / "in", tmp_path / "out", course=course, engine="ray")
    killer.join()
    assert killed == [1], "the node was to die while it ran a submission"
    assert Counter(recorded) == Counter(row.student for row in report.rows)
    assert max(Counter(recorded).values()) == 1
    expected = {f"right{index}": GATE + RELU for index in range(4)} | {f"wrong{index}": RELU for index in range(4)}
    assert {row.student: row.score for row in report.rows} == expected | {"unreadable": 0}


def kill_a_busy_node(cluster: Any, recorded: list[str], killed: list[int]) -> None:
    """Kill a node when something has been graded and the node is in the middle of a submission."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for node in cluster.nodes:
            family = [child.name() for process in raylets(node) for child in process.children(recursive=True)]
            if len(recorded) >= 2 and "bwrap" in family:
                cluster.remove_node(node, allow_graceful=False)
                killed.append(1)
                return
        time.sleep(0.1)


def raylets(node: Any) -> list[psutil.Process]:
    return [psutil.Process(info.process.pid) for info in node.all_processes["raylet"]]


def test_a_job_that_was_sent_is_graded_like_one_that_stayed(course: Path) -> None:
    """What a node does, in this process: questions travel by name, and the exercise's files as bytes."""
    content = nbformat.writes(answered(gate=READS + SWAPPED_GATE)).encode()
    job = Job(Submission("ann", EXERCISE, content), Exercise.load(course / "exercises" / EXERCISE), b"secret")
    arrived = pickle.loads(pickle.dumps(job))
    sent = _grade_here(arrived, {"data.csv": b"a,b\n1,2\n"})
    stayed = grade_job(job)
    assert sent.key == stayed.key == job_key(job)
    assert [(s.points, s.reason, s.seed) for s in sent.scores] == [(s.points, s.reason, s.seed) for s in stayed.scores]


def test_a_question_of_another_version_is_refused_by_name(course: Path) -> None:
    check = Exercise.load(course / "exercises" / EXERCISE).checks[0]
    make, values = check.__reduce__()
    with pytest.raises(ValueError, match=r"^01\.multiply_gate: this machine has version "):
        make(*values[:2], "another", *values[3:])


def test_without_ray_the_line_that_installs_it_is_named(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    hand_in(tmp_path / "in", "ann", answered())
    with pytest.raises(RayMissingError, match=r"pip install 'ray==2\.50\.0'"):
        grade(tmp_path / "in", tmp_path / "out", course=course, engine="ray")
    assert not (tmp_path / "out").exists()
