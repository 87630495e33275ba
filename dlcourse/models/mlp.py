"""Fully connected networks, for either backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["mlp"]


def mlp(dl: Any, sizes: Sequence[int], activation: Callable[[], Any] | None = None) -> Any:
    """Linear layers with an activation between them: ``mlp(dl, [64, 100, 10])``.

    ``dl`` is the backend, ``dlcourse.numpy`` or ``dlcourse.torch``. ``sizes`` runs from the inputs
    over the hidden layers to the classes; images are flattened. ``activation`` makes a layer,
    ReLU if left out: ``mlp(dl, [64, 100, 10], dl.nn.Tanh)``. There is none after the last layer:
    the outputs are logits. Raises ``ValueError`` for fewer than two sizes or a size below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"mlp: sizes is {list(sizes)}, expected two or more positive numbers, inputs first")
    nn = dl.nn
    layers = [nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), (activation or nn.ReLU)()]
    return nn.Sequential(*layers[:-1])
