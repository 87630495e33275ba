"""Pictures that lectures and explorers share."""

from dlcourse.plots import graphs
from dlcourse.plots.figure import PALETTE, STYLE, png, show, subplots

__all__ = ["PALETTE", "STYLE", "graphs", "png", "show", "subplots"]
