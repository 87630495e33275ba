"""One submission's kernel while it is in use: calls with time limits, a count of its output, and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from queue import Empty
from typing import Any

from dlcourse.checks.errors import StudentError
from dlcourse.grading.channel import MalformedReplyError, read_reply, request_expression
from dlcourse.grading.kernel import Kernel
from dlcourse.grading.sandbox import Limits

__all__ = ["GONE", "GRACE", "NOT_JUPYTER", "TIME_LIMIT", "KernelSession"]

GRACE = 3.0
"""Seconds that an interrupted cell or call gets to stop before its process is ended."""

TIME_LIMIT = "TimeLimit"
"""Name of the error that stands for "it took too long and was interrupted"."""

_CELLS_OF_OUTPUT = 4
"""How many cells may use up their limit of output."""

_MESSAGE_COST = 200
"""Bytes that every message counts at least, so that a flood of empty ones ends too."""

NOT_JUPYTER = "its process sent messages that are not Jupyter's"
GONE = "its Python process ended (os._exit or a crash)"


class KernelSession:
    """A kernel in use by one submission.

    Attributes:
        stopped: why its process was ended, as the end of the sentence "The run was stopped because …"; else empty.
        interrupted: a sentence on what was interrupted at its time limit, while the run went on; else empty.
        starved: whether a time limit was reached although the processes had not used half of that time: then the
            machine may be at fault, and a second run alone on it is fair.
    """

    def __init__(self, kernel: Kernel, limits: Limits) -> None:
        self.kernel, self.limits = kernel, limits
        self.stopped = self.interrupted = ""
        self.starved = False
        self._printed = 0

    async def call(
        self, drive: str, target: str, arrays: Mapping[str, Any], off_limits: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Call a drive in the kernel, with the names off limits masked, and return its arrays.

        Raises:
            StudentError: what became of the call instead.
        """
        if self.stopped:
            raise StudentError("Stopped", f"the run was stopped because {self.stopped}")
        expression = request_expression(drive, target, arrays, off_limits)
        message = self.kernel.client.execute(
            "", silent=True, store_history=False, user_expressions={"reply": expression}, allow_stdin=False
        )
        drain = asyncio.ensure_future(self._drain())
        try:
            content = await self._reply(message, target)
        finally:
            drain.cancel()
        try:
            reply = content["user_expressions"]["reply"]
            text = reply["data"]["text/plain"] if reply["status"] == "ok" else None
        except (KeyError, TypeError):
            text = None
        if text is None:
            raise MalformedReplyError("no reply to the call")
        return read_reply(text)

    async def _reply(self, message: str, target: str) -> dict[str, Any]:
        """Wait for the reply to a message, interrupt the kernel when it takes too long, and end it when that fails."""
        deadline, late = time.monotonic() + self.limits.call, False
        while not self.stopped:
            content = await self._message(message)
            if content is None and time.monotonic() > deadline and late:
                self.end(f"a call did not stop when it was interrupted after {self.limits.call:g} s")
            elif content is None and time.monotonic() > deadline:
                self.note_time_limit(self.limits.call)
                late, deadline = True, time.monotonic() + GRACE
                await self.kernel.manager.interrupt_kernel()
            if content is None:
                continue
            if late:
                self.interrupted = f"A call of {target} was interrupted after {self.limits.call:g} s."
                raise StudentError(TIME_LIMIT, f"the call did not finish within {self.limits.call:g} s")
            return content
        raise StudentError("Stopped", f"the run was stopped because {self.stopped}")

    async def _message(self, message: str) -> dict[str, Any] | None:
        """Return the content of the reply to a message if it comes now; None otherwise."""
        try:
            reply = await self.kernel.client.shell_channel.get_msg(timeout=0.25)
            return dict(reply["content"]) if reply["parent_header"].get("msg_id") == message else None
        except Empty:
            if not await self.kernel.client.is_alive():
                self.end(GONE)
        except Exception:  # whatever malformed bytes make Jupyter's client do
            self.end(NOT_JUPYTER)
        return None

    async def _drain(self) -> None:
        """Throw away what the student's code prints while it is called."""
        while True:
            try:
                self.count(await self.kernel.client.iopub_channel.get_msg(timeout=None))
            except Exception:
                return self.end(NOT_JUPYTER)

    def note_time_limit(self, limit: float) -> None:
        """Note, while the process is still there, whether it got the time that it was given."""
        self.starved = self.starved or self.kernel.provisioner.cpu_seconds() < limit / 2

    def count(self, message: dict[str, Any]) -> None:
        """Count the size of a message; end the process when it has sent too much."""
        self._printed += max(_MESSAGE_COST, len(str(message.get("content", ""))))
        limit = _CELLS_OF_OUTPUT * self.limits.output
        if self._printed > limit:
            self.end(f"it sent more than {limit >> 20} MB of output")

    def end(self, why: str) -> None:
        """End the process. The watcher's reason is the better one: it explains why the process was gone."""
        reasons = {
            "memory": f"it used more than {self.limits.memory >> 20} MB of memory",
            "disk": "it wrote files into the kernel's own folder",
            "time": f"the whole notebook took longer than {self.limits.wall:g} s",
        }
        self.stopped = self.stopped or reasons.get(self.kernel.provisioner.stopped, why)
        self.kernel.provisioner.end("grader")
