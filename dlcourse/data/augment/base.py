"""What every random transformation shares: drawing its parameters, then applying them.

The two steps are apart so that you can look at the parameters: ``transform.draw(n, size, rng)``
gives them, ``transform.apply(images, …)`` uses them, and calling the transform does both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Images", "Parameters", "Transform", "check_images"]

Images = Any  # a NumPy array or a torch tensor, (N, C, H, W), floating point
Parameters = dict[str, NDArray[Any]]  # for each name, one entry per image in the first axis


class Transform:
    """A random transformation of a batch of images (N, C, H, W), each image on its own.

    ``p`` is the probability that an image is transformed at all. The result has the library,
    dtype and device of the input, and the input is never changed. A subclass writes ``draw`` and ``apply``.
    """

    def __init__(self, p: float = 1.0) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p is {p}, expected a probability from 0 to 1")
        self.p = p

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:
        """Random parameters for ``n`` images of ``size`` (height, width)."""
        raise NotImplementedError(f"{type(self).__name__} has no draw")

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:
        """Transform every image with its own parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no apply")

    def __call__(self, images: Images, seed: int | np.random.Generator | None = None) -> Images:
        """Draw parameters and apply them; ``seed`` is a number or a generator."""
        return self.transform(images, seed)[0]

    def transform(self, images: Images, seed: int | np.random.Generator | None = None) -> tuple[Images, Parameters]:
        """As calling the transform, but also returns the parameters, with ``applied`` (N,) among them.

        Raises ``TypeError`` for images that are not floating point, ``ValueError`` for other shapes.
        """
        check_images(images, type(self).__name__)
        rng = np.random.default_rng(seed)
        n = len(images)
        applied = rng.random(n) < self.p
        parameters = self.draw(n, tuple(images.shape[-2:]), rng)
        chosen = np.flatnonzero(applied)
        changed = self.apply(images[chosen], **{name: values[chosen] for name, values in parameters.items()})
        parameters["applied"] = applied
        if len(chosen) == n:
            return changed, parameters
        if changed.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"{type(self).__name__}: p is {self.p}, but the result {tuple(changed.shape[1:])} differs in shape "
                f"from the input {tuple(images.shape[1:])}, so it must be applied to all images: use p=1"
            )
        out = images.copy() if isinstance(images, np.ndarray) else images.clone()
        out[chosen] = changed
        return out, parameters


def check_images(images: Images, who: str) -> None:
    """Raise a named error unless ``images`` is a floating-point batch (N, C, H, W)."""
    shape = tuple(np.shape(images))
    if len(shape) != 4:
        raise ValueError(f"{who}: images has shape {shape}, expected (N, C, H, W)")
    floating = images.dtype.kind == "f" if isinstance(images, np.ndarray) else images.dtype.is_floating_point
    if not floating:
        raise TypeError(f"{who}: images has dtype {images.dtype}, expected floating point; divide bytes by 255 first")
