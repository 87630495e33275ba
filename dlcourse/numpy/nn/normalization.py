"""Normalisation as layers. The formulas are in ``dlcourse/numpy/functional/normalization.py``."""

from __future__ import annotations

import numpy as np

from dlcourse.numpy import functional as F
from dlcourse.numpy.graph import Array, Tensor
from dlcourse.numpy.nn.module import Module
from dlcourse.numpy.nn.parameter import Parameter
from dlcourse.numpy.settings import get_default_dtype

__all__ = ["BatchNorm1d", "BatchNorm2d", "GroupNorm", "InstanceNorm2d", "LayerNorm"]


class _ChannelNorm(Module):
    """What the norms per channel share: a weight and a bias for each channel, and running statistics."""

    axes: tuple[int, ...] = ()
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Array | None
    running_var: Array | None
    num_batches_tracked: Array | None

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        dtype = get_default_dtype()
        self.register_parameter("weight", Parameter(np.ones(num_features, dtype)) if affine else None)
        self.register_parameter("bias", Parameter(np.zeros(num_features, dtype)) if affine else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", np.zeros(num_features, dtype) if tracked else None)
        self.register_buffer("running_var", np.ones(num_features, dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", np.array(0) if tracked else None)

    def check(self, input: Tensor) -> None:
        """Raise ``ValueError`` for an input with the wrong number of axes or channels."""
        if input.ndim not in self.axes or input.shape[1] != self.num_features:
            expected = " or ".join(f"{n}" for n in self.axes)
            raise ValueError(
                f"{type(self).__name__}: input has shape {input.shape}, expected {expected} axes and "
                f"{self.num_features} channels in axis 1"
            )

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise with the batch's statistics in training, with the running ones in evaluation."""
        self.check(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            if self.momentum is None:  # the plain average of all batches so far
                momentum = 1 / int(self.num_batches_tracked)
        return F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training or self.running_mean is None,
            momentum=momentum,
            eps=self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Batch norm of features (N, C) or sequences (N, C, L).

    ``running_mean`` and ``running_var`` move by ``momentum`` of the difference with each batch;
    ``momentum=None`` makes them the plain average.
    """

    axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch norm of images (N, C, H, W), one mean and variance for each channel; see ``BatchNorm1d``."""

    axes = (4,)


class InstanceNorm2d(_ChannelNorm):
    """Each channel of each image is normalised by its own mean and variance; no statistics are kept by default."""

    axes = (4,)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats)

    def forward(self, input: Tensor) -> Tensor:
        """Images (N, C, H, W)."""
        self.check(input)
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            use_input_stats=self.training or self.running_mean is None,
            momentum=self.momentum or 0.0,
            eps=self.eps,
        )


class LayerNorm(Module):
    """Each example is normalised over its last axes, those of ``normalized_shape``; the same in both modes."""

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        single = isinstance(normalized_shape, int)
        self.normalized_shape: tuple[int, ...] = (normalized_shape,) if single else tuple(normalized_shape)  # type: ignore[arg-type, assignment]
        self.eps, self.elementwise_affine = eps, elementwise_affine
        dtype = get_default_dtype()
        weights = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.register_parameter("weight", weights)
        zeros = Parameter(np.zeros(self.normalized_shape, dtype)) if elementwise_affine and bias else None
        self.register_parameter("bias", zeros)

    def forward(self, input: Tensor) -> Tensor:
        """(..., *normalized_shape)."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Each example is normalised over groups of channels; the same in both modes.

    Raises ``ValueError`` if ``num_groups`` does not divide ``num_channels``.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_groups is {num_groups}, expected a divisor of num_channels {num_channels}"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        dtype = get_default_dtype()
        self.register_parameter("weight", Parameter(np.ones(num_channels, dtype)) if affine else None)
        self.register_parameter("bias", Parameter(np.zeros(num_channels, dtype)) if affine else None)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...)."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
