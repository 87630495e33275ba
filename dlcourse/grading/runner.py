"""Run one merged notebook in an untrusted kernel and score each check cell where it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from dlcourse.checks.errors import StudentError
from dlcourse.grading.channel import MalformedReplyError, install_code, read_reply, request_expression
from dlcourse.grading.exercise import CheckCell, Exercise, grade_id
from dlcourse.grading.kernel import SandboxKernelManager, kernel_manager
from dlcourse.grading.outcome import QuestionScore
from dlcourse.grading.sandbox import Limits
from dlcourse.grading.score import TIME_LIMIT, score_question, stopped_score

__all__ = ["Kernel", "NotebookRunner"]

_GRACE = 3.0
"""Seconds that an interrupted cell gets to stop before its process is ended."""

_MESSAGE_COST = 200
"""Bytes that every message counts at least, so that a flood of empty ones ends too."""


@dataclass
class Kernel:
    """A kernel that has started, answered, and holds the channel's other end; no cell of a submission has run yet."""

    manager: SandboxKernelManager
    client: Any

    @classmethod
    async def start(cls, limits: Limits, files: Mapping[str, Any], *, isolated: bool = True) -> Kernel:
        """Start one.

        Raises:
            RuntimeError: the kernel did not come up.
        """
        manager = kernel_manager(limits, dict(files), isolated=isolated)
        await manager.start_kernel()
        client = manager.client()
        kernel = cls(manager, client)
        try:
            client.start_channels()
            await client.wait_for_ready(timeout=60)
            reply = await client.execute(install_code(), silent=True, store_history=False, reply=True, timeout=60)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"grade: the channel did not start: {reply['content'].get('evalue')}")
        except BaseException:
            await kernel.stop()
            raise
        client.allow_stdin = False
        return kernel

    async def stop(self) -> None:
        """End the process and everything that it started; remove its folder."""
        await self.manager.shutdown_kernel(now=True)
        await self.manager.cleanup_resources()
        self.client.stop_channels()

    @property
    def provisioner(self) -> Any:
        """What started the process and watches it."""
        return self.manager.provisioner


class NotebookRunner(NotebookClient):  # type: ignore[misc]
    """Execute a notebook cell by cell; what a submission does to its kernel ends at worst its own run.

    Attributes:
        stopped: why the run ended early, as the end of the sentence "The run was stopped because …"; else empty.
        interrupted: a sentence on what was interrupted at its time limit, while the run went on; else empty.
        scores: score by grade id.
    """

    def __init__(self, notebook: NotebookNode, exercise: Exercise, seeds: Mapping[str, int], kernel: Kernel, limits: Limits):
        super().__init__(
            notebook,
            km=kernel.manager,
            timeout=limits.cell,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": TIME_LIMIT, "evalue": f"it took longer than {limits.cell} s", "traceback": []},
            on_cell_executed=self._note_time_limit,
            iopub_timeout=int(_GRACE),
            raise_on_iopub_timeout=True,
            record_timing=False,
            coalesce_streams=True,
        )
        self.kc = kernel.client
        self.exercise, self.seeds, self.kernel, self.limits = exercise, seeds, kernel, limits
        self.stopped = ""
        self.scores: dict[str, QuestionScore] = {}
        self.interrupted = ""
        self._errors: dict[str, tuple[str, str]] = {}
        self._printed = 0

    async def run(self) -> dict[str, QuestionScore]:
        """Run all cells, score all questions, and return the scores by grade id."""
        late: list[CheckCell] = []
        for index, cell in enumerate(self.nb.cells):
            check = self.exercise.check(grade_id(cell) or "")
            if check is None:
                await self._execute(cell, index)
            elif await self._score(check):
                late.append(check)
        for check in late:  # the answer may stand below its check
            await self._score(check)
        return self.scores

    async def _execute(self, cell: NotebookNode, index: int) -> None:
        if cell.cell_type != "code":
            return
        if self.stopped:
            cell.outputs = []
            return
        try:
            await self.async_execute_cell(cell, index)
        except CellTimeoutError:
            self._end("a cell did not stop when it was interrupted")
        except DeadKernelError:
            self._end("its Python process ended (os._exit or a crash)")
        except Exception:  # whatever the kernel's messages made Jupyter's client do
            self._end("its process sent messages that are not Jupyter's")
        self._remember_error(cell)
        if self.stopped:
            text = f"The run was stopped because {self.stopped}."
            cell.outputs = [*_short(cell.outputs), nbformat.v4.new_output("error", ename="Stopped", evalue=text, traceback=[text])]

    def _note_time_limit(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        """Called by Jupyter's client after each cell."""
        if execute_reply["content"].get("ename") == TIME_LIMIT:
            self.interrupted = f"Cell {cell_index + 1} was interrupted because it took longer than {self.limits.cell} s."
            if name := grade_id(cell):
                self._errors[name] = (TIME_LIMIT, f"it took longer than {self.limits.cell} s")

    def _remember_error(self, cell: NotebookNode) -> None:
        """Keep the error of an answer cell: it explains why the name that is checked does not exist."""
        name = grade_id(cell)
        failed = [output for output in cell.outputs if output.get("output_type") == "error"]
        if name and failed:
            self._errors.setdefault(name, (str(failed[0].get("ename"))[:80], str(failed[0].get("evalue"))[:300]))

    async def _score(self, check: CheckCell) -> bool:
        """Score the question of a check cell; return whether the checked name does not exist (yet)."""
        question, seed = check.question, self.seeds[check.question.id]
        if self.stopped:
            score, undefined = stopped_score(check, seed, self.stopped), False
        else:
            loop = asyncio.get_running_loop()

            def call(arrays: Mapping[str, Any]) -> dict[str, Any]:
                return asyncio.run_coroutine_threadsafe(self._call(question.drive_path, check.target, arrays), loop).result()

            answer_error = self._errors.get(check.grade_id.replace("check-", "answer-", 1))
            score, undefined = await asyncio.to_thread(score_question, check, seed, call, answer_error)
        self.scores[check.grade_id] = score
        return undefined

    async def _call(self, drive: str, target: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Call a drive in the kernel and return its arrays.

        Raises:
            StudentError: what became of the call instead.
        """
        if self.stopped:
            raise StudentError("Stopped", f"the run was stopped because {self.stopped}")
        expression = request_expression(drive, target, arrays)
        message = self.kc.execute("", silent=True, store_history=False, user_expressions={"reply": expression}, allow_stdin=False)
        drain = asyncio.ensure_future(self._drain())
        try:
            content = await self._reply(message)
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

    async def _reply(self, message: str) -> dict[str, Any]:
        """Wait for the reply to a message, interrupt the kernel when it takes too long, and end it when that fails."""
        deadline, late = time.monotonic() + self.limits.call, False
        while not self.stopped:
            try:
                reply = await self.kc.shell_channel.get_msg(timeout=0.25)
                if reply["parent_header"].get("msg_id") != message:
                    continue
                content = dict(reply["content"])
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if type(error).__name__ != "Empty":
                    self._end("its process sent messages that are not Jupyter's")
                elif not await self.kc.is_alive():
                    self._end("its Python process ended (os._exit or a crash)")
                elif time.monotonic() > deadline and late:
                    self._end(f"a call did not stop when it was interrupted after {self.limits.call:g} s")
                elif time.monotonic() > deadline:
                    late, deadline = True, time.monotonic() + _GRACE
                    await self.km.interrupt_kernel()
                continue
            if late:
                self.interrupted = f"A call of an answer was interrupted after {self.limits.call:g} s."
                raise StudentError(TIME_LIMIT, f"the call did not finish within {self.limits.call:g} s")
            return content
        raise StudentError("Stopped", f"the run was stopped because {self.stopped}")

    async def _drain(self) -> None:
        """Throw away what the student's code prints while it is called."""
        while True:
            try:
                self._count(await self.kc.iopub_channel.get_msg(timeout=None))
            except asyncio.CancelledError:
                raise
            except Exception:
                return self._end("its process sent messages that are not Jupyter's")

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message of a running cell; count its size, and ignore widgets and malformed ones."""
        self._count(msg)
        if self.stopped or str(msg.get("msg_type")).startswith("comm"):
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            return None

    def _count(self, message: dict[str, Any]) -> None:
        self._printed += max(_MESSAGE_COST, len(str(message.get("content", ""))))
        if self._printed > self.limits.output:
            self._end(f"it printed more than {self.limits.output >> 20} MB")

    def _end(self, why: str) -> None:
        """End the process. The watcher's reason is the better one: it explains why the process was gone."""
        reasons = {
            "memory": f"it used more than {self.limits.memory >> 20} MB of memory",
            "disk": "it wrote files into the kernel's own folder",
            "time": f"the whole notebook took longer than {self.limits.wall:g} s",
        }
        self.stopped = self.stopped or reasons.get(self.kernel.provisioner.stopped, why)
        self.kernel.provisioner.end("grader")


def _short(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Keep the first outputs of a cell that was stopped."""
    for output in outputs[:3]:
        if isinstance(output.get("text"), str):
            output["text"] = output["text"][:2000]
    return outputs[:3]
