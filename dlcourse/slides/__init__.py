"""Slides: a lecture as one HTML file that needs neither network nor kernel, and as PDF."""

from dlcourse.slides.browser import Overflow, overflowing, print_handout, print_pdf
from dlcourse.slides.contents import write_index
from dlcourse.slides.exporting import export, render

__all__ = ["Overflow", "export", "overflowing", "print_handout", "print_pdf", "render", "write_index"]
