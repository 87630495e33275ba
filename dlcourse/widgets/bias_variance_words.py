"""What the bias and variance explorer says about its three pictures, and what it asks before it shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.widgets import bias_variance_penalty as two
from dlcourse.widgets import bias_variance_run as run
from dlcourse.widgets.explorer import Question

__all__ = ["ask_days", "ask_penalty", "ask_stopping", "say_days", "say_penalty", "say_stopping"]

_NAMES = ("bias²", "variance", "noise")


def say_days(result: dict[str, Any], place: int, bug: bool) -> str:
    """The fit of one day, the three parts beside the measured error, and what a choice of the degree costs."""
    fits, degree, frame = result["_fits"], result["degree"], result["frames"][place]
    parts, measured = result["parts"][degree], fits.measured[degree]
    total = parts.sum()
    away = 100 * abs(total / measured - 1)
    everyday = np.arange(run.DAYS)
    fair, unfair = (fits.expected[fits.chosen(own), everyday].mean() for own in (False, True))
    judge = "its own (the bug)" if bug else "another day"
    return (
        f"Day {frame['day']}: the fit misses its own day by {fits.own[degree, place]:.2f}, "
        f"any other day by {fits.expected[degree, place]:.2f} (mean squared errors, minutes²)\n"
        f"{run.DAYS} days, degree {degree}: bias² {parts[0]:.2f} + variance {parts[1]:.2f} + noise {parts[2]:.2f} "
        f"= {total:.2f}; measured on new days {measured:.2f} ({away:.1f} % away, at most 1 %).\n"
        f"With the errors of {judge}, day {frame['day']} chooses degree {frame['chosen']}. "
        f"Mean error of such choices: on another day {fair:.2f}, on its own {unfair:.2f}."
    )


def ask_days(result: dict[str, Any], place: int) -> Question | None:
    """Which of the three parts is the largest? Asked on the first day, by number."""
    ordered = np.sort(result["parts"][result["degree"]])
    if place > 0 or ordered[2] < 1.1 * ordered[1]:  # too close to call
        return None
    largest = int(np.argmax(result["parts"][result["degree"]])) + 1
    names = ", ".join(f"{number} {name}" for number, name in enumerate(_NAMES, start=1))
    question = f"Which part of the error is the largest at degree {result['degree']}? {names}"
    return Question(question, f"{largest} {_NAMES[largest - 1]}", largest, largest)


def say_penalty(result: dict[str, Any], place: int, name: str, lam: float, bug: bool) -> str:
    """The weights, the two costs, which weight is exactly 0, and what the bug does."""
    path, step = result["_path"], result["frames"][place]["step"]
    w = path.weights[step]
    cost, paid = two.loss(w), two.penalty(w, path.l1, path.l2)
    lines = [
        f"Step {step}: w = ({_weight(w[0])}, {_weight(w[1])}); "
        f"loss {cost:.3f} + penalty {paid:.3f} = {cost + paid:.3f}",
        _zeros(path, step),
    ]
    if lam == 0:
        lines.append("λ = 0: no penalty, so the steps lead to ŵ, where the loss is lowest.")
    elif path.l1 == 0:
        lines.append(
            "L2 pulls a weight in proportion to its size: near 0 the pull fades, and no weight gets there exactly."
        )
    else:
        lines.append(_found(result, name))
    if bug:
        lines.append(_bug(result))
    return "\n".join(lines)


def ask_penalty(result: dict[str, Any], place: int) -> Question | None:
    """How many weights end at exactly 0? Asked at the start."""
    zeros = result["_path"].zeros
    question = f"How many of the two weights will be exactly 0 after {two.STEPS} steps?"
    return None if place > 0 else Question(question, str(zeros), zeros, zeros)


def say_stopping(result: dict[str, Any], place: int, bug: bool) -> str:
    """The errors of this epoch, the best so far, which patience has ended, and what the choice is worth."""
    training, frame = result["_training"], result["frames"][place]
    epoch, best = frame["epoch"], frame["best"]
    judge, judged = result["judge"], training.own if bug else training.validation
    return (
        f"Epoch {epoch}: training error {training.own[epoch - 1]:.2f}, "
        f"validation error {training.validation[epoch - 1]:.2f} minutes²\n"
        f"Best so far by the {judge} error{' (the bug)' if bug else ''}: epoch {best}, {judged[best - 1]:.2f}. "
        f"Those weights miss any other day by {training.expected[best - 1]:.2f}, the present ones by "
        f"{training.expected[epoch - 1]:.2f}.\n"
        f"{_patience(result, judged, epoch)}"
    )


def ask_stopping(result: dict[str, Any], place: int) -> Question | None:
    """When is the validation error lowest? A factor of 2 is near enough, on the axis of the picture."""
    best = int(np.argmin(result["_training"].validation)) + 1
    question = f"In which epoch of {run.EPOCHS} is the validation error lowest? (Within a factor of 2.)"
    return None if place > 0 else Question(question, str(best), best / 2, best * 2)


def _patience(result: dict[str, Any], judged: Any, epoch: int) -> str:
    ended = {mark["patience"]: mark["epoch"] for mark in result["marks"] if mark["epoch"] <= epoch}
    parts = [f"{p}: stops after epoch {end}, keeps {run.stop(judged, p)[1]}" for p, end in ended.items()]
    parts += [f"{p}: still running" for p in run.PATIENCES if p not in ended]
    return f"Patience {'; '.join(parts)}."


def _weight(value: float) -> str:
    return "0" if value == 0 else f"{value:.3f}".replace("-", "−")


def _zeros(path: two.Path, step: int) -> str:
    since = {f"w{'₁₂'[place]}": path.zero_since(place, step) for place in (0, 1)}
    there = [f"{name} since step {first}" for name, first in since.items() if first is not None]
    return f"Exactly 0: {' and '.join(there)}." if there else "Neither weight is exactly 0."


def _found(result: dict[str, Any], name: str) -> str:
    zeros, where = int((result["_optimum"] == 0).sum()), ", ".join(_weight(w) for w in result["_optimum"])
    corner = {
        0: "no weight has to go, so λ is too weak for a corner",
        1: "a corner of the ball: one weight is gone",
        2: "the ball has shrunk to the origin",
    }[zeros]
    both = ", with λ₁ = λ₂ = λ" if name == "elastic net" else ""
    return f"Lowest sum{both}: w = ({where}); {corner}."


def _bug(result: dict[str, Any]) -> str:
    path = result["_path"]
    if path.l1 == 0:
        return "The bug, sign(w) as the gradient of |w|, changes nothing without an L1 part."
    if np.abs(path.weights[-1] - result["_optimum"]).max() < 1e-3:
        return "The bug, sign(w) as the gradient of |w| and no soft threshold, does no harm where no weight ends at 0."
    return "The bug, sign(w) as the gradient of |w| and no soft threshold: weights jump over 0 and never stay there."
