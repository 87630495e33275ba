"""Exercise 06: Adam, and the many ways to get it nearly right."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.gradient_lists import OFF_LIMITS, TESTED, gradient_list, name_writing, walk
from dlcourse.checks.drives import optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS", "Adam", "adam_settings"]

ORDER = 6

Arrays = dict[str, Any]


class Adam:
    """The right optimizer, in parts that can go wrong one by one."""

    def __init__(self, beta1: float, beta2: float, eps: float) -> None:
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.t = 0
        self.m: Any = 0.0
        self.v: Any = 0.0

    def update(self, g: Any) -> None:
        """Let both moments forget a little, and take the gradient in."""
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2

    def corrected(self) -> tuple[Any, Any]:
        """m̂ and v̂."""
        return self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)

    def direction(self, m_hat: Any, v_hat: Any) -> Any:
        """The step for a rate of 1."""
        return m_hat / (np.sqrt(v_hat) + self.eps)

    def step(self, w: Any, g: Any, lr: float) -> Any:
        """The new weights."""
        self.t += 1
        self.update(g)
        return w - lr * self.direction(*self.corrected())


def adam_settings(rng: np.random.Generator) -> Arrays:
    """Rates of forgetting that differ from each other and from the usual ones."""
    return {"beta1": rng.uniform(0.7, 0.85), "beta2": rng.uniform(0.95, 0.99), "eps": rng.uniform(0.5, 2.0) * 1e-8}


adam = Question(
    "06.adam",
    points=5,
    minutes=15,
    title="Adam",
    called_as="optimizer = Adam(beta1, beta2, eps); w = optimizer.step(w, g, lr)",
    tested=TESTED,
    inputs=lambda rng: gradient_list(rng, **adam_settings(rng)),
    drive=optimizers.adam,
    answer=lambda beta1, beta2, eps, **inputs: walk(Adam(float(beta1), float(beta2), float(eps)), **inputs),
    steps=(optimizers.CHANGE,),
    axes={optimizers.CHANGE: ("step", "weight")},
    scales=lambda beta1, beta2: {"1 - beta1": 1 - float(beta1), "1 - beta2": 1 - float(beta2)},
    off_limits=OFF_LIMITS,
)
adam.hint("Three things live on self: t, m and v, all from 0. t counts the calls and is 1 in the first step.")
adam.hint("m̂ and v̂ are made anew in each step, from m and v, with the powers beta1**t and beta2**t.")
adam.hint("The step: lr · m̂ / (√v̂ + eps). Check your first step by hand: it should be about lr, whatever g is.")


@adam.wrong(
    "the correction of the start at zero is missing",
    ask="After one step m is (1 − beta1) g. By which factor is √v too small?",
    as_student=True,
)
class NoCorrection(Adam):
    def corrected(self) -> tuple[Any, Any]:
        return self.m, self.v


@adam.wrong(
    "t is 0 in the first step, so that the correction divides by zero", ask="What is 1 − beta**0?", as_student=True
)
class FromZero(Adam):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.update(g)
        with np.errstate(all="ignore"):
            m_hat = self.m / np.float64(1 - self.beta1**self.t)
            v_hat = self.v / np.float64(1 - self.beta2**self.t)
            self.t += 1
            return w - lr * self.direction(m_hat, v_hat)


@adam.wrong("t is one ahead: it is 2 in the first step", ask="When do you count, and from where?", as_student=True)
class OneAhead(Adam):
    def corrected(self) -> tuple[Any, Any]:
        t = self.t + 1
        return self.m / (1 - self.beta1**t), self.v / (1 - self.beta2**t)


@adam.wrong("1 − beta stands where 1 − betaᵗ is meant", ask="Does your correction fade as t grows?", as_student=True)
class NoPower(Adam):
    def corrected(self) -> tuple[Any, Any]:
        return self.m / (1 - self.beta1), self.v / (1 - self.beta2)


@adam.wrong(
    "1 − beta · t stands where 1 − betaᵗ is meant", ask="A power or a product: what is it for t = 3?", as_student=True
)
class Product(Adam):
    def corrected(self) -> tuple[Any, Any]:
        return self.m / (1 - self.beta1 * self.t), self.v / (1 - self.beta2 * self.t)

    def direction(self, m_hat: Any, v_hat: Any) -> Any:
        with np.errstate(all="ignore"):
            return super().direction(m_hat, v_hat)


@adam.wrong("only m is corrected", ask="Which of the two starts at zero: m, v or both?", as_student=True)
class OnlyM(Adam):
    def corrected(self) -> tuple[Any, Any]:
        return self.m / (1 - self.beta1**self.t), self.v


@adam.wrong("only v is corrected", ask="Which of the two starts at zero: m, v or both?", as_student=True)
class OnlyV(Adam):
    def corrected(self) -> tuple[Any, Any]:
        return self.m, self.v / (1 - self.beta2**self.t)


@adam.wrong(
    "the corrected moments are stored back, so that they are corrected again and again",
    ask="Is the correction for this step, or for the memory?",
    as_student=True,
)
class StoredBack(Adam):
    def corrected(self) -> tuple[Any, Any]:
        self.m, self.v = super().corrected()
        return self.m, self.v


@adam.wrong("beta1 and beta2 are swapped", ask="Which moment has the longer memory?", as_student=True)
class SwappedBetas(Adam):
    def __init__(self, beta1: float, beta2: float, eps: float) -> None:
        super().__init__(beta2, beta1, eps)


@adam.wrong(
    "m averages the squares too, so that the sign of the gradient is lost",
    ask="Can your step ever go the other way?",
    as_student=True,
)
class SquaresInM(Adam):
    def update(self, g: Any) -> None:
        super().update(g)
        self.m = self.m + (1 - self.beta1) * (g**2 - g)


@adam.wrong("v averages absolute values, not squares", ask="Which unit has the root of v?", as_student=True)
class NoSquare(Adam):
    def update(self, g: Any) -> None:
        super().update(g)
        self.v = self.v + (1 - self.beta2) * (np.abs(g) - g**2)


@adam.wrong(
    "v is made of m², not of g²",
    ask="The size of what should v measure: of each gradient, or of their mean?",
    as_student=True,
)
class SquaresOfM(Adam):
    def update(self, g: Any) -> None:
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * self.m**2


@adam.wrong("the root of v̂ is missing", ask="Which unit has g / g²?", as_student=True)
class AdamNoRoot(Adam):
    def direction(self, m_hat: Any, v_hat: Any) -> Any:
        return m_hat / (v_hat + self.eps)


@adam.wrong(
    "the step uses g in the place of m̂: RMSprop with a correction", ask="What is m for, in your step?", as_student=True
)
class NoMomentum(Adam):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.t += 1
        self.update(g)
        return w - lr * self.direction(g, self.corrected()[1])


@adam.wrong("all weights share one second moment", ask="Whose size is the mean of all squares?", as_student=True)
class OneSecondMoment(Adam):
    def update(self, g: Any) -> None:
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * (g**2).mean()


@adam.wrong(
    "the moments are updated after the step: everything comes one step late",
    ask="Does the first step know the first gradient?",
    as_student=True,
)
class UpdatedLate(Adam):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.t += 1
        new = w - lr * self.direction(*self.corrected())
        self.update(g)
        return new


@adam.wrong(
    "eps is added to the quotient, not to the root",
    ask="The gradient is 0. Should the weight move?",
    as_student=True,
)
class EpsAdded(Adam):
    def direction(self, m_hat: Any, v_hat: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.where(v_hat > 0, m_hat / np.sqrt(v_hat), 0.0) + self.eps


@adam.wrong("the step goes uphill", ask="Where does the gradient point?", as_student=True)
class AdamUphill(Adam):
    def direction(self, m_hat: Any, v_hat: Any) -> Any:
        return -super().direction(m_hat, v_hat)


@adam.wrong("t is counted on the class, so that two optimizers share it", ask="Whose steps does your t count?")
def shared_count(w: Any, grads: Any, lr: Any, beta1: Any, beta2: Any, eps: Any) -> Arrays:
    optimizer = Adam(float(beta1), float(beta2), float(eps))
    changes = []
    for g, rate in zip(grads, lr, strict=True):
        new = optimizer.step(w, g, rate)
        changes.append(new - w)
        w = new
        optimizer.t += 1  # the step of the other one
    return {optimizers.CHANGE: np.stack(changes)}


@adam.convention(
    "eps inside the root, √(v̂ + eps); the paper and PyTorch have it outside",
    ask="How large is √eps, compared with the smallest gradients?",
    as_student=True,
)
class AdamEpsInside(Adam):
    def direction(self, m_hat: Any, v_hat: Any) -> Any:
        return m_hat / np.sqrt(v_hat + self.eps)


@adam.convention(
    "eps is added before the correction, as in the folded form of the paper's section 2, where it means something else",
    ask="Compare √v + eps with √v̂ + eps in the first step: which eps weighs more?",
    as_student=True,
)
class Folded(Adam):
    def step(self, w: Any, g: Any, lr: float) -> Any:
        self.t += 1
        self.update(g)
        rate = lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        return w - rate * self.m / (np.sqrt(self.v) + self.eps)


@adam.convention(
    "AMSGrad: the largest v so far is used", ask="Is v allowed to shrink again in plain Adam?", as_student=True
)
class AMSGrad(Adam):
    largest: Any = 0.0

    def corrected(self) -> tuple[Any, Any]:
        self.largest = np.maximum(self.largest, self.v)
        return self.m / (1 - self.beta1**self.t), self.largest / (1 - self.beta2**self.t)


name_writing(adam)

QUESTIONS = (adam,)
