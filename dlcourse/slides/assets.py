"""What every slide file carries inside: reveal.js, MathJax, fonts and the theme, so that it needs no network."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

__all__ = ["HERE", "fonts", "mathjax", "notes_plugin", "reveal", "start_script", "styles", "theme"]

HERE = Path(__file__).parent
_VENDOR = HERE / "vendor"
_THEME = HERE / "theme"
_FACE = re.compile(r"(?P<folder>source-\w+-\w+)-(?P<subset>latin|greek)-(?P<weight>\d+)-(?P<style>\w+)\.woff2")
_FAMILY = {"source-sans-3": "Source Sans 3", "source-code-pro": "Source Code Pro"}
_RANGE = {"greek": "U+0370-03FF", "latin": "U+0000-036F,U+2000-FFFF"}


def _script(relative: str) -> str:
    """Read a vendored script so that it can stand between <script> tags."""
    text = (_VENDOR / relative).read_text(encoding="utf-8")
    text = re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
    return text.replace("</script", r"<\/script").replace("<!--", r"<\!--")


@cache
def theme(name: str) -> str:
    """Return a file of the theme."""
    return (_THEME / name).read_text(encoding="utf-8")


@cache
def mathjax() -> str:
    """Return MathJax with TeX input and SVG output; its letters are outlines, so it needs no font files."""
    return _script("mathjax/tex-svg-full.js")


@cache
def reveal() -> str:
    """Return reveal.js."""
    return _script("reveal.js/reveal.js")


@cache
def notes_plugin() -> str:
    """Return reveal.js's speaker view: the notes, the next slide, the time."""
    return _script("reveal.js/notes.js")


def start_script(minutes: int) -> str:
    """Return the script that starts the presentation; the speaker view paces it to ``minutes``."""
    return theme("start.js").replace("{{ minutes }}", str(minutes))


@cache
def styles() -> str:
    """Return all style sheets of the slides: reveal.js's own, the fonts, the theme."""
    parts = [(_VENDOR / "reveal.js" / name).read_text(encoding="utf-8") for name in ("reset.css", "reveal.css")]
    return "\n".join([*parts, fonts(), theme("slides.css")])


@cache
def fonts() -> str:
    """Return the style sheet that brings the fonts along, as data addresses."""
    return "\n".join(_font_face(path) for path in sorted(_VENDOR.glob("source-*/*.woff2")))


def _font_face(path: Path) -> str:
    match = _FACE.fullmatch(path.name)
    if match is None:
        raise ValueError(f"slides: {path.name} is not named FAMILY-SUBSET-WEIGHT-STYLE.woff2")
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return (
        f'@font-face{{font-family:"{_FAMILY[match["folder"]]}";font-weight:{match["weight"]};'
        f"font-style:{match['style']};unicode-range:{_RANGE[match['subset']]};"
        f"src:url(data:font/woff2;base64,{data}) format('woff2')}}"
    )
