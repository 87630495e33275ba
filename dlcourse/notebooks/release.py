"""Release an exercise: from ``solutions/NN_topic`` to ``exercises/NN_topic``, without the solutions.

nbgrader does the work, unpatched. Before it starts, every cell is checked, so that a mistake in
the source is an error that names the cell and never a solution in a student's hands.
"""

from __future__ import annotations

import ast
import logging
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from dlcourse.checks.bank import all_questions, all_written
from dlcourse.notebooks.cells import NotebookError, read
from dlcourse.notebooks.files import replace_file
from dlcourse.notebooks.markers import BEGIN, marker_problem
from dlcourse.notebooks.quiz_release import released_quiz

__all__ = ["ReleaseError", "release", "release_config", "solution_folder"]

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class ReleaseError(NotebookError):
    """A source that cannot be released; the message names the notebook and the cell."""


def release(number: str, root: Path | str = ".") -> list[Path]:
    """Regenerate ``exercises/NN_topic`` and ``dlcourse/checks/quiz/NN.json``; return the paths.

    The same source gives the same bytes. Each file is replaced in one step. Raises
    ``FileNotFoundError`` when there is no such exercise, ``ReleaseError`` or ``QuizError`` when
    its source is not in order; nothing is written then.
    """
    course = Path(root)
    source = solution_folder(number, course)
    notebooks = sorted(source.glob("*.ipynb"))
    for path in notebooks:
        _check_source(path, number)
    files = _generated(course, source, number) if notebooks else {}
    quiz = source / "quiz.toml"
    if quiz.is_file():
        files[course / "dlcourse" / "checks" / "quiz" / f"{number}.json"] = released_quiz(quiz, number)
    for target, data in files.items():
        replace_file(target, data)
    for stale in (course / "exercises" / source.name).glob("*.ipynb"):
        if stale not in files:
            stale.unlink()
    return list(files)


def solution_folder(number: str, root: Path | str = ".") -> Path:
    """The folder ``solutions/NN_topic``. Raises ``FileNotFoundError``."""
    found = sorted((Path(root) / "solutions").glob(f"{number}_*"))
    if len(found) != 1:
        raise FileNotFoundError(
            f"release: {Path(root) / 'solutions'} has {len(found)} folders {number}_*, expected one"
        )
    return found[0]


def release_config(root: Path, release_directory: Path, number: str, database: str = "") -> Any:
    """The nbgrader configuration of a release; with ``database`` (a URL) the cells are saved to the gradebook."""
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = str(release_directory)
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.toml"]
    config.GenerateAssignment.no_database = not database
    if database:
        config.CourseDirectory.db_url = database
    config.GenerateAssignment.preprocessors = [
        "dlcourse.notebooks.release_steps.WritePoints",
        "dlcourse.notebooks.release_steps.TellOffLimits",
        "nbgrader.preprocessors.LockCells",
        "dlcourse.notebooks.release_steps.NamedStubs",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        *(["nbgrader.preprocessors.SaveCells"] if database else []),
    ]
    config.WritePoints.number = config.TellOffLimits.number = config.NamedStubs.number = number
    return config


def _generated(course: Path, source: Path, number: str) -> dict[Path, bytes]:
    """Let nbgrader release into a folder of its own; return the bytes for each file of the exercise."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    with tempfile.TemporaryDirectory(prefix="dlcourse-release-") as folder:
        config = release_config(course.resolve(), Path(folder), number)
        directory = CourseDirectory(config=config)
        directory.assignment_id = source.name
        converter = GenerateAssignment(coursedir=directory, config=config)
        converter.log.setLevel(logging.ERROR)
        converter.start()
        target = course / "exercises" / source.name
        released = sorted(path for path in (Path(folder) / source.name).rglob("*") if path.is_file())
        return {target / path.relative_to(Path(folder) / source.name): _bytes(path) for path in released}


def _bytes(path: Path) -> bytes:
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.from_dict(_METADATA)
    for cell in notebook.cells:
        problem = _compile_problem(cell) or (BEGIN in cell.source and f"still contains {BEGIN!r}")
        if problem:
            raise ReleaseError(f"{path.name}: released cell {cell.id!r} {problem}")
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return (text + "\n").encode()


def _compile_problem(cell: NotebookNode) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    if cell.cell_type != "code":
        return ""
    try:
        code = TransformerManager().transform_cell(cell.source)
        compile(code, cell.id, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        return f"does not compile: {error.msg}, line {error.lineno}"
    return ""


def _check_source(path: Path, number: str) -> None:
    """Raise ``ReleaseError`` unless every cell, id and marker of an authored notebook is in order."""
    notebook = read(path)
    wanted = {question.id for question in all_questions(number)} | {written.id for written in all_written(number)}
    seen: dict[str, str] = {}
    for cell in notebook.cells:
        problem = marker_problem(cell.source) or _compile_problem(cell) or _role_problem(cell, number, wanted, seen)
        if problem:
            raise ReleaseError(f"{path.name}: cell {cell.id!r}: {problem}")
    missing = sorted(wanted - set(seen))
    if missing:
        raise ReleaseError(f"{path.name}: no check cell for {', '.join(missing)}")


def _role_problem(cell: NotebookNode, number: str, wanted: set[str], seen: dict[str, str]) -> str:
    """What is wrong with the part that a cell plays: answer, check, or neither."""
    marks = cell.metadata.get("nbgrader")
    if marks is None:
        return f"{BEGIN!r} in a cell that is no answer" if BEGIN in cell.source else ""
    role, _, name = marks.get("grade_id", "").partition("-")
    question = f"{number}.{name}"
    if role not in ("answer", "check") or question not in wanted:
        return f"the grade_id {marks.get('grade_id')!r} names no question of exercise {number}"
    if role == "check":
        seen[question] = cell.id
        if f'check("{question}", ' not in cell.source:
            return f'expected check("{question}", ...)'
        return "" if marks.get("grade") and not marks.get("solution") else "expected a cell with grade and no solution"
    if not marks.get("solution"):
        return "expected an answer to be marked as solution"
    if BEGIN not in cell.source:
        return "an answer without a solution region"
    if cell.cell_type == "markdown":
        seen[question] = cell.id
        return "" if marks.get("grade") else "expected an answer in words to be marked as grade"
    return _top_level_problem(cell.source)


def _top_level_problem(source: str) -> str:
    if any(line == BEGIN for line in source.splitlines()):
        return "a solution region at the top level: its stub would stop the notebook; put it inside a function"
    return ""
