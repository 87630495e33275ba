"""Run one merged notebook in an untrusted kernel and score each check cell where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from dlcourse.checks.off_limits import forbidden_use
from dlcourse.grading.exercise import CheckCell, Exercise, grade_id
from dlcourse.grading.kernel import QUIET
from dlcourse.grading.outcome import QuestionScore
from dlcourse.grading.outputs import clean_outputs
from dlcourse.grading.score import root_name, score_question, stopped_score
from dlcourse.grading.session import GONE, GRACE, NOT_JUPYTER, TIME_LIMIT, KernelSession

__all__ = ["NotebookRunner"]

_LINE = 60
"""Characters of a cell's first line that a sentence quotes."""


class NotebookRunner(NotebookClient):
    """Execute a notebook cell by cell; what a submission does to its kernel ends at worst its own run.

    Attributes:
        session: the kernel in use; it knows why a run ended early.
        scores: score by grade id.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        exercise: Exercise,
        seeds: Mapping[str, int],
        session: KernelSession,
        *,
        reveal: bool = False,
    ) -> None:
        limit = session.limits.cell
        super().__init__(
            notebook,
            km=session.kernel.manager,
            timeout=limit,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": TIME_LIMIT, "evalue": f"it took longer than {limit} s", "traceback": []},
            on_cell_executed=self._note_time_limit,
            iopub_timeout=int(GRACE),
            raise_on_iopub_timeout=True,
            record_timing=False,
            coalesce_streams=True,
            log=QUIET,
        )
        self.kc = session.kernel.client
        self.exercise, self.seeds, self.session, self.reveal = exercise, seeds, session, reveal
        self.scores: dict[str, QuestionScore] = {}
        self._errors: dict[str, tuple[str, str]] = {}

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
        if self.session.stopped:
            cell.outputs = []
            return
        try:
            await self.async_execute_cell(cell, index)
        except CellTimeoutError:
            self.session.note_time_limit(self.session.limits.cell)
            self.session.end("a cell did not stop when it was interrupted")
        except DeadKernelError:
            self.session.end(GONE)
        except Exception:  # whatever the kernel's messages made Jupyter's client do
            self.session.end(NOT_JUPYTER)
        clean_outputs(cell)
        self._remember_error(cell)
        if self.session.stopped:
            text = f"The run was stopped because {self.session.stopped}."
            cell.outputs = [
                *_short(cell.outputs),
                nbformat.v4.new_output("error", ename="Stopped", evalue=text, traceback=[text]),
            ]

    def _note_time_limit(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:  # noqa: ARG002
        """Note an interrupted cell; Jupyter's client calls this after each cell."""
        if execute_reply["content"].get("ename") == TIME_LIMIT:
            text = str(execute_reply["content"].get("evalue"))
            earlier = [score.question for score in self.scores.values() if score.error == TIME_LIMIT]
            before = f" Before it, {', '.join(earlier)} did not finish either." if earlier else ""
            self.session.interrupted = (
                f'The cell that begins with "{_first_line(cell)}" was interrupted because {text}.{before}'
            )
            self.session.note_time_limit(self.session.limits.cell)
            if name := grade_id(cell):
                self._errors[name] = (TIME_LIMIT, text)

    def _remember_error(self, cell: NotebookNode) -> None:
        """Keep the error of an answer cell: it explains why the name that is checked does not exist."""
        name = grade_id(cell)
        failed = [output for output in cell.outputs if output.get("output_type") == "error"]
        if name and failed:
            self._errors.setdefault(name, (str(failed[0].get("ename"))[:80], str(failed[0].get("evalue"))[:300]))

    async def _score(self, check: CheckCell) -> bool:
        """Score the question of a check cell; return whether the checked name does not exist (yet)."""
        question, seed = check.question, self.seeds[check.question.id]
        if self.session.stopped:
            score, undefined = stopped_score(check, seed, self.session.stopped), False
        else:
            loop = asyncio.get_running_loop()

            def call(arrays: Mapping[str, Any]) -> dict[str, Any]:
                return asyncio.run_coroutine_threadsafe(
                    self.session.call(question.drive_path, check.target, arrays, question.off_limits), loop
                ).result()

            use = forbidden_use(root_name(check.target), self._sources(), question.off_limits)
            answer_error = self._errors.get(check.grade_id.replace("check-", "answer-", 1))
            score, undefined = await asyncio.to_thread(
                score_question, check, seed, call, answer_error, use, reveal=self.reveal
            )
        self.scores[check.grade_id] = score
        return undefined

    def _sources(self) -> list[str]:
        return [cell.source for cell in self.nb.cells if cell.cell_type == "code"]

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message of a running cell; count its size, and ignore widgets and malformed ones."""
        self.session.count(msg)
        if self.session.stopped or str(msg.get("msg_type")).startswith("comm"):
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            return None


def _first_line(cell: NotebookNode) -> str:
    """Return the first line of a cell by which a student finds it, cut to a readable length."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    clean = "".join(character for character in lines[0] if character.isprintable()) if lines else ""
    return clean if len(clean) <= _LINE else clean[:_LINE] + "…"


def _short(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Keep the first outputs of a cell that was stopped."""
    for output in outputs[:3]:
        if isinstance(output.get("text"), str):
            output["text"] = output["text"][:2000]
    return outputs[:3]
