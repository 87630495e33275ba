"""Moving pixels: crop, flip, rotate, shift, scale and shear."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.augment.base import Images, Parameters, Transform
from dlcourse.data.warp import bilinear_sample, look_up

__all__ = ["Affine", "HorizontalFlip", "RandomCrop", "Rotate", "VerticalFlip"]


class RandomCrop(Transform):
    """Cut out a window of ``size`` × ``size`` at a random place, after adding ``padding`` black pixels all round.

    ``RandomCrop(32, padding=4)`` on 32×32 images is the shift used with CIFAR-10 (He et al., 2016).
    Raises ``ValueError`` when the window is larger than the padded image.
    """

    def __init__(self, size: int, padding: int = 0) -> None:
        super().__init__()
        if size < 1 or padding < 0:
            raise ValueError(f"RandomCrop: size is {size} and padding is {padding}, expected 1 or more and 0 or more")
        self.size, self.padding = size, padding

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:
        """The row and the column of each window's first pixel, counted from the unpadded image's."""
        room = [side + 2 * self.padding - self.size for side in size]
        if min(room) < 0:
            raise ValueError(
                f"RandomCrop: size is {self.size}, expected at most {min(size) + 2 * self.padding} for images of "
                f"{size[0]}×{size[1]} with padding {self.padding}"
            )
        top, left = (rng.integers(0, space + 1, n) - self.padding for space in room)
        return {"top": top, "left": left}

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:
        """Copy the windows."""
        window = np.arange(self.size)
        return look_up(images, parameters["top"][:, None] + window, parameters["left"][:, None] + window)


class HorizontalFlip(Transform):
    """Mirror left and right. Keeps the label of most photographs, but not of letters and digits."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:  # noqa: ARG002
        """A flip has no parameters."""
        return {}

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:  # noqa: ARG002
        """Read the columns from right to left."""
        return images[:, :, :, np.arange(images.shape[3])[::-1].copy()]


class VerticalFlip(HorizontalFlip):
    """Mirror top and bottom."""

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:  # noqa: ARG002
        """Read the rows from bottom to top."""
        return images[:, :, np.arange(images.shape[2])[::-1].copy()]


class Affine(Transform):
    """Rotate, scale, shear and shift about the centre, with bilinear interpolation; black comes in from outside.

    ``degrees``: the angle is uniform in ±degrees, counter-clockwise. ``shift``: the movement is
    uniform in ±shift, a share of the image's height and width. ``scale``: the range of the size
    factor, drawn log-uniformly. ``shear``: the angle of the slant is uniform in ±shear degrees.
    """

    def __init__(
        self,
        degrees: float = 0.0,
        shift: float = 0.0,
        scale: tuple[float, float] = (1.0, 1.0),
        shear: float = 0.0,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        if degrees < 0 or shift < 0 or not 0 <= shear < 90:
            raise ValueError(
                f"{type(self).__name__}: degrees {degrees}, shift {shift} and shear {shear} must not be negative, "
                f"and shear must be below 90 degrees"
            )
        if not 0 < scale[0] <= scale[1]:
            raise ValueError(f"{type(self).__name__}: scale is {scale}, expected (smallest, largest), both positive")
        self.degrees, self.shift, self.scale, self.shear = degrees, shift, scale, shear

    def draw(self, n: int, size: tuple[int, int], rng: np.random.Generator) -> Parameters:
        """``angle`` and ``shear`` in degrees, ``scale`` factors, ``down`` and ``right`` in pixels, each (n,)."""
        low, high = np.log(self.scale)
        return {
            "angle": rng.uniform(-self.degrees, self.degrees, n),
            "scale": np.exp(rng.uniform(low, high, n)),
            "shear": rng.uniform(-self.shear, self.shear, n),
            "down": rng.uniform(-self.shift, self.shift, n) * size[0],
            "right": rng.uniform(-self.shift, self.shift, n) * size[1],
        }

    def apply(self, images: Images, **parameters: NDArray[Any]) -> Images:
        """Look up where each output pixel comes from: undo the shift, the rotation, the scale and the shear."""
        value = {name: numbers[:, None, None] for name, numbers in parameters.items()}
        height, width = images.shape[2:]
        y = np.arange(height)[:, None] - (height - 1) / 2 - value["down"]
        x = np.arange(width)[None, :] - (width - 1) / 2 - value["right"]
        cos, sin = np.cos(np.deg2rad(value["angle"])), np.sin(np.deg2rad(value["angle"]))
        rows = (cos * y + sin * x) / value["scale"]
        cols = (cos * x - sin * y) / value["scale"] + np.tan(np.deg2rad(value["shear"])) * rows
        return bilinear_sample(images, rows + (height - 1) / 2, cols + (width - 1) / 2)


class Rotate(Affine):
    """Rotate by an angle uniform in ±``degrees``."""

    def __init__(self, degrees: float = 15.0, p: float = 1.0) -> None:
        super().__init__(degrees=degrees, p=p)
