"""What a grading folder holds between runs: outcomes by student and exercise, and the secret of the seeds."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from dlcourse.grading.outcome import Outcome

__all__ = ["Store"]


class Store:
    """The folder ``results/`` and the file ``.secret`` of a grading folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results = root / "results"

    def secret(self) -> bytes:
        """Return the key from which seeds are derived; make it the first time, readable by its owner only."""
        path = self.root / ".secret"
        if not path.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return bytes.fromhex(path.read_text().strip())

    def load(self, student: str, assignment: str) -> Outcome | None:
        """Return the stored outcome; None when there is none or its file is damaged."""
        try:
            return Outcome.from_json(self._path(student, assignment).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def save(self, outcome: Outcome) -> None:
        """Store an outcome. A run that is killed meanwhile leaves the old one or the new one, nothing between."""
        path = self._path(outcome.student, outcome.assignment)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        draft.write_text(outcome.to_json(), "utf-8")
        draft.replace(path)

    def mark_recorded(self, outcome: Outcome) -> None:
        """Note that nbgrader has recorded an outcome to the end; a run that is killed meanwhile leaves no such note."""
        self._mark(outcome).write_text(_digest(outcome), "utf-8")

    def is_marked(self, outcome: Outcome) -> bool:
        """Return whether this very outcome, and not an earlier one, was recorded to the end."""
        mark = self._mark(outcome)
        return mark.exists() and mark.read_text("utf-8", errors="replace") == _digest(outcome)

    def _mark(self, outcome: Outcome) -> Path:
        return self._path(outcome.student, outcome.assignment).with_suffix(".recorded")

    def all(self, assignment: str) -> Iterator[Outcome]:
        """Yield the stored outcomes of an exercise, sorted by student."""
        for path in sorted(self.results.glob(f"*/{assignment}.json")):
            outcome = self.load(path.parent.name, assignment)
            if outcome is not None:
                yield outcome

    def _path(self, student: str, assignment: str) -> Path:
        return self.results / student / f"{assignment}.json"


def _digest(outcome: Outcome) -> str:
    return hashlib.sha256(outcome.to_json().encode()).hexdigest()[:32]
