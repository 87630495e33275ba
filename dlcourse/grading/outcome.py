"""What grading one submission comes to. Plain values, so that it can be stored, sent and compared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Outcome", "QuestionScore", "Status"]

Status = Literal["graded", "stopped", "unreadable", "failed", "unsafe"]
"""How the run ended. The score counts in every case."""


@dataclass(frozen=True)
class QuestionScore:
    """The score of one question and all that is needed to compute it again.

    Attributes:
        status: ``right``, ``wrong``, ``convention``, or ``stopped`` when the run ended before it, or ``error`` when
            the grader itself failed on it.
        reason: one sentence for the student.
        verdict: the fields of the question's verdict, without expected values.
        seed: what the question's inputs were drawn with.
        version: version of the question's definition.
        error: name of the error with which the answer stopped; with status ``error``, what the grader failed with;
            else empty.
    """

    question: str
    grade_id: str
    title: str
    points: float
    out_of: float
    status: Literal["right", "wrong", "convention", "stopped", "error"]
    reason: str
    seed: int
    version: str
    seconds: float = 0.0
    verdict: dict[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass
class Outcome:
    """The result of one submission.

    Attributes:
        key: hash of everything that the result depends on; an equal key means that nothing has to be run again.
        content: hash of the submitted file.
        reason: one sentence for the student when the run did not end as it should; else empty.
        notes: what intake mended (cells put back, cells moved), in sentences.
        notebook: the executed notebook as nbformat 4 JSON.
        starved: whether a time limit was reached without the CPU time to match: worth a second run alone.
        versions: versions of the libraries that took part.
        account: the student's account in the LMS that the submission came from, as text; else empty.
        cause: for the instructor, what the grader failed with when it failed on the whole submission; else empty.
    """

    student: str
    assignment: str
    key: str
    content: str
    status: Status
    reason: str
    scores: list[QuestionScore]
    notes: list[str] = field(default_factory=list)
    notebook: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory: int = 0
    starved: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    account: str = ""
    cause: str = ""

    @property
    def points(self) -> float:
        """Points of all scored questions together."""
        return sum(score.points for score in self.scores)

    def to_json(self) -> str:
        """Return the outcome as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """Undo `to_json`.

        Raises:
            ValueError: when the text is not an outcome (a write was cut off, or it is of another version).
        """
        try:
            fields = json.loads(text)
            fields["scores"] = [QuestionScore(**score) for score in fields["scores"]]
            return cls(**fields)
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a stored outcome: {error}") from None
