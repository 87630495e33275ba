"""The unit of work: one submission in, one outcome out. Knows nothing of pools, gradebooks or reports.

Any engine can run it, on this machine or on another: a job is plain data, and `grade_job` needs nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import nbformat
from nbformat import NotebookNode

from dlcourse.grading.collect import Submission
from dlcourse.grading.exercise import Exercise, grade_id
from dlcourse.grading.intake import UnreadableError, read_notebook
from dlcourse.grading.kernel import Kernel
from dlcourse.grading.merge import changed_metadata, merge
from dlcourse.grading.outcome import Outcome, Status
from dlcourse.grading.runner import NotebookRunner
from dlcourse.grading.sandbox import Containment, Limits
from dlcourse.grading.score import cause, show_scores, stopped_score
from dlcourse.grading.session import KernelSession

__all__ = ["Job", "blank", "content_hash", "failed", "grade_job", "grade_job_async", "job_key", "question_seed"]

_LIBRARIES = ("dlcourse", "numpy", "torch", "nbgrader")


@dataclass(frozen=True)
class Job:
    """Everything that grading one submission needs.

    Attributes:
        secret: key from which the questions' seeds are derived; the same secret gives the same scores.
        containment: what holds the submission back; "none" only when the instructor said so.
        reveal: keep got and expected numbers in the verdicts; for the instructor's eyes.
    """

    submission: Submission
    exercise: Exercise
    secret: bytes
    limits: Limits = field(default_factory=Limits)
    containment: Containment = "bubblewrap"
    reveal: bool = False


def job_key(job: Job) -> str:
    """Return a hash of all that the outcome depends on."""
    parts = [
        job.submission.content,
        job.submission.problem.encode(),
        job.exercise.fingerprint.encode(),
        repr((job.limits, job.containment, _versions().get("dlcourse"))).encode(),
        job.secret,
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def content_hash(content: bytes) -> str:
    """Return a hash of a submitted file."""
    return hashlib.sha256(content).hexdigest()[:32]


def question_seed(secret: bytes, student: str, question: str) -> int:
    """Return the seed of one student's inputs for one question: not to be guessed, and the same in every run."""
    digest = hmac.new(secret, f"{student}\0{question}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def failed(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a submission on which the grader itself failed: no points, and said so."""
    why = f"the grader itself failed on it ({type(error).__name__}); your instructor has been told"
    outcome = _not_run(job, "failed", f"This submission was not graded because {why}.", why)
    outcome.cause = cause(error)
    return outcome


def grade_job(job: Job) -> Outcome:
    """Grade one submission and wait for it. May be called where an event loop is running (a Jupyter server)."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, grade_job_async(job)).result()


async def grade_job_async(job: Job, start: Callable[[], Awaitable[Kernel]] | None = None) -> Outcome:
    """Grade one submission.

    Args:
        job: the submission.
        start: returns a fresh kernel; a pool hands in one that is warm already.

    Raises:
        SandboxMissingError: bubblewrap is not installed.
        RuntimeError: the kernel does not start at all on this machine.
    """
    started, exercise = time.monotonic(), job.exercise
    try:
        if job.submission.problem:
            raise UnreadableError(job.submission.problem)
        submitted = read_notebook(job.submission.content, f"{exercise.name}.ipynb")
    except UnreadableError as problem:
        return _not_run(job, "unreadable", str(problem), "the submission could not be read")
    outcome = _empty(job)
    notebook, notes = merge(exercise.notebook, submitted)
    outcome.notes = [*notes, *changed_metadata(exercise.handed_out, submitted)]
    kernel = await (start() if start else Kernel.start(job.limits, _files(exercise), job.containment))
    try:
        session = KernelSession(kernel, job.limits)
        scores = await NotebookRunner(notebook, exercise, _seeds(job), session, reveal=job.reveal).run()
        outcome.peak_memory, outcome.starved = kernel.provisioner.peak_memory, session.starved
    finally:
        await kernel.stop()
    outcome.scores = [scores[check.grade_id] for check in exercise.checks]
    show_scores(notebook, outcome.scores)
    outcome.status, outcome.reason = _ended(session, job.containment)
    outcome.notebook = _json(notebook)
    outcome.seconds = round(time.monotonic() - started, 3)
    return outcome


def blank(exercise: Exercise) -> NotebookNode:
    """Return the released notebook without answers: what stands in for a submission that cannot be read."""
    notebook, _ = merge(exercise.notebook, nbformat.v4.new_notebook())
    for cell in notebook.cells:
        original = next(other for other in exercise.notebook.cells if grade_id(other) == grade_id(cell))
        cell.source = original.source
    return notebook


def _empty(job: Job) -> Outcome:
    return Outcome(
        student=job.submission.student,
        assignment=job.exercise.name,
        key=job_key(job),
        content=content_hash(job.submission.content),
        status="graded",
        reason="",
        scores=[],
        versions=_versions(),
        account=job.submission.account,
    )


def _not_run(job: Job, status: Status, reason: str, why: str) -> Outcome:
    outcome, seeds = _empty(job), _seeds(job)
    outcome.status, outcome.reason = status, reason
    outcome.scores = [stopped_score(check, seeds[check.question.id], why) for check in job.exercise.checks]
    notebook = blank(job.exercise)
    show_scores(notebook, outcome.scores)
    outcome.notebook = _json(notebook)
    return outcome


def _seeds(job: Job) -> dict[str, int]:
    student = job.submission.student
    return {check.question.id: question_seed(job.secret, student, check.question.id) for check in job.exercise.checks}


def _ended(session: KernelSession, containment: Containment) -> tuple[Status, str]:
    if session.stopped:
        return (
            "stopped",
            f"The run was stopped because {session.stopped}. Questions scored before that keep their points.",
        )
    if session.interrupted:
        return "stopped", f"{session.interrupted} The other questions were scored."
    return ("unsafe" if containment == "none" else "graded"), ""


def _files(exercise: Exercise) -> dict[str, str]:
    return {name: str(path) for name, path in exercise.files.items()}


def _json(notebook: NotebookNode) -> dict[str, object]:
    plain = dict(nbformat.from_dict(notebook))
    plain["cells"] = list(notebook.cells)
    return plain


def _versions() -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
