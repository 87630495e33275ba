"""Record outcomes while the next submissions run: nbgrader's work and the sandboxes' go on side by side."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType

from dlcourse.grading.collect import Submission
from dlcourse.grading.outcome import Outcome
from dlcourse.grading.record import Recorder
from dlcourse.grading.store import Store

__all__ = ["Recording"]

Entry = tuple[Submission, Outcome, Callable[[], None]]


class Recording:
    """Records one outcome after the other, in a thread; at the end of the ``async with`` block all are recorded.

    Args:
        recorder: nbgrader's side.
        store: where it is noted that an outcome was recorded to the end.
        room: outcomes that may wait; `add` waits for a place, so that nbgrader is never far behind.
    """

    def __init__(self, recorder: Recorder, store: Store, room: int) -> None:
        self._recorder, self._store = recorder, store
        self._waiting: asyncio.Queue[Entry | None] = asyncio.Queue(room)

    async def __aenter__(self) -> Recording:
        self._work = asyncio.create_task(self._record_all())
        return self

    async def add(self, submission: Submission, outcome: Outcome, then: Callable[[], None]) -> None:
        """Have an outcome recorded, and `then` called when it is.

        Raises:
            Exception: what an earlier outcome could not be recorded for.
        """
        place = asyncio.create_task(self._waiting.put((submission, outcome, then)))
        await asyncio.wait({place, self._work}, return_when=asyncio.FIRST_COMPLETED)
        if self._work.done():
            place.cancel()
            await self._work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            end = asyncio.create_task(self._waiting.put(None))
            try:
                await self._work
            finally:
                end.cancel()  # it still waits for a place when a record has failed
            return
        self._work.cancel()  # what is stored and not recorded is recorded by the next run
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await self._work

    async def _record_all(self) -> None:
        while (entry := await self._waiting.get()) is not None:
            submission, outcome, then = entry
            await asyncio.to_thread(self._recorder.record, submission, outcome)
            self._store.mark_recorded(outcome)
            then()
