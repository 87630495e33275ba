"""What the optimizers of exercise 06 are tested with, and the answers that every one of them could give wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.optimizers import CHANGE, UNCHANGED
from dlcourse.checks.question import Question

__all__ = ["OFF_LIMITS", "TESTED", "gradient_list", "name_writing", "walk"]

Arrays = dict[str, Any]

OFF_LIMITS = ("torch.optim", "dlcourse.numpy.optim", "dlcourse.torch.optim")
TESTED = (
    "seven gradients of five weights, of sizes 1 to 0.0001 and one of them 0 at first, while the rate falls twice; "
    "a second optimizer of your class is at work in between"
)


def gradient_list(rng: np.random.Generator, rate: float = 0.05, **settings: Any) -> Arrays:
    """Seven gradients of two tasks, a rate that falls, and the settings of an optimizer."""
    scale = np.array([1.0, 3.0, 0.3, 1e-2, 1e-4])
    grads = scale * rng.normal(size=(7, 5))
    grads[0, 1] = 0.0
    return {
        "w": rng.normal(size=5),
        "grads": grads,
        "lr": rate * rng.uniform(0.5, 1.5) * np.array([1.0, 1.0, 1.0, 0.3, 0.3, 0.1, 0.1]),
        "other": rng.normal(size=(7, 5)),
        **{name: np.array(value) for name, value in settings.items()},
    }


def walk(optimizer: Any, w: Any, grads: Any, lr: Any, **_: Any) -> Arrays:
    """The outputs of a right optimizer: what each step changes."""
    changes = []
    for g, rate in zip(grads, lr, strict=True):
        new = optimizer.step(w, g, rate)
        changes.append(new - w)
        w = new
    return {CHANGE: np.stack(changes), UNCHANGED: np.array(True)}


def name_writing(*questions: Question) -> None:
    """Register the mistake that leaves every step right and spoils an array that others still need."""
    for question in questions:
        question.wrong(
            "the step writes into w or into g",
            ask="Who else holds that array? `w -= a` changes it for all of them; what does `w - a` do?",
        )(writes_in_place)


def writes_in_place() -> Arrays:
    return {UNCHANGED: np.array(False)}
