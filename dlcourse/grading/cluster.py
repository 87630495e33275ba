"""Grade on a Ray cluster: the same unit of work, on whichever machine has a free core.

Ray is imported here alone, and only when somebody asks for it. Every machine needs the course's environment and
bubblewrap; the cluster is the one that ``RAY_ADDRESS`` names or that runs on this machine already, else one is started
here. A job whose machine goes away is run again on another: Ray keeps it until its outcome has arrived, and one
outcome is recorded for each.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcourse.grading.outcome import Outcome
from dlcourse.grading.provisioner import sweep
from dlcourse.grading.sandbox import SandboxMissingError
from dlcourse.grading.work import Job, failed, grade_job, job_key

__all__ = ["INSTALL_RAY", "RayMissingError", "cluster_cores", "cluster_outcomes", "connect"]

INSTALL_RAY = "pip install 'ray==2.50.0'"

_ATTEMPTS = 5
"""How often a job is started again after the machine that ran it has gone."""


class RayMissingError(ImportError):
    """The engine was asked for and Ray is not installed."""


def connect() -> Any:
    """Return the module ``ray``, connected to a cluster.

    Raises:
        RayMissingError: Ray is not installed; the message names the line that installs it.
        ConnectionError: ``RAY_ADDRESS`` names a cluster that does not answer.
    """
    try:
        import ray
    except ImportError:
        raise RayMissingError(
            f"grade: Ray is not installed, and --engine ray needs it on every machine. Install it with: {INSTALL_RAY}"
        ) from None
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level="ERROR")
    return ray


def cluster_cores() -> int:
    """Return the number of cores of all machines of the cluster together."""
    return max(1, int(connect().cluster_resources().get("CPU", 1)))


async def cluster_outcomes(jobs: Sequence[Job], workers: int) -> AsyncIterator[tuple[Job, Outcome]]:
    """Yield every job with its outcome, as they finish. A job that fails has an outcome that says so.

    Args:
        jobs: all of one exercise.
        workers: how many are under way at the same time.

    Raises:
        SandboxMissingError: bubblewrap is not installed on a machine of the cluster.
    """
    if not jobs:
        return
    ray = connect()
    remote = ray.remote(num_cpus=1, max_retries=_ATTEMPTS)(_grade_here)
    files = ray.put({name: path.read_bytes() for name, path in jobs[0].exercise.files.items()})
    waiting = deque(jobs)
    running: dict[asyncio.Future[Outcome], tuple[Job, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                job = waiting.popleft()
                reference = remote.remote(job, files)
                running[asyncio.wrap_future(reference.future())] = job, reference
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for future in finished:
                job, _ = running.pop(future)
                yield job, _outcome(job, future)
    finally:
        for _, reference in running.values():
            ray.cancel(reference, force=True)


def _grade_here(job: Job, files: dict[str, bytes]) -> Outcome:
    """Grade a job on the machine that was given it, with files of the exercise that came along."""
    sweep()
    with tempfile.TemporaryDirectory(prefix="dlcourse-files-") as folder:
        Path(folder).chmod(0o755)  # the throwaway user inside reads them
        paths = {name: Path(folder, name) for name in files}
        for name, path in paths.items():
            path.write_bytes(files[name])
        return grade_job(replace(job, exercise=replace(job.exercise, files=paths)))


def _outcome(job: Job, future: asyncio.Future[Outcome]) -> Outcome:
    error = future.exception()
    if isinstance(error, SandboxMissingError):
        raise SandboxMissingError(str(error.__cause__ or error))
    if error is not None:
        return failed(job, error)
    outcome = future.result()
    if outcome.key != job_key(job):
        return failed(job, RuntimeError("a machine of the cluster has another version of the course"))
    return outcome
