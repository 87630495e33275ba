"""The drive for early stopping in PyTorch. PyTorch is imported when it runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, described, function, numbers

__all__ = ["early_stopping"]


def early_stopping(student: Any, curves: Array, patience: Array) -> dict[str, Array]:
    """Run the student's loop on several validation curves; the weights are the number of the epoch.

    ``train_epoch`` writes into the weights and into a buffer, as training does, so that what was kept
    without a copy changes with them.
    """
    import torch

    trained, kept_weights, kept_buffers, put_back, returned = [], [], [], [], []
    for costs in curves:
        model: Any = torch.nn.Module()
        model.weight = torch.nn.Parameter(torch.zeros(3, 2, dtype=torch.float64))
        model.register_buffer("batches_seen", torch.zeros(1, dtype=torch.float64))
        epochs = writes = 0

        def train_epoch(given: Any) -> None:
            nonlocal epochs, writes
            if epochs == len(costs):  # noqa: B023 - called within this round only
                raise Unusable(f"train_epoch was called more than max_epochs = {len(costs)} times")  # noqa: B023
            epochs += 1
            with torch.no_grad():
                given.weight += 1
                given.batches_seen += 1
            writes = given.weight._version

        def validate(given: Any) -> float:
            place = round(float(given.weight.detach()[0, 0])) - 1
            if place < 0:
                raise Unusable("validate was called before the first epoch was trained")
            return float(costs[place])  # noqa: B023

        result = function(student)(model, train_epoch, validate, int(patience), len(costs))
        listed = _costs(result)
        trained.append(epochs)
        kept_weights.append(float(model.weight.detach().mean()))
        put_back.append(kept_weights[-1] != epochs or model.weight._version != writes)
        kept_buffers.append(float(model.batches_seen.mean()))
        returned.append(listed)
    return {
        "epochs trained": np.array(trained),
        "number of costs returned": np.array([len(listed) for listed in returned]),
        "costs returned, one curve after the other": np.concatenate(returned),
        "epoch of the weights at the end": np.array(kept_weights),
        "epoch of the buffer at the end": np.array(kept_buffers),
        "something is put back at the end": np.array(put_back),
    }


def _costs(result: Any) -> Array:
    """The costs that were returned, in a row."""
    if result is None:
        raise Unusable("early_stopping returned None, expected the list of costs. Is a `return` missing?")
    listed = numbers(result, "early_stopping") if isinstance(result, (list, tuple, np.ndarray)) else None
    if listed is None or listed.ndim != 1:
        raise Unusable(f"early_stopping returned {described(result)}, expected the list of all validation costs")
    return listed
