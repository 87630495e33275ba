"""The two-layer network of exercise 01, shared by its questions.

z1 = X W1ᵀ + b1     a1 = max(0, z1)     ŷ = a1 W2ᵀ + b2     L = mean of (ŷ − y)² over all N·C entries
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["forward", "random_network", "sizes"]


def random_network(rng: np.random.Generator) -> dict[str, Any]:
    """N = 7, D = 4, H = 5, C = 3: all sizes differ, no bias is zero, and every hidden unit is on for some examples."""
    N, D, H, C = 7, 4, 5, 3
    X, W1 = rng.normal(size=(N, D)), rng.normal(size=(H, D))
    return {
        "X": X,
        "y": rng.normal(size=(N, C)),
        "W1": W1,
        "b1": 0.1 * rng.normal(size=H) - np.median(X @ W1.T, axis=0),
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
