"""Drives for a linear layer, a two-layer network and the update of its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import (
    INPUTS_UNCHANGED,
    UNCHANGED_BY_BACKWARD,
    UNCHANGED_BY_FORWARD,
    Array,
    Watch,
    construct,
    function,
    numbers,
    several,
)

__all__ = ["gradient_steps", "linear_layer", "two_layer_gradients", "two_layer_loss"]


def linear_layer(student: Any, X: Array, W: Array, b: Array, dz: Array, other_X: Array) -> dict[str, Array]:
    """Run a layer forward and backward, while a second layer has seen another batch."""
    layer, other = construct(student, W, b), construct(student, W.copy(), b.copy())
    given = Watch(X, W, b)
    output = layer.forward(X)
    z, by_forward = numbers(output, "forward"), given.unchanged()
    other.forward(other_X)
    held = Watch(X, W, b, output, dz)
    dX, dW, db = several(layer.backward(dz), ("dX", "dW", "db"), "backward")
    flags = {UNCHANGED_BY_FORWARD: by_forward, UNCHANGED_BY_BACKWARD: held.unchanged()}
    return {"z": z, **flags, "dX": dX, "dW": dW, "db": db}


def two_layer_loss(student: Any, X: Array, y: Array, W1: Array, b1: Array, W2: Array, b2: Array) -> dict[str, Array]:
    """Call the forward pass of a two-layer network."""
    given = Watch(X, y, W1, b1, W2, b2)
    prediction, cost = several(function(student)(X, y, W1, b1, W2, b2), ("y_hat", "L"), "two_layer_loss")
    return {INPUTS_UNCHANGED: given.unchanged(), "y_hat": prediction, "L": cost}


def two_layer_gradients(
    student: Any, X: Array, y: Array, W1: Array, b1: Array, W2: Array, b2: Array
) -> dict[str, Array]:
    """Call the backward pass of a two-layer network. The last layer comes first, as in backpropagation."""
    names = ("dW1", "db1", "dW2", "db2")
    given = Watch(X, y, W1, b1, W2, b2)
    dW1, db1, dW2, db2 = several(function(student)(X, y, W1, b1, W2, b2), names, "two_layer_gradients")
    return {INPUTS_UNCHANGED: given.unchanged(), "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}


def gradient_steps(student: Any, W: Array, target: Array, curvature: Array, lr: Array) -> dict[str, Array]:
    """Take one step for each rate in ``lr`` on a bowl; the gradient is curvature · (W − target).

    The student's function may return the new W, or change W in place and return nothing; dW is not its to change.
    """
    path, untouched = [], True
    for rate in lr:
        dW = curvature * (W - target)
        given = Watch(dW)
        updated = function(student)(W, dW, float(rate))
        untouched = untouched and bool(given.unchanged())
        W = W if updated is None else numbers(updated, "gradient_step")
        if W.shape != target.shape:
            path = [W] * len(lr)
            break
        path.append(W.copy())
    return {"dW is left as it was": np.array(untouched), "W": np.stack(path)}
