"""Exercise 06: Nesterov's look ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]


class _Nesterov:
    """The right optimizer."""

    def __init__(self, mu: float) -> None:
        self.mu = mu
        self.b: Any = 0.0

    def ahead(self, w: Any, lr: float) -> Any:
        return w - lr * self.mu * self.b

    def step(self, w: Any, gradient: Any, lr: float) -> Any:
        self.b = self.mu * self.b + gradient(self.ahead(w, lr))
        return w - lr * self.b


nesterov = Question(
    "06.nesterov",
    points=3,
    minutes=10,
    title="Nesterov: the gradient ahead",
    called_as="optimizer = Nesterov(mu); w = optimizer.step(w, gradient, lr), where gradient(place) gives an array",
    tested="six steps on a curved surface in three dimensions, while the rate falls once",
    inputs=lambda rng: {
        "w": rng.normal(size=3),
        "target": rng.normal(size=3),
        "curvature": rng.uniform(0.5, 3.0, size=3),
        "lr": rng.uniform(0.05, 0.1) * np.array([1.0, 1.0, 1.0, 1.0, 0.3, 0.3]),
        "mu": rng.uniform(0.7, 0.9),
    },
    drive=optimizers.nesterov,
    answer=lambda **inputs: optimizers.nesterov(_Nesterov, **inputs),
    steps=("where the gradient was asked", "w"),
    axes=dict.fromkeys(("where the gradient was asked", "w"), ("step", "weight")),
    off_limits=OFF_LIMITS,
)
nesterov.hint(
    "The old velocity will carry the weights by −lr·μ·b whatever the gradient says. Ask for the gradient there."
)
nesterov.hint("Then go on as with momentum, from w itself: update b, and step by it.")


@nesterov.wrong("the gradient is asked at w: plain momentum", ask="Where do you look before you leap?", as_student=True)
class AtTheFeet(_Nesterov):
    def ahead(self, w: Any, lr: float) -> Any:  # noqa: ARG002
        return w


@nesterov.wrong(
    "the look goes backwards", ask="In which direction will the old velocity carry the weights?", as_student=True
)
class Backwards(_Nesterov):
    def ahead(self, w: Any, lr: float) -> Any:
        return w + lr * self.mu * self.b


@nesterov.wrong(
    "the look ahead leaves out μ", ask="How much of the old velocity is applied in this step?", as_student=True
)
class WholeVelocity(_Nesterov):
    def ahead(self, w: Any, lr: float) -> Any:
        return w - lr * self.b


@nesterov.wrong(
    "the look ahead leaves out the rate", ask="How far do the weights move for a velocity of 1?", as_student=True
)
class NoRateAhead(_Nesterov):
    def ahead(self, w: Any, lr: float) -> Any:  # noqa: ARG002
        return w - self.mu * self.b


@nesterov.wrong(
    "the step starts from the place ahead, so that the old velocity is applied twice",
    ask="From which place does the step begin?",
    as_student=True,
)
class StepsFromAhead(_Nesterov):
    def step(self, w: Any, gradient: Any, lr: float) -> Any:
        place = self.ahead(w, lr)
        self.b = self.mu * self.b + gradient(place)
        return place - lr * self.b


@nesterov.wrong(
    "the gradient is asked twice in each step", ask="What does one call cost in a large network?", as_student=True
)
class AsksTwice(_Nesterov):
    def step(self, w: Any, gradient: Any, lr: float) -> Any:
        gradient(w)
        return super().step(w, gradient, lr)


@nesterov.wrong("w is changed in place", ask="Who else holds the array that you were given?")
def in_place() -> Arrays:
    return {"the first w is left as it was": np.array(False)}


@nesterov.convention(
    "PyTorch's form, which stores the place ahead in w: the same path, seen one leap later",
    ask="Compare your w with w − lr·μ·b of the form above: what do you find?",
    as_student=True,
)
class StoresAhead(_Nesterov):
    def step(self, w: Any, gradient: Any, lr: float) -> Any:
        g = gradient(w)
        self.b = self.mu * self.b + g
        return w - lr * (g + self.mu * self.b)


@nesterov.convention(
    "the rate is inside the velocity: the same path while lr stays, another one when it changes",
    ask="After lr has fallen: how far ahead do you look?",
    as_student=True,
)
class NesterovRateInside(_Nesterov):
    def step(self, w: Any, gradient: Any, lr: float) -> Any:
        self.b = self.mu * self.b + lr * gradient(w - self.mu * self.b)
        return w - self.b


QUESTIONS = (nesterov,)
