"""Distillation: a small network learns the answers of a larger one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.batches import Batches
from dlcourse.models import digit_resnet
from dlcourse.transfer.plans import Steps

__all__ = ["recalibrated", "softened", "student"]

Array = NDArray[Any]


def softened(z: Array, temperature: float) -> Array:
    """softmax(z / T) of each row: with T = 1 the usual probabilities, with a large T all classes alike."""
    shifted = (z - z.max(axis=1, keepdims=True)) / temperature
    p = np.exp(shifted)
    result: Array = p / p.sum(axis=1, keepdims=True)
    return result


def student(
    X: Array,
    teacher: Array,
    temperature: float | None = None,
    seed: int = 0,
    width: int = 4,
    steps: int = 400,
    lr: float = 5e-3,
) -> Any:
    """A small network from random weights that learns from ``teacher`` on the images ``X``.

    ``teacher`` holds class numbers (N,), or logits (N, C), whose probabilities softened by ``temperature`` the student
    imitates. Width 4 has 5,142 parameters. AdamW with one cycle of the rate.
    """
    import dlcourse.torch as dl

    soft = teacher.ndim == 2
    if soft != (temperature is not None):
        raise ValueError("student: give a temperature with logits (N, C) and none with class numbers (N,)")
    dl.manual_seed(seed)
    model = digit_resnet(dl, 10, width)
    targets = dl.tensor(teacher.astype(np.float32) if soft else teacher)
    batches = Batches(dl.tensor(X), targets, min(64, len(X)), drop_last=True, seed=seed)
    optimizer = dl.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    cycle = dl.schedule.OneCycleLR(optimizer, lr, total_steps=steps)
    for images, wanted in Steps(batches, steps):
        z = model(images)
        cost: Any
        if temperature is None:
            cost = dl.functional.cross_entropy(z, wanted)
        else:
            cost = dl.functional.distillation_loss(z, wanted, temperature)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        cycle.step()
    model.eval()
    return model


def recalibrated(z: Array, label: int, share: float) -> Array:
    """Logits with the bias of one class raised until it is the answer for a ``share`` of the images."""
    rivals = np.delete(z, label, axis=1).max(axis=1)
    behind = np.sort(rivals - z[:, label])  # by how much the class loses, image by image
    last = min(max(1, round(share * len(z))), len(z) - 1)
    raised = z.copy()
    raised[:, label] += (behind[last - 1] + behind[last]) / 2
    return raised
