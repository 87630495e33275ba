"""Slides: a lecture as one HTML file that needs neither network nor kernel, and as PDF."""

from dlcourse.slides.exporting import export, render

__all__ = ["export", "render"]
