"""Drives for questions about normalisation: batch norm forward and backward, its two modes, layer and group norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import (
    UNCHANGED_BY_BACKWARD,
    UNCHANGED_BY_FORWARD,
    Array,
    Unusable,
    Watch,
    construct,
    function,
    numbers,
    returned_function,
    several,
)

__all__ = ["batchnorm", "batchnorm_backward", "batchnorm_modes", "group_norm", "layer_norm", "train_on_digits"]


def batchnorm(student: Any, x: Array, gamma: Array, beta: Array, eps: Array) -> dict[str, Array]:
    """Normalise one batch."""
    watch = Watch(x, gamma, beta)
    y = numbers(function(student)(x, gamma, beta, float(eps)), "batchnorm")
    return {"y": y, "the arrays given are left as they were": watch.unchanged()}


def batchnorm_backward(student: Any, dy: Array, x: Array, gamma: Array, eps: Array) -> dict[str, Array]:
    """Ask for the three gradients of one batch."""
    watch = Watch(dy, x, gamma)
    names = ("dx", "dgamma", "dbeta")
    dx, dgamma, dbeta = several(function(student)(dy, x, gamma, float(eps)), names, "batchnorm_backward")
    unchanged = {"the arrays given are left as they were": watch.unchanged()}
    return {"dbeta": dbeta, "dgamma": dgamma, "dx": dx, **unchanged}


def batchnorm_modes(
    student: Any, batches: Array, new: Array, gamma: Array, beta: Array, momentum: Array, eps: Array
) -> dict[str, Array]:
    """Train on some batches, then evaluate three examples together, and one of them by itself."""
    norm = construct(student, gamma, beta, float(momentum), float(eps))
    outputs, means, variances = [], [], []
    for batch in batches:
        outputs.append(numbers(norm.forward(batch.copy(), training=True), "forward"))
        means.append(_statistic(norm, "running_mean", gamma))
        variances.append(_statistic(norm, "running_var", gamma))
    together = numbers(norm.forward(new.copy(), training=False), "forward")
    alone = numbers(norm.forward(new[:1].copy(), training=False), "forward")
    kept = [np.array_equal(_statistic(norm, "running_mean", gamma), means[-1])]
    kept += [np.array_equal(_statistic(norm, "running_var", gamma), variances[-1])]
    return {
        "y in training": _stacked(outputs),
        "running_mean": np.stack(means),
        "running_var": np.stack(variances),
        "y in evaluation": together,
        "y of one example alone": alone,
        "evaluation leaves the running statistics alone": np.array(all(kept)),
    }


def layer_norm(student: Any, x: Array, dy: Array, gamma: Array, beta: Array, eps: Array, other_x: Array) -> Any:
    """Run a layer forward and backward, while a second layer has seen another batch."""
    layer, other = (construct(student, gamma, beta, float(eps)) for _ in range(2))
    given = Watch(x, gamma, beta)
    output = layer.forward(x)
    y, by_forward = numbers(output, "forward"), given.unchanged()
    other.forward(other_x)
    held = Watch(x, gamma, beta, output, dy)
    dx, dgamma, dbeta = several(layer.backward(dy), ("dx", "dgamma", "dbeta"), "backward")
    flags = {UNCHANGED_BY_FORWARD: by_forward, UNCHANGED_BY_BACKWARD: held.unchanged()}
    return {"y": y, **flags, "dbeta": dbeta, "dgamma": dgamma, "dx": dx}


def group_norm(student: Any, x: Array, groups: Array, gamma: Array, beta: Array, eps: Array) -> dict[str, Array]:
    """Normalise a batch of images, and one image by itself."""
    watch = Watch(x, gamma, beta)
    y = numbers(function(student)(x, int(groups), gamma, beta, float(eps)), "group_norm")
    unchanged = watch.unchanged()
    alone = numbers(function(student)(x[:1], int(groups), gamma, beta, float(eps)), "group_norm")
    return {"y": y, "y of one image alone": alone, "the arrays given are left as they were": unchanged}


def train_on_digits(student: Any, X: Array, y: Array, X_same: Array, X_other: Array) -> dict[str, Array]:
    """Train on digits of one scanner; then ask about digits of it, about digits of others, and about some alone."""
    predict = returned_function(function(student)(X.copy(), y.copy()), "train_for_any_scanner", "predict")
    alone = [_answers(predict(image[None].copy()), 1)[0] for image in X_other[:20]]
    return {
        "same": _answers(predict(X_same.copy()), len(X_same)),
        "other": _answers(predict(X_other.copy()), len(X_other)),
        "alone": np.array(alone),
    }


def _answers(value: Any, count: int) -> Array:
    answers = numbers(value, "predict")
    if answers.shape != (count,):
        raise Unusable(f"predict returned shape {answers.shape} for {count} images, expected ({count},): class numbers")
    return answers


def _statistic(norm: Any, name: str, gamma: Array) -> Array:
    """A copy of a running statistic, which must have one number for each feature."""
    if getattr(norm, name, None) is None:
        raise Unusable(f"there is no self.{name} after the first batch. Does __init__ or forward set it?")
    value = numbers(getattr(norm, name), f"self.{name}")
    if value.size != gamma.size:
        raise Unusable(f"self.{name} has shape {value.shape}, expected {gamma.shape}: one number for each feature")
    return value.astype(float).reshape(gamma.shape)


def _stacked(outputs: list[Array]) -> Array:
    """Outputs of the training batches; of a wrong shape they are returned as they are, and reported."""
    same = all(output.shape == outputs[0].shape for output in outputs)
    return np.stack(outputs) if same else outputs[0]
