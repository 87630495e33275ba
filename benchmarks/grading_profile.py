"""Where the grader's time goes: the steps of one submission, as they are and without what makes them fast."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from benchmarks import grading_class as classes
from dlcourse.grading import record
from dlcourse.grading.collect import collect
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.kernel import Kernel
from dlcourse.grading.probe import probe_sandbox
from dlcourse.grading.record import Recorder
from dlcourse.grading.report import build_report
from dlcourse.grading.runner import NotebookRunner
from dlcourse.grading.sandbox import Limits
from dlcourse.grading.store import Store
from dlcourse.grading.template import Templates
from dlcourse.grading.work import Job, grade_job_async
from tests.grading.mini import EXERCISE

__all__ = ["once", "profile"]

PROFILED = 8
"""Submissions, one after the other; a step's time is the median."""

IMPORT = "import time; t = time.monotonic(); import dlcourse.grading.grade; print(time.monotonic() - t)"

Spent = dict[str, float]


def profile(folder: Path, torch: bool, fast: bool) -> Spent:
    """Return the seconds that the steps of one submission take when nothing runs beside it.

    Args:
        folder: an empty place for a class.
        torch: whether the notebooks import PyTorch.
        fast: fork kernels from a template and remember compiled SQL; else Python is started in every sandbox and
            SQLAlchemy is used as it comes.
    """
    classes.write_ours(folder, PROFILED, torch)
    exercise = Exercise.load(folder / "course" / "exercises" / EXERCISE)
    plain = mock.patch.object(record, "gradebook_url", lambda root: f"sqlite:///{root / 'gradebook.db'}")
    with ExitStack() as stack:
        if not fast:
            stack.enter_context(plain)
        templates = stack.enter_context(Templates())
        template = templates.start(exercise) if fast else None
        recorder, store = Recorder(folder / "out"), Store(folder / "out")
        recorder.register(exercise)

        def start() -> Any:
            return Kernel.start(Limits(), {}, "bubblewrap", template)

        asyncio.run(_start_and_stop(start))  # the template has loaded when its first kernel runs
        found = []
        for submission in collect(folder / "in").submissions(EXERCISE, only=True):
            spent: Spent = defaultdict(float)
            with _timed(spent):
                outcome = asyncio.run(grade_job_async(Job(submission, exercise, b"secret"), start))
                store.save(outcome)
                recorder.record(submission, outcome)
            found.append(spent)
        steps = {step: median(spent[step] for spent in found) for step in found[0]}
        started = time.monotonic()
        build_report(folder / "out", [exercise], recorder, store, [], unsafe=False)
        return steps | {"its feedback page, and its share of the report": (time.monotonic() - started) / PROFILED}


def once(folder: Path, torch: bool) -> Spent:
    """Return the seconds of what a run does once, whatever the size of the class."""
    classes.write_ours(folder, 1, torch)
    exercise = Exercise.load(folder / "course" / "exercises" / EXERCISE)
    spent = {"import of the grader and nbgrader": float(classes.run(["python", "-c", IMPORT], folder))}
    started = time.monotonic()
    probe_sandbox()
    spent["trial of the sandbox"] = time.monotonic() - started
    started = time.monotonic()
    Recorder(folder / "out").register(exercise)
    spent["a new gradebook with the exercise"] = time.monotonic() - started
    with Templates() as templates:
        started = time.monotonic()
        template = templates.start(exercise)
        asyncio.run(_start_and_stop(lambda: Kernel.start(Limits(), {}, "bubblewrap", template)))
        spent["the template, until its first kernel answers (beside the gradebook)"] = time.monotonic() - started
    return spent


async def _start_and_stop(start: Callable[[], Any]) -> None:
    await (await start()).stop()


@contextmanager
def _timed(spent: Spent) -> Iterator[None]:
    """Add up the wall time of the grader's steps."""
    steps: list[tuple[Any, str, str]] = [
        (Kernel, "start", "start of the sandbox and its kernel"),
        (NotebookRunner, "_execute", "the notebook's own cells"),
        (NotebookRunner, "_score", "calls of the answers and scoring"),
        (Kernel, "stop", "end of the sandbox"),
        (Recorder, "record", "nbgrader's record"),
    ]
    with ExitStack() as stack:
        for owner, name, step in steps:
            stack.enter_context(mock.patch.object(owner, name, _clocked(owner, name, step, spent)))
        yield


def _clocked(owner: Any, name: str, step: str, spent: Spent) -> Callable[..., Any]:
    plain = inspect.getattr_static(owner, name)
    function = plain.__func__ if isinstance(plain, classmethod) else plain

    async def wait(*arguments: Any, **options: Any) -> Any:
        started = time.monotonic()
        try:
            return await function(*arguments, **options)
        finally:
            spent[step] += time.monotonic() - started

    def call(*arguments: Any, **options: Any) -> Any:
        started = time.monotonic()
        try:
            return function(*arguments, **options)
        finally:
            spent[step] += time.monotonic() - started

    wrapped = wait if asyncio.iscoroutinefunction(function) else call
    return classmethod(wrapped) if isinstance(plain, classmethod) else wrapped  # type: ignore[return-value]
