"""Layers that torch does not have, as modules around ``dlcourse.torch.functional``."""

from __future__ import annotations

import torch
from torch import nn

from dlcourse.torch import functional as F

__all__ = ["BatchRenorm1d", "BatchRenorm2d", "DropBlock2d", "Maxout", "Step"]


class Step(nn.Module):
    """1 where z > 0, else 0; no gradient."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Element by element."""
        return F.step(input)


class Maxout(nn.Module):
    """Each unit is the maximum of ``pieces`` linear functions (Goodfellow et al., 2013).

    ``linear`` maps (..., in_features) to (..., out_features · pieces); neighbours form one unit.
    """

    def __init__(self, in_features: int, out_features: int, pieces: int = 2) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """(..., in_features) to (..., out_features)."""
        return F.maxout(self.linear(input), self.pieces)

    def extra_repr(self) -> str:
        """The number of pieces."""
        return f"pieces={self.pieces}"


class DropBlock2d(nn.Module):
    """Drops squares of pixels, about a share ``p`` of them. Raises ``ValueError`` for a p outside [0, 1]."""

    def __init__(self, p: float = 0.1, block_size: int = 7) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"DropBlock2d: p is {p}, expected a probability from 0 to 1")
        self.p, self.block_size = p, block_size

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Images (N, C, H, W)."""
        return F.drop_block2d(input, self.p, self.block_size, self.training)

    def extra_repr(self) -> str:
        """The probability and the size."""
        return f"p={self.p}, block_size={self.block_size}"


class _BatchRenorm(nn.Module):
    """State: ``weight``, ``bias``, ``running_mean``, ``running_std`` (C,) and ``num_batches_tracked``."""

    axes: tuple[int, ...] = ()
    weight: nn.Parameter | None
    bias: nn.Parameter | None
    running_mean: torch.Tensor
    running_std: torch.Tensor
    num_batches_tracked: torch.Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        *,
        r_max: float = 3.0,
        d_max: float = 5.0,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum, self.affine = num_features, eps, momentum, affine
        self.r_max, self.d_max = r_max, d_max
        self.register_parameter("weight", nn.Parameter(torch.ones(num_features)) if affine else None)
        self.register_parameter("bias", nn.Parameter(torch.zeros(num_features)) if affine else None)
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_std", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalise with the corrected statistics of the batch in training, with the running ones in evaluation."""
        if input.ndim not in self.axes or input.shape[1] != self.num_features:
            expected = " or ".join(f"{n}" for n in self.axes)
            raise ValueError(
                f"{type(self).__name__}: input has shape {tuple(input.shape)}, expected {expected} axes and "
                f"{self.num_features} channels in axis 1"
            )
        if self.training:
            self.num_batches_tracked.add_(1)
        return F.batch_renorm(
            input,
            self.running_mean,
            self.running_std,
            self.weight,
            self.bias,
            training=self.training,
            momentum=self.momentum,
            eps=self.eps,
            r_max=self.r_max,
            d_max=self.d_max,
        )

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"r_max={self.r_max}, d_max={self.d_max}"
        )


class BatchRenorm1d(_BatchRenorm):
    """Batch renorm of features (N, C) or sequences (N, C, L) (Ioffe, 2017).

    ``r_max`` and ``d_max`` are plain attributes: start at 1 and 0 (batch norm) and relax them.
    """

    axes = (2, 3)


class BatchRenorm2d(_BatchRenorm):
    """Batch renorm of images (N, C, H, W); see ``BatchRenorm1d``."""

    axes = (4,)
