"""From arrays to tensors and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

__all__ = ["from_numpy", "to_numpy"]


def to_numpy(x: Any) -> Any:
    """The numbers as an array, from a tensor on any device, in or out of a graph; in a dict, of each value.

    A tensor on the CPU shares its memory with the array: ``.copy()`` it to keep today's values.
    bfloat16, which NumPy does not have, becomes float32.
    """
    if isinstance(x, Mapping):
        return {name: to_numpy(value) for name, value in x.items()}
    if not isinstance(x, torch.Tensor):
        return np.asarray(x)
    x = x.detach().cpu()
    return (x.float() if x.dtype == torch.bfloat16 else x).numpy()


def from_numpy(array: Any) -> Any:
    """A tensor that shares the array's memory; for a dict, such as a ``state_dict``, a dict of tensors."""
    if isinstance(array, Mapping):
        return {name: from_numpy(value) for name, value in array.items()}
    return torch.from_numpy(np.asarray(array))
