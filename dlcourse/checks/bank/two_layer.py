"""The two-layer network of exercise 01, shared by its questions.

z1 = X W1ᵀ + b1     a1 = max(0, z1)     ŷ = a1 W2ᵀ + b2     L = mean of (ŷ − y)² over all N·C entries
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["forward", "random_network", "sizes"]


def random_network(rng: np.random.Generator) -> dict[str, Any]:
    """N = 6, D = 4, H = 5, C = 3: all sizes differ, and no bias is zero."""
    N, D, H, C = 6, 4, 5, 3
    return {
        "X": rng.normal(size=(N, D)),
        "y": rng.normal(size=(N, C)),
        "W1": rng.normal(size=(H, D)),
        "b1": rng.normal(size=H),
        "W2": rng.normal(size=(C, H)),
        "b2": rng.normal(size=C),
    }


def forward(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> tuple[Any, Any, Any]:
    """The pre-activation z1, the activation a1 and the prediction ŷ."""
    z1 = X @ W1.T + b1
    a1 = np.maximum(z1, 0)
    return z1, a1, a1 @ W2.T + b2


def sizes(X: Any, y: Any, W1: Any) -> dict[str, float]:
    """The sizes that a wrong factor could be made of."""
    return {"N": len(X), "C": y.shape[1], "H": len(W1)}
