"""What a hyperparameter search found, as a table."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dlcourse.training.search_space import Configuration, Space

__all__ = ["Mode", "SearchResults", "Trial"]

Mode = Literal["max", "min"]


@dataclass(frozen=True)
class Trial:
    """One configuration and the score that it reached; ``budget`` where trials differ in length."""

    configuration: Configuration
    score: float
    budget: int | None = None


@dataclass(frozen=True)
class SearchResults:
    """All trials of a search, in the order they ran.

    ``mode`` says whether a larger ("max") or a smaller ("min") score is better. A score of NaN,
    from a run that diverged, is the worst of all. Prints as a table, best trial first.
    """

    trials: tuple[Trial, ...]
    space: Space
    mode: Mode = "max"
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.trials)

    def ranking(self) -> list[Trial]:
        """The trials, best first; those that ran longest come before the others."""
        return sorted(self.trials, key=self._rank)

    @property
    def best(self) -> Trial:
        """The best of the trials that ran longest. Raises ``ValueError`` when every trial ended in NaN."""
        first = self.ranking()[0]
        if math.isnan(first.score):
            raise ValueError("search: every trial ended in NaN; look at one run, and try smaller learning rates")
        return first

    def top(self, count: int) -> list[Trial]:
        """The best ``count`` trials."""
        return self.ranking()[:count]

    def values(self, name: str) -> list[Any]:
        """The values that hyperparameter ``name`` had, in the order of the trials."""
        if name not in self.space:
            raise KeyError(f"search: no hyperparameter {name!r}, expected one of {', '.join(self.space)}")
        return [trial.configuration[name] for trial in self.trials]

    def edge_warnings(self, margin: float = 0.1) -> list[str]:
        """A sentence for each hyperparameter whose best value lies in the outer ``margin`` of its range.

        There the true optimum may lie outside: widen the range and search again.
        """
        found = []
        for name, distribution in self.space.items():
            value = self.best.configuration[name]
            position = distribution.position(value)
            if position is not None and not margin <= position <= 1 - margin:
                end = "lower" if position < margin else "upper"
                found.append(
                    f"{name}: the best value {value:.3g} lies at the {end} edge of {distribution!r}; "
                    f"the optimum may lie outside, so widen the range"
                )
        return found

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:], *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        header, *rows = [[html.escape(cell) for cell in row] for row in self._cells()]
        head = "".join(f"<th>{cell}</th>" for cell in header)
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    def _cells(self) -> list[list[str]]:
        budgets = any(trial.budget is not None for trial in self.trials)
        header = ["rank", *self.space, *(["budget"] if budgets else []), "score"]
        rows = [header]
        for rank, trial in enumerate(self.ranking(), start=1):
            values = [_text(trial.configuration[name]) for name in self.space]
            rows.append([str(rank), *values, *([str(trial.budget)] if budgets else []), _text(trial.score)])
        return rows

    def _rank(self, trial: Trial) -> tuple[float, bool, float]:
        score = -trial.score if self.mode == "max" else trial.score
        return (-(trial.budget or 0), math.isnan(score), score)


def merge(parts: Sequence[SearchResults], notes: Sequence[str]) -> SearchResults:
    """One table of several searches over the first one's hyperparameters."""
    trials = tuple(trial for part in parts for trial in part.trials)
    return SearchResults(trials, parts[0].space, parts[0].mode, tuple(notes))


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
