"""RMSprop: Adagrad that forgets."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array
from dlcourse.numpy.optim.base import Optimizer

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """Divide by a running root mean square of the gradient (Hinton, 2012, lecture 6e).

        v = α v + (1 - α) g²
        u = g / (√v + ε)                      centered (Graves, 2013): √(v - m²), with m = α m + (1 - α) g
        w = w - lr u                          with momentum: b = μ b + u, w = w - lr b

    ε stands outside the root here, as in torch; inside it, √(v + ε) is never below √ε = 1e-4.
    v starts at 0 and is not corrected: the first step is lr / √(1 - α), ten times lr.
    """

    defaults: ClassVar = {
        "lr": 1e-2,
        "alpha": 0.99,
        "eps": 1e-8,
        "weight_decay": 0.0,
        "momentum": 0.0,
        "centered": False,
    }
    state: ClassVar = ("v", "m", "b")
    torch_names: ClassVar = {"v": "square_avg", "m": "grad_avg", "b": "momentum_buffer"}

    def step_one(
        self, w: Array, g: Array, s: Any, *, lr: float, alpha: float, eps: float, momentum: float, centered: bool
    ) -> Array:
        """Step by the gradient in units of its recent size."""
        s.v = alpha * s.v + (1 - alpha) * g**2
        variance = s.v
        if centered:
            s.m = alpha * s.m + (1 - alpha) * g
            variance = s.v - s.m**2
        update: Array = g / (np.sqrt(variance) + eps)
        if momentum > 0:
            s.b = momentum * s.b + update
            update = s.b
        return w - lr * update
