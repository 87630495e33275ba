"""Export lectures as slides: one HTML file each that opens from disk, without network and kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode

import dlcourse
from dlcourse.notebooks.cells import read
from dlcourse.notebooks.files import replace_file
from dlcourse.slides import assets
from dlcourse.slides.browser import print_handout, print_pdf
from dlcourse.slides.cells import minutes_of, prepare, title_of

__all__ = ["export", "render"]


def export(notebook: Path | str, out: Path | str, *, pdf: bool = False, handout: bool = False) -> list[Path]:
    """Write the slides of ``notebook`` into the folder ``out`` and return the files written.

    ``NAME.html`` holds everything it needs: reveal.js, MathJax, fonts, pictures, explorers. With
    ``pdf``, ``NAME.pdf`` has the same slides, a page each; with ``handout``, ``NAME-handout.pdf``
    has two on each page of A4, with the speaker's notes. Both need Chromium. Raises NotebookError
    if the notebook cannot be presented.
    """
    source, folder = Path(notebook), Path(out)
    html = folder / f"{source.stem}.html"
    replace_file(html, render(read(source), source).encode("utf-8"))
    written = [html]
    if pdf:
        written.append(print_pdf(html, folder / f"{source.stem}.pdf"))
    if handout:
        written.append(print_handout(html, folder / f"{source.stem}-handout.pdf"))
    return written


def render(notebook: NotebookNode, path: Path) -> str:
    """Return the slides of a notebook as one HTML page; pictures are looked for in the folder of ``path``."""
    import jinja2

    template = jinja2.Template((assets.HERE / "template" / "page.html.j2").read_text(encoding="utf-8"))
    page: str = template.render(
        title=title_of(notebook) or path.stem,
        version=dlcourse.__version__,
        slides=_sections(prepare(notebook, path.name), path),
        styles=assets.styles(),
        mathjax=assets.mathjax(),
        reveal=assets.reveal(),
        notes=assets.notes_plugin(),
        start=assets.start_script(minutes_of(notebook)),
    )
    return page


def _sections(notebook: NotebookNode, path: Path) -> str:
    """Let nbconvert turn the cells into reveal.js's nested sections."""
    from nbconvert import SlidesExporter

    exporter = SlidesExporter(
        template_name="dlcourse",
        extra_template_basedirs=[str(assets.HERE / "template")],
        embed_images=True,
        exclude_anchor_links=True,
    )
    resources: dict[str, Any] = {"metadata": {"name": path.stem, "path": str(path.parent)}}
    body: str = exporter.from_notebook_node(notebook, resources)[0]
    return body
