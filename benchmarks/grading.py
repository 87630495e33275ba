"""The grader's rate beside stock nbgrader's and otter's: ``python -m benchmarks.grading``, about ten minutes.

The same class is graded by each in one run, and the scores must be the same. The result is the section "Grading" of
``benchmarks/RESULTS.md``; ``--students 4`` is a trial run that is printed and not written.
otter takes part where ``otter`` is on the path; it need not be installed in this environment.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import inspect
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import grading_class as classes
from benchmarks.speed_report import GRADING, Target, at_least, replace_section, table
from dlcourse.grading.collect import collect
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.kernel import Kernel
from dlcourse.grading.pool import default_workers
from dlcourse.grading.record import Recorder
from dlcourse.grading.runner import NotebookRunner
from dlcourse.grading.work import Job, grade_job
from tests.grading.mini import EXERCISE

RESULTS = Path(__file__).with_name("RESULTS.md")
BOUNDS = {False: 5.0, True: 2.5}
PROFILED = 6
OTTER = 8
"""Submissions that otter grades; each is a process of its own, so its time for the class is in proportion."""
OURS = """
import sys
from pathlib import Path
from dlcourse.grading.grade import grade
report = grade(Path("in"), Path("out"), course=Path("course"), workers=int(sys.argv[1]))
print({row.student: row.score for row in report.rows})
"""

Graded = tuple[float, dict[str, float]]


def ours(folder: Path, size: int, torch: bool) -> Graded:
    """Grade with `dlcourse grade`, all cores: sandbox, scores, gradebook, feedback pages and class report."""
    classes.write_ours(folder, size, torch)
    started = time.monotonic()
    printed = classes.run(["python", "-c", OURS, str(default_workers())], folder)
    return time.monotonic() - started, dict(_literal(printed))


def stock_nbgrader(folder: Path, size: int, torch: bool) -> Graded:
    """Grade with `nbgrader autograde`: no sandbox, one after the other; its feedback pages are not counted."""
    classes.write_nbgrader(folder, size, torch)
    started = time.monotonic()
    classes.run(["nbgrader", "autograde", EXERCISE], folder)
    return time.monotonic() - started, classes.nbgrader_scores(folder)


def otter(folder: Path, size: int, torch: bool) -> Graded:
    """Grade with `otter run`, one call for each submission: no sandbox, no gradebook, no pages."""
    taken = min(size, OTTER)
    classes.write_otter(folder, taken, torch)
    seconds, scores = classes.run_otter(folder)
    return seconds * size / taken, scores


def profile(folder: Path, torch: bool) -> dict[str, float]:
    """Return the seconds that the steps of one submission take when nothing runs beside it."""
    classes.write_ours(folder, PROFILED, torch)
    exercise = Exercise.load(folder / "course" / "exercises" / EXERCISE)
    recorder = Recorder(folder / "out")
    recorder.register(exercise)
    spent: dict[str, float] = defaultdict(float)
    with timed(spent):
        for submission in collect(folder / "in").submissions(EXERCISE, only=True):
            recorder.record(submission, grade_job(Job(submission, exercise, b"secret")))
    return {step: seconds / PROFILED for step, seconds in spent.items()}


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
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


def _clocked(owner: Any, name: str, step: str, spent: dict[str, float]) -> Callable[..., Any]:
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


def measure(root: Path, size: int, torch: bool) -> tuple[dict[str, float], Target]:
    """Grade one class with each grader and return the seconds of each, and the target."""
    graders: dict[str, Callable[[Path, int, bool], Graded]] = {
        "stock nbgrader": stock_nbgrader,
        "dlcourse grade": ours,
    }
    if classes.otter_tool():
        graders["otter"] = otter
    kind = "torch" if torch else "light"
    seconds, scores = {}, {}
    for name, grader in graders.items():
        seconds[name], scores[name] = grader(root / kind / name.replace(" ", "-"), size, torch)
        print(f"{kind}: {name}: {seconds[name]:.1f} s", flush=True)
    for name, found in scores.items():
        assert found.items() <= scores["dlcourse grade"].items(), f"{name} gives other scores: {found}"
    assert scores["stock nbgrader"] == scores["dlcourse grade"]
    assert len(scores["dlcourse grade"]) == size
    what = "with torch" if torch else "without torch"
    ratio = seconds["stock nbgrader"] / seconds["dlcourse grade"]
    return seconds, at_least(f"{size} submissions {what} against stock nbgrader", ratio, BOUNDS[torch])


def section(size: int, load: float, found: dict[bool, tuple[dict[str, float], Target]], steps: Any) -> str:
    """Return the section's text."""
    rates = [
        [name, *(f"{size / found[torch][0][name]:.2f} · {found[torch][0][name]:.0f} s" for torch in found)]
        for name in found[False][0]
    ]
    verdicts = [
        (target.promise, target.bound, target.measured, "met" if target.met else "**not met**")
        for _, target in found.values()
    ]
    names = list(steps[False])
    shares = [[name, *(f"{steps[torch][name]:.2f} s" for torch in found)] for name in names]
    totals = ["all steps", *(f"{sum(steps[torch].values()):.2f} s" for torch in found)]
    shared = f"{load:.1f} programs wanted to run before the first was started"
    scaled = (
        f" otter, by `otter run`, graded {OTTER} of them, and its time is scaled." if "otter" in found[False][0] else ""
    )
    note = (
        f"The machine was shared meanwhile: {shared}, so the graders had fewer cores than it has. "
        if load > 0.5
        else ""
    )
    parts = [
        f"Written by `python -m benchmarks.grading` on {datetime.now(UTC).date().isoformat()}. {size} submissions of "
        f"two small questions, half of them with a mistake, on {os.cpu_count()} cores; every grader gave the same "
        "scores. "
        "Stock nbgrader is `nbgrader autograde` with assertions in the notebook, no sandbox and no feedback pages. "
        "`dlcourse grade` runs each submission in a sandbox of its own and writes the gradebook, feedback pages and "
        f"the class report as well.{scaled} Times are wall times. {note}".strip(),
        table(("submissions a second · in all", "without torch", "with torch"), rates),
        table(("promise", "target", "measured", "verdict"), verdicts, words=True),
        "Where the time of one submission goes in `dlcourse grade`, alone and one step after the other (in a class, "
        "sandboxes are started ahead and steps of several submissions overlap):",
        table(("step", "without torch", "with torch"), [*shares, totals]),
    ]
    return "\n\n".join(parts)


def _literal(text: str) -> dict[str, float]:
    return dict(ast.literal_eval(text.strip().splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=40, help="size of the class; another than 40 writes nothing")
    size = parser.parse_args().students
    root = Path(tempfile.mkdtemp(prefix="grading-"))
    try:
        load = os.getloadavg()[0]
        found = {torch: measure(root, size, torch) for torch in (False, True)}
        steps = {torch: profile(root / f"profile-{torch}", torch) for torch in (False, True)}
    finally:
        shutil.rmtree(root, ignore_errors=True)
    body = section(size, load, found, steps)
    print(body)
    if size == 40:
        draft = RESULTS.with_suffix(".new")
        draft.write_text(replace_section(RESULTS.read_text("utf-8"), GRADING, body), "utf-8")
        draft.replace(RESULTS)
        print(f"Wrote the section {GRADING} of {RESULTS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
