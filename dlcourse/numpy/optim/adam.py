"""Adam, its AMSGrad variant, and AdamW."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Momentum divided by the running size of the gradient, both corrected for their start at zero.

        m = β₁ m + (1 - β₁) g                 m̂ = m / (1 - β₁ᵗ)
        v = β₂ v + (1 - β₂) g²                v̂ = v / (1 - β₂ᵗ)         t = 1, 2, …
        w = w - lr m̂ / (√v̂ + ε)

    Kingma & Ba, 2015. ``amsgrad`` (Reddi, Kale & Kumar, 2018) puts the largest v so far in the place of v.
    ``weight_decay`` adds λw to g, so Adam also rescales the penalty; AdamW does not.
    """

    defaults: ClassVar = {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
        "amsgrad": False,
        "decoupled_weight_decay": False,
    }
    state: ClassVar = ("m", "v", "v_max")
    torch_names: ClassVar = {"m": "exp_avg", "v": "exp_avg_sq", "v_max": "max_exp_avg_sq"}

    def step_one(
        self, w: Array, g: Array, s: Any, *, lr: float, betas: tuple[float, float], eps: float, amsgrad: bool
    ) -> Array:
        """Step by the corrected mean of the gradient in units of its corrected size."""
        beta1, beta2 = betas
        s.m = beta1 * s.m + (1 - beta1) * g
        s.v = beta2 * s.v + (1 - beta2) * g**2
        v = s.v
        if amsgrad:
            s.v_max = np.maximum(s.v_max, s.v)
            v = s.v_max
        m_hat = s.m / (1 - beta1**s.t)
        root_v_hat = np.sqrt(v) / sqrt(1 - beta2**s.t)
        update: Array = m_hat / (root_v_hat + eps)
        return w - lr * update


class AdamW(Adam):
    """Adam with decoupled weight decay: w = w (1 - lr λ), then Adam's step (Loshchilov & Hutter, 2019)."""

    defaults: ClassVar = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False}
    decoupled: ClassVar = True
