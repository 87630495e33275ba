"""The drive for snapshots of one training run in PyTorch. PyTorch is imported when it runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function

__all__ = ["snapshot_training"]


def snapshot_training(
    student: Any, W: Array, b: Array, X: Array, y: Array, rates: Array, kept: Array
) -> dict[str, Array]:
    """Run the student's loop on given batches and rates, and read the copies only after it has ended."""
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = torch.nn.Linear(W.shape[1], W.shape[0]).double()
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(W))
        model.bias.copy_(torch.from_numpy(b))
    groups = [{"params": [model.weight]}, {"params": [model.bias]}]
    optimizer = torch.optim.SGD(groups, lr=0.7)  # a rate that no step should use
    batches = [(torch.from_numpy(images), torch.from_numpy(targets)) for images, targets in zip(X, y, strict=True)]
    loss_function = torch.nn.functional.mse_loss
    states = function(student)(
        model, optimizer, loss_function, batches, [float(rate) for rate in rates], [int(step) for step in kept]
    )
    if not isinstance(states, (list, tuple)):
        raise Unusable(f"snapshot_training returned a {type(states).__name__}, expected a list of state_dicts")
    return {
        "weights at the end": model.weight.detach().numpy().copy(),
        "bias at the end": model.bias.detach().numpy().copy(),
        "weights of the snapshots": _stacked(states, "weight", W.shape),
        "biases of the snapshots": _stacked(states, "bias", b.shape),
    }


def _stacked(states: Any, name: str, shape: tuple[int, ...]) -> Array:
    arrays = []
    for number, state in enumerate(states):
        if not hasattr(state, "keys") or name not in state:
            raise Unusable(f"snapshot {number} has no entry {name!r}; a snapshot is a copy of model.state_dict()")
        value = state[name]
        array = np.array(value.detach().numpy() if hasattr(value, "detach") else value)
        if array.shape != shape:
            raise Unusable(f"{name} of snapshot {number} has shape {array.shape}, expected {shape}")
        arrays.append(array)
    return np.stack(arrays) if arrays else np.zeros((0, *shape))
