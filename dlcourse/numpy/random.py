"""Where random numbers come from: one generator for the library, seeded by ``manual_seed``.

Initialisers and dropout draw from it unless they are given a ``generator`` of their own. Torch
has its own generator, so the same seed gives different numbers in the two libraries, with the
same distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["default_generator", "get_rng_state", "manual_seed", "set_rng_state"]

_generator = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Restart the library's generator from ``seed``, and return it. The same seed gives the same numbers."""
    global _generator
    _generator = np.random.default_rng(seed)
    return _generator


def default_generator() -> np.random.Generator:
    """The generator in use."""
    return _generator


def get_rng_state() -> dict[str, Any]:
    """The state of the generator, to come back to with ``set_rng_state``."""
    return dict(_generator.bit_generator.state)


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Continue from a state that ``get_rng_state`` returned."""
    _generator.bit_generator.state = new_state
