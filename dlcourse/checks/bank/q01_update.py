"""Exercise 01: the update W := W − η dW."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import layers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 9

Arrays = dict[str, Any]


def _descend(W: Any, target: Any, curvature: Any, lr: Any, step: Any) -> Arrays:
    path = []
    for rate in lr:
        W = step(W, curvature * (W - target), rate)
        path.append(W)
    return {"W": np.stack(path)}


gradient_step = Question(
    "01.gradient_step",
    points=2,
    minutes=4,
    title="One step of gradient descent",
    called_as="W = gradient_step(W, dW, lr)",
    tested="five steps in a row with three different learning rates, W with shape (2, 3)",
    inputs=lambda rng: {
        "W": rng.normal(size=(2, 3)),
        "target": rng.normal(size=(2, 3)),
        "curvature": rng.uniform(0.5, 2.0, size=(2, 3)),
        "lr": np.array([0.3, 0.3, 0.1, 0.1, 0.03]),
    },
    drive=layers.gradient_steps,
    answer=lambda W, target, curvature, lr: {
        "dW is left as it was": True,
        **_descend(W, target, curvature, lr, lambda W, g, eta: W - eta * g),
    },
    steps=("W",),
)
gradient_step.hint("The gradient points uphill. Which way do you want to go?")
gradient_step.hint("W := W − η dW, with the learning rate η in lr.")


@gradient_step.wrong("the step goes uphill: plus instead of minus", ask="Where does the gradient point: up or down?")
def uphill(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: W + eta * g)


@gradient_step.wrong("the learning rate is left out", ask="What happens to your step when lr is halved?")
def no_rate(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: W - g)  # noqa: ARG005


@gradient_step.wrong("only the step −η dW is returned, not the new W", ask="A step from where?")
def step_only(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: -eta * g)  # noqa: ARG005


@gradient_step.wrong("W does not change", ask="The new W: is it returned, or stored in W itself?")
def unchanged(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: W)  # noqa: ARG005


@gradient_step.wrong("only the sign of the gradient is used", ask="Does a steep slope give a longer step here?")
def sign_only(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: W - eta * np.sign(g))


@gradient_step.wrong("the learning rate is subtracted and the gradient left out", ask="What does dW do in your line?")
def rate_only(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: W - eta)  # noqa: ARG005


@gradient_step.wrong(
    "the gradient is divided by its length first", ask="Near the minimum, should steps become shorter?"
)
def normalised(W: Any, target: Any, curvature: Any, lr: Any) -> Arrays:
    return _descend(W, target, curvature, lr, lambda W, g, eta: W - eta * g / np.sqrt((g**2).sum()))


@gradient_step.wrong("the gradient is changed", ask="`dW *= lr` changes the caller's dW. What does `lr * dW` do?")
def inputs_changed() -> Arrays:
    return {"dW is left as it was": False}


QUESTIONS = (gradient_step,)
