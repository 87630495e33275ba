"""Batch renormalisation as layers. The formula is in ``dlcourse/numpy/functional/batch_renorm.py``."""

from __future__ import annotations

import numpy as np

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Array, Tensor
from dlcourse.numpy.nn.module import Module
from dlcourse.numpy.nn.parameter import Parameter
from dlcourse.numpy.settings import get_default_dtype

__all__ = ["BatchRenorm1d", "BatchRenorm2d"]


class _BatchRenorm(Module):
    """State: ``weight``, ``bias``, ``running_mean``, ``running_std`` (C,) and ``num_batches_tracked``."""

    axes: tuple[int, ...] = ()
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Array
    running_std: Array
    num_batches_tracked: Array

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
        dtype = get_default_dtype()
        self.register_parameter("weight", Parameter(np.ones(num_features, dtype)) if affine else None)
        self.register_parameter("bias", Parameter(np.zeros(num_features, dtype)) if affine else None)
        self.register_buffer("running_mean", np.zeros(num_features, dtype))
        self.register_buffer("running_std", np.ones(num_features, dtype))
        self.register_buffer("num_batches_tracked", np.array(0))

    def forward(self, input: Tensor) -> Tensor:
        """Normalise with the corrected statistics of the batch in training, with the running ones in evaluation."""
        if input.ndim not in self.axes or input.shape[1] != self.num_features:
            expected = " or ".join(f"{n}" for n in self.axes)
            raise ValueError(
                f"{type(self).__name__}: input has shape {input.shape}, expected {expected} axes and "
                f"{self.num_features} channels in axis 1"
            )
        if self.training:
            self.num_batches_tracked += 1
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
