"""The grader's rate beside stock nbgrader's and otter's: ``python -m benchmarks.grading``, about ten minutes.

The same class is graded by each in one run, and the scores must be the same. The result is the section "Grading" of
``benchmarks/RESULTS.md``; ``--students 4`` is a trial run that is printed and not written.
otter takes part where ``otter`` is on the path; it need not be installed in this environment.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import grading_class as classes
from benchmarks.grading_profile import once, profile
from benchmarks.speed_report import GRADING, Target, at_least, replace_section, table
from dlcourse.grading.pool import default_workers
from tests.grading.mini import EXERCISE

RESULTS = Path(__file__).with_name("RESULTS.md")
BOUNDS = {False: 5.0, True: 2.5}
OTTER = 8
"""Submissions that otter grades; each is a process of its own, so its time for the class is in proportion."""
OURS = """
import sys, time
from pathlib import Path
from dlcourse.grading.grade import grade
before = time.process_time()
report = grade(Path("in"), Path("out"), course=Path("course"), workers=int(sys.argv[1]))
print({"scores": {row.student: row.score for row in report.rows}, "own": time.process_time() - before})
"""


@dataclass(frozen=True)
class Graded:
    """What became of a class.

    Attributes:
        seconds: wall time.
        scores: by student.
        own: CPU time of the grader's own process, without what it started; only ours tells.
    """

    seconds: float
    scores: dict[str, float]
    own: float = 0.0


def ours(folder: Path, size: int, torch: bool) -> Graded:
    """Grade with `dlcourse grade`, all cores: sandbox, scores, gradebook, feedback pages and class report."""
    classes.write_ours(folder, size, torch)
    started = time.monotonic()
    printed = classes.run(["python", "-c", OURS, str(default_workers())], folder)
    seconds, found = time.monotonic() - started, _literal(printed)
    return Graded(seconds, found["scores"], found["own"])


def stock_nbgrader(folder: Path, size: int, torch: bool) -> Graded:
    """Grade with `nbgrader autograde`: no sandbox, one after the other; its feedback pages are not counted."""
    classes.write_nbgrader(folder, size, torch)
    started = time.monotonic()
    classes.run(["nbgrader", "autograde", EXERCISE], folder)
    return Graded(time.monotonic() - started, classes.nbgrader_scores(folder))


def otter(folder: Path, size: int, torch: bool) -> Graded:
    """Grade with `otter run`, one call for each submission: no sandbox, no gradebook, no pages."""
    taken = min(size, OTTER)
    classes.write_otter(folder, taken, torch)
    seconds, scores = classes.run_otter(folder)
    return Graded(seconds * size / taken, scores)


def measure(root: Path, size: int, torch: bool) -> tuple[dict[str, Graded], Target]:
    """Grade one class with each grader and return what became of it, and the target."""
    graders: dict[str, Callable[[Path, int, bool], Graded]] = {
        "stock nbgrader": stock_nbgrader,
        "dlcourse grade": ours,
    }
    if classes.otter_tool():
        graders["otter"] = otter
    kind = "torch" if torch else "light"
    found = {}
    for name, grader in graders.items():
        found[name] = grader(root / kind / name.replace(" ", "-"), size, torch)
        print(f"{kind}: {name}: {found[name].seconds:.1f} s", flush=True)
    scores = found["dlcourse grade"].scores
    for name, graded in found.items():
        assert graded.scores.items() <= scores.items(), f"{name} gives other scores: {graded.scores}"
    assert found["stock nbgrader"].scores == scores
    assert len(scores) == size
    what = "with torch" if torch else "without torch"
    ratio = found["stock nbgrader"].seconds / found["dlcourse grade"].seconds
    return found, at_least(f"{size} submissions {what} against stock nbgrader", ratio, BOUNDS[torch])


def section(
    size: int,
    load: float,
    found: dict[bool, tuple[dict[str, Graded], Target]],
    steps: dict[tuple[bool, bool], dict[str, float]],
    starts: dict[bool, dict[str, float]],
) -> str:
    """Return the section's text.

    Args:
        size: submissions.
        load: programs that wanted to run before the first grader was started.
        found: by whether torch is imported, what each grader did, and the target.
        steps: by whether torch is imported and whether kernels are forked, seconds of each step of a submission.
        starts: by whether torch is imported, seconds of what a run does once.
    """
    rates = [
        [
            name,
            *(f"{size / graders[name].seconds:.2f} · {graders[name].seconds:.0f} s" for graders, _ in found.values()),
        ]
        for name in found[False][0]
    ]
    verdicts = [
        (target.promise, target.bound, target.measured, "met" if target.met else "**not met**")
        for _, target in found.values()
    ]
    columns = list(steps.values())
    shares = [[name, *(f"{column[name]:.2f} s" for column in columns)] for name in columns[0]]
    totals = ["all steps", *(f"{sum(column.values()):.2f} s" for column in columns)]
    first = [[name, *(f"{starts[torch][name]:.2f} s" for torch in found)] for name in starts[False]]
    own = " and ".join(f"{graders['dlcourse grade'].own / size:.2f} s" for graders, _ in found.values())
    parts = [
        _introduction(size, load, otter="otter" in found[False][0]),
        table(("submissions a second · in all", "without torch", "with torch"), rates),
        table(("promise", "target", "measured", "verdict"), verdicts, words=True),
        "Where the time of one submission goes in `dlcourse grade`, alone and one step after the other. *Afresh*: "
        "Python is started in every sandbox, and nbgrader uses SQLAlchemy as it comes. *Forked*, which is how a class "
        "is graded: a fork of the template enters the sandbox with everything loaded, and compiled SQL is kept. In a "
        "class, sandboxes are also started ahead, and nbgrader records one submission while others run:",
        table(
            ("step", *(f"{'torch' if torch else 'light'}, {'forked' if fast else 'afresh'}" for torch, fast in steps)),
            [*shares, totals],
        ),
        "What a run does once:",
        table(("once", "without torch", "with torch"), first),
        f"The grader's own process takes {own} of CPU time a submission, without and with torch, which one core does "
        "whatever the number of cores: nbgrader's record is most of it. The rest runs in the sandboxes and spreads "
        "over the cores.",
    ]
    return "\n\n".join(parts)


def _introduction(size: int, load: float, otter: bool) -> str:
    scaled = f" otter, by `otter run`, graded {OTTER} of them, and its time is scaled." if otter else ""
    made_way = os.sched_getscheduler(0) != os.SCHED_OTHER
    effect = (
        "every grader ran with real-time priority, for which the others made way"
        if made_way
        else "so the graders had fewer cores than it has"
    )
    shared = (
        f" The machine was shared meanwhile: {load:.1f} programs wanted to run before the first was started, {effect}."
        if load > 0.5
        else ""
    )
    return (
        f"Written by `python -m benchmarks.grading` on {datetime.now(UTC).date().isoformat()}. {size} submissions of "
        f"two small questions, half of them with a mistake, on {os.cpu_count()} cores; every grader gave the same "
        "scores. Stock nbgrader is `nbgrader autograde` with assertions in the notebook, no sandbox and no feedback "
        "pages. `dlcourse grade` runs each submission in a sandbox of its own and writes the gradebook, feedback pages "
        f"and the class report as well.{scaled} Times are wall times.{shared}"
    )


def _literal(text: str) -> dict[str, Any]:
    return dict(ast.literal_eval(text.strip().splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=40, help="size of the class; another than 40 writes nothing")
    size = parser.parse_args().students
    root = Path(tempfile.mkdtemp(prefix="grading-"))
    try:
        load = os.getloadavg()[0]
        found = {torch: measure(root, size, torch) for torch in (False, True)}
        steps = {
            (torch, fast): profile(root / f"profile-{torch}-{fast}", torch, fast)
            for torch in (False, True)
            for fast in (False, True)
        }
        starts = {torch: once(root / f"once-{torch}", torch) for torch in (False, True)}
    finally:
        shutil.rmtree(root, ignore_errors=True)
    body = section(size, load, found, steps, starts)
    print(body)
    if size == 40:
        draft = RESULTS.with_suffix(".new")
        draft.write_text(replace_section(RESULTS.read_text("utf-8"), GRADING, body), "utf-8")
        draft.replace(RESULTS)
        print(f"Wrote the section {GRADING} of {RESULTS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
