"""The bias and variance explorer: the bus timed again and again, the shape of a penalty, and early stopping."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from dlcourse.widgets import bias_variance_pictures as pictures
from dlcourse.widgets import bias_variance_words as words
from dlcourse.widgets.bias_variance_code import code_for
from dlcourse.widgets.bias_variance_figure import draw
from dlcourse.widgets.bias_variance_penalty import PENALTIES
from dlcourse.widgets.bias_variance_run import Timetable
from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Player, Toggle
from dlcourse.widgets.explorer import Explorer, Question

__all__ = ["VIEWS", "BiasVariance"]

VIEWS = {"days": "bias and variance", **{name: name for name in PENALTIES}, "stopping": "early stopping"}
_BUGS = {"days": "degree chosen on its own day", "stopping": "epoch chosen on the training error"}


class BiasVariance(Explorer):
    """Take the error of a polynomial apart over resampled days, and see what L1, L2 and early stopping do.

    Keywords, all texts but two: ``view`` (a key of ``VIEWS``), ``lam`` (λ, "0" to "3"), ``degree`` ("1" to "14"),
    ``bug`` (a choice made on the training error; in the views of penalties, sign(w) instead of the soft threshold),
    ``points`` and ``noise`` of a day, and ``step``, the place of the player.
    """

    title = "Bias, variance and three reins"
    drawing = FOLDER / "bias_variance.js"
    predicts = True
    controls = (
        Choice("view", label="View", values=VIEWS),
        Choice("lam", label="λ", values=("0", "0.01", "0.03", "0.1", "0.3", "1", "3")),
        Choice("degree", label="Degree", values=("1", "3", "5", "8", "14")),
        Toggle("bug", label="with the bug"),
        Menu("points", label="Points", values=("20", "40", "80"), export="off"),
        Menu("noise", label="Noise σ", values=("0.5", "1", "2"), start="1", export="off"),
        Player("step", label="Step", seconds=0.7),
    )

    def compute(self, view: str, lam: str, degree: str, bug: bool, points: str, noise: str) -> dict[str, Any]:
        """The picture of the view in the units of its axes; keys that start with _ stay in Python."""
        timetable = Timetable(int(points), float(noise))
        if view == "days":
            picture = pictures.days(timetable, int(degree), float(lam), bug)
        elif view == "stopping":
            picture = pictures.stopping(timetable, int(degree), float(lam), bug)
        else:
            picture = pictures.penalty(view, float(lam), bug)
        return {"label": self.heading(view, lam, degree, bug), **picture}

    def describe(self, result: dict[str, Any], step: int, view: str, lam: str, bug: bool, **_: Any) -> str:
        """The numbers of this step in words."""
        if view == "days":
            return words.say_days(result, step, bug)
        if view == "stopping":
            return words.say_stopping(result, step, bug)
        return words.say_penalty(result, step, view, float(lam), bug)

    def heading(self, view: str, lam: str, degree: str, bug: bool, **_: Any) -> str:
        """The view and its settings in a few words."""
        wrong = f", {_BUGS.get(view, 'sign(w) instead of the soft threshold')}" if bug else ""
        if view in PENALTIES:
            return f"Two weights under {view}, λ = {lam}{wrong}"
        what = "Days fitted" if view == "days" else "Early stopping"
        return f"{what} with degree {degree}, λ = {lam}{wrong}"

    def question(self, result: dict[str, Any], step: int, view: str, **_: Any) -> Question | None:
        """Largest part, number of zeros, or best epoch; asked at the start."""
        ask = {"days": words.ask_days, "stopping": words.ask_stopping}.get(view, words.ask_penalty)
        return ask(result, step)

    def code(self, view: str, lam: str, degree: str, bug: bool, points: str, noise: str) -> str:
        """The same numbers as a plain loop."""
        return code_for(view, float(lam), int(degree), bug, int(points), float(noise))

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """The picture at one step."""
        return draw(result, step)
