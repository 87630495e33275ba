"""Drives for augmentation in NumPy: transformations with given draws, pipelines, mixup, and a comparison of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcourse.checks.drives.values import Array, Unusable, Watch, function, numbers, several

__all__ = [
    "LEFT_ALONE",
    "STEPS",
    "compare",
    "compose",
    "crop",
    "flip",
    "jitter",
    "mixup",
    "page_reader",
    "shift",
    "soft_cross_entropy",
]

LEFT_ALONE = "the images given are left as they were"


def flip(student: Any, images: Array, chosen: Array) -> dict[str, Array]:
    """Mirror the chosen images."""
    watch = Watch(images)
    result = numbers(function(student)(images, chosen.copy()), "flip")
    return {LEFT_ALONE: watch.unchanged(), "flipped": result}


def crop(student: Any, images: Array, top: Array, left: Array, size: Array, padding: Array) -> dict[str, Array]:
    """Cut a window out of each padded image."""
    result = function(student)(images.copy(), top.copy(), left.copy(), int(size), int(padding))
    return {"windows": numbers(result, "crop")}


def shift(student: Any, images: Array, down: Array, right: Array) -> dict[str, Array]:
    """Move each image by parts of pixels."""
    return {"shifted": numbers(function(student)(images.copy(), down.copy(), right.copy()), "shift")}


def jitter(student: Any, images: Array, brightness: Array, contrast: Array, saturation: Array) -> dict[str, Array]:
    """Change brightness, then contrast, then saturation."""
    watch = Watch(images)
    result = numbers(function(student)(images, brightness.copy(), contrast.copy(), saturation.copy()), "jitter")
    return {LEFT_ALONE: watch.unchanged(), "jittered": result}


def compose(student: Any, images: Array, p: Array, u: Array) -> dict[str, Array]:
    """Run a pipeline of four steps, of which no two can be exchanged."""
    watch = Watch(images)
    steps = [(step, float(chance)) for step, chance in zip(STEPS, p, strict=True)]
    result = numbers(function(student)(steps, images, u.copy()), "compose")
    return {LEFT_ALONE: watch.unchanged(), "images after the pipeline": result}


def _invert(images: Array) -> Array:
    return 1.0 - _batch(images)


def _darken(images: Array) -> Array:
    return _batch(images) ** 2


def _mirror(images: Array) -> Array:
    return _batch(images)[:, :, :, ::-1]


def _slope(images: Array) -> Array:
    return _batch(images) * np.linspace(0.5, 1.0, images.shape[3])


def _batch(images: Any) -> Array:
    if np.ndim(images) != 4:
        raise Unusable(f"compose gave a step images of shape {np.shape(images)}, expected a batch (n, C, H, W)")
    return np.asarray(images)


STEPS: tuple[Callable[[Array], Array], ...] = (_invert, _darken, _mirror, _slope)
"""The steps of the pipeline, of which no two can be exchanged."""


def mixup(student: Any, X: Array, y: Array, classes: Array, lam: Array, partner: Array) -> dict[str, Array]:
    """Mix images and labels with given shares and partners."""
    result = function(student)(X.copy(), y.copy(), int(classes), lam.copy(), partner.copy())
    images, labels = several(result, ("X_mixed", "Y_soft"), "mixup")
    return {"mixed images": images, "soft labels": labels}


def soft_cross_entropy(student: Any, Z: Array, Y: Array, Z_large: Array) -> dict[str, Array]:
    """Ask for cost and gradient of usual logits, then of very large ones."""
    cost, dZ = _cost(student, Z, Y)
    large_cost, large_dZ = _cost(student, Z_large, Y)
    return {"cost": cost, "dZ": dZ, "cost of large logits": large_cost, "dZ of large logits": large_dZ}


def _cost(student: Any, Z: Array, Y: Array) -> tuple[Array, Array]:
    cost, dZ = several(function(student)(Z.copy(), Y.copy()), ("cost", "dZ"), "soft_cross_entropy")
    if cost.size != 1:
        raise Unusable(f"soft_cross_entropy: the cost has shape {cost.shape}, expected one number")
    return np.asarray(cost.reshape(())), dZ


def compare(
    student: Any, plain: Array, augmented: Array, never: Array, always: Array, every: Array
) -> dict[str, Array]:
    """Compare an augmented arm that ends ahead, one that ends behind, and one that is always ahead."""
    names = ("update", "gain", "spread")
    ahead, behind, leading = (
        several(function(student)(plain.copy(), arm.copy(), int(every)), names, "compare")
        for arm in (augmented, never, always)
    )
    return {
        "update": _number(ahead[0]),
        "gain": _number(ahead[1]),
        "spread": _number(ahead[2]),
        "update when it ends behind": _number(behind[0]),
        "update when it always leads": _number(leading[0]),
    }


def _number(value: Array) -> Array:
    if value.size != 1:
        raise Unusable(f"compare returned an array of shape {value.shape}, expected one number for each of the three")
    return np.asarray(float(value.reshape(())))


def page_reader(student: Any, X: Array, y: Array, X_new: Array) -> dict[str, Array]:
    """Train on a hundred pages; then read new ones, twice."""
    read = function(student)(X.copy(), y.copy())
    if not callable(read):
        raise Unusable(f"page_reader returned a {type(read).__name__}, expected the function read")
    first, second = (numbers(read(X_new.copy()), "read") for _ in range(2))
    for answers in (first, second):
        if answers.shape != (len(X_new),):
            raise Unusable(f"read returned shape {answers.shape} for {len(X_new)} pages, expected ({len(X_new)},)")
    return {"answers": first, "answers again": second}
