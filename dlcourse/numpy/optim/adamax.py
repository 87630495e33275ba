"""Adamax: Adam with the largest recent gradient instead of the root mean square."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adam in the infinity norm (Kingma & Ba, 2015, section 7.1).

        m = β₁ m + (1 - β₁) g
        u = max(β₂ u, |g| + ε)
        w = w - lr m / (1 - β₁ᵗ) / u

    u needs no root and no correction: the maximum is right from the first step.
    """

    defaults: ClassVar = {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
    state: ClassVar = ("m", "u")
    torch_names: ClassVar = {"m": "exp_avg", "u": "exp_inf"}

    def step_one(self, w: Array, g: Array, s: Any, *, lr: float, betas: tuple[float, float], eps: float) -> Array:
        """Step by the corrected mean of the gradient in units of its largest recent entry."""
        beta1, beta2 = betas
        s.m = beta1 * s.m + (1 - beta1) * g
        s.u = np.maximum(beta2 * s.u, np.abs(g) + eps)
        update: Array = s.m / (1 - beta1**s.t) / s.u
        return w - lr * update
