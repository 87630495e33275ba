"""RAdam: Adam that waits until it can trust its second moment."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """Adam whose adaptive step is held back while v rests on few gradients (Liu et al., 2020).

        m, v, m̂ as in Adam                     ρ∞ = 2 / (1 - β₂) - 1
        ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)           how many gradients v is worth
        ρ > 5:   w = w - lr r m̂ √(1 - β₂ᵗ) / (√v + ε),   r² = (ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ)
        else:    w = w - lr m̂                  momentum only

    r grows from near 0 to 1: a warm-up that follows from the formula.
    """

    defaults: ClassVar = {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
        "decoupled_weight_decay": False,
    }
    state: ClassVar = ("m", "v")
    torch_names: ClassVar = {"m": "exp_avg", "v": "exp_avg_sq"}

    def step_one(self, w: Array, g: Array, s: Any, *, lr: float, betas: tuple[float, float], eps: float) -> Array:
        """Step by momentum, in units of the gradient's size once that is known well enough."""
        beta1, beta2 = betas
        s.m = beta1 * s.m + (1 - beta1) * g
        s.v = beta2 * s.v + (1 - beta2) * g**2
        m_hat: Array = s.m / (1 - beta1**s.t)
        correction = 1 - beta2**s.t
        rho_limit = 2 / (1 - beta2) - 1
        rho = rho_limit - 2 * s.t * beta2**s.t / correction
        if rho <= 5:
            return w - lr * m_hat
        r = sqrt((rho - 4) * (rho - 2) * rho_limit / ((rho_limit - 4) * (rho_limit - 2) * rho))
        update: Array = r * sqrt(correction) * m_hat / (np.sqrt(s.v) + eps)
        return w - lr * update
