"""`dlcourse check` and `dlcourse progress`: what is solved, and what comes next."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from dlcourse import light_jsonschema  # noqa: F401  # before nbformat is imported
from dlcourse.checks import progress
from dlcourse.checks.bank import all_questions, exercise_numbers

__all__ = ["Overview", "Report", "overview", "run_notebook"]


@dataclass(frozen=True)
class Report:
    """One exercise: what each question's check said when the notebook was run. Rich prints it as a table."""

    number: str
    records: Mapping[str, Mapping[str, Any]]
    stopped: str = ""

    @property
    def all_passed(self) -> bool:
        """Whether every question of the exercise passed."""
        return all(self._passed(question.id) for question in all_questions(self.number))

    def _passed(self, question_id: str) -> bool:
        return bool(self.records.get(question_id, {}).get("passed"))

    def _state(self, question_id: str) -> str:
        if question_id not in self.records:
            return "no check ran"
        if self._passed(question_id):
            return "passed"
        return "not yet" if self.records[question_id].get("said") else "to do"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        questions = all_questions(self.number)
        table = Table("question", "", "points", "", box=None, header_style="bold", pad_edge=False)
        for question in questions:
            entry = self.records.get(question.id)
            points = float(entry["points"]) if entry else 0.0
            said = str(entry.get("said", "")) if entry and not self._passed(question.id) else ""
            table.add_row(
                question.id, self._state(question.id), f"{points:g}/{question.points:g}", said or question.title
            )
        yield table
        done = sum(self._passed(question.id) for question in questions)
        yield f"{done} of {len(questions)} questions passed"
        if self.stopped:
            yield f"The notebook stopped before its end: {self.stopped}"
        first = next((question for question in questions if not self._passed(question.id)), None)
        yield f'next: {first.id}; a hint: check.hint("{first.id}")' if first else "next: the following lecture"


@dataclass(frozen=True)
class Overview:
    """All exercises: how many questions have been passed on this computer. Rich prints it as a table."""

    records: Mapping[str, Mapping[str, Any]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table("exercise", "passed", "", box=None, header_style="bold", pad_edge=False)
        for number in exercise_numbers():
            questions = all_questions(number)
            entries = [self.records.get(question.id, {}) for question in questions]
            passed = sum(bool(entry.get("passed")) for entry in entries)
            bar = "■" * passed + "□" * (len(questions) - passed)
            table.add_row(number, f"{passed} of {len(questions)}", bar)
        yield table
        place = progress.folder()
        yield "Kept on this computer only" + (f": {place}" if place else "; switched off by DLCOURSE_PROGRESS=off")


def overview() -> Overview:
    """What has been passed so far on this computer."""
    return Overview(progress.records())


def run_notebook(path: Path) -> Report:
    """Run a student's notebook from top to bottom in a fresh kernel and collect what its checks say.

    A cell that fails does not stop the others. The student's progress is updated as if the cells
    had been run by hand. Raises ``FileNotFoundError`` for a missing notebook and ``ValueError`` for
    a file that is no notebook, or whose name does not begin with the number of an exercise.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    number = _exercise_number(path)
    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, KeyError) as error:  # what nbformat raises for JSON that is no notebook
        raise ValueError(f"{path} is not a notebook: {error}") from error
    stopped = ""
    with tempfile.TemporaryDirectory(prefix="dlcourse-check-") as folder:
        # allow_errors: a student with one broken cell still wants to know about the others
        client = NotebookClient(
            notebook,
            timeout=300,
            allow_errors=True,
            extra_arguments=["--IPKernelApp.log_level=40"],
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
        try:
            client.execute(env={**os.environ, "DLCOURSE_PROGRESS": folder, "TQDM_DISABLE": "1"})
        except CellTimeoutError:
            stopped = "a cell was still running after 300 seconds"
        except DeadKernelError:
            stopped = "the Python process ended"
        records = progress.records(Path(folder))
    for question, entry in records.items():
        progress.record(question, passed=entry["passed"], points=entry["points"], out_of=entry["out_of"])
    return Report(number, records, stopped)


def _exercise_number(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(f"no notebook at {path}; your copies are in work/exercises/")
    found = re.match(r"(\d\d)_", path.name)
    if found is None or found.group(1) not in exercise_numbers():
        raise ValueError(f"{path.name}: expected an exercise, whose name begins with one of {exercise_numbers()}")
    return found.group(1)
