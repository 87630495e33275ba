"""Gradient checkpointing: keep less in memory, compute some of it twice (Chen et al., 2016)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils import checkpoint as torch_checkpoint

__all__ = ["checkpoint"]


def checkpoint(function: Callable[..., torch.Tensor], *args: torch.Tensor) -> torch.Tensor:
    """``function(*args)``, computed again in backward instead of remembered.

    ``torch.utils.checkpoint.checkpoint`` in its recommended form, ``use_reentrant=False``.
    """
    result: torch.Tensor = torch_checkpoint.checkpoint(function, *args, use_reentrant=False)
    return result
