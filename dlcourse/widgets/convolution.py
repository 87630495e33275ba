"""The convolution explorer: one image through convolution, ReLU and max-pooling, down to the single product."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Text, Toggle
from dlcourse.widgets.convolution_code import code_for
from dlcourse.widgets.convolution_figure import draw
from dlcourse.widgets.convolution_run import (
    FRAME,
    KERNELS,
    LETTERS,
    SAMPLES,
    Array,
    Maps,
    network,
    pixels_of,
    run,
    sample,
)
from dlcourse.widgets.explorer import Explorer, InputError, Question
from dlcourse.widgets.numbers import short

__all__ = ["ConvolutionExplorer"]

_OWN = "drawn"


class ConvolutionExplorer(Explorer):
    """Follow a letter, or your own drawing, through the first block of a trained network, number by number.

    Keywords: ``image`` (a letter in ``convolution_run.SAMPLES``, or "drawn"), ``kernel`` ("1" to "6"), ``turned``
    (the bug: every kernel turned by 180°) and ``pixels``, the drawing: 64 digits of base 16, four to a row of 16
    pixels, a bit for each pixel.
    """

    title = "Convolution, ReLU, max-pooling"
    drawing = FOLDER / "convolution.js"
    predicts = True
    controls = (
        Choice("image", label="Image", values={**{name: name for name in SAMPLES}, _OWN: "draw your own"}),
        Choice("kernel", label="Kernel", values=tuple(str(k + 1) for k in range(KERNELS))),
        Toggle("turned", label="bug: kernels turned by 180°"),
        Text("pixels", label="Your own drawing", start=FRAME),
    )

    def compute(self, image: str, kernel: str, turned: bool, pixels: str) -> dict[str, Any]:
        """All numbers as integers, so that none is rounded on its way: image and kernel in 1/100, maps in 1/10,000."""
        maps = run(_image(image, pixels), int(kernel) - 1, turned)
        return {
            "label": self.heading(image, kernel, turned),
            "drawable": image == _OWN,
            "image": _whole(maps.x, 100),
            "kernel": _whole(maps.W, 100),
            "bias": _whole(np.array(maps.b), 100),
            "z": _whole(maps.z, 10_000),
            "relu": _whole(maps.relu, 10_000),
            "pooled": _whole(maps.pooled, 10_000),
            "start": list(_strongest(maps)),
            "_maps": maps,
        }

    def describe(self, result: dict[str, Any], image: str, turned: bool, **_: Any) -> str:
        """How much passes the ReLU and the pooling, and what the whole network makes of the image."""
        maps: Maps = result["_maps"]
        passed = int((maps.z > 0).sum())
        return "\n".join(
            [
                f"z runs from {short(maps.z.min())} to {short(maps.z.max())}; "
                f"{passed or 'none'} of {maps.z.size} cells {'is' if passed < 2 else 'are'} above 0",
                _pooling(maps),
                _verdict(maps, image, turned),
            ]
        )

    def heading(self, image: str, kernel: str, turned: bool, **_: Any) -> str:
        """Image and kernel in a few words."""
        return f"Kernel {kernel}{', turned by 180°,' if turned else ''} on {_name(image)}"

    def question(self, result: dict[str, Any], **_: Any) -> Question | None:
        """One number of z, to be worked out from its window and the kernel."""
        maps: Maps = result["_maps"]
        row, column = result["start"]
        z = float(maps.z[row, column])
        text = f"Nine products and the bias, added up: what is z[{row}, {column}]? Within 0.2 counts as right."
        return Question(text, short(z), round(z - 0.2, 4), round(z + 0.2, 4))

    def code(self, image: str, kernel: str, turned: bool, pixels: str) -> str:
        """The block with ``dlcourse.numpy``."""
        maps = run(_image(image, pixels), int(kernel) - 1, turned)
        return code_for(maps, turned, _strongest(maps))

    def figure(self, result: dict[str, Any], **_: Any) -> Figure:
        """Image, kernel and the three maps in a row."""
        return draw(result)


def _image(image: str, pixels: str) -> Array:
    if image != _OWN:
        return sample(image)
    try:
        return pixels_of(pixels)
    except ValueError as error:
        raise InputError(str(error), "pixels", 0, len(pixels)) from None


def _name(image: str) -> str:
    return "your drawing" if image == _OWN else f"the {image}"


def _whole(values: Array, factor: int) -> Any:
    return np.rint(values * factor).astype(int).ravel().tolist() if values.ndim else int(np.rint(values * factor))


def _strongest(maps: Maps) -> tuple[int, int]:
    """The cell of z that lies farthest from the bias: where the kernel has most to say."""
    row, column = np.unravel_index(np.abs(maps.z - maps.b).argmax(), maps.z.shape)
    return int(row), int(column)


def _pooling(maps: Maps) -> str:
    if not maps.relu.any():
        return "The ReLU lets nothing pass: this map is 0 everywhere, and so is the gradient that comes back."
    kept = f"Max-pooling keeps {maps.pooled.size} of {maps.relu.size} numbers, the largest of each 2 × 2"
    return f"{kept}; {int((maps.pooled > 0).sum())} of them are above 0, the largest is {short(maps.pooled.max())}."


def _verdict(maps: Maps, image: str, turned: bool) -> str:
    best = [k for k in np.argsort(-maps.answer)[:3] if maps.answer[k] >= 0.005]
    says = ", ".join(f"{LETTERS[k]} {100 * maps.answer[k]:.0f} %" for k in best)
    rate = network()["turned" if turned else "accuracy"]
    if turned:
        return f"The whole network, all kernels turned, says {says}. Not trained so: {rate:g} % of new letters right."
    scope = "" if image != _OWN else f"; it knows only {', '.join(LETTERS)}"
    return f"The whole network (two such blocks, one dense layer; {rate:g} % of new letters right) says {says}{scope}."
