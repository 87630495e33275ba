"""Drive for the experiment with a deep network in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers

__all__ = ["deep_model"]

_UPDATES, _BATCH = 300, 50


def deep_model(
    student: Any, X: Array, y: Array, X_test: Array, depth: Array, width: Array, seed: Array
) -> dict[str, Array]:
    """Train the student's model by SGD; say which of its layers moved, and what it makes of new images."""
    import torch

    nn = torch.nn
    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        torch.manual_seed(int(seed))
        model: Any = function(student)(int(depth), int(width))
        if not isinstance(model, nn.Module):
            raise Unusable(f"deep_model returned a {type(model).__name__}, expected a torch.nn.Module")
        model = model.float()
        hidden = [m for m in model.modules() if isinstance(m, nn.Linear) and m.weight.shape == (int(width), int(width))]
        before = [layer.weight.detach().clone() for layer in hidden]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        inputs, labels = torch.from_numpy(X).float(), torch.from_numpy(y)
        order = np.random.default_rng(int(seed))
        for _ in range(_UPDATES):
            rows = torch.from_numpy(order.integers(0, len(X), _BATCH))
            optimizer.zero_grad()
            loss: Any = nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            moved = [float((layer.weight - start).norm() / start.norm()) for layer, start in zip(hidden, before)]
            output = model(torch.from_numpy(X_test).float())
    return {"moved": np.array(moved), "predictions": numbers(output, "the model").argmax(axis=-1)}
