"""Linear layers, and the layers that leave the numbers as they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from dlcourse.numpy import functional as F
from dlcourse.numpy import init
from dlcourse.numpy.graph import Tensor
from dlcourse.numpy.nn.module import Module
from dlcourse.numpy.nn.parameter import Parameter
from dlcourse.numpy.settings import get_default_dtype

__all__ = ["Flatten", "Identity", "Linear"]


class Linear(Module):
    """z = XWᵀ + b, with ``weight`` (out_features, in_features) and ``bias`` (out_features,).

    Both start as U(-1/√in, 1/√in), as in torch; ``init`` has better choices for each activation.
    """

    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, dtype: DTypeLike | None = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        dtype = dtype or get_default_dtype()
        self.weight = Parameter(np.empty((out_features, in_features), dtype))
        self.register_parameter("bias", Parameter(np.empty(out_features, dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew from the library's generator (``manual_seed``)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # √3 · √(2/(1+5)) / √in = 1/√in
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0.0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """Returns its input; arguments are accepted and ignored, so it can stand in for any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input."""
        return input


class Flatten(Module):
    """Join the axes from ``start_dim`` to ``end_dim``: images (N, C, H, W) become vectors (N, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The same numbers with fewer axes."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
