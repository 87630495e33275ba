"""The verdict of one check, and what it says to the student."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Kind", "Status", "Verdict"]

Status = Literal["right", "wrong", "convention"]
Kind = Literal[
    "agrees", "not started", "off limits", "raised", "unusable", "missing", "shape", "dtype", "not finite", "value"
]


@dataclass(frozen=True)
class Verdict:
    """What a question says about one answer.

    ``status`` is "right", "wrong" or "convention" (right under another convention, which is
    named). ``points`` were earned out of ``out_of``. ``summary`` is the first thing that
    differs, ``pattern`` what the difference looks like, ``diagnosis`` the known mistake or
    convention it matches (``variant`` is its short name), ``ask`` a teacher's question about it.
    ``got`` and ``want`` show the numbers. Everything is plain text, so a verdict can be stored.
    """

    question: str
    title: str
    status: Status
    kind: Kind
    points: float
    out_of: float
    tested: str
    summary: str
    pattern: str = ""
    got: str = ""
    want: str = ""
    diagnosis: str = ""
    variant: str = ""
    ask: str = ""

    @property
    def passed(self) -> bool:
        """True when the answer earns all points."""
        return self.points == self.out_of

    @property
    def recognised(self) -> bool:
        """False for a wrong answer that differs in its numbers and matches no known mistake.

        A pattern alone ("twice the expected one") describes the numbers, not how they came about.
        """
        return self.kind not in ("shape", "not finite", "value") or bool(self.diagnosis)

    def as_dict(self) -> dict[str, Any]:
        """The fields and ``passed`` as plain values, ready for JSON."""
        return {**asdict(self), "passed": self.passed}
