"""Batch, layer, instance and group norm: one formula, which differs in what the mean is taken over.

    x̂ = (x - mean) / √(var + ε)        y = weight · x̂ + bias

For images (N, C, H, W): batch norm averages over N, H, W; layer norm over C, H, W; instance norm
over H, W; group norm over H, W and a group of channels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm"]


class Normalize(Operation):
    """x̂ = (x - mean) · inv_std, where mean and inv_std = 1/√(var + ε) are x's own, over ``axes``.

        dx = inv_std · (dx̂ - mean(dx̂) - x̂ · mean(dx̂ · x̂))

    The second term goes through the mean, the third through the variance: every output depends on
    every input that was averaged with it.
    """

    def forward(self, x: Array, mean: Array, inv_std: Array, axes: tuple[int, ...]) -> Any:
        self.inv_std, self.axes = inv_std, axes
        self.x_hat = (x - mean) * inv_std
        return self.x_hat

    def backward(self, grad: Array) -> Any:
        through_mean = grad.mean(axis=self.axes, keepdims=True)
        through_var = self.x_hat * (grad * self.x_hat).mean(axis=self.axes, keepdims=True)
        return self.inv_std * (grad - through_mean - through_var)


def _normalize(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    mean, var = moments(x.data, axes)
    return Normalize.apply(x, mean=mean, inv_std=1 / np.sqrt(var + eps), axes=axes)


def moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and biased variance over ``axes``, which are kept with length 1."""
    mean: Array = x.mean(axis=axes, keepdims=True)
    var: Array = np.square(x - mean).mean(axis=axes, keepdims=True)
    return mean, var


def scale_and_shift(x_hat: Tensor, weight: Tensor | None, bias: Tensor | None, shape: tuple[int, ...]) -> Tensor:
    """Weight · x̂ + bias, both reshaped so that they broadcast against x̂; either may be missing."""
    if weight is not None:
        x_hat = x_hat * weight.reshape(shape)
    return x_hat if bias is None else x_hat + bias.reshape(shape)


def per_channel(x: Tensor) -> tuple[int, ...]:
    """The shape (1, C, 1, ...) in which one number per channel broadcasts against x."""
    return (1, x.shape[1], *[1] * (x.ndim - 2))


def batch_norm(
    input: Tensor,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of (N, C, ...) over the batch and all positions (Ioffe & Szegedy, 2015).

    In training, mean and variance are the batch's, and the running ones move towards them, in
    place: running ← (1 - momentum) · running + momentum · batch. The normalisation uses the biased
    variance, the running average the unbiased one, as in torch. Otherwise the running ones are used.
    Raises ``ValueError`` for one value per channel in training (its variance is 0), for shapes that
    do not fit, and when running statistics are needed but missing.
    """
    check_channels("batch_norm", input, {"weight": weight, "bias": bias})
    shape, axes = per_channel(input), (0, *range(2, input.ndim))
    count = input.numel() // max(input.shape[1], 1)
    if training or running_mean is None or running_var is None:
        if not training:
            raise ValueError("batch_norm: running_mean or running_var is None, expected both when training is False")
        if count == 1:
            raise ValueError(
                f"batch_norm: input has shape {input.shape}, expected more than one value per channel in training"
            )
        mean, var = moments(input.data, axes)
        if running_mean is not None and running_var is not None and count > 0:
            unbiased = var * (count / (count - 1))
            running_mean += momentum * (mean.reshape(-1) - running_mean)
            running_var += momentum * (unbiased.reshape(-1) - running_var)
        x_hat = Normalize.apply(input, mean=mean, inv_std=1 / np.sqrt(var + eps), axes=axes)
    else:
        inv_std = 1 / np.sqrt(running_var + eps)
        x_hat = (input - Tensor(running_mean.reshape(shape))) * Tensor(inv_std.reshape(shape))
    return scale_and_shift(x_hat, weight, bias, shape)


def layer_norm(
    input: Tensor,
    normalized_shape: tuple[int, ...] | list[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each example over its last axes, those of ``normalized_shape`` (Ba, Kiros & Hinton, 2016).

    Raises ``ValueError`` when input does not end in ``normalized_shape``.
    """
    shape = tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ValueError(f"layer_norm: input has shape {input.shape}, expected it to end in normalized_shape {shape}")
    _check_parameters("layer_norm", input, {"weight": weight, "bias": bias}, shape)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    return scale_and_shift(_normalize(input, axes, eps), weight, bias, shape)


def instance_norm(
    input: Tensor,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each image over its pixels (Ulyanov et al., 2016). Input (N, C, ...).

    Running statistics, if given, move towards the average over the images, in place; they are used
    when ``use_input_stats`` is False. Raises ``ValueError`` for one pixel (its variance is 0),
    parameters that do not fit, or running statistics that are needed but missing.
    """
    check_channels("instance_norm", input, {"weight": weight, "bias": bias})
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, training=False, eps=eps)
    count = math.prod(input.shape[2:])
    if count == 1:
        raise ValueError(f"instance_norm: input has shape {input.shape}, expected more than one position per channel")
    axes = tuple(range(2, input.ndim))
    mean, var = moments(input.data, axes)
    if running_mean is not None and running_var is not None:
        unbiased = var * (count / (count - 1))
        running_mean += momentum * (mean.mean(axis=0).reshape(-1) - running_mean)
        running_var += momentum * (unbiased.mean(axis=0).reshape(-1) - running_var)
    x_hat = Normalize.apply(input, mean=mean, inv_std=1 / np.sqrt(var + eps), axes=axes)
    return scale_and_shift(x_hat, weight, bias, per_channel(input))


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalise each example over groups of channels and all positions (Wu & He, 2018). Input (N, C, ...).

    Raises ``ValueError`` if ``num_groups`` does not divide C, or for parameters that do not fit.
    """
    check_channels("group_norm", input, {"weight": weight, "bias": bias})
    n, channels = input.shape[:2]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(f"group_norm: num_groups is {num_groups}, expected a divisor of the {channels} channels")
    group_size = channels // num_groups * math.prod(input.shape[2:])
    x_hat = _normalize(input.reshape(n, num_groups, group_size), (2,), eps).reshape(input.shape)
    return scale_and_shift(x_hat, weight, bias, per_channel(input))


def check_channels(function: str, input: Tensor, parameters: dict[str, Tensor | None]) -> None:
    """Raise an error unless input is (N, C, ...) and every parameter has one number per channel, in input's dtype."""
    if input.ndim < 2:
        raise ValueError(f"{function}: input has shape {input.shape}, expected (N, C, ...)")
    _check_parameters(function, input, parameters, (input.shape[1],))


def _check_parameters(
    function: str, input: Tensor, parameters: dict[str, Tensor | None], shape: tuple[int, ...]
) -> None:
    require_floating(function, input)
    for name, parameter in parameters.items():
        if parameter is None:
            continue
        if parameter.shape != shape:
            raise ValueError(
                f"{function}: {name} has shape {parameter.shape}, expected {shape} because input is {input.shape}"
            )
        if parameter.dtype != input.dtype:
            raise TypeError(f"{function}: {name} is {parameter.dtype} and input is {input.dtype}, expected the same")
