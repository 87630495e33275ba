"""Drives for convolutional networks in PyTorch: LeNet-5 for any image size, and a residual block.

PyTorch is imported when a drive runs, so that a notebook that needs only NumPy never waits for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, construct, numbers

__all__ = ["lenet", "residual_block"]


def lenet(student: Any, images: Array, flat: Array, classes: Array) -> dict[str, Array]:
    """Count the parameters for 28 × 28 pixels, then run images of another size through known weights."""
    usual = _module(student, 28, 10)
    model = _module(student, images.shape[-1], int(classes)).double()
    shapes = _shapes(model)
    _fill(model, flat)
    return {
        "parameters for 28 × 28 pixels and 10 classes": np.array(sum(p.numel() for p in usual.parameters())),
        "shapes of the weights": shapes,
        "logits": _run(model, images),
    }


def residual_block(
    student: Any, x: Array, flat: Array, small: Array, wide_flat: Array, dout: Array
) -> dict[str, Array]:
    """Try a block that keeps the shape, as made and with known weights; then one with more maps and stride 2."""
    import torch

    block = _module(student, x.shape[1], x.shape[1], 1).double()
    image = torch.from_numpy(np.maximum(x, 0))
    with torch.no_grad():
        start = block(image)
    shapes = _shapes(block)
    _fill(block, flat)
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    out = block(leaf)
    if out.shape == torch.Size(dout.shape):
        out.backward(torch.from_numpy(dout))
    gradient = np.zeros_like(x) if leaf.grad is None else leaf.grad.numpy().copy()
    wider = _module(student, x.shape[1], 4, 2).double()
    wider_shapes = _shapes(wider)
    _fill(wider, wide_flat)
    return {
        "shapes of the weights": shapes,
        "the block starts as the identity": np.array(
            tuple(start.shape) == x.shape and bool(torch.allclose(start, image))
        ),
        "out": numbers(out, "ResidualBlock.forward"),
        "dx": gradient,
        "shapes of the weights with more maps": wider_shapes,
        "out with more maps and stride 2": _run(wider, small),
    }


def _module(student: Any, *arguments: int) -> Any:
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = construct(student, *arguments)
    if not isinstance(model, torch.nn.Module):
        raise Unusable(f"{type(model).__name__} is no torch.nn.Module. Is the base class missing?")
    return model


def _shapes(model: Any) -> Array:
    """One row for each weight: (out, in, height, width), with zeros for what a dense layer has not."""
    rows = [list(p.shape) + [0] * (4 - p.ndim) for p in model.parameters() if p.ndim > 1]
    return np.array(rows, dtype=int).reshape(-1, 4)


def _fill(model: Any, flat: Array) -> None:
    """Put known numbers into the parameters, in the order in which the model lists them."""
    import torch

    place = 0
    with torch.no_grad():
        for parameter in model.parameters():
            count = parameter.numel()
            values = np.resize(np.roll(flat, -place), count)
            parameter.copy_(torch.from_numpy(values).reshape(parameter.shape))
            place += count


def _run(model: Any, images: Array) -> Array:
    import torch

    with torch.no_grad():
        return numbers(model(torch.from_numpy(images.copy())), f"{type(model).__name__}.forward")
