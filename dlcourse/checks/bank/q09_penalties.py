"""Exercise 09: elastic net, and soft thresholding."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]
_PENALTIES = tuple(
    f"{library}.functional.{name}"
    for library in ("dlcourse.numpy", "dlcourse.torch")
    for name in ("l1_penalty", "l2_penalty", "elastic_net_penalty")
)


def _with_a_zero(rng: np.random.Generator) -> Arrays:
    W = rng.choice([-1.0, 1.0], (4, 3)) * rng.uniform(0.2, 2, (4, 3))
    W[rng.integers(4), rng.integers(3)] = 0.0
    return {"W": W, "l1": rng.uniform(0.2, 0.4), "l2": rng.uniform(0.6, 0.9)}


def _elastic(W: Any, l1: Any, l2: Any) -> Arrays:
    return {
        "penalty": l1 * np.abs(W).sum() + l2 / 2 * (W**2).sum(),
        "dW": l1 * np.sign(W) + l2 * W,
        "W is left as it was": True,
    }


elastic_net = Question(
    "09.elastic_net",
    points=3,
    minutes=8,
    title="Elastic net: the penalty and its gradient",
    called_as="penalty, dW = elastic_net(W, l1, l2)",
    tested="W (4, 3) with one entry that is exactly 0, random strengths; W must stay as it is",
    inputs=_with_a_zero,
    drive=regularisation.elastic_net,
    answer=_elastic,
    scales=lambda W, l1, l2: {"the number of weights": W.size, "l1": float(l1), "l2": float(l2)},
    off_limits=_PENALTIES,
)
elastic_net.hint("Two sums: one of absolute values, one of squares. Differentiate each term by one w.")
elastic_net.hint("np.sign is −1, 0 or 1: what the gradient of |w| should be, also at 0.")


@elastic_net.wrong(
    "the L2 part of the gradient is twice too large: 2λw belongs to λw², without the ½",
    ask="What is the derivative of ½ λ w²?",
)
def gradient_of_another(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"dW": l1 * np.sign(W) + 2 * l2 * W}


@elastic_net.wrong(
    "the L2 part of the gradient keeps the ½, which the square takes away",
    ask="What is the derivative of ½ λ w²?",
)
def half_in_gradient(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"dW": l1 * np.sign(W) + l2 / 2 * W}


@elastic_net.wrong("the ½ stands before the L1 part as well", ask="Which of the two terms is halved in the formula?")
def half_before_l1(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"penalty": l1 / 2 * np.abs(W).sum() + l2 / 2 * (W**2).sum()}


@elastic_net.wrong("where a weight is 0, the gradient is that of a positive weight", ask="What is np.sign(0)?")
def zero_is_positive(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"dW": l1 * np.where(W >= 0, 1.0, -1.0) + l2 * W}


@elastic_net.wrong("where a weight is 0, the gradient is that of a negative weight", ask="What is np.sign(0)?")
def zero_is_negative(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"dW": l1 * np.where(W > 0, 1.0, -1.0) + l2 * W}


@elastic_net.wrong("the ½ is missing from the penalty", ask="Which penalty has the gradient λw: ½λw² or λw²?")
def half_missing(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"penalty": l1 * np.abs(W).sum() + l2 * (W**2).sum()}


@elastic_net.convention(
    "λ‖W‖² without the ½, with the gradient that belongs to it: the same idea, with a λ half as large",
    ask="Which of the two has the weight decay factor 1 − ηλ?",
)
def without_half(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"penalty": l1 * np.abs(W).sum() + l2 * (W**2).sum(), "dW": l1 * np.sign(W) + 2 * l2 * W}


@elastic_net.wrong("the norm is not squared", ask="How strongly should L2 pull a weight that is nearly 0?")
def not_squared(W: Any, l1: Any, l2: Any) -> Arrays:
    norm = np.sqrt((W**2).sum())
    return {
        "penalty": l1 * np.abs(W).sum() + l2 / 2 * norm,
        "dW": l1 * np.sign(W) + l2 / 2 * W / norm,
    }


@elastic_net.wrong("L1 pulls every weight down, negative ones too", ask="Which way is 0, seen from −0.5?")
def no_sign(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"dW": l1 + l2 * W}


@elastic_net.wrong("w / |w| is 0/0 where a weight is 0", ask="Which subgradient of |w| leaves a zero where it is?")
def divides_by_zero(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"dW": l1 * W / np.abs(W) + l2 * W}


@elastic_net.wrong("the weights are summed without their absolute value", ask="Can a penalty be negative?")
def no_absolute_value(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"penalty": l1 * W.sum() + l2 / 2 * (W**2).sum()}


@elastic_net.wrong("the mean stands where the sum is meant", ask="Does a larger layer pay more?")
def mean(W: Any, l1: Any, l2: Any) -> Arrays:
    right = _elastic(W, l1, l2)
    return {"penalty": right["penalty"] / W.size, "dW": right["dW"] / W.size}


@elastic_net.wrong("the penalty is a mean and its gradient that of a sum", ask="Does your dW belong to your penalty?")
def mean_penalty(W: Any, l1: Any, l2: Any) -> Arrays:
    return {"penalty": _elastic(W, l1, l2)["penalty"] / W.size}


@elastic_net.wrong("l1 and l2 have changed places", ask="Which strength belongs to the absolute values?")
def swapped(W: Any, l1: Any, l2: Any) -> Arrays:
    return _elastic(W, l2, l1)


@elastic_net.wrong("the W that was given is changed", ask="Who else holds that array?")
def elastic_writes() -> Arrays:
    return {"W is left as it was": False}


# ---- soft thresholding


def _thresholds(rng: np.random.Generator) -> Arrays:
    """Weights that stay, weights that reach 0, and weights whose sign the data change, in random order."""
    lr, l1 = rng.uniform(0.3, 0.5), rng.uniform(0.5, 0.8)
    threshold = lr * l1
    sign = rng.choice([-1.0, 1.0], 12)
    after = sign * threshold * np.array([*rng.uniform(1.5, 6, 5), *rng.uniform(0.1, 0.9, 4), *rng.uniform(2, 4, 3)])
    before = after.copy()
    before[:9] += threshold * rng.uniform(-0.05, 0.05, 9)
    before[9:] *= -0.3  # the data pull these across 0
    order = rng.permutation(12)
    W, W_after = before[order].reshape(4, 3), after[order].reshape(4, 3)
    return {"W": W, "dW": (W - W_after) / lr, "lr": lr, "l1": l1}


def _soft(W: Any, threshold: Any) -> Any:
    return np.sign(W) * np.maximum(np.abs(W) - threshold, 0)


def _step(W: Any) -> Arrays:
    return {"W": W, "entries that are exactly 0": W == 0}


shrink_step = Question(
    "09.shrink_step",
    points=3,
    minutes=10,
    title="L1: a gradient step, then soft thresholding",
    called_as="W_new = shrink_step(W, dW, lr, l1)",
    tested="12 weights: some stay, some must become exactly 0, some change their sign in the gradient step",
    inputs=_thresholds,
    drive=regularisation.shrink_step,
    answer=lambda W, dW, lr, l1: {**_step(_soft(W - lr * dW, lr * l1)), "W and dW are left": True},
)
shrink_step.hint("Two lines: the step for the data, then towards 0 by the same amount for every weight.")
shrink_step.hint("np.sign(W) * np.maximum(np.abs(W) - threshold, 0). Which threshold belongs to a step of length lr?")


@shrink_step.wrong(
    "the penalty's gradient is followed instead: small weights jump across 0, and back in the next step",
    ask="How many of the new weights are exactly 0?",
)
def subgradient(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(W - lr * (dW + l1 * np.sign(W)))


@shrink_step.wrong("the shrinking does not stop at 0", ask="Where does a weight of 0.1 end that is shrunk by 0.3?")
def overshoots(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    W = W - lr * dW
    return _step(W - lr * l1 * np.sign(W))


@shrink_step.wrong("the threshold is λ, not ηλ", ask="What should half the rate do to the shrinking of one step?")
def threshold_without_rate(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(_soft(W - lr * dW, l1))


@shrink_step.wrong("the step for the data goes uphill", ask="In which direction does the cost fall: dW or −dW?")
def uphill(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(_soft(W + lr * dW, lr * l1))


@shrink_step.wrong(
    "L1 acts twice: in the gradient step, and in the shrinking", ask="For whom alone is the gradient step?"
)
def l1_twice(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(_soft(W - lr * (dW + l1 * np.sign(W)), lr * l1))


@shrink_step.wrong("the weights are shrunk before the gradient step", ask="Are the zeros still zeros after the step?")
def wrong_order(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(_soft(W, lr * l1) - lr * dW)


@shrink_step.wrong("small weights become 0 and the others are not shrunk", ask="Does L1 pull a large weight, too?")
def hard_threshold(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    W = W - lr * dW
    return _step(np.where(np.abs(W) > lr * l1, W, 0.0))


@shrink_step.wrong("the sign is lost: all new weights are positive or 0", ask="What should become of −2?")
def sign_lost(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(np.maximum(np.abs(W - lr * dW) - lr * l1, 0))


@shrink_step.wrong("negative weights are cut off", ask="What should become of −2?")
def negatives_lost(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(np.maximum(W - lr * dW - lr * l1, 0))


@shrink_step.wrong("the step for the data is missing", ask="Where is dW in your answer?")
def no_data(W: Any, lr: Any, l1: Any) -> Arrays:
    return _step(_soft(W, lr * l1))


@shrink_step.wrong("the sign is that of the old weight", ask="A weight has crossed 0 in the step. On which side is it?")
def old_sign(W: Any, dW: Any, lr: Any, l1: Any) -> Arrays:
    return _step(np.sign(W) * np.maximum(np.abs(W - lr * dW) - lr * l1, 0))


@shrink_step.wrong("an array that was given is changed", ask="What does W -= lr * dW do to the W of the caller?")
def shrink_writes() -> Arrays:
    return {"W and dW are left": False}


QUESTIONS = (elastic_net, shrink_step)
