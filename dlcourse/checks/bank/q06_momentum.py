"""Exercise 06: momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS, TESTED, gradient_list, name_writing, walk
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]


class _Momentum:
    """The right optimizer."""

    def __init__(self, mu: float) -> None:
        self.mu = mu
        self.b: Any = 0.0

    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.b = self.mu * self.b + g
        return w - lr * self.b


momentum = Question(
    "06.momentum",
    points=3,
    minutes=8,
    title="Momentum",
    called_as="optimizer = Momentum(mu); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, mu=rng.uniform(0.7, 0.9)),
    drive=optimizers.momentum,
    answer=lambda mu, **inputs: walk(_Momentum(float(mu)), **inputs),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    scales=lambda mu: {"mu": float(mu), "1 - mu": 1 - float(mu)},
    off_limits=OFF_LIMITS,
)
momentum.hint("b has to survive from one call to the next, so it lives on self. It starts at 0.")
momentum.hint("Two lines: the velocity b, then the step. The rate stands in the second one only.")


@momentum.wrong("the step goes uphill", ask="Where does the gradient point?", as_student=True)
class MomentumUphill(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return 2 * w - super().step(w, g, lr)


@momentum.wrong(
    "the velocity is not kept: every step is one of plain SGD",
    ask="Where does b live between two calls?",
    as_student=True,
)
class Forgetful(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return w - lr * g


@momentum.wrong(
    "the step is made with the velocity of before: everything comes one step late",
    ask="Which comes first, the velocity or the step?",
    as_student=True,
)
class OneLate(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        new = w - lr * self.b
        self.b = self.mu * self.b + g
        return new


@momentum.wrong(
    "μ multiplies the gradient, so that the old velocity never fades",
    ask="What becomes of a gradient of a hundred steps ago?",
    as_student=True,
)
class NeverFades(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.b = self.b + self.mu * g
        return w - lr * self.b


@momentum.wrong(
    "the rate is in the velocity and in the step", ask="What becomes of a step when lr is halved?", as_student=True
)
class RateTwice(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.b = self.mu * self.b + lr * g
        return w - lr * self.b


@momentum.wrong("this is Nesterov's step", ask="Momentum steps by b. By what does your line step?", as_student=True)
class AlreadyNesterov(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.b = self.mu * self.b + g
        return w - lr * (g + self.mu * self.b)


@momentum.wrong("the step is returned, not the new w", ask="A step from where?", as_student=True)
class OnlyTheStep(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return super().step(w, g, lr) - w


@momentum.wrong(
    "the velocity is kept on the class, so that two optimizers share it",
    ask="Is b an attribute of self, or of everybody?",
)
def shared_velocity(w: Any, grads: Any, lr: Any, other: Any, mu: Any) -> Arrays:
    b, changes = np.zeros_like(w), []
    for g, foreign, rate in zip(grads, other, lr, strict=True):
        b = mu * b + g
        changes.append(-rate * b)
        b = mu * b + foreign
    return {optimizers.CHANGE: np.stack(changes)}


@momentum.convention(
    "an average, with (1 − μ) g: right in some texts, but the same rate then means steps 1 / (1 − μ) times as short",
    ask="How long is the first step, compared with lr g?",
    as_student=True,
)
class Average(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.b = self.mu * self.b + (1 - self.mu) * g
        return w - lr * self.b


@momentum.convention(
    "the rate is inside the velocity: the same path while lr stays, another one when it changes",
    ask="After lr has fallen: with which rate do old gradients still push?",
    as_student=True,
)
class RateInside(_Momentum):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.b = self.mu * self.b + lr * g
        return w - self.b


name_writing(momentum)

QUESTIONS = (momentum,)
