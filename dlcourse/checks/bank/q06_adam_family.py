"""Exercise 06: AdamW and NAdam."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS, TESTED, gradient_list, name_writing, walk
from dlcourse.checks.bank.q06_adam import Adam, adam_settings
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 7

Arrays = dict[str, Any]


class _AdamW(Adam):
    """The right optimizer."""

    def __init__(self, beta1: float, beta2: float, eps: float, weight_decay: float) -> None:
        super().__init__(beta1, beta2, eps)
        self.weight_decay = weight_decay

    def step(self, w: Any, g: Any, lr: float) -> Any:
        return super().step(w * (1 - lr * self.weight_decay), g, lr)


adamw = Question(
    "06.adamw",
    points=3,
    minutes=8,
    title="AdamW",
    called_as="optimizer = AdamW(beta1, beta2, eps, weight_decay); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, **adam_settings(rng), weight_decay=rng.uniform(0.1, 0.5)),
    drive=optimizers.adamw,
    answer=lambda beta1, beta2, eps, weight_decay, **inputs: walk(
        _AdamW(float(beta1), float(beta2), float(eps), float(weight_decay)), **inputs
    ),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    off_limits=OFF_LIMITS,
)
adamw.hint("The gradient that m and v see has no penalty in it. What happens to w happens before Adam's step.")
adamw.hint("If your Adam is right: super().step of the shrunken weights, w · (1 − lr · weight_decay).")


@adamw.wrong("nothing decays: this is Adam", ask="Where does your step use weight_decay?", as_student=True)
class NoDecay(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w, g, lr)


@adamw.wrong(
    "the penalty is added to the gradient: L2 inside Adam, which divides it by √v̂ with the rest",
    ask="A weight without a gradient: how fast does it shrink, and does that depend on weight_decay?",
    as_student=True,
)
class InsideAdam(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w, g + self.weight_decay * w, lr)


@adamw.wrong("the weights grow", ask="What is 1 + lr · λ: more or less than 1?", as_student=True)
class Grows(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w * (1 + lr * self.weight_decay), g, lr)


@adamw.wrong(
    "the weights are shrunk after the step, so that the step shrinks, too",
    ask="Which w should decay: the old or the new one?",
    as_student=True,
)
class ShrinksTheStep(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w, g, lr) * (1 - lr * self.weight_decay)


@adamw.wrong(
    "the decay is divided by √v̂, as the gradient is",
    ask="Do weights with small gradients decay as fast as the others?",
    as_student=True,
)
class DividedDecay(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        new = Adam.step(self, w, g, lr)
        return new - lr * self.direction(self.weight_decay * w, self.corrected()[1])


@adamw.wrong("weights shrink to λ of their size", ask="How much of w is left after one step?", as_student=True)
class KeepsLambda(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w * lr * self.weight_decay, g, lr)


@adamw.wrong("every weight loses the same amount, as with L1", ask="Is it w or its sign that decays?", as_student=True)
class ByTheSign(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w - lr * self.weight_decay * np.sign(w), g, lr)


@adamw.convention(
    "the decay does not contain the rate, w (1 − λ): closer to the paper, whose schedule multiplies both; PyTorch and "
    "the course have lr · λ",
    ask="When lr falls, should the decay fall with it?",
    as_student=True,
)
class WithoutRate(_AdamW):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        return Adam.step(self, w * (1 - self.weight_decay), g, lr)


# ---- the next step's share of momentum


class _NAdam(Adam):
    """The right optimizer, with the gradient at hand."""

    g: Any = 0.0

    def update(self, g: Any) -> None:
        super().update(g)
        self.g = g

    def mixed(self) -> Any:
        ahead = self.beta1 * self.m / (1 - self.beta1 ** (self.t + 1))
        return ahead + (1 - self.beta1) * self.g / (1 - self.beta1**self.t)

    def corrected(self) -> tuple[Any, Any]:
        return self.mixed(), self.v / (1 - self.beta2**self.t)


nadam = Question(
    "06.nadam",
    points=3,
    minutes=8,
    title="NAdam",
    called_as="optimizer = NAdam(beta1, beta2, eps); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, **adam_settings(rng)),
    drive=optimizers.adam,
    answer=lambda beta1, beta2, eps, **inputs: walk(_NAdam(float(beta1), float(beta2), float(eps)), **inputs),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    off_limits=OFF_LIMITS,
)
nadam.hint("Everything is Adam's but m̂, which has two terms now.")
nadam.hint("The share of m is corrected with t + 1, because it belongs to the next step; that of g with t.")


@nadam.wrong("this is Adam: m̂ has no term with g", ask="What does NAdam's m̂ contain besides m?", as_student=True)
class PlainAdam(_NAdam):
    def mixed(self) -> Any:
        return self.m / (1 - self.beta1**self.t)


@nadam.wrong("both terms are corrected with t", ask="Which of the two belongs to the next step?", as_student=True)
class BothWithT(_NAdam):
    def mixed(self) -> Any:
        return (self.beta1 * self.m + (1 - self.beta1) * self.g) / (1 - self.beta1**self.t)


@nadam.wrong("both terms are corrected with t + 1", ask="Which of the two belongs to this step?", as_student=True)
class BothWithNext(_NAdam):
    def mixed(self) -> Any:
        return (self.beta1 * self.m + (1 - self.beta1) * self.g) / (1 - self.beta1 ** (self.t + 1))


@nadam.wrong("the two corrections are swapped", ask="Which term belongs to the next step?", as_student=True)
class SwappedCorrections(_NAdam):
    def mixed(self) -> Any:
        ahead = self.beta1 * self.m / (1 - self.beta1**self.t)
        return ahead + (1 - self.beta1) * self.g / (1 - self.beta1 ** (self.t + 1))


@nadam.wrong("only the share of m is left", ask="Which part of m̂ is this step's gradient?", as_student=True)
class WithoutGradient(_NAdam):
    def mixed(self) -> Any:
        return self.beta1 * self.m / (1 - self.beta1 ** (self.t + 1))


@nadam.wrong(
    "the shares are swapped: beta1 multiplies g",
    ask="How much of the memory, and how much of the news?",
    as_student=True,
)
class SwappedShares(_NAdam):
    def mixed(self) -> Any:
        ahead = (1 - self.beta1) * self.m / (1 - self.beta1 ** (self.t + 1))
        return ahead + self.beta1 * self.g / (1 - self.beta1**self.t)


@nadam.wrong(
    "the old m is used, from before this gradient", ask="Is m updated before or after m̂ is made?", as_student=True
)
class OldMemory(_NAdam):
    old: Any = 0.0

    def update(self, g: Any) -> None:
        self.old = self.m
        super().update(g)

    def mixed(self) -> Any:
        ahead = self.beta1 * self.old / (1 - self.beta1 ** (self.t + 1))
        return ahead + (1 - self.beta1) * self.g / (1 - self.beta1**self.t)


@nadam.wrong(
    "g comes in whole, without 1 − beta1", ask="How long is the first step, compared with lr?", as_student=True
)
class WholeGradient(_NAdam):
    def mixed(self) -> Any:
        ahead = self.beta1 * self.m / (1 - self.beta1 ** (self.t + 1))
        return ahead + self.g / (1 - self.beta1**self.t)


@nadam.convention(
    "beta1 rises over the steps, as in PyTorch's NAdam and in Dozat's experiments; here it stays",
    ask="What is 1 − 0.5 · 0.96^(0.004 t) in the first step?",
    as_student=True,
)
class RisingBeta(_NAdam):
    product = 1.0

    def mixed(self) -> Any:
        now, later = (self.beta1 * (1 - 0.5 * 0.96 ** (0.004 * t)) for t in (self.t, self.t + 1))
        self.product *= now
        return later * self.m / (1 - self.product * later) + (1 - now) * self.g / (1 - self.product)


name_writing(adamw, nadam)

QUESTIONS = (adamw, nadam)
