"""What needs a real browser: slides as PDF, and whether every slide fits its page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcourse.slides import assets

__all__ = ["Overflow", "chromium", "open_slides", "overflowing", "print_handout", "print_pdf"]

_HEIGHT, _WIDTH = 720, 1280


@dataclass(frozen=True)
class Overflow:
    """A slide that is larger than its page: its number, its first cell, its heading, and by how many pixels."""

    slide: int
    cell: str
    heading: str
    below: int
    beside: int

    def __str__(self) -> str:
        sides = [f"{self.below} px too high"] * (self.below > 0) + [f"{self.beside} px too wide"] * (self.beside > 0)
        return f"slide {self.slide} ({self.heading or 'no heading'}, cell {self.cell}): {' and '.join(sides)}"


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium without a window: ``$DLCOURSE_CHROMIUM``, or the one on the path, or Playwright's own.

    Raises RuntimeError with the remedy when there is none.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise RuntimeError("slides: Playwright is not installed; run: pip install 'dlcourse[slides]'") from error
    executable = os.environ.get("DLCOURSE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--no-sandbox", "--disable-gpu"] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["--disable-gpu"]
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=flags)
        except Error as error:
            raise RuntimeError(
                "slides: no Chromium was found; on Debian and Ubuntu run: apt install chromium; "
                "elsewhere: python -m playwright install chromium"
            ) from error
        yield browser
        browser.close()


def open_slides(page: Any, html: Path, query: str = "") -> None:
    """Open exported slides in a Playwright page and wait until formulas, fonts and explorers are there."""
    page.goto(html.resolve().as_uri() + query)
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)


def overflowing(html: Path | str, browser: Any = None) -> list[Overflow]:
    """Return the slides of an exported file that do not fit their page of 1280 × 720, all fragments shown.

    ``browser`` is a running Playwright browser; without it, one is started.
    """
    if browser is None:
        with chromium() as own:
            return overflowing(html, own)
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    try:
        open_slides(page, Path(html))
        measured = page.evaluate(assets.theme("measure.js"))
    finally:
        page.close()
    # One pixel is rounding: browsers place letters on fractions of a pixel.
    found = [
        Overflow(number, slide["cell"], slide["heading"], round(slide["below"]), round(slide["beside"]))
        for number, slide in enumerate(measured, start=1)
    ]
    return [slide for slide in found if slide.below > 1 or slide.beside > 1]


def print_pdf(html: Path | str, pdf: Path | str, browser: Any = None) -> Path:
    """Print exported slides as PDF, a page for each slide with all its fragments; return the file written."""
    return _print(Path(html), Path(pdf), "?print-pdf", "", browser)


def print_handout(html: Path | str, pdf: Path | str, browser: Any = None) -> Path:
    """Print exported slides on A4, two a page, the speaker's notes below each; return the file written."""
    query = "?print-pdf&showNotes=separate-page"
    return _print(Path(html), Path(pdf), query, assets.theme("handout.css"), browser)


def _print(html: Path, pdf: Path, query: str, style: str, browser: Any) -> Path:
    if browser is None:
        with chromium() as own:
            return _print(html, pdf, query, style, own)
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    try:
        open_slides(page, html, query)
        page.wait_for_selector(".pdf-page", state="attached", timeout=60_000)
        if style:
            page.add_style_tag(content=style)
        part = pdf.with_name(f".{pdf.name}.part")
        page.pdf(path=str(part), prefer_css_page_size=True, print_background=True)
        part.replace(pdf)
    finally:
        page.close()
    return pdf
