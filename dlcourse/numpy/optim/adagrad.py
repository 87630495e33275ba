"""Adagrad: a rate for each weight, from all its gradients so far."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Divide by the root of the sum of all squared gradients (Duchi, Hazan & Singer, 2011).

        v = v + g²
        w = w - lr / (1 + (t - 1) lr_decay) * g / (√v + ε)

    v is a sum, so the steps shrink for ever; it starts at ``initial_accumulator_value``.
    """

    defaults: ClassVar = {
        "lr": 1e-2,
        "lr_decay": 0.0,
        "weight_decay": 0.0,
        "initial_accumulator_value": 0.0,
        "eps": 1e-10,
    }
    state: ClassVar = ("v",)
    torch_names: ClassVar = {"v": "sum"}

    def start(self, s: Any, *, initial_accumulator_value: float, **_: Any) -> None:
        """Let the sum start at the given value."""
        s.v += initial_accumulator_value

    def step_one(self, w: Array, g: Array, s: Any, *, lr: float, lr_decay: float, eps: float, **_: Any) -> Array:
        """Step by the gradient in units of its root sum of squares."""
        s.v = s.v + g**2
        rate: float = lr / (1 + (s.t - 1) * lr_decay)
        update: Array = g / (np.sqrt(s.v) + eps)
        return w - rate * update
