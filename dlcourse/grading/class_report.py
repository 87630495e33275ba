"""The class report: how the scores are spread, what each question cost, and which mistakes were met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import correlation, mean, median
from typing import Protocol

from dlcourse.grading.exercise import CheckCell, Exercise
from dlcourse.grading.feedback import environment
from dlcourse.grading.outcome import Outcome, QuestionScore
from dlcourse.grading.session import TIME_LIMIT
from dlcourse.grading.similarity import similar_pairs

__all__ = ["class_report_page"]

_BINS = 10
_ENOUGH_TO_DOUBT = 5
_ENOUGH_TO_CORRELATE = 20
_WEAK = 0.1
"""Correlation with the points of the other questions below which a question does not tell students apart."""

_ENDED = {"stopped": "not reached", "error": "not scored, because the grader itself failed"}
_STOPPED = {
    TIME_LIMIT: "interrupted at the time limit",
    "MalformedReply": "sent something else than arrays",
}
_KINDS = {
    "missing": "a result is missing",
    "off limits": "calls what it should write",
    "unusable": "gave something that cannot be compared",
    "shape": "another shape",
    "dtype": "another dtype",
    "not finite": "nan or infinity",
}


class _Row(Protocol):
    """What the report needs of a row of the grades."""

    @property
    def student(self) -> str: ...
    @property
    def assignment(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def out_of(self) -> float: ...
    @property
    def status(self) -> str: ...
    @property
    def problem(self) -> str: ...


@dataclass(frozen=True)
class _QuestionSummary:
    name: str
    title: str
    right: int
    total: int
    not_started: int
    mean_points: float
    out_of: float
    mistakes: list[tuple[str, int]]
    doubt: str

    @property
    def share(self) -> float:
        return 100 * self.right / self.total if self.total else 0.0


def class_report_page(
    graded: Sequence[tuple[Exercise, Sequence[Outcome]]], rows: Sequence[_Row], *, unsafe: bool
) -> str:
    """Return the report as one self-contained HTML page.

    Args:
        graded: every exercise with its outcomes.
        rows: the rows of the grades.
        unsafe: whether the submissions ran without a sandbox.
    """
    sections = []
    for exercise, outcomes in graded:
        own = [row for row in rows if row.assignment == exercise.name]
        scores = [row.score for row in own]
        sections.append(
            {
                "name": exercise.name,
                "count": len(own),
                "out_of": own[0].out_of if own else 0.0,
                "mean": mean(scores) if scores else 0.0,
                "median": median(scores) if scores else 0.0,
                "bins": _bins([row.score / row.out_of if row.out_of else 0.0 for row in own]),
                "questions": [_summary(check, outcomes) for check in exercise.checks],
                "odd": [row for row in own if row.problem],
                "pairs": similar_pairs({outcome.student: _answers(outcome) for outcome in outcomes}, _code(exercise)),
                "slowest": sorted(outcomes, key=lambda outcome: -outcome.seconds)[:3],
            }
        )
    return environment().get_template("class-report.html.j2").render(sections=sections, unsafe=unsafe)


def _answers(outcome: Outcome) -> list[str]:
    return [cell["source"] for cell in outcome.notebook.get("cells", []) if cell["cell_type"] == "code"]


def _code(exercise: Exercise) -> list[str]:
    return [cell.source for cell in exercise.notebook.cells if cell.cell_type == "code"]


def _bins(shares: Sequence[float]) -> list[tuple[str, int, float]]:
    """Return label, count and height in percent of ten bins of the score."""
    counts = [0] * _BINS
    for share in shares:
        counts[min(_BINS - 1, int(share * _BINS))] += 1
    top = max(counts) or 1
    return [(f"{10 * i}–{10 * i + 10} %", count, 100 * count / top) for i, count in enumerate(counts)]


def _summary(check: CheckCell, outcomes: Sequence[Outcome]) -> _QuestionSummary:
    scores = [score for outcome in outcomes for score in outcome.scores if score.grade_id == check.grade_id]
    met = Counter(mistake for score in scores if score.points < score.out_of and (mistake := _mistake(score)))
    return _QuestionSummary(
        name=check.question.id,
        title=check.question.title,
        right=sum(score.points == score.out_of for score in scores),
        total=len(scores),
        not_started=sum(score.verdict.get("kind") == "not started" for score in scores),
        mean_points=mean(score.points for score in scores) if scores else 0.0,
        out_of=float(check.question.points),
        mistakes=met.most_common(),
        doubt=_doubt(check, outcomes),
    )


def _mistake(score: QuestionScore) -> str:
    """Return what went wrong with an answer, as the report counts it; nothing when it was not started."""
    kind = str(score.verdict.get("kind", ""))
    if kind == "not started":
        return ""
    if score.verdict.get("diagnosis"):
        return str(score.verdict["diagnosis"])
    if score.status in _ENDED:
        return _ENDED[score.status]
    if score.error:
        return _STOPPED.get(score.error, f"stopped with {score.error}")
    return _KINDS.get(kind, "not recognised")


def _doubt(check: CheckCell, outcomes: Sequence[Outcome]) -> str:
    """Say what looks wrong with a question: the class may be right and the question at fault."""
    own, rest = [], []
    for outcome in outcomes:
        mine = [score.points for score in outcome.scores if score.grade_id == check.grade_id]
        if mine and outcome.status != "unreadable":
            own.append(mine[0])
            rest.append(outcome.points - mine[0])
    if len(own) >= _ENOUGH_TO_DOUBT and not any(own):
        return "nobody has a point here: is the question at fault?"
    if len(own) >= _ENOUGH_TO_CORRELATE and len(set(own)) > 1 and len(set(rest)) > 1 and correlation(own, rest) < _WEAK:
        return "who does well elsewhere does not do better here: is the question at fault?"
    return ""
