"""Batch renormalisation: batch norm whose training and evaluation agree (Ioffe, 2017)."""

from __future__ import annotations

import numpy as np

from dlcourse.numpy.functional.normalization import Normalize, check_channels, moments, per_channel, scale_and_shift
from dlcourse.numpy.graph import Array, Tensor

__all__ = ["batch_renorm"]


def batch_renorm(
    input: Tensor,
    running_mean: Array,
    running_std: Array,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    r_max: float = 3.0,
    d_max: float = 5.0,
) -> Tensor:
    """Batch norm, corrected towards what evaluation will compute; it helps with small batches.

        x̂ = (x - mean_B) / std_B · r + d
        r = clip(std_B / std, 1/r_max, r_max)        d = clip((mean_B - mean) / std, -d_max, d_max)

    where std_B = √(var_B + ε) is the batch's and std the running one. Unclipped, x̂ is
    (x - mean) / std exactly: what evaluation uses. r and d count as constants in backward.
    ``r_max=1, d_max=0`` is batch norm; the paper starts there and relaxes both over the first
    thousands of steps. The running averages move in place by ``momentum`` of the difference.
    Raises ``ValueError`` for one value per channel in training and for shapes that do not fit,
    ``TypeError`` for different dtypes.
    """
    check_channels("batch_renorm", input, {"weight": weight, "bias": bias})
    if r_max < 1 or d_max < 0:
        raise ValueError(f"batch_renorm: r_max is {r_max} and d_max {d_max}, expected r_max >= 1 and d_max >= 0")
    shape, axes = per_channel(input), (0, *range(2, input.ndim))
    old_mean, old_std = running_mean.reshape(shape).copy(), running_std.reshape(shape).copy()
    if not training:
        return scale_and_shift((input - Tensor(old_mean)) / Tensor(old_std), weight, bias, shape)
    if input.numel() == input.shape[1]:
        raise ValueError(
            f"batch_renorm: input has shape {input.shape}, expected more than one value per channel in training"
        )
    mean, var = moments(input.data, axes)
    std = np.sqrt(var + eps)
    r = np.clip(std / old_std, 1 / r_max, r_max)
    d = np.clip((mean - old_mean) / old_std, -d_max, d_max)
    if input.numel() > 0:  # an empty batch says nothing
        running_mean += momentum * (mean.reshape(-1) - running_mean)
        running_std += momentum * (std.reshape(-1) - running_std)
    x_hat = Normalize.apply(input, mean=mean, inv_std=1 / std, axes=axes)
    return scale_and_shift(x_hat * Tensor(r) + Tensor(d), weight, bias, shape)
