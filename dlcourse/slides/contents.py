"""The page that lists all exported lectures of a folder."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from dlcourse.notebooks.files import replace_file
from dlcourse.slides import assets

__all__ = ["write_index"]

_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_HEAD = 4096
"""The title stands within the first characters; the rest of a file is megabytes of script."""


@dataclass(frozen=True)
class _Deck:
    number: str
    title: str
    html: str
    pdf: str


def write_index(folder: Path | str) -> Path:
    """Write ``index.html`` with a link to each exported lecture ``NN_topic.html`` in ``folder``, and to its PDF.

    Raises FileNotFoundError if there is none.
    """
    import jinja2

    place = Path(folder)
    decks = [_deck(path) for path in sorted(place.glob("[0-9][0-9]_*.html"))]
    if not decks:
        raise FileNotFoundError(f"slides: {place} holds no exported lecture, expected files named NN_topic.html")
    source = (assets.HERE / "template" / "contents.html.j2").read_text(encoding="utf-8")
    page = jinja2.Template(source).render(decks=decks, fonts=assets.fonts())
    index = place / "index.html"
    replace_file(index, page.encode("utf-8"))
    return index


def _deck(path: Path) -> _Deck:
    with path.open(encoding="utf-8") as file:
        match = _TITLE.search(file.read(_HEAD))
    title = html.unescape(match[1]).strip() if match else path.stem
    pdf = path.with_suffix(".pdf")
    return _Deck(path.stem[:2], title, path.name, pdf.name if pdf.exists() else "")
