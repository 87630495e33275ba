"""Exercise 06: a rate for each weight: Adagrad and RMSprop."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS, TESTED, gradient_list, name_writing, walk
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]


class _Adagrad:
    """The right optimizer, in parts that can go wrong one by one."""

    def __init__(self, eps: float) -> None:
        self.eps = eps
        self.t = 0
        self.v: Any = 0.0

    def accumulate(self, g: Any) -> None:
        self.v = self.v + g**2

    def size(self) -> Any:
        return np.sqrt(self.v) + self.eps

    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.t += 1
        self.accumulate(g)
        return w - lr * g / self.size()


adagrad = Question(
    "06.adagrad",
    points=3,
    minutes=8,
    title="Adagrad",
    called_as="optimizer = Adagrad(eps); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, eps=rng.uniform(0.5, 2.0) * 1e-8),
    drive=optimizers.adagrad,
    answer=lambda eps, **inputs: walk(_Adagrad(float(eps)), **inputs),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    off_limits=OFF_LIMITS,
)
adagrad.hint("v is a sum: it has one entry for each weight and never shrinks.")
adagrad.hint("First add g² to v, then divide g by √v + eps, each entry by its own.")


@adagrad.wrong("the root is missing", ask="Which unit has g / g²?", as_student=True)
class NoRoot(_Adagrad):
    def size(self) -> Any:
        return self.v + self.eps


@adagrad.wrong(
    "v is the mean of the squares, not their sum: these steps do not become shorter",
    ask="The gradient is always 5. How long should the hundredth step be?",
    as_student=True,
)
class MeanOfSquares(_Adagrad):
    def size(self) -> Any:
        return np.sqrt(self.v / self.t) + self.eps


@adagrad.wrong(
    "v holds only the latest square: every step has the same length",
    ask="What does v know about earlier gradients?",
    as_student=True,
)
class LatestOnly(_Adagrad):
    def accumulate(self, g: Any) -> None:
        self.v = g**2


@adagrad.wrong("absolute values are added up, not squares", ask="What stands under the root?", as_student=True)
class AbsoluteSum(_Adagrad):
    def accumulate(self, g: Any) -> None:
        self.v = self.v + np.abs(g)


@adagrad.wrong(
    "all weights share one size, the norm of the whole gradient",
    ask="One weight has gradients of 3, another of 0.0001. Whose size is this?",
    as_student=True,
)
class OneForAll(_Adagrad):
    def accumulate(self, g: Any) -> None:
        self.v = self.v + (g**2).sum()


@adagrad.wrong(
    "v is updated after the step: the first step divides by eps alone",
    ask="How long is your very first step?",
    as_student=True,
)
class AfterTheStep(_Adagrad):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        new = w - lr * g / self.size()
        self.accumulate(g)
        return new


@adagrad.wrong(
    "eps is left out: a weight without a gradient divides 0 by 0",
    ask="What is your first step where g is 0?",
    as_student=True,
)
class NoEps(_Adagrad):
    def size(self) -> Any:
        with np.errstate(all="ignore"):
            return np.sqrt(self.v)


@adagrad.convention(
    "eps inside the root, as some libraries have it; it then weighs much more for tiny gradients",
    ask="How large is √eps, compared with the smallest gradients?",
    as_student=True,
)
class EpsInside(_Adagrad):
    def size(self) -> Any:
        return np.sqrt(self.v + self.eps)


# ---- a memory that fades


class _RMSprop(_Adagrad):
    """The right optimizer."""

    def __init__(self, alpha: float, eps: float) -> None:
        super().__init__(eps)
        self.alpha = alpha

    def accumulate(self, g: Any) -> None:
        self.v = self.alpha * self.v + (1 - self.alpha) * g**2


rmsprop = Question(
    "06.rmsprop",
    points=3,
    minutes=6,
    title="RMSprop",
    called_as="optimizer = RMSprop(alpha, eps); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, alpha=rng.uniform(0.9, 0.97), eps=rng.uniform(0.5, 2.0) * 1e-8),
    drive=optimizers.rmsprop,
    answer=lambda alpha, eps, **inputs: walk(_RMSprop(float(alpha), float(eps)), **inputs),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    scales=lambda alpha: {"alpha": float(alpha), "1 - alpha": 1 - float(alpha)},
    off_limits=OFF_LIMITS,
)
rmsprop.hint("As Adagrad, but v is a running mean: alpha of the old, 1 − alpha of the new.")
rmsprop.hint("v starts at 0 and is not corrected. The first step may well be several times lr.")


@rmsprop.wrong("the root is missing", ask="Which unit has g / g²?", as_student=True)
class RMSpropNoRoot(_RMSprop):
    def size(self) -> Any:
        return self.v + self.eps


@rmsprop.wrong("alpha and 1 − alpha are swapped", ask="Which of the two multiplies the past?", as_student=True)
class Swapped(_RMSprop):
    def accumulate(self, g: Any) -> None:
        self.v = (1 - self.alpha) * self.v + self.alpha * g**2


@rmsprop.wrong(
    "the new square comes in whole, without 1 − alpha",
    ask="If the gradient is always 5: which size does √v approach?",
    as_student=True,
)
class WholeSquare(_RMSprop):
    def accumulate(self, g: Any) -> None:
        self.v = self.alpha * self.v + g**2


@rmsprop.wrong("nothing is forgotten: this is Adagrad", ask="What shrinks the old v?", as_student=True)
class StillAdagrad(_RMSprop):
    def accumulate(self, g: Any) -> None:
        self.v = self.v + g**2


@rmsprop.wrong("absolute values are averaged, not squares", ask="What does RMS stand for?", as_student=True)
class MeanAbsolute(_RMSprop):
    def accumulate(self, g: Any) -> None:
        self.v = self.alpha * self.v + (1 - self.alpha) * np.abs(g)


@rmsprop.wrong("all weights share one size", ask="Whose size is the norm of the whole gradient?", as_student=True)
class RMSpropOneForAll(_RMSprop):
    def accumulate(self, g: Any) -> None:
        self.v = self.alpha * self.v + (1 - self.alpha) * (g**2).mean()


@rmsprop.wrong(
    "v is updated after the step: the first step divides by eps alone",
    ask="How long is your very first step?",
    as_student=True,
)
class RMSpropAfterTheStep(_RMSprop):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        new = w - lr * g / self.size()
        self.accumulate(g)
        return new


@rmsprop.convention(
    "eps inside the root, as some libraries have it; it then weighs much more for tiny gradients",
    ask="How large is √eps, compared with the smallest gradients?",
    as_student=True,
)
class RMSpropEpsInside(_RMSprop):
    def size(self) -> Any:
        return np.sqrt(self.v + self.eps)


@rmsprop.convention(
    "v is corrected for its start at 0, as Adam does; RMSprop leaves it as it is",
    ask="How long is the first step with, and without?",
    as_student=True,
)
class Corrected(_RMSprop):
    def size(self) -> Any:
        return np.sqrt(self.v / (1 - self.alpha**self.t)) + self.eps


name_writing(adagrad, rmsprop)

QUESTIONS = (adagrad, rmsprop)
