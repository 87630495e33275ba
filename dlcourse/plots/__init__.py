"""Pictures that lectures and explorers share."""

from dlcourse.plots.figure import PALETTE, STYLE, png, show, subplots

__all__ = ["PALETTE", "STYLE", "png", "show", "subplots"]
