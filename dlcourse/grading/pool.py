"""Run jobs side by side, each in a kernel of its own that was started ahead of time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Sequence

from dlcourse.grading.kernel import Kernel
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.sandbox import SandboxMissingError
from dlcourse.grading.template import TemplateError, Templates
from dlcourse.grading.work import Job, failed, grade_job_async

__all__ = ["default_workers", "outcomes"]

_log = logging.getLogger(__name__)


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def outcomes(
    jobs: Sequence[Job], workers: int, templates: Templates | None = None
) -> AsyncIterator[tuple[Job, Outcome]]:
    """Yield every job with its outcome, as they finish. A job that fails has an outcome that says so.

    Args:
        jobs: all of one exercise and with one set of limits: they share the kernels that are started ahead.
        workers: how many run at the same time.
        templates: fork the kernels from one of these where bubblewrap contains them; started one by one without.

    Raises:
        SandboxMissingError: bubblewrap is not installed.
    """
    waiting = deque(jobs)
    kernels = _WarmKernels(jobs[0], workers, len(jobs), templates) if jobs else None
    running: set[asyncio.Task[tuple[Job, Outcome]]] = set()
    try:
        while waiting or running:
            _fill(running, waiting, workers, kernels)
            finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            _fill(running, waiting, workers, kernels)  # before whoever takes the outcomes takes his time
            for task in finished:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if kernels is not None:
            await kernels.close()


def _fill(
    running: set[asyncio.Task[tuple[Job, Outcome]]], waiting: deque[Job], workers: int, kernels: _WarmKernels | None
) -> None:
    while waiting and len(running) < workers and kernels is not None:
        running.add(asyncio.create_task(_one(waiting.popleft(), kernels)))


async def _one(job: Job, kernels: _WarmKernels) -> tuple[Job, Outcome]:
    try:
        return job, await grade_job_async(job, kernels.take)
    except SandboxMissingError:
        raise
    except Exception as error:  # the batch always ends, and this submission is named in the report
        _log.debug("grading %s of %s failed", job.exercise.name, job.submission.student, exc_info=error)
        return job, failed(job, error)


class _WarmKernels:
    """Kernels that have started before anyone asks for them; never more in total than there are jobs.

    In bubblewrap they are forked from a template, where the system allows it; each is a process of its own in a sandbox
    of its own all the same.
    """

    def __init__(self, job: Job, ahead: int, total: int, templates: Templates | None) -> None:
        self._job, self._left = job, total
        forks = templates is not None and job.containment == "bubblewrap"
        self._template = templates.start(job.exercise) if templates is not None and forks else None
        self._starting: deque[asyncio.Task[Kernel]] = deque()
        for _ in range(ahead):
            self._start()

    def _start(self) -> None:
        if self._left > 0:
            self._left -= 1
            self._starting.append(asyncio.create_task(self._kernel()))

    async def _kernel(self) -> Kernel:
        job = self._job
        files = {name: str(path) for name, path in job.exercise.files.items()}
        if self._template is not None:
            try:
                return await Kernel.start(job.limits, files, job.containment, self._template)
            except TemplateError as error:  # an older kernel, or a system that forbids it: slower, and as safe
                _log.warning("kernels are started one by one: %s", error)
                self._template = None
        return await Kernel.start(job.limits, files, job.containment)

    async def take(self) -> Kernel:
        """Return a kernel that nothing has run in, and start the next."""
        self._start()
        if not self._starting:
            self._left += 1
            self._start()
        return await self._starting.popleft()

    async def close(self) -> None:
        """End the kernels that nobody took."""
        for task in self._starting:
            task.cancel()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await (await task).stop()
