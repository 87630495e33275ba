"""The geometry of a convolution: how many windows there are, what each pixel gives, and what does not come out even."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Slider
from dlcourse.widgets.convolution_geometry_figure import draw
from dlcourse.widgets.convolution_places import Places, mends, places
from dlcourse.widgets.explorer import Explorer, Question

__all__ = ["ConvolutionGeometry"]


class ConvolutionGeometry(Explorer):
    """Set image size H, kernel R, stride s and padding p; see every window, and the pixels that none reads.

    Keywords: ``size`` (4 to 10), ``kernel`` (1 to 5), ``stride`` (1 to 4) and ``padding`` (0 to 3).
    """

    title = "How many outputs?"
    drawing = FOLDER / "convolution_geometry.js"
    predicts = True
    controls = (
        Slider("size", label="Image H", low=4, high=10, steps=6, start=7),
        Slider("kernel", label="Kernel R", low=1, high=5, steps=4, start=3),
        Slider("stride", label="Stride s", low=1, high=4, steps=3, start=2),
        Slider("padding", label="Padding p", low=0, high=3, steps=3, start=0),
    )

    def compute(self, size: float, kernel: float, stride: float, padding: float) -> dict[str, Any]:
        """Sizes along one side, and how many windows read each of its pixels; both sides are alike."""
        found = _places(size, kernel, stride, padding)
        return {
            "label": self.heading(size, kernel, stride, padding),
            "size": found.size,
            "kernel": found.kernel,
            "stride": found.stride,
            "padding": found.padding,
            "outputs": found.outputs,
            "reads": found.reads,
            "even": found.is_even,
        }

    def describe(self, _result: dict[str, Any], size: float, kernel: float, stride: float, padding: float) -> str:
        """The formula with its numbers, what is never read and why, and the nearest setting that comes out even."""
        found = _places(size, kernel, stride, padding)
        if found.outputs == 0:
            return f"{_formula(found)}\n{_too_large(found)}"
        return "\n".join(filter(None, [_formula(found), _reading(found), _mended(found), _remark(found)]))

    def heading(self, size: float, kernel: float, stride: float, padding: float, **_: Any) -> str:
        """The setting in a few words."""
        return f"Image {size:g} × {size:g}, kernel {kernel:g} × {kernel:g}, stride {stride:g}, padding {padding:g}"

    def question(self, result: dict[str, Any], **_: Any) -> Question | None:
        """How many outputs there are along a side."""
        count = result["outputs"]
        return Question("How many outputs along each side? 0 if it does not fit.", str(count), count, count)

    def code(self, size: float, kernel: float, stride: float, padding: float) -> str:
        """The layer with ``dlcourse.numpy``; the gradient of its sum counts the windows that read a pixel."""
        found = _places(size, kernel, stride, padding)
        note = "" if found.outputs else "  # raises ValueError: the kernel is larger than the padded image"
        return _CELL.format(**vars(found), note=note)

    def figure(self, result: dict[str, Any], **_: Any) -> Figure:
        """The image with the counts in its pixels, and the outputs beside it."""
        return draw(result)


_CELL = """\
import numpy as np

import dlcourse.numpy as dl

x = dl.tensor(np.zeros((1, 1, {size}, {size})), requires_grad=True)
ones = dl.tensor(np.ones((1, 1, {kernel}, {kernel})))
z = dl.functional.conv2d(x, ones, stride={stride}, padding={padding}){note}
print("outputs:", z.shape[2:])
z.sum().backward()
print("windows that read each pixel:")
print(x.grad[0, 0].astype(int))
"""


def _places(size: float, kernel: float, stride: float, padding: float) -> Places:
    return places(int(size), int(kernel), int(stride), int(padding))


def _formula(found: Places) -> str:
    padded = f"{found.size} + 2 × {found.padding} − {found.kernel}"
    if found.outputs == 0:
        return f"{padded} = {found.room} is below 0: no window fits, there is no output".replace("= -", "= −")
    share = found.room / found.stride
    down = "" if found.is_even else f", rounded down {found.room // found.stride}"
    side = f"{found.outputs} × {found.outputs} output{'s' if found.outputs > 1 else ''}"
    return f"({padded}) / {found.stride} = {share:.3g}{down}, plus 1: {side}"


def _too_large(found: Places) -> str:
    padded = found.size + 2 * found.padding
    fits = math.ceil((found.kernel - found.size) / 2)
    return (
        f"A kernel of {found.kernel} is larger than the padded image of {padded}: PyTorch raises an error. "
        f"From padding {fits} on it fits."
    )


def _reading(found: Places) -> str:
    """Which rows and columns no window reads and why, or how many windows read a pixel."""
    if not found.unread:
        low, high = min(found.reads) ** 2, max(found.reads) ** 2
        count = f"{low} window{'s' * (low > 1)}" if low == high else f"{low} to {high} windows"
        return f"Every pixel is read, by {count}.{_lost_padding(found)}"
    reasons = []
    if found.skipped:
        reasons.append(f"{_listed(found.skipped)} (the stride {found.stride} is larger than the kernel {found.kernel})")
    if found.left_over:
        reasons.append(f"{_listed(found.left_over)} (the next window would end outside)")
    return f"Never read: {' and '.join(reasons)}. PyTorch raises no error."


def _lost_padding(found: Places) -> str:
    if found.is_even:
        return ""
    return " The next window would end outside; only padding is left over, so the two sides are not treated alike."


def _mended(found: Places) -> str:
    if found.is_even and not found.unread:
        return ""
    changes = [
        f"padding {other.padding}" if other.padding != found.padding else f"stride {other.stride}"
        for other in mends(found)
    ]
    return f"With {' or '.join(changes)} it comes out even and every pixel is read." if changes else ""


def _remark(found: Places) -> str:
    if found.padding >= found.kernel:
        return "The outermost windows see nothing but padding: their outputs are the bias alone."
    if found.outputs == found.size:
        return "The output is as large as the image: with stride 1 and an odd kernel, p = (R − 1) / 2 does that."
    return ""


def _listed(pixels: list[int]) -> str:
    several = "s" * (len(pixels) > 1)
    return f"row{several} and column{several} {', '.join(map(str, pixels))}"
