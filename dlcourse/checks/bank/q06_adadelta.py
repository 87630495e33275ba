"""Exercise 06: Adadelta, steps in the unit of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS, TESTED, gradient_list, name_writing, walk
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5


class _Adadelta:
    """The right optimizer, in parts that can go wrong one by one."""

    def __init__(self, rho: float, eps: float) -> None:
        self.rho, self.eps = rho, eps
        self.v: Any = 0.0
        self.d: Any = 0.0

    def fade(self, old: Any, new: Any) -> Any:
        return self.rho * old + (1 - self.rho) * new

    def delta(self, g: Any) -> Any:
        return np.sqrt(self.d + self.eps) / np.sqrt(self.v + self.eps) * g

    def remember(self, delta: Any, g: Any, lr: float) -> None:  # noqa: ARG002
        self.d = self.fade(self.d, delta**2)

    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.v = self.fade(self.v, g**2)
        delta = self.delta(g)
        self.remember(delta, g, lr)
        return w - lr * delta


adadelta = Question(
    "06.adadelta",
    points=4,
    minutes=12,
    title="Adadelta",
    called_as="optimizer = Adadelta(rho, eps); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, rate=1.0, rho=rng.uniform(0.8, 0.95), eps=rng.uniform(0.5, 2.0) * 1e-6),
    drive=optimizers.adadelta,
    answer=lambda rho, eps, **inputs: walk(_Adadelta(float(rho), float(eps)), **inputs),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    scales=lambda rho: {"rho": float(rho), "1 - rho": 1 - float(rho)},
    off_limits=OFF_LIMITS,
)
adadelta.hint("Two running means, both from 0: v of g², and d of the squared Δ.")
adadelta.hint("In this order: v, then Δ with the old d, then d with the new Δ, then the step lr · Δ.")


@adadelta.wrong(
    "d is left out, so that the step is in the unit of RMSprop", ask="Where is the size of past steps?", as_student=True
)
class NoNumerator(_Adadelta):
    def delta(self, g: Any) -> Any:
        return g / np.sqrt(self.v + self.eps)


@adadelta.wrong("the fraction stands upside down", ask="Large gradients: longer or shorter steps?", as_student=True)
class UpsideDown(_Adadelta):
    def delta(self, g: Any) -> Any:
        return np.sqrt(self.v + self.eps) / np.sqrt(self.d + self.eps) * g


@adadelta.wrong(
    "d remembers the squared gradients, as v does", ask="Of which quantity is d the running mean?", as_student=True
)
class RemembersGradients(_Adadelta):
    def remember(self, delta: Any, g: Any, lr: float) -> None:  # noqa: ARG002
        self.d = self.fade(self.d, g**2)


@adadelta.wrong("d remembers Δ without squaring it", ask="d stands under a root. Can it be negative?", as_student=True)
class NotSquared(_Adadelta):
    def remember(self, delta: Any, g: Any, lr: float) -> None:  # noqa: ARG002
        self.d = self.fade(self.d, np.abs(delta))


@adadelta.wrong(
    "d remembers the step with its rate, lr · Δ",
    ask="Δ is what the formula gives. Where does lr come in?",
    as_student=True,
)
class RemembersTheStep(_Adadelta):
    def remember(self, delta: Any, g: Any, lr: float) -> None:  # noqa: ARG002
        self.d = self.fade(self.d, (lr * delta) ** 2)


@adadelta.wrong(
    "eps is missing beside d: d starts at 0, and nothing ever moves",
    ask="How long is your first step?",
    as_student=True,
)
class NeverStarts(_Adadelta):
    def delta(self, g: Any) -> Any:
        return np.sqrt(self.d) / np.sqrt(self.v + self.eps) * g


@adadelta.wrong(
    "v is updated after the step", ask="Does the first Δ know how large its own gradient is?", as_student=True
)
class LateV(_Adadelta):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        delta = self.delta(g)
        self.v = self.fade(self.v, g**2)
        self.remember(delta, g, lr)
        return w - lr * delta


@adadelta.wrong("the rate is ignored", ask="What happens to your step when lr is halved?", as_student=True)
class NoRate(_Adadelta):
    def step(self, w: Any, g: Any, lr: float) -> Any:  # noqa: ARG002
        return super().step(w, g, 1.0)


@adadelta.convention(
    "eps outside both roots; the course, the paper and PyTorch have it inside",
    ask="How large is the first step for eps = 1e-6, inside and outside?",
    as_student=True,
)
class EpsOutside(_Adadelta):
    def delta(self, g: Any) -> Any:
        return (np.sqrt(self.d) + self.eps) / (np.sqrt(self.v) + self.eps) * g


name_writing(adadelta)

QUESTIONS = (adadelta,)
