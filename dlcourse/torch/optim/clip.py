"""The projection that torch does not have under this form; clipping of gradients is torch's own."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_", "max_norm_"]


@torch.no_grad()
def max_norm_(parameters: torch.Tensor | Iterable[torch.Tensor], max_norm: float, dim: int = 0) -> None:
    """Project the weights of each unit onto the ball of radius ``max_norm``, in place, after ``step()``.

    A unit is one index along ``dim``: a row of a Linear weight (out, in), a filter of a convolution. Rows within
    the ball stay as they are (Srebro & Shraibman, 2005; Hinton et al., 2012). Tensors with fewer than two
    dimensions, such as biases, are left alone. Raises ``ValueError`` unless ``max_norm`` is positive.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm_: max_norm must be greater than 0, got {max_norm!r}")
    for w in [parameters] if isinstance(parameters, torch.Tensor) else parameters:
        if w.ndim < 2:
            continue
        others = [axis for axis in range(w.ndim) if axis != dim % w.ndim]
        norms = torch.linalg.vector_norm(w, dim=others, keepdim=True)
        w.mul_(max_norm / norms.clamp(min=max_norm))
