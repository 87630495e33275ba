"""Exercise 09: what Adam makes of a penalty, and of weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import regularisation
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]
L2, DECOUPLED, UNCHANGED = "w with L2 in the gradient", "w with decoupled decay", "w and grads are left as they were"


def _inputs(rng: np.random.Generator) -> Arrays:
    """Five weights: large, ordinary and tiny gradients, one that is always 0, and one tiny weight."""
    sizes = np.array([10.0, 1.0, 1e-4, 0.0, 1.0])
    return {
        "w": rng.choice([-1.0, 1.0], 5) * rng.uniform(0.5, 1.5, 5) * np.array([1, 1, 1, 1, 0.01]),
        "grads": sizes * rng.normal(size=(6, 5)),
        "lr": rng.uniform(0.01, 0.03),
        "weight_decay": rng.uniform(0.3, 0.6),
    }


def _run(
    w: Any, grads: Any, lr: Any, gradient: Any, decay: Any, betas: Any = (0.9, 0.999), first: int = 1, fix: Any = None
) -> Any:
    """Adam over all gradients. ``gradient(g, w)`` enters the averages; ``decay(w)`` multiplies before the step."""
    beta1, beta2 = betas
    m, v, path = np.zeros_like(w), np.zeros_like(w), []
    for t, g in enumerate(grads, start=first):
        g = gradient(g, w)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        correct_m, correct_v = (1 - beta1**t, 1 - beta2**t) if fix is None else fix(t)
        w = decay(w) - lr * (m / correct_m) / (np.sqrt(v / correct_v) + 1e-8)
        path.append(w)
    return np.array(path)


def _plain(g: Any, w: Any) -> Any:  # noqa: ARG001 - the same face as a gradient with a penalty
    return g


def _penalised(strength: Any) -> Any:
    return lambda g, w: g + strength * w


def _keep(w: Any) -> Any:
    return w


def _shrink(factor: Any) -> Any:
    return lambda w: factor * w


def _both(w: Any, grads: Any, lr: Any, weight_decay: Any, **options: Any) -> Arrays:
    return {
        L2: _run(w, grads, lr, _penalised(weight_decay), _keep, **options),
        DECOUPLED: _run(w, grads, lr, _plain, _shrink(1 - lr * weight_decay), **options),
    }


adam_decay = Question(
    "09.adam_decay",
    points=4,
    minutes=15,
    title="Adam with L2, and Adam with weight decay",
    called_as="path = adam_decay(w, grads, lr, weight_decay, decoupled)",
    tested="six steps of five weights, with gradients of size 10, 1, 0.0001 and 0, first L2 and then decoupled",
    inputs=_inputs,
    drive=regularisation.adam_decay,
    answer=lambda **inputs: {**_both(**inputs), UNCHANGED: True},
    axes=dict.fromkeys((L2, DECOUPLED), ("step", "weight")),
    steps=(L2, DECOUPLED),
    off_limits=("torch.optim", "dlcourse.numpy.optim", "dlcourse.torch.optim"),
)
adam_decay.hint("One loop for both. L2: g = g + weight_decay * w comes first, and enters m and v.")
adam_decay.hint("Decoupled: m and v see the data's gradient only; first w is multiplied by 1 - lr * weight_decay.")
adam_decay.hint("t counts from 1: m / (1 - 0.9**t), v / (1 - 0.999**t), and 1e-8 is added to the root.")


@adam_decay.wrong("both are L2: decoupled is ignored", ask="What should your code do when decoupled is True?")
def always_l2(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {DECOUPLED: _both(w, grads, lr, weight_decay)[L2]}


@adam_decay.wrong("both are decoupled", ask="Where does λw go when decoupled is False?")
def always_decoupled(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {L2: _both(w, grads, lr, weight_decay)[DECOUPLED]}


@adam_decay.wrong("the two have changed places", ask="Which of them adds λw to the gradient?")
def swapped(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    both = _both(w, grads, lr, weight_decay)
    return {L2: both[DECOUPLED], DECOUPLED: both[L2]}


@adam_decay.wrong(
    "the decay is not multiplied by the rate",
    ask="With λ = 0.5, how much of a weight is left after ten steps of rate 0.001?",
)
def decay_without_rate(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {DECOUPLED: _run(w, grads, lr, _plain, _shrink(1 - weight_decay))}


@adam_decay.wrong("the weights grow: the sign of the decay is wrong", ask="Is 1 + ηλ above or below 1?")
def grows(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {DECOUPLED: _run(w, grads, lr, _plain, _shrink(1 + lr * weight_decay))}


@adam_decay.wrong("the factor is ηλ instead of 1 − ηλ, and the weights are gone at once", ask="Is ηλ close to 1?")
def factor_near_zero(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {DECOUPLED: _run(w, grads, lr, _plain, _shrink(lr * weight_decay))}


@adam_decay.wrong("the decay acts on the weights after the step", ask="Which weights shrink, the old or the new ones?")
def decay_after(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    kept = 1 - lr * weight_decay
    path, current = [], w
    steps = np.diff(np.concatenate([w[None], _run(w, grads, lr, _plain, _keep)]), axis=0)
    for step in steps:  # Adam's steps do not depend on w here
        current = (current + step) * kept
        path.append(current)
    return {DECOUPLED: np.array(path)}


@adam_decay.wrong("the decay always uses the first weights", ask="Which w shrinks in step 5?")
def decay_of_the_start(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {DECOUPLED: _run(w, grads, lr, _plain, lambda current: current - lr * weight_decay * w)}


@adam_decay.wrong("the penalty's sign is wrong", ask="What is the gradient of ½λw²?")
def penalty_sign(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {L2: _run(w, grads, lr, _penalised(-weight_decay), _keep)}


@adam_decay.wrong("the penalty is λw², without the ½", ask="What is the gradient of ½λw²?")
def penalty_twice(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {L2: _run(w, grads, lr, _penalised(2 * weight_decay), _keep)}


@adam_decay.wrong("the penalty's gradient is ½λw: the 2 of the square is missing", ask="What is the gradient of ½λw²?")
def penalty_halved(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {L2: _run(w, grads, lr, _penalised(weight_decay / 2), _keep)}


@adam_decay.wrong(
    "with decoupled=True the weights decay and λw is in the gradient as well", ask="What do m and v see when decoupled?"
)
def both_at_once(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    kept = 1 - lr * weight_decay  # w shrinks first, so the penalty sees the smaller one
    return {DECOUPLED: _run(w, grads, lr, _penalised(kept * weight_decay), _shrink(kept))}


@adam_decay.wrong(
    "every row is that of the last step: one array was appended again and again",
    ask="What does your list hold after w -= step: six arrays, or one array six times?",
)
def one_array(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    paths = _both(w, grads, lr, weight_decay)
    return {name: np.repeat(path[-1:], len(path), axis=0) for name, path in paths.items()}


@adam_decay.wrong("only the last weights are returned", ask="How many rows has a path of T steps?")
def last_only(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {name: path[-1] for name, path in _both(w, grads, lr, weight_decay).items()}


@adam_decay.wrong("the first weights are in the path as well", ask="How many rows has a path of T steps?")
def with_the_start(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {name: np.concatenate([w[None], path]) for name, path in _both(w, grads, lr, weight_decay).items()}


@adam_decay.wrong(
    "the penalty enters m but not v", ask="With L2, which gradient does Adam see: that of the data or that of the sum?"
)
def not_in_v(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    m, v, path, current = np.zeros_like(w), np.zeros_like(w), [], w
    for t, g in enumerate(grads, start=1):
        m = 0.9 * m + 0.1 * (g + weight_decay * current)
        v = 0.999 * v + 0.001 * g**2
        current = current - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(current)
    return {L2: np.array(path)}


@adam_decay.wrong("the penalty always uses the first weights", ask="Which w does the penalty pull at in step 5?")
def penalty_of_the_start(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return {L2: _run(w, grads, lr, lambda g, current: g + weight_decay * w, _keep)}  # noqa: ARG005


@adam_decay.wrong("the bias correction is missing", ask="After one step m is only 0.1 g. How large is m / √v then?")
def no_correction(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return _both(w, grads, lr, weight_decay, fix=lambda t: (1.0, 1.0))  # noqa: ARG005


@adam_decay.wrong("t starts at 0, so the first correction divides by zero", ask="What is 1 − 0.9⁰?")
def t_from_zero(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return _both(w, grads, lr, weight_decay, first=0)


@adam_decay.wrong("only m is corrected", ask="Which of the two averages starts from zero?")
def only_m_corrected(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return _both(w, grads, lr, weight_decay, fix=lambda t: (1 - 0.9**t, 1.0))


@adam_decay.wrong("β₁ and β₂ have changed places", ask="Which average has the longer memory?")
def betas_swapped(w: Any, grads: Any, lr: Any, weight_decay: Any) -> Arrays:
    return _both(w, grads, lr, weight_decay, betas=(0.999, 0.9))


@adam_decay.wrong("w or a gradient that was given is changed", ask="Does w -= step make a new array?")
def writes() -> Arrays:
    return {UNCHANGED: False}


QUESTIONS = (adam_decay,)
