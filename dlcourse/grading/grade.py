"""``dlcourse grade``: a folder of submissions in, grades, feedback pages and a class report out."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from rich.console import Console

from dlcourse.grading.cluster import cluster_cores, cluster_outcomes
from dlcourse.grading.collect import Collection, collect
from dlcourse.grading.docker import probe_docker
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.mounts import mounted_above
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.pool import default_workers, outcomes
from dlcourse.grading.probe import probe_sandbox
from dlcourse.grading.progress import GradingProgress
from dlcourse.grading.provisioner import sweep, sweep_containers
from dlcourse.grading.record import Recorder
from dlcourse.grading.recording import Recording
from dlcourse.grading.report import GradeReport, build_report
from dlcourse.grading.sandbox import Containment, Limits
from dlcourse.grading.store import Store
from dlcourse.grading.template import Templates
from dlcourse.grading.work import Job, job_key
from dlcourse.lab import course_root

__all__ = ["Engine", "contained", "grade"]

Engine = Literal["local", "docker", "ray"]
"""Where submissions run."""


def grade(
    submissions_folder: Path,
    out: Path,
    *,
    course: Path | None = None,
    assignment: str | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    engine: Engine = "local",
    unsafe: bool = False,
    force: bool = False,
    retry: bool = True,
    console: Console | None = None,
) -> GradeReport:
    """Grade every ``STUDENT/EXERCISE/EXERCISE.ipynb`` of a folder and write the results to `out`.

    A submission that was graded before and has not changed since is not run again; its feedback page and its row are
    written anew, with the points that a person has given meanwhile.

    Args:
        submissions_folder: one folder for each student, or a bulk download of Canvas or Moodle; a folder or a zip file.
        out: the grading folder: an nbgrader course with ``gradebook.db``, and ``grades.csv``, ``feedback/`` and
            ``class-report.html``.
        course: the course's folder, which holds ``exercises/``; found from the working folder when left out.
        assignment: the one exercise to grade, ``"01_backprop"``; every exercise that was handed in when left out.
        workers: submissions that run at the same time; the number of cores, of the whole cluster, when left out.
        limits: what a submission may use.
        engine: ``"local"`` runs each submission in bubblewrap, ``"docker"`` each in a container, ``"ray"`` in
            bubblewrap on the machines of a Ray cluster.
        unsafe: run without a sandbox. Submissions can then read and change everything that you can.
        force: run unchanged submissions again, too.
        retry: run a submission once more, alone, when it reached a time limit while the machine was busy.
        console: where progress and the last lines go; nothing is printed when left out.

    Raises:
        RayMissingError: the engine is ``"ray"``, which is not installed.
        SandboxMissingError: nothing would hold the submissions back and `unsafe` is off.
        FileNotFoundError: no such folder or exercise, or nothing was handed in.
        ValueError: `workers` is not positive, a folder could be read from inside a sandbox, or the exercise and the
            gradebook do not fit together.
        RuntimeError: another run is grading into `out`.
    """
    limits = limits or Limits()
    if workers is None:
        workers = cluster_cores() if engine == "ray" else default_workers()
    if workers < 1:
        raise ValueError(f"grade: workers is {workers}, expected at least 1")
    handed_in, root = submissions_folder.resolve(), out.resolve()
    home = course.resolve() if course else course_root()
    containment = contained(engine, unsafe=unsafe)
    if containment == "docker":
        probe_docker()
    elif containment == "bubblewrap":
        probe_sandbox(limits)
        _refuse_exposed(handed_in, root, home / "solutions")
    collection = collect(handed_in)
    exercises = _exercises(collection, handed_in, home, assignment)
    progress = GradingProgress(console)
    progress.say(
        f"Sandbox: {containment}, {limits}" if not unsafe else "NO SANDBOX: submissions can read and change your files"
    )
    with _lock(root), Templates() as templates:
        sweep()
        if containment == "docker":
            sweep_containers()
        if engine == "local" and containment == "bubblewrap":
            templates.start(exercises[0])  # it loads while the gradebook is prepared
        run = cluster_outcomes if engine == "ray" else functools.partial(outcomes, templates=templates)
        recorder, store = Recorder(root), Store(root)
        for exercise in exercises:
            recorder.register(exercise)
            jobs = [
                Job(submission, exercise, store.secret(), limits, containment)
                for submission in collection.submissions(exercise.name, only=len(exercises) == 1)
            ]
            asyncio.run(_grade_exercise(jobs, recorder, store, progress, run, workers, force=force, retry=retry))
        report = build_report(root, exercises, recorder, store, collection.skipped, unsafe=unsafe)
    for line in report.lines():
        progress.say(line)
    return report


def contained(engine: Engine, *, unsafe: bool) -> Containment:
    """Return what holds submissions back in an engine."""
    if unsafe:
        return "none"
    return "docker" if engine == "docker" else "bubblewrap"


async def _grade_exercise(
    jobs: Sequence[Job],
    recorder: Recorder,
    store: Store,
    progress: GradingProgress,
    run: Callable[[Sequence[Job], int], AsyncIterator[tuple[Job, Outcome]]],
    workers: int,
    *,
    force: bool,
    retry: bool,
) -> None:
    """Run what has to be run, and record every outcome as soon as it is there."""
    todo, starved = [], []
    # A call of an answer, a kernel's start and a record each wait in a thread; none may wait for another's.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(3 * workers + 1))
    with progress.task(jobs[0].exercise.name if jobs else "nothing", len(jobs)) as advance:
        async with Recording(recorder, store, room=2 * workers) as recording:
            for job in jobs:
                stored = None if force else store.load(job.submission.student, job.exercise.name)
                if stored is None or _is_stale(stored, job, retry=retry):
                    todo.append(job)
                elif store.is_marked(stored) and recorder.is_recorded(stored.student, stored.assignment):
                    advance()
                else:  # killed between the two, or in the second
                    await recording.add(job.submission, stored, advance)
            async for job, outcome in run(todo, workers):
                store.save(outcome)
                again = outcome.starved and retry
                if again:
                    starved.append(job)
                await recording.add(job.submission, outcome, _nothing if again else advance)
        async with Recording(recorder, store, room=1) as recording:  # the first records are all written by now
            async for job, outcome in run(starved, 1):  # the machine may have been too busy: once more, alone
                outcome.starved = False
                store.save(outcome)
                await recording.add(job.submission, outcome, advance)


def _is_stale(stored: Outcome, job: Job, *, retry: bool) -> bool:
    return stored.key != job_key(job) or (stored.starved and retry) or stored.status == "failed"


def _nothing() -> None:
    pass


def _refuse_exposed(*folders: Path) -> None:
    for folder in folders:
        above = mounted_above(folder)
        if above is not None:
            raise ValueError(
                f"grade: {folder} lies below {above}, which a submission can read because Python is installed there; "
                f"move the folder or use a virtual environment of its own"
            )


def _exercises(collection: Collection, place: Path, course: Path, assignment: str | None) -> list[Exercise]:
    """Return the exercises to grade: the named one, or all that somebody handed in."""
    folder = course / "exercises"
    if assignment is not None:
        return [Exercise.load(folder / assignment)]
    known = sorted(entry.name for entry in folder.iterdir() if (entry / f"{entry.name}.ipynb").is_file())
    found = collection.exercises(known)
    if not found:
        raise FileNotFoundError(
            f"grade: no submission in {place}: expected STUDENT/EXERCISE/EXERCISE.ipynb with EXERCISE one of "
            f"{', '.join(known) or '(none released)'}"
        )
    return [Exercise.load(folder / name) for name in found]


@contextlib.contextmanager
def _lock(root: Path) -> Iterator[None]:
    """Hold the grading folder for this run alone."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)  # grades are nobody else's business
    with (root / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RuntimeError(f"grade: another run is grading into {root}") from None
        yield
