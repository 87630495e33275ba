"""Drives for losses, deep chains, skip connections and clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers, several

__all__ = ["chain_gradients", "clip_gradients", "clipped_step", "skip_layer", "softmax_cross_entropy"]


def softmax_cross_entropy(student: Any, z: Array, y: Array, large: Array, large_y: Array) -> dict[str, Array]:
    """Call the loss on ordinary logits and on logits beyond the range of exp."""
    cost, dz = several(function(student)(z, y), ("L", "dz"), "softmax_cross_entropy")
    cost_large, dz_large = several(function(student)(large, large_y), ("L", "dz"), "softmax_cross_entropy")
    return {"L": cost, "dz": dz, "L of large logits": cost_large, "dz of large logits": dz_large}


def chain_gradients(student: Any, w: Array, x: Array) -> dict[str, Array]:
    """Call the function that differentiates a chain of sigmoid units by each of its weights."""
    value, dw = several(function(student)(w, float(x)), ("y", "dw"), "chain_gradients")
    return {"y": value, "dw": dw}


def skip_layer(student: Any, a: Array, W: Array, dout: Array) -> dict[str, Array]:
    """Call a layer with a skip connection, forward and backward in one function."""
    out, da, dW = several(function(student)(a, W, dout), ("out", "da", "dW"), "the layer")
    return {"out": out, "da": da, "dW": dW}


def clip_gradients(student: Any, dW: Array, db: Array, short_dW: Array, short_db: Array) -> dict[str, Array]:
    """Clip two gradients that are too long together, then two that are short; the inputs must stay as they are."""
    kept = dW.copy()
    long_W, long_b = several(function(student)([dW, db], 1.0), ("dW", "db"), "the clipping")
    short_W, same_b = several(function(student)([short_dW, short_db], 1.0), ("dW", "db"), "the clipping")
    return {
        "dW": long_W,
        "db": long_b,
        "short dW": short_W,
        "short db": same_b,
        "the gradient you were given was changed": np.array(not np.array_equal(kept, dW)),
    }


def clipped_step(student: Any, W: Array, X: Array, y: Array) -> dict[str, Array]:
    """Take one clipped training step per batch, of which some have long gradients and some short ones."""
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = torch.nn.Linear(W.shape[1], W.shape[0], bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(W))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    weights, norms = [], []
    for batch, target in zip(X, y, strict=True):
        norm = function(student)(
            model, optimizer, torch.nn.functional.mse_loss, torch.from_numpy(batch), torch.from_numpy(target), 0.5
        )
        if norm is None:
            raise Unusable("clipped_step returned None, expected the norm of the gradient before clipping")
        norms.append(float(numbers(norm, "clipped_step").reshape(())))
        weights.append(model.weight.detach().numpy().copy())
    return {"weights": np.stack(weights), "norm before clipping": np.array(norms)}
