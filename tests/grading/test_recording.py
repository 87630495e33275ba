"""Outcomes are recorded in order while others run, and a record that fails ends the run with its reason."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from dlcourse.grading.collect import Submission
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.recording import Recording
from dlcourse.grading.store import Store


def outcome(student: str) -> Outcome:
    return Outcome(student, "01_mini", "key", "content", "graded", "", [], versions={})


class SlowRecorder:
    """Takes a moment for each record, and fails on one student."""

    def __init__(self, fails_on: str = "") -> None:
        self.recorded: list[str] = []
        self.fails_on = fails_on

    def record(self, submission: Submission, found: Outcome) -> None:
        time.sleep(0.05)
        if submission.student == self.fails_on:
            raise OSError("the disk is full")
        assert found.student == submission.student
        self.recorded.append(submission.student)


def run(recorder: Any, root: Path, students: list[str]) -> list[str]:
    """Record outcomes; return who was reported as recorded."""
    reported: list[str] = []

    async def record() -> None:
        store = Store(root)
        async with Recording(recorder, store, room=2) as recording:
            for student in students:
                found = outcome(student)
                store.save(found)
                await recording.add(
                    Submission(student, "01_mini", b""), found, lambda student=student: reported.append(student)
                )

    asyncio.run(record())
    return reported


def test_all_are_recorded_in_order_and_marked(tmp_path: Path) -> None:
    students = [f"s{index}" for index in range(7)]
    recorder = SlowRecorder()
    assert run(recorder, tmp_path, students) == recorder.recorded == students
    assert all(Store(tmp_path).is_marked(outcome(student)) for student in students)


@pytest.mark.parametrize("place", [0, 4, 6])
def test_a_record_that_fails_ends_the_run_with_its_reason(tmp_path: Path, place: int) -> None:
    students = [f"s{index}" for index in range(7)]
    recorder = SlowRecorder(fails_on=students[place])
    with pytest.raises(OSError, match="the disk is full"):
        run(recorder, tmp_path, students)
    assert recorder.recorded == students[:place]
    assert [student for student in students if Store(tmp_path).is_marked(outcome(student))] == students[:place]


def test_what_waits_when_a_run_breaks_off_is_left_for_the_next(tmp_path: Path) -> None:
    recorder, store = SlowRecorder(), Store(tmp_path)

    async def break_off() -> None:
        async with Recording(recorder, store, room=9) as recording:
            for index in range(9):
                store.save(outcome(f"s{index}"))
                await recording.add(Submission(f"s{index}", "01_mini", b""), outcome(f"s{index}"), lambda: None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(break_off())
    marked = [index for index in range(9) if store.is_marked(outcome(f"s{index}"))]
    assert marked == list(range(len(marked)))
    assert len(marked) < 9
