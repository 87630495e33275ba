"""NAdam: Adam with Nesterov's look ahead."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """Adam that already applies the next step's share of momentum (Dozat, 2016).

        μₜ = β₁ (1 - 0.96^(t ψ) / 2)           ψ: momentum_decay;  Πₜ = μ₁ μ₂ … μₜ
        m = β₁ m + (1 - β₁) g                  v = β₂ v + (1 - β₂) g²
        m̂ = μₜ₊₁ m / (1 - Πₜ₊₁) + (1 - μₜ) g / (1 - Πₜ)
        w = w - lr m̂ / (√(v / (1 - β₂ᵗ)) + ε)

    The gradient is taken at w, not at a point ahead: Nesterov's idea enters through m̂.
    """

    defaults: ClassVar = {
        "lr": 2e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
        "momentum_decay": 4e-3,
        "decoupled_weight_decay": False,
    }
    state: ClassVar = ("m", "v")
    torch_names: ClassVar = {"m": "exp_avg", "v": "exp_avg_sq"}

    def start(self, s: Any, **_: Any) -> None:
        """The product of no factors is 1."""
        s.mu_product = 1.0

    def step_one(
        self, w: Array, g: Array, s: Any, *, lr: float, betas: tuple[float, float], eps: float, momentum_decay: float
    ) -> Array:
        """Step by a mix of this gradient and the next step's momentum."""
        beta1, beta2 = betas
        mu = beta1 * (1 - 0.5 * 0.96 ** (s.t * momentum_decay))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((s.t + 1) * momentum_decay))
        s.mu_product *= mu
        s.m = beta1 * s.m + (1 - beta1) * g
        s.v = beta2 * s.v + (1 - beta2) * g**2
        m_hat = mu_next / (1 - s.mu_product * mu_next) * s.m + (1 - mu) / (1 - s.mu_product) * g
        update: Array = m_hat / (np.sqrt(s.v / (1 - beta2**s.t)) + eps)
        return w - lr * update
