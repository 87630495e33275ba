"""The small network with batch normalisation of the PyTorch questions of exercise 01."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["random_norm_network"]


def random_norm_network(rng: np.random.Generator) -> dict[str, Any]:
    """Weights of a 3-4-2 network with batch normalisation, and its running statistics."""
    D, H, C = 3, 4, 2
    return {
        "W1": rng.normal(size=(H, D)),
        "W2": rng.normal(size=(C, H)),
        "mean": rng.normal(size=H),
        "var": rng.uniform(0.5, 2.0, size=H),
    }
