"""Drives for a first deep network in PyTorch: preparing images, and the network's forward pass.

PyTorch is imported when a drive runs, so that a notebook that needs only NumPy never waits for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, construct, numbers

__all__ = ["data_preparation", "first_network"]


def data_preparation(student: Any, train: Array, new: Array) -> dict[str, Array]:
    """Prepare training images and new ones, given as uint8 (N, H, W)."""
    import torch

    images = [part.astype(np.uint8) for part in (train, new)]
    prepare = construct(student, images[0].copy())
    if not callable(prepare):
        raise Unusable("DataPreparation has no __call__(self, images)")
    results = [prepare(part.copy()) for part in images]
    values = [numbers(result, "DataPreparation.__call__") for result in results]
    is_float32 = all(isinstance(result, torch.Tensor) and result.dtype == torch.float32 for result in results)
    return {
        "shape of the prepared images": np.array(values[0].shape, dtype=int),
        "they are float32 tensors": np.array(is_float32),
        "training images": values[0].astype(np.float64),
        "new images": values[1].astype(np.float64),
    }


def first_network(student: Any, images: Array, flat: Array, hidden: Array, classes: Array) -> dict[str, Array]:
    """Make the network, put known weights into it, and run images of shape (N, 1, side, side) through it."""
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        model: Any = construct(student, images.shape[-1], int(hidden), int(classes))
    if not isinstance(model, torch.nn.Module):
        raise Unusable("FirstDeepNeuralNetwork is no torch.nn.Module. Is the base class missing?")
    model = model.double()
    place = 0
    with torch.no_grad():
        for parameter in model.parameters():
            count = parameter.numel()
            values = np.resize(np.roll(flat, -place), count)
            parameter.copy_(torch.from_numpy(values).reshape(parameter.shape))
            place += count
        output = model(torch.from_numpy(images))
    shapes = [list(p.shape) for p in model.parameters() if p.ndim == 2]
    return {
        "shapes of the weights": np.array(shapes, dtype=int).reshape(-1, 2),
        "logits": numbers(output, "FirstDeepNeuralNetwork.forward"),
    }
