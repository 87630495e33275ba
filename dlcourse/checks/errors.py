"""The errors that a check raises or understands."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["StudentError", "UnknownQuestionError"]

_LONGEST = 500  # characters of a message that are kept; a longer one is a flood, not a message


class UnknownQuestionError(KeyError):
    """No question has this id. The message lists the nearest ids."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the text in quotes


class StudentError(Exception):
    """The student's code raised, ran out of time, or gave back something unusable.

    ``name`` is the type of the error ("ValueError"), ``message`` its text and ``line`` the
    student's own line of code, where known. The grader raises this from its side of the
    sandbox, with what :func:`dlcourse.checks.drives.report.error_report` saw on the other side.
    All three are treated as text from a stranger: cut to length and never evaluated.
    """

    def __init__(self, name: str, message: str, line: str = "") -> None:
        self.name, self.message, self.line = name[:80], message[:_LONGEST], line[:_LONGEST]
        super().__init__(f"{self.name}: {self.message}")

    @classmethod
    def from_report(cls, report: Mapping[str, object]) -> StudentError:
        """Build it from the dictionary that ``error_report`` returns."""
        return cls(*(str(report.get(key, "")) for key in ("name", "message", "line")))
