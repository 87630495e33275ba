"""Batch renormalisation: batch norm whose training and evaluation agree (Ioffe, 2017)."""

from __future__ import annotations

import torch

__all__ = ["batch_renorm"]


def batch_renorm(
    input: torch.Tensor,
    running_mean: torch.Tensor,
    running_std: torch.Tensor,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    r_max: float = 3.0,
    d_max: float = 5.0,
) -> torch.Tensor:
    """Batch norm, corrected towards what evaluation will compute; it helps with small batches.

        x̂ = (x - mean_B) / std_B · r + d
        r = clip(std_B / std, 1/r_max, r_max)        d = clip((mean_B - mean) / std, -d_max, d_max)

    where std_B = √(var_B + ε) is the batch's and std the running one; r and d count as constants in
    backward. Statistics are computed in float32 at least, also under autocast. The running averages
    move in place by ``momentum`` of the difference. Raises ``ValueError`` for one value per channel
    in training and for shapes that do not fit.
    """
    _check(input, weight, bias, r_max, d_max)
    shape = (1, input.shape[1], *[1] * (input.ndim - 2))
    x = input.to(torch.promote_types(input.dtype, running_mean.dtype))
    if not training:
        x_hat = (x - running_mean.reshape(shape)) / running_std.reshape(shape)
        return _scale_and_shift(x_hat, weight, bias, shape).to(input.dtype)
    if input.numel() == input.shape[1]:
        raise ValueError(
            f"batch_renorm: input has shape {tuple(input.shape)}, expected more than one value per channel in training"
        )
    axes = (0, *range(2, input.ndim))
    var, mean = torch.var_mean(x, axes, correction=0)
    std = torch.sqrt(var + eps)
    with torch.no_grad():
        r = (std / running_std).clamp(1 / r_max, r_max)
        d = ((mean - running_mean) / running_std).clamp(-d_max, d_max)
        if input.numel() > 0:  # an empty batch says nothing
            running_mean.lerp_(mean, momentum)
            running_std.lerp_(std, momentum)
    x_hat = (x - mean.reshape(shape)) * (r / std).reshape(shape) + d.reshape(shape)
    return _scale_and_shift(x_hat, weight, bias, shape).to(input.dtype)


def _scale_and_shift(
    x_hat: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None, shape: tuple[int, ...]
) -> torch.Tensor:
    if weight is not None:
        x_hat = x_hat * weight.reshape(shape)
    return x_hat if bias is None else x_hat + bias.reshape(shape)


def _check(
    input: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None, r_max: float, d_max: float
) -> None:
    if input.ndim < 2:
        raise ValueError(f"batch_renorm: input has shape {tuple(input.shape)}, expected (N, C, ...)")
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.shape != (input.shape[1],):
            raise ValueError(
                f"batch_renorm: {name} has shape {tuple(parameter.shape)}, expected ({input.shape[1]},) because input "
                f"is {tuple(input.shape)}"
            )
    if r_max < 1 or d_max < 0:
        raise ValueError(f"batch_renorm: r_max is {r_max} and d_max {d_max}, expected r_max >= 1 and d_max >= 0")
