"""The explorer of label propagation: a few labels run over a map of digits, right or wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Player
from dlcourse.widgets.explorer import Explorer, Question
from dlcourse.widgets.label_spread_code import code_for
from dlcourse.widgets.label_spread_figure import draw
from dlcourse.widgets.label_spread_run import STEPS, known_labels, labels_after, map_of, right, truth

__all__ = ["LabelSpread"]

DRAWS = {"1": "A", "2": "B", "3": "C"}
SPACES = {"features": "borrowed features", "pixels": "pixels"}


class LabelSpread(Explorer):
    """Watch a few labels run over a map of 300 digits, and what a wrong one takes along.

    Keywords: ``space`` ("features", "pixels"), what the map was made of; ``each`` ("1", "2", "5"), labels given
    for every class; ``slips`` ("0", "1", "3"), how many of them are wrong; ``draw`` ("1", "2", "3"), which digits
    got a label; ``step``, the place in time.
    """

    title = "Few labels, many images"
    drawing = FOLDER / "label_spread.js"
    predicts = True
    controls = (
        Choice("space", label="Map of", values=SPACES),
        Choice("each", label="Labels a class", values=("2", "1", "5")),
        Choice("slips", label="Wrong ones", values=("0", "1", "3")),
        Choice("draw", label="Draw", values=DRAWS),
        Player("step", label="Step", seconds=0.9),
    )

    def compute(self, space: str, each: str, slips: str, draw: str) -> dict[str, Any]:
        """Places, given labels, and for each step the labels; keys that start with _ stay in Python."""
        known = known_labels(int(each), int(slips), int(draw))
        clean = known_labels(int(each), 0, int(draw))
        runs = {name: labels_after(space, labels) for name, labels in (("run", known), ("clean", clean))}
        scores = {name: np.array([right(labels, known) for labels in run]) for name, run in runs.items()}
        return {
            "label": self.heading(space, each, slips, draw),
            "points": map_of(space),
            "truth": truth().tolist(),
            "known": known.tolist(),
            "steps": list(STEPS),
            "right": scores["run"],
            "clean": scores["clean"] if int(slips) else None,
            "frames": [{"labels": labels.tolist()} for labels in runs["run"]],
            "_known": known,
            "_clean": clean,
            "_runs": runs,
        }

    def describe(self, result: dict[str, Any], slips: str, step: int, **_: Any) -> str:
        """How many are right, wrong and without a label; the commonest error; what the wrong labels took along."""
        known, labels = result["_known"], result["_runs"]["run"][step]
        others = known < 0
        score, none = right(labels, known), 100 * (labels[others] < 0).mean()
        lines = [
            f"After {_count(STEPS[step], 'step')} {score:.0f} % of the other {others.sum()} digits carry the right "
            f"label, {100 - score - none:.0f} % a wrong one, {none:.0f} % none",
            _commonest_error(labels, others),
        ]
        if int(slips):
            lines.append(_taken_along(result, int(slips), step))
        return "\n".join(lines)

    def heading(self, space: str, each: str, slips: str, draw: str, **_: Any) -> str:
        """What is on the map, and what is known."""
        wrong = f", {slips} of them wrong" if int(slips) else ""
        return f"Map of {SPACES[space]}, {_count(int(each), 'label')} a class{wrong}, draw {DRAWS[draw]}"

    def question(self, result: dict[str, Any], step: int, **_: Any) -> Question | None:
        """How many are right in the end, before it is shown."""
        if step < len(STEPS) - 1:
            return None
        now = result["right"][step - 3]
        text = f"After {STEPS[step - 3]} steps {now:.0f} % were right. On how many per cent does it end?"
        end = result["right"][-1]
        return Question(text, f"{end:.0f} %", end - 2, end + 2)

    def code(self, space: str, each: str, slips: str, draw: str) -> str:
        """The same steps as a plain loop."""
        return code_for(space, each, slips, draw)

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """The map with its labels, and the share of right ones over the steps."""
        return draw(result, step)


def _commonest_error(labels: Any, others: Any) -> str:
    wrong = others & (labels >= 0) & (labels != truth())
    if not wrong.any():
        return "No label is wrong."
    pairs, counts = np.unique(np.stack([truth()[wrong], labels[wrong]]), axis=1, return_counts=True)
    true, called = pairs[:, counts.argmax()]
    return f"The commonest error: {_article(true)} called {called}, {_count(int(counts.max()), 'time')}."


def _taken_along(result: dict[str, Any], slips: int, step: int) -> str:
    """How many other labels differ from those of the same draw without wrong labels."""
    known, clean = result["_known"], result["_clean"]
    changed = (result["_runs"]["run"][step] != result["_runs"]["clean"][step])[known < 0].sum()
    spoilt = np.flatnonzero(known != clean)
    named = ", ".join(f"{_article(clean[place])} called {known[place]}" for place in spoilt)
    subject, it = ("One given label is wrong", "it") if slips == 1 else (f"{slips} given labels are wrong", "them")
    return f"{subject} ({named}): {changed} of the other {int((known < 0).sum())} labels differ because of {it}."


def _article(digit: int) -> str:
    return f"an {digit}" if digit == 8 else f"a {digit}"


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"
