"""Figures for lectures: one palette, one style, always an alternative text.

Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with any of the
common colour-vision deficiencies can tell apart. Line styles change together with the colours, so
that no picture depends on colour alone.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cycler import cycler
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["PALETTE", "STYLE", "png", "show", "subplots"]

PALETTE: Mapping[str, str] = MappingProxyType(
    {
        "blue": "#0072B2",
        "vermillion": "#D55E00",
        "green": "#009E73",
        "purple": "#CC79A7",
        "sky blue": "#56B4E9",
        "orange": "#E69F00",
        "black": "#000000",
        "yellow": "#F0E442",
    }
)
"""The eight colours by name, in the order in which a plot uses them."""

PIXELS_PER_INCH = 100
"""How large a figure appears in a notebook; the file has twice as many pixels for sharp slides."""
_DPI = 200

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        "axes.prop_cycle": cycler(color=list(PALETTE.values()))
        + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 3))]),
        "axes.axisbelow": True,
        "axes.edgecolor": "#444444",
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 13,
        "axes.labelsize": 13,
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",
        "font.size": 12,
        "grid.color": "#dddddd",
        "legend.frameon": False,
        "lines.linewidth": 2.2,
        "lines.markersize": 5,
        "svg.hashsalt": "dlcourse",
        "xtick.labelsize": 12,
        "ytick.labelsize": 12,
    }
)
"""Matplotlib settings of the course's figures, readable from the last row of a lecture hall."""


def subplots(rows: int = 1, columns: int = 1, *, size: tuple[float, float] = (7.0, 3.6), **options: Any) -> Any:
    """Make a figure in the course's style, as ``matplotlib.pyplot.subplots`` does, but without pyplot.

    ``size`` is (width, height) in inches; ``options`` go to ``Figure.subplots`` (``sharey=True``, …).
    Returns the figure and its axes: one ``Axes``, or an array of them. ``STYLE`` becomes the
    default of the session, because Matplotlib reads it again for each legend and text added later.
    """
    settings: Any = dict(STYLE)
    rcParams.update(settings)
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def png(figure: Figure) -> bytes:
    """Return ``figure`` as PNG: the same bytes for the same picture (no date, no version inside).

    At most 256 colours are kept, which cannot be seen in drawings and makes the file a third of the size.
    """
    from PIL import Image  # Matplotlib needs it anyway, but only to save

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI, metadata={"Software": None})
    picture = Image.open(drawn).convert("RGB")
    # Maximum coverage moves no pixel by more than some 12 of 255; the default method moves single ones by 60.
    few = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def show(figure: Figure | Axes, alt: str) -> None:
    """Show a figure below the cell, with ``alt``, the sentence that replaces it for those who cannot see it.

    ``alt`` says what the picture shows and what to read off it: "Loss against steps: momentum
    falls four times as fast as plain SGD." The notebook stores it beside the picture, and slides,
    screen readers and plain terminals use it. Raises ValueError if ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("plots.show: alt is empty, expected a sentence that says what the figure shows")
    owner = figure.get_figure(root=True) if isinstance(figure, Axes) else figure
    if not isinstance(owner, Figure):
        raise TypeError(f"plots.show: figure is {type(figure).__name__}, expected a Matplotlib Figure or Axes")
    picture = png(owner)
    _forget(owner)
    _publish(picture, alt.strip(), width=round(owner.get_figwidth() * PIXELS_PER_INCH))


def _forget(figure: Figure) -> None:
    """Close a figure that pyplot made, or Jupyter would show it a second time, without its text."""
    import sys

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def _publish(picture: bytes, alt: str, width: int) -> None:
    """Hand the picture to Jupyter, or print its text where there is no Jupyter."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(f"[figure] {alt}")
        return
    data = {"image/png": base64.b64encode(picture).decode("ascii"), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt, "width": width}})
