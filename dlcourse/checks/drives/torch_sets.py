"""Drives for data sets in PyTorch, of which one is augmented. PyTorch is imported when a drive runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, function, numbers

__all__ = ["SHIFT", "make_sets"]

SHIFT = 1000.0
"""What the k-th call of the augmentation adds, k times: so an image tells which call it comes from."""


def make_sets(student: Any, X: Array, y: Array, share: Array, seed: Array) -> dict[str, Array]:
    """Read every item of both sets twice; make the sets again with the same seed, and with another."""
    import torch

    with torch.random.fork_rng(devices=[]):  # the student's own random numbers stay as they are
        torch.manual_seed(int(seed))
        learn, judge = _sets(student, X, y, share, int(seed))
        outputs = {"training images": _images(learn), "training images again": _images(learn)}
        outputs |= {"validation images": _images(judge), "validation images again": _images(judge)}
        outputs |= {"training labels": _labels(learn), "validation labels": _labels(judge)}
        for name, other in (("same seed", int(seed)), ("other seed", int(seed) + 1)):
            outputs[f"validation images, {name}"] = _images(_sets(student, X, y, share, other)[1])
    return outputs


def _sets(student: Any, X: Array, y: Array, share: Array, seed: int) -> tuple[Any, Any]:
    """The student's two sets; each call of the augmentation leaves its number in the images."""
    import torch

    calls = 0

    def augment(images: Any) -> Any:
        nonlocal calls
        if not isinstance(images, torch.Tensor) or images.ndim != 4:
            shape = tuple(getattr(images, "shape", ()))
            raise Unusable(f"augment got images of shape {shape}, expected a tensor (n, C, H, W)")
        calls += 1
        return images + SHIFT * calls

    both = function(student)(torch.from_numpy(X.copy()), torch.from_numpy(y.copy()), augment, float(share), seed)
    if not isinstance(both, (tuple, list)) or len(both) != 2:
        raise Unusable("make_sets: expected two data sets, for training and for validation")
    return both[0], both[1]


def _items(part: Any) -> list[Any]:
    if not hasattr(part, "__len__") or not hasattr(part, "__getitem__"):
        raise Unusable(f"make_sets returned a {type(part).__name__}, expected a data set with len() and [i]")
    items = [part[i] for i in range(len(part))]
    for item in items:
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise Unusable("make_sets: an item of a set is no pair (image, label)")
    return items


def _images(part: Any) -> Array:
    images = [numbers(image, "an image") for image, _ in _items(part)]
    if len({image.shape for image in images}) != 1 or images[0].ndim != 3:
        raise Unusable("make_sets: expected images (C, H, W), all of one shape")
    return np.stack(images)


def _labels(part: Any) -> Array:
    labels = [numbers(label, "a label") for _, label in _items(part)]
    if any(label.size != 1 for label in labels):
        raise Unusable("make_sets: a label is no single number")
    return np.array([float(label.reshape(())) for label in labels])
