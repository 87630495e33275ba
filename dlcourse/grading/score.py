"""Score one question in the trusted process and say in one sentence why."""

from __future__ import annotations

import ast
import logging
import re
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from dlcourse.checks.errors import StudentError
from dlcourse.checks.off_limits import Use
from dlcourse.checks.verdict import Verdict
from dlcourse.grading.exercise import CheckCell
from dlcourse.grading.outcome import QuestionScore
from dlcourse.grading.session import TIME_LIMIT

__all__ = ["cause", "root_name", "score_question", "show_scores", "stopped_score"]

_log = logging.getLogger(__name__)

_CELL_FILE = re.compile(r"\s*\((?:<[^>]*>|\d+\.py), line (\d+)\)")

_NAME = 120
"""Characters of a name that are shown."""

_NUMBERS = ("want", "got")
"""Fields of a verdict that show numbers for inputs which the student has not seen."""


def score_question(
    check: CheckCell,
    seed: int,
    call: Callable[[Mapping[str, Any]], dict[str, Any]],
    answer_error: tuple[str, str] | None = None,
    use: Use | None = None,
    *,
    reveal: bool = False,
) -> tuple[QuestionScore, bool]:
    """Score one check cell.

    Args:
        check: the cell.
        seed: what the question's inputs are drawn with.
        call: calls the student's object with arrays; raises `StudentError`.
        answer_error: name and text of the error with which the answer's cell stopped, if it did.
        use: what the answer calls although the question asks to write it.
        reveal: keep got and expected numbers in the verdict.

    Returns:
        The score, and whether the checked name does not exist.
    """
    question, started = check.question, time.monotonic()
    seen: list[StudentError] = []
    ours: list[Exception] = []

    def recorded(arrays: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return call(arrays)
        except StudentError as error:
            seen.append(error)
            raise
        except Exception as error:  # `grade` would take it for the student's
            ours.append(error)
            raise

    try:
        verdict = question.uses(use) if use else question.grade(recorded, seed)
        if seen and (masked := _masked_use(seen[-1], question.off_limits)):
            verdict = question.uses(masked)
    except Exception as error:
        ours.append(error)
    if ours:  # our own mistake must not cost the batch, and must not stay unnoticed
        _log.debug("scoring %s failed", question.id, exc_info=ours[0])
        reason = f"The grader itself failed on this question ({type(ours[0]).__name__}). Your instructor has been told."
        return _score(check, seed, started, "error", 0.0, reason, {}, cause(ours[0])), False
    undefined = bool(seen) and seen[-1].name == "NameError" and f"'{root_name(check.target)}'" in seen[-1].message
    stopped = bool(seen) and seen[-1].name == "Stopped"
    fields = verdict.as_dict()
    if verdict.kind not in ("raised", "off limits") and not reveal:  # there, `got` is a line of the student's code
        fields |= dict.fromkeys(_NUMBERS, "")
    status = "stopped" if stopped else verdict.status
    reason = _reason(verdict, seen[-1] if seen else None, undefined, answer_error, check)
    raised = answer_error[0] if undefined and answer_error else seen[-1].name if seen else ""
    return _score(check, seed, started, status, verdict.points, reason, fields, raised), undefined


def cause(error: BaseException) -> str:
    """Return in one line what the grader failed with, and where: what a report of the mistake needs."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{where}"


def stopped_score(check: CheckCell, seed: int, why: str) -> QuestionScore:
    """Return the score of a question that the run did not reach."""
    reason = f"Not reached: the run was stopped because {why}."
    return _score(check, seed, time.monotonic(), "stopped", 0.0, reason, {})


def show_scores(notebook: NotebookNode, scores: Sequence[QuestionScore]) -> None:
    """Write every score into its check cell, in the form from which nbgrader reads it.

    A check cell without such an output would count as passed.
    """
    by_id = {score.grade_id: score for score in scores}
    for cell in notebook.cells:
        score = by_id.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if score is not None:
            text = f"{score.question}: {score.points:g} of {score.out_of:g} points. {score.reason}\n"
            number = {"text/plain": repr(float(score.points))}
            cell.outputs = [
                nbformat.v4.new_output("stream", name="stdout", text=text),
                nbformat.v4.new_output("execute_result", data=number, execution_count=None),
            ]


def _masked_use(error: StudentError, off_limits: Sequence[str]) -> Use | None:
    """Return what the sandbox refused a call, if it did; its word counts for names off limits only."""
    name = error.message.partition(" ")[0]
    known = any(name == entry or name.startswith(entry + ".") for entry in off_limits)
    return Use(name[:_NAME], error.line) if error.name == "OffLimits" and known else None


def _reason(
    verdict: Verdict,
    error: StudentError | None,
    undefined: bool,
    answer_error: tuple[str, str] | None,
    check: CheckCell,
) -> str:
    if undefined and answer_error:
        return _answer_stopped(*answer_error)
    if undefined:
        return f"There is no {root_name(check.target)} in the notebook."
    if error is not None and error.name in {"Stopped", TIME_LIMIT, "MalformedReply"}:
        return error.message[:1].upper() + error.message[1:] + "."
    return " ".join(part for part in (verdict.summary, verdict.diagnosis and _sentence(verdict.diagnosis)) if part)


def _answer_stopped(kind: str, text: str) -> str:
    if kind == TIME_LIMIT:
        return f"The cell of this answer was interrupted: {text}."
    text = _CELL_FILE.sub(r" (line \1 of the cell)", text)
    return (
        f"The cell of this answer stopped with {kind}: {text}"
        if text
        else f"The cell of this answer stopped with {kind}."
    )


def _sentence(diagnosis: str) -> str:
    return f"This is what you get when {diagnosis.rstrip('.')}."


def root_name(target: str) -> str:
    """Return the first name of an expression: ``net`` of ``net.forward``."""
    names = [node.id for node in ast.walk(ast.parse(target, mode="eval")) if isinstance(node, ast.Name)]
    return names[0] if names else target


def _score(
    check: CheckCell,
    seed: int,
    started: float,
    status: Any,
    points: float,
    reason: str,
    verdict: dict[str, Any],
    error: str = "",
) -> QuestionScore:
    question = check.question
    return QuestionScore(
        question=question.id,
        grade_id=check.grade_id,
        title=question.title,
        points=float(points),
        out_of=float(question.points),
        status=status,
        reason=reason,
        seed=seed,
        version=question.version,
        seconds=round(time.monotonic() - started, 4),
        verdict=verdict,
        error=error,
    )
