"""Is a gradient right? The checks of ``dlcourse.numpy.gradcheck`` for torch's tensors.

The functions that take arrays are the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from dlcourse.numpy.gradcheck import compare, directional_check, numerical_gradient, relative_error
from dlcourse.torch.creation import to_numpy

__all__ = ["directional_check", "gradcheck", "numerical_gradient", "relative_error"]


def gradcheck(
    function: Callable[..., torch.Tensor], inputs: Sequence[torch.Tensor], eps: float = 1e-6, rtol: float = 1e-6
) -> bool:
    """Compare every gradient that ``backward`` gives with the numerical one. Returns True if all agree.

    As ``dlcourse.numpy.gradcheck.gradcheck``, with the same errors; ``torch.autograd.gradcheck`` is
    torch's own, stricter about complex numbers and second derivatives.
    """
    for i, x in enumerate(inputs):
        if x.dtype != torch.float64:
            raise TypeError(
                f"gradcheck: input {i} is {x.dtype}, expected float64; in float32 the difference of two close numbers "
                f"loses half of its digits"
            )
    if not any(x.requires_grad for x in inputs):
        raise ValueError("gradcheck: no input has requires_grad=True, expected at least one")
    fresh = [x.detach().clone().requires_grad_(x.requires_grad) for x in inputs]
    out = function(*fresh)
    weights = np.random.default_rng(0).normal(size=tuple(out.shape))
    torch.autograd.backward(out, torch.as_tensor(weights, device=out.device))

    def weighted_sum(*arrays: np.ndarray) -> float:
        with torch.no_grad():
            tensors = [torch.as_tensor(a, device=x.device) for a, x in zip(arrays, inputs, strict=True)]
            return float((to_numpy(function(*tensors)) * weights).sum())

    numerical = numerical_gradient(weighted_sum, *[to_numpy(x).copy() for x in inputs], eps=eps)
    for i, (x, expected) in enumerate(zip(fresh, numerical, strict=True)):
        if x.requires_grad:
            compare(i, np.zeros(tuple(x.shape)) if x.grad is None else to_numpy(x.grad), expected, rtol)
    return True
