"""Adadelta: a step in the units of the weights, with hardly a rate to choose."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Scale the gradient by RMS(past updates) / RMS(past gradients) (Zeiler, 2012).

        v = ρ v + (1 - ρ) g²
        Δ = √(d + ε) / √(v + ε) * g
        d = ρ d + (1 - ρ) Δ²
        w = w - lr Δ

    ε is inside both roots; it also sets the size of the first updates, as d starts at 0.
    """

    defaults: ClassVar = {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.0}
    state: ClassVar = ("v", "d")
    torch_names: ClassVar = {"v": "square_avg", "d": "acc_delta"}

    def step_one(self, w: Array, g: Array, s: Any, *, lr: float, rho: float, eps: float) -> Array:
        """Step by the gradient, rescaled to the size of earlier updates."""
        s.v = rho * s.v + (1 - rho) * g**2
        update: Array = np.sqrt(s.d + eps) / np.sqrt(s.v + eps) * g
        s.d = rho * s.d + (1 - rho) * update**2
        return w - lr * update
