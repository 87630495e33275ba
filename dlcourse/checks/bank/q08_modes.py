"""Exercise 08: batch normalisation in training and in evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q08_batchnorm import LIBRARY
from dlcourse.checks.drives import norms
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]
_TRAINED, _MEAN, _VAR = "y in training", "running_mean", "running_var"
_EVALUATED, _ALONE = "y in evaluation", "y of one example alone"
_KEPT = "evaluation leaves the running statistics alone"


def _inputs(rng: np.random.Generator) -> Arrays:
    """Batches far from mean 0 and variance 1, where the running statistics start."""
    return {
        "batches": np.array([3.0, -2.0, 5.0]) + rng.normal(size=(4, 5, 3)) * np.array([2.0, 0.5, 1.5]),
        "new": np.array([3.0, -2.0, 5.0]) + rng.normal(size=(3, 3)),
        "gamma": rng.uniform(0.5, 2.0, 3),
        "beta": rng.normal(size=3),
        "momentum": rng.choice([0.1, 0.2, 0.3]),
        "eps": np.array(1e-5),
    }


def _normalised(x: Any, mean: Any, std: Any, gamma: Any, beta: Any) -> Any:
    return gamma * (x - mean) / std + beta


def _run(
    batches: Any,
    new: Any,
    gamma: Any,
    beta: Any,
    eps: Any,
    momentum: Any,
    old: Any = None,
    ddof: int = 1,
    first_var: float = 1.0,
    root: bool = False,
) -> Arrays:
    """What the check records. ``old`` is the weight of the old value, 1 - momentum if not given."""
    keep = 1 - momentum if old is None else old
    add = 1 - keep
    mean, var = np.zeros(len(gamma)), np.full(len(gamma), first_var)
    trained, means, variances = [], [], []
    for x in batches:
        trained.append(_normalised(x, x.mean(0), np.sqrt(x.var(0) + eps), gamma, beta))
        spread = x.var(0, ddof=ddof)
        mean = keep * mean + add * x.mean(0)
        var = keep * var + add * (np.sqrt(spread) if root else spread)
        means.append(mean)
        variances.append(var)
    evaluated = _normalised(new, mean, var if root else np.sqrt(var + eps), gamma, beta)
    return {
        _TRAINED: np.stack(trained),
        _MEAN: np.stack(means),
        _VAR: np.stack(variances),
        _EVALUATED: evaluated,
        _ALONE: evaluated[:1],
        _KEPT: True,
    }


batchnorm_modes = Question(
    "08.batchnorm_modes",
    points=4,
    minutes=20,
    title="Batch norm in training and in evaluation",
    called_as="norm = BatchNorm(gamma, beta, momentum, eps); y = norm.forward(x, training)",
    tested="four training batches of five, then three new examples together and one of them alone",
    inputs=_inputs,
    drive=norms.batchnorm_modes,
    answer=lambda **inputs: _run(**inputs),
    axes={_EVALUATED: ("example", "feature")},
    steps=(_TRAINED, _MEAN, _VAR),
    off_limits=LIBRARY,
)
batchnorm_modes.hint("Two cases in forward: training uses the batch's mean and variance, evaluation the running ones.")
batchnorm_modes.hint("running ← (1 - momentum) · running + momentum · batch, only in training; starts: 0 and 1.")
batchnorm_modes.hint("The batch is normalised with the variance over N; the running one gets the variance over N - 1.")


@batchnorm_modes.convention(
    "momentum weighs the old value, as in some libraries; in PyTorch, and here, it weighs the new batch",
    ask="After one batch, is running_mean near the batch's mean or near 0?",
)
def momentum_of_the_old(momentum: Any, **inputs: Any) -> Arrays:
    return _run(momentum=momentum, old=momentum, **inputs)


@batchnorm_modes.convention(
    "the running variance collects the biased variance, divided by N; PyTorch remembers the unbiased one",
    ask="Five examples: how far is the average of their biased variances from the true variance?",
)
def biased_running_variance(**inputs: Any) -> Arrays:
    return _run(ddof=0, **inputs)


@batchnorm_modes.convention(
    "the deviation is averaged, not the variance; PyTorch averages the variance",
    ask="Is the mean of some roots the root of their mean?",
)
def averaged_deviation(**inputs: Any) -> Arrays:
    return _run(root=True, **inputs)


@batchnorm_modes.wrong("the running variance starts at 0", ask="What would evaluation divide by at the start?")
def variance_from_zero(**inputs: Any) -> Arrays:
    return _run(first_var=0.0, **inputs)


@batchnorm_modes.wrong(
    "the first batch is taken over whole, and momentum begins with the second",
    ask="Where do running_mean and running_var start, and what is left of that start after one batch?",
)
def starts_with_the_first_batch(batches: Any, new: Any, gamma: Any, beta: Any, eps: Any, momentum: Any) -> Arrays:
    means, variances = [batches[0].mean(0)], [batches[0].var(0, ddof=1)]
    for x in batches[1:]:
        means.append((1 - momentum) * means[-1] + momentum * x.mean(0))
        variances.append((1 - momentum) * variances[-1] + momentum * x.var(0, ddof=1))
    y = _normalised(new, means[-1], np.sqrt(variances[-1] + eps), gamma, beta)
    return {_MEAN: np.stack(means), _VAR: np.stack(variances), _EVALUATED: y, _ALONE: y[:1]}


@batchnorm_modes.wrong("only the last batch is remembered", ask="What is left of the first batch after the fourth?")
def last_batch_only(**inputs: Any) -> Arrays:
    return _run(old=0.0, **inputs)


@batchnorm_modes.wrong(
    "the running statistics never move", ask="Evaluation uses them. Are they still 0 and 1 after training?"
)
def never_updated(**inputs: Any) -> Arrays:
    return _run(old=1.0, **inputs)


@batchnorm_modes.wrong("only the running mean moves, the variance stays 1", ask="Which numbers does evaluation need?")
def only_the_mean(new: Any, gamma: Any, beta: Any, eps: Any, **inputs: Any) -> Arrays:
    right = _run(new=new, gamma=gamma, beta=beta, eps=eps, **inputs)
    y = _normalised(new, right[_MEAN][-1], np.sqrt(1 + eps), gamma, beta)
    return {_VAR: np.ones_like(right[_VAR]), _EVALUATED: y, _ALONE: y[:1]}


@batchnorm_modes.wrong(
    "momentum is added on top: the old value is not faded",
    ask="Where is the running mean after a thousand batches?",
)
def not_faded(batches: Any, new: Any, gamma: Any, beta: Any, eps: Any, momentum: Any) -> Arrays:
    means = np.cumsum([momentum * x.mean(0) for x in batches], axis=0)
    variances = 1 + np.cumsum([momentum * x.var(0, ddof=1) for x in batches], axis=0)
    y = _normalised(new, means[-1], np.sqrt(variances[-1] + eps), gamma, beta)
    return {_MEAN: means, _VAR: variances, _EVALUATED: y, _ALONE: y[:1]}


@batchnorm_modes.wrong(
    "evaluation uses the statistics of the batch", ask="One example alone: what are its mean and its variance?"
)
def batch_statistics_in_evaluation(new: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    y = _normalised(new, new.mean(0), np.sqrt(new.var(0) + eps), gamma, beta)
    return {_EVALUATED: y, _ALONE: beta[None]}


@batchnorm_modes.wrong(
    "`training` is not looked at: evaluation does what training does", ask="Where does your forward ask for the mode?"
)
def mode_ignored(new: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    return {**batch_statistics_in_evaluation(new, gamma, beta, eps), _KEPT: False}


@batchnorm_modes.wrong("evaluation divides by the running variance, not by its root", ask="Which of them has x's unit?")
def no_root_in_evaluation(new: Any, gamma: Any, beta: Any, eps: Any, **inputs: Any) -> Arrays:
    right = _run(new=new, gamma=gamma, beta=beta, eps=eps, **inputs)
    y = _normalised(new, right[_MEAN][-1], right[_VAR][-1] + eps, gamma, beta)
    return {_EVALUATED: y, _ALONE: y[:1]}


@batchnorm_modes.wrong("evaluation leaves out gamma and beta", ask="Which function was trained: the one with gamma?")
def not_scaled_in_evaluation(new: Any, gamma: Any, beta: Any, eps: Any, **inputs: Any) -> Arrays:
    right = _run(new=new, gamma=gamma, beta=beta, eps=eps, **inputs)
    y = (new - right[_MEAN][-1]) / np.sqrt(right[_VAR][-1] + eps)
    return {_EVALUATED: y, _ALONE: y[:1]}


@batchnorm_modes.wrong(
    "evaluation moves the running statistics", ask="May the answer for an image depend on those that were read before?"
)
def evaluation_updates(new: Any, gamma: Any, beta: Any, eps: Any, momentum: Any, **inputs: Any) -> Arrays:
    right = _run(new=new, gamma=gamma, beta=beta, eps=eps, momentum=momentum, **inputs)
    mean = (1 - momentum) * right[_MEAN][-1] + momentum * new.mean(0)
    var = (1 - momentum) * right[_VAR][-1] + momentum * new.var(0, ddof=1)
    return {_ALONE: _normalised(new[:1], mean, np.sqrt(var + eps), gamma, beta), _KEPT: False}


@batchnorm_modes.wrong(
    "evaluation moves the running statistics first, and then normalises with them",
    ask="May the answer for an image depend on those that are read with it?",
)
def evaluation_updates_first(new: Any, gamma: Any, beta: Any, eps: Any, momentum: Any, **inputs: Any) -> Arrays:
    right = _run(new=new, gamma=gamma, beta=beta, eps=eps, momentum=momentum, **inputs)
    mean, var = right[_MEAN][-1], right[_VAR][-1]
    outputs = {_KEPT: False}
    for name, x in ((_EVALUATED, new), (_ALONE, new[:1])):
        mean = (1 - momentum) * mean + momentum * x.mean(0)
        var = (1 - momentum) * var + momentum * x.var(0) * len(x) / (len(x) - 1)  # one example alone: 0/0, as NumPy's
        outputs[name] = _normalised(x, mean, np.sqrt(var + eps), gamma, beta)
    return outputs


@batchnorm_modes.wrong(
    "training normalises with the running statistics", ask="Which mean makes this batch's mean exactly beta?"
)
def running_in_training(batches: Any, gamma: Any, beta: Any, eps: Any, **inputs: Any) -> Arrays:
    right = _run(batches=batches, gamma=gamma, beta=beta, eps=eps, **inputs)
    pairs = zip(batches, right[_MEAN], right[_VAR], strict=True)
    return {_TRAINED: np.stack([_normalised(x, m, np.sqrt(v + eps), gamma, beta) for x, m, v in pairs])}


@batchnorm_modes.wrong(
    "training normalises with the unbiased variance too", ask="Which of the two variances is for the batch itself?"
)
def unbiased_in_training(batches: Any, gamma: Any, beta: Any, eps: Any) -> Arrays:
    y = [_normalised(x, x.mean(0), np.sqrt(x.var(0, ddof=1) + eps), gamma, beta) for x in batches]
    return {_TRAINED: np.stack(y)}


QUESTIONS = (batchnorm_modes,)
