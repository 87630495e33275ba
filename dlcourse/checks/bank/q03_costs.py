"""Exercise 03: the first cost, cost beside accuracy, an early break, the size of updates."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import sanity
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]


def _first(classes: Any, penalty: Any, chance: Any = None) -> Arrays:
    start = np.log(classes) if chance is None else chance
    return {"cost without penalty": start, "cost with penalty": start + penalty}


def _squares(W1: Any, W2: Any) -> Any:
    return (W1**2).sum() + (W2**2).sum()


first_cost = Question(
    "03.first_cost",
    points=2,
    minutes=6,
    title="What the first cost should be",
    called_as="cost = first_cost(classes, weight_decay, weights)",
    tested="the cross-entropy of a network that knows nothing, without L2 penalty and with it",
    inputs=lambda rng: {
        "classes": rng.integers(3, 60),
        "weight_decay": rng.uniform(0.02, 0.3),
        "W1": rng.normal(size=(4, 3)),
        "W2": rng.normal(size=(2, 4)),
    },
    drive=sanity.first_cost,
    answer=lambda classes, weight_decay, W1, W2: _first(classes, weight_decay / 2 * _squares(W1, W2)),
)
first_cost.hint("Which probability has each class when the network knows nothing? The cost is −log of it.")
first_cost.hint("The penalty is λ/2 times the sum of all squared weights, over all layers.")


@first_cost.wrong("the logarithm has base 2", ask="Ten classes: does your function print 2.3026?")
def base_two(classes: Any, weight_decay: Any, W1: Any, W2: Any) -> Arrays:
    return _first(classes, weight_decay / 2 * _squares(W1, W2), np.log2(classes))


@first_cost.wrong("the logarithm has base 10", ask="Ten classes: does your function print 2.3026?")
def base_ten(classes: Any, weight_decay: Any, W1: Any, W2: Any) -> Arrays:
    return _first(classes, weight_decay / 2 * _squares(W1, W2), np.log10(classes))


@first_cost.wrong("the probability itself is returned", ask="What does cross-entropy do with the probability?")
def probability(classes: Any, weight_decay: Any, W1: Any, W2: Any) -> Arrays:
    return _first(classes, weight_decay / 2 * _squares(W1, W2), 1 / classes)


@first_cost.wrong("the minus sign is missing", ask="Can a cross-entropy be negative?")
def negative(classes: Any, weight_decay: Any, W1: Any, W2: Any) -> Arrays:
    return _first(classes, weight_decay / 2 * _squares(W1, W2), -np.log(classes))


@first_cost.wrong("only the first layer is penalised", ask="How many matrices are in the list?")
def one_layer(classes: Any, weight_decay: Any, W1: Any) -> Arrays:
    return _first(classes, weight_decay / 2 * (W1**2).sum())


@first_cost.wrong("the penalty takes the norm, not its square", ask="Which gradient has λ/2 · ‖W‖²?")
def unsquared(classes: Any, weight_decay: Any, W1: Any, W2: Any) -> Arrays:
    return _first(classes, weight_decay / 2 * (np.linalg.norm(W1) + np.linalg.norm(W2)))


@first_cost.convention("the penalty has no factor ½", ask="The gradient of λ‖W‖² is 2λW. Which λ gives the same step?")
def without_half(classes: Any, weight_decay: Any, W1: Any, W2: Any) -> Arrays:
    return _first(classes, weight_decay * _squares(W1, W2))


def _measure(X: Any, y: Any, W: Any) -> tuple[Any, Any]:
    z = X @ W.T
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean(), (z.argmax(axis=1) == y).mean()


cost_and_accuracy = Question(
    "03.cost_and_accuracy",
    points=2,
    minutes=8,
    title="A flat cost, a rising accuracy",
    called_as="cost, accuracy = cost_and_accuracy(X, y, W)",
    tested="40 examples, weights near 0, before and after one small step: the cost hardly moves, the accuracy does",
    inputs=lambda rng: {
        "y": rng.integers(0, 4, 40),
        "X": rng.normal(size=(40, 5)),
        "W": 1e-3 * rng.normal(size=(4, 5)),
    },
    drive=sanity.tiny_rate,
    answer=lambda **inputs: sanity.tiny_rate(_measure, **inputs),
    off_limits=("torch.nn", "dlcourse.numpy.functional", "dlcourse.torch.functional"),
)
cost_and_accuracy.hint("Logits X Wᵀ, softmax by row, then the mean of −log p of the right classes.")
cost_and_accuracy.hint("The accuracy asks only which logit is the largest, however narrowly it leads.")


@cost_and_accuracy.wrong(
    "the cost is summed over the examples", ask="Should the cost double with the data set?", as_student=True
)
def summed(X: Any, y: Any, W: Any) -> Any:
    cost, accuracy = _measure(X, y, W)
    return cost * len(y), accuracy


@cost_and_accuracy.wrong(
    "the accuracy is the mean probability of the right class", ask="When is an answer right?", as_student=True
)
def soft_accuracy(X: Any, y: Any, W: Any) -> Any:
    z = X @ W.T
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return _measure(X, y, W)[0], p[np.arange(len(y)), y].mean()


@cost_and_accuracy.wrong(
    "the softmax runs over the examples, not over the classes", ask="Which axis holds the classes?", as_student=True
)
def wrong_axis(X: Any, y: Any, W: Any) -> Any:
    z = X @ W.T
    p = np.exp(z) / np.exp(z).sum(axis=0)
    return -np.log(p[np.arange(len(y)), y]).mean(), (p.argmax(axis=1) == y).mean()


@cost_and_accuracy.wrong(
    "the error rate is returned instead of the accuracy", ask="Is a large number good or bad?", as_student=True
)
def error_rate(X: Any, y: Any, W: Any) -> Any:
    cost, accuracy = _measure(X, y, W)
    return cost, 1 - accuracy


@cost_and_accuracy.wrong(
    "the accuracy is in percent", ask="Which largest value has the accuracy in this course?", as_student=True
)
def percent(X: Any, y: Any, W: Any) -> Any:
    cost, accuracy = _measure(X, y, W)
    return cost, 100 * accuracy


@cost_and_accuracy.wrong(
    "the two numbers come back in the other order", ask="Which one does the question name first?", as_student=True
)
def other_order(X: Any, y: Any, W: Any) -> Any:
    return _measure(X, y, W)[::-1]


def _runs(rng: np.random.Generator) -> Arrays:
    start = rng.uniform(1.5, 3.0)
    return {
        "fine": start * np.array([1.0, 1.4, 2.9, 1.2, 0.7, 0.5, 0.45]),
        "explodes": start * np.array([1.0, 0.9, 1.5, 2.5, 3.2, 9.0, 60.0]),
        "nan": start * np.array([1.0, 0.95, np.nan, np.nan, np.nan]),
        "late": start * np.array([1.0, 0.4, 0.2, 0.9, 1.8, 2.4, 2.0]),
    }


def _stop(train_step: Any, updates: int, limit: float = 3.0) -> list[float]:
    costs: list[float] = []
    for _ in range(updates):
        costs.append(train_step())
        if not costs[-1] <= limit * costs[0]:
            break
    return costs


stop_early = Question(
    "03.stop_early",
    points=3,
    minutes=10,
    title="Do not wait for a lost run",
    called_as="costs = stop_early(train_step, updates)",
    tested="four runs: a good one that rises to 2.9 × its first cost, an explosion, a NaN, one far above its best cost",
    inputs=_runs,
    drive=sanity.stop_early,
    answer=lambda **inputs: sanity.stop_early(_stop, **inputs),
    steps=tuple(f"costs of the run: {name}" for name in ("fine", "explodes", "NaN", "far above its best")),
    off_limits=("dlcourse.training.StopOnExplosion",),
)
stop_early.hint("Keep the costs in a list. The first one is the measure for all others.")
stop_early.hint("Every comparison with NaN is False. Which way round must the question be asked?")


@stop_early.wrong("NaN does not end the run", ask="What is `nan > 3`, and what is `not nan <= 3`?", as_student=True)
def blind_to_nan(train_step: Any, updates: int) -> Any:
    costs: list[float] = []
    for _ in range(updates):
        costs.append(train_step())
        if costs[-1] > 3 * costs[0]:
            break
    return costs


@stop_early.wrong(
    "each cost is compared with the lowest so far, not with the first",
    ask="A cost of 0.9 after one of 0.2: is this run lost?",
    as_student=True,
)
def against_the_best(train_step: Any, updates: int) -> Any:
    costs: list[float] = []
    for _ in range(updates):
        costs.append(train_step())
        if not costs[-1] <= 3 * min(costs):
            break
    return costs


@stop_early.wrong(
    "each cost is compared with the one before", ask="A run that doubles three times: is it caught?", as_student=True
)
def against_the_last(train_step: Any, updates: int) -> Any:
    costs: list[float] = []
    for _ in range(updates):
        costs.append(train_step())
        if len(costs) > 1 and not costs[-1] <= 3 * costs[-2]:
            break
    return costs


@stop_early.wrong("the run never stops", ask="What does your loop do with an exploding cost?", as_student=True)
def never(train_step: Any, updates: int) -> Any:
    return [train_step() for _ in range(updates)]


@stop_early.wrong(
    "the cost that ended the run is not in the list",
    ask="What will the reader of your log want to see?",
    as_student=True,
)
def last_one_lost(train_step: Any, updates: int) -> Any:
    costs = _stop(train_step, updates)
    return costs if costs[-1] <= 3 * costs[0] else costs[:-1]


@stop_early.wrong(
    "the run stops at the first cost above the first one", ask="May a cost rise for a moment?", as_student=True
)
def any_rise(train_step: Any, updates: int) -> Any:
    return _stop(train_step, updates, limit=1.0)


def _arrays(rng: np.random.Generator) -> Arrays:
    return {
        "W1": 0.5 * rng.normal(size=(4, 6)),
        "b1": rng.uniform(1, 2) * rng.normal(size=4),
        "W2": 20 * rng.normal(size=(3, 4)),
        "d1": 5e-4 * rng.normal(size=(4, 6)),
        "e1": 0.1 * rng.normal(size=4),
        "d2": 1e-3 * rng.normal(size=(3, 4)),
    }


def _norm_ratios(weights: Any, updates: Any, size: Any = np.linalg.norm) -> Arrays:
    return {"ratios": np.array([size(d) / size(w) for w, d in zip(weights, updates)])}


update_ratios = Question(
    "03.update_ratios",
    points=2,
    minutes=6,
    title="How large is an update?",
    called_as="ratios = update_ratios(before, after)",
    tested="two lists of three arrays, whose ratios lie near 1e-3, 1e-1 and 1e-4",
    inputs=_arrays,
    drive=sanity.update_ratios,
    answer=lambda W1, b1, W2, d1, e1, d2: _norm_ratios([W1, b1, W2], [d1, e1, d2]),
    labels={"ratios": ("first array", "second array", "third array")},
    off_limits=("dlcourse.diagnostics.update_ratios", "dlcourse.training.UpdateRatio"),
)
update_ratios.hint("The update is what was added: after − before.")
update_ratios.hint("np.linalg.norm(w), with no second argument, is the root of the sum of all squares for any shape.")


@update_ratios.wrong(
    "the ratio of the new weights to the old ones is returned", ask="Which number do you get when nothing changes?"
)
def after_over_before(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return _norm_ratios([W1, b1, W2], [W1 + d1, b1 + e1, W2 + d2])


@update_ratios.wrong(
    "the norm of a matrix is its largest stretch, np.linalg.norm(w, 2)",
    ask="What does np.linalg.norm do without its second argument?",
)
def largest_stretch(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return _norm_ratios([W1, b1, W2], [d1, e1, d2], size=lambda w: np.linalg.norm(w, 2))


@update_ratios.wrong("the ratio is upside down", ask="Should a large update give a large ratio?")
def upside_down(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return _norm_ratios([d1, e1, d2], [W1, b1, W2])


@update_ratios.wrong("the squared norms are divided", ask="A tenth of the weight: is the ratio 0.1 or 0.01?")
def squares(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return _norm_ratios([W1, b1, W2], [d1, e1, d2], lambda a: (a**2).sum())


@update_ratios.wrong(
    "the ratio is taken entry by entry and then averaged", ask="What does a weight near 0 do to its own ratio?"
)
def entry_by_entry(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return {"ratios": np.array([np.abs(d / w).mean() for w, d in ((W1, d1), (b1, e1), (W2, d2))])}


@update_ratios.convention(
    "deviations are divided instead of norms", ask="How do the two differ for weights whose mean is far from 0?"
)
def deviations(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return _norm_ratios([W1, b1, W2], [d1, e1, d2], np.std)


@update_ratios.convention(
    "the update is divided by the weights after it, not before", ask="How much do the two differ at a ratio of 1e-3?"
)
def by_the_new(W1: Any, b1: Any, W2: Any, d1: Any, e1: Any, d2: Any) -> Arrays:
    return _norm_ratios([W1 + d1, b1 + e1, W2 + d2], [d1, e1, d2])


QUESTIONS = (first_cost, cost_and_accuracy, stop_early, update_ratios)
