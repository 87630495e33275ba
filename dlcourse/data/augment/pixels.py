"""Changing values: colour and contrast jitter, noise, cutout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.augment.base import Images, Parameters, Transform
from dlcourse.data.warp import like

__all__ = ["ColorJitter", "Cutout", "GaussianNoise"]

# How bright red, green and blue look (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114])


class ColorJitter(Transform):
    """Change brightness, contrast and saturation of images in [0, 1]; the result is clipped to [0, 1].

    Each factor is uniform in [1 - amount, 1 + amount]. Brightness multiplies all values, contrast
    stretches them about the image's mean grey, saturation stretches colours away from grey.
    Raises ``ValueError`` for amounts outside [0, 1], or for saturation on images without three channels.
    """

    def __init__(self, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, p: float = 1.0) -> None:
        super().__init__(p)
        for name, amount in (("brightness", brightness), ("contrast", contrast), ("saturation", saturation)):
            if not 0 <= amount <= 1:
                raise ValueError(f"ColorJitter: {name} is {amount}, expected 0 to 1")
        self.brightness, self.contrast, self.saturation = brightness, contrast, saturation

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:  # noqa: ARG002
        """One factor of each kind for each image."""
        amounts = {"brightness": self.brightness, "contrast": self.contrast, "saturation": self.saturation}
        return {name: rng.uniform(1 - amount, 1 + amount, n) for name, amount in amounts.items()}

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:
        """Brightness, then contrast, then saturation."""
        factor = {name: like(values.reshape(-1, 1, 1, 1), images) for name, values in parameters.items()}
        if self.saturation and images.shape[1] != 3:
            raise ValueError(
                f"ColorJitter: saturation needs 3 channels, images has shape {tuple(images.shape)}; use saturation=0"
            )
        out = (images * factor["brightness"]).clip(0, 1)
        grey = _grey(out).mean(axis=(1, 2, 3), keepdims=True)
        out = (grey + (out - grey) * factor["contrast"]).clip(0, 1)
        if self.saturation:
            grey = _grey(out)
            out = (grey + (out - grey) * factor["saturation"]).clip(0, 1)
        return out


class GaussianNoise(Transform):
    """Add independent Gaussian noise to every pixel; its standard deviation is uniform in [0, ``std``].

    Values may leave [0, 1]: cutting them off would change the mean of dark images.
    """

    def __init__(self, std: float = 0.1, p: float = 1.0) -> None:
        super().__init__(p)
        if std < 0:
            raise ValueError(f"GaussianNoise: std is {std}, expected 0 or more")
        self.std = std

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:  # noqa: ARG002
        """A standard deviation for each image, and the seed of its grain."""
        return {"std": rng.uniform(0, self.std, n), "grain": rng.integers(0, 2**32, n)}

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:
        """Add the grain that each image's seed gives."""
        shape = tuple(images.shape[1:])
        grain = np.empty((len(images), *shape), np.float32)
        for row, seed in zip(grain, parameters["grain"], strict=True):
            np.random.default_rng(seed).standard_normal(out=row, dtype=np.float32)
        return images + like(grain * parameters["std"].reshape(-1, 1, 1, 1), images)


class Cutout(Transform):
    """Set a square of ``size`` × ``size`` pixels to ``fill``, its centre anywhere (DeVries & Taylor, 2017).

    A square may stick out over the edge, as in the paper.
    """

    def __init__(self, size: int = 8, fill: float = 0.0, p: float = 1.0) -> None:
        super().__init__(p)
        if size < 1:
            raise ValueError(f"Cutout: size is {size}, expected 1 or more pixels")
        self.size, self.fill = size, fill

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:
        """The first row and column of each square."""
        top, left = (rng.integers(0, side, n) - self.size // 2 for side in size)
        return {"top": top, "left": left}

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:
        """Replace the pixels inside each square."""
        rows = np.arange(images.shape[2]) - parameters["top"][:, None]
        cols = np.arange(images.shape[3]) - parameters["left"][:, None]
        inside = ((rows >= 0) & (rows < self.size))[:, :, None] & ((cols >= 0) & (cols < self.size))[:, None, :]
        keep = like(1.0 - inside[:, None], images)
        return images * keep + self.fill * (1 - keep)


def _grey(images: Images) -> Images:
    """The brightness of each pixel, (N, 1, H, W)."""
    if images.shape[1] != 3:
        return images.mean(axis=1, keepdims=True)
    return (images * like(LUMA.reshape(1, 3, 1, 1), images)).sum(axis=1, keepdims=True)
