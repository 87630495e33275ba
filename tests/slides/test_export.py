"""What is in an exported file, looked at without a browser."""

import base64
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from dlcourse.notebooks import NotebookError
from dlcourse.notebooks.cells import EXPLORER
from dlcourse.slides import cells, export, write_index

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
RECIPE = {"version": 1, "explorer": "dlcourse.widgets.graph:GraphExplorer", "state": ""}


def text(cell_id, source, slide="slide"):
    return new_markdown_cell(source, id=cell_id, metadata={"slideshow": {"slide_type": slide}})


def code(cell_id, source, *outputs, slide="-", tags=()):
    metadata = {"slideshow": {"slide_type": slide}, "tags": list(tags)}
    return new_code_cell(source, id=cell_id, metadata=metadata, outputs=list(outputs), execution_count=1)


def printed(words):
    return new_output("stream", name="stdout", text=words)


def shown(about=None, **data):
    kinds = {"png": "image/png", "html": "text/html", "plain": "text/plain", "recipe": EXPLORER}
    return new_output("display_data", data={kinds[k]: v for k, v in data.items()}, metadata=about or {})


@pytest.fixture
def exported(tmp_path):
    """Export a notebook of these cells and return the parsed sections; ``exported.page`` is the whole page."""

    def run(*content):
        path = tmp_path / "01_topic.ipynb"
        nbformat.write(new_notebook(cells=list(content), metadata={}), path)
        (written,) = export(path, tmp_path / "out")
        assert written == tmp_path / "out" / "01_topic.html"
        page = written.read_text(encoding="utf-8")
        run.page = page
        sections = page[page.index('<div class="slides">') : page.index('<p class="running-title"')]
        return BeautifulSoup(sections, "html.parser")

    return run


def test_slides_subslides_fragments_and_notes_are_nested(exported):
    found = exported(
        text("title", "# A topic"),
        text("title-notes", "Ask the room.", "notes"),
        text("more", "## More", "subslide"),
        text("then", "Then this.", "fragment"),
        text("next", "## Next"),
    )
    nested = [[page["data-cell"] for page in slide("section")] for slide in found.select(".slides > section")]
    assert nested == [["title", "more"], ["next"]]
    assert found.select_one("[data-cell=title] aside.notes").get_text(strip=True) == "Ask the room."
    assert found.select_one("[data-cell=more] .fragment").get_text(strip=True) == "Then this."
    assert "<title>A topic</title>" in exported.page


def test_claims_are_left_out(exported):
    found = exported(
        text("title", "# A topic"),
        code("claim", "assert 1 < 2", slide="skip", tags=["claim"]),
        code("code", "x = 1", printed("out")),
    )
    assert "assert" not in found.get_text()
    assert found.select_one("pre.output").get_text() == "out"


def test_figures_keep_their_alternative_text_escaped(exported):
    about = {"image/png": {"alt": 'Loss "falls" & a < b'}}
    found = exported(text("title", "# A topic"), code("plot", "draw()", shown(about, png=PIXEL, plain="Loss")))
    assert found.img["alt"] == 'Loss "falls" & a < b'
    assert found.img["src"] == f"data:image/png;base64,{PIXEL}"
    assert found.select("pre.output") == []


def test_code_is_highlighted_and_can_be_hidden(exported):
    found = exported(
        text("title", "# A topic"),
        code("shown", "def f():\n    return 1"),
        code("hidden", "secret = 1", printed("result"), tags=["hide-input"]),
    )
    assert found.select_one(".input .k").get_text() == "def"
    assert "secret" not in found.get_text()
    assert found.select_one("pre.output").get_text() == "result"


def test_an_html_output_cannot_become_a_slide(exported):
    found = exported(
        text("title", "# A topic"), code("report", "check()", shown(html="<section><p>passed</p></section>"))
    )
    assert len(found("section")) == 2
    assert str(found.select_one(".output.html")) == '<div class="output html"><div><p>passed</p></div></div>'


def test_pictures_beside_the_notebook_travel_inside(exported, tmp_path):
    (tmp_path / "dot.png").write_bytes(base64.b64decode(PIXEL))
    found = exported(text("title", "# A topic\n\n![A dot](dot.png)"))
    assert found.img["src"].startswith("data:image/png;base64,")
    assert found.img["alt"] == "A dot"


def test_nothing_points_to_the_network(exported):
    exported(text("title", "# A topic\n\n$x^2$ [link](https://example.org)"))
    loads = re.findall(
        r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//", exported.page
    )
    assert loads == []
    assert not re.search(r"@import|url\((?!data:)", exported.page[: exported.page.index("</style>")])
    assert len(exported.page) < 5_000_000


def test_an_explorer_gets_a_frame_with_its_static_version(exported, monkeypatch):
    calls = []

    def static_html(recipe, picture, alt, uid):
        calls.append((recipe, picture, alt, uid))
        return f'<section id="{uid}">alive & "well"</section>'

    monkeypatch.setattr(cells, "_static_html", lambda: static_html)
    about = {"image/png": {"alt": "A graph."}}
    found = exported(
        text("title", "# A topic"), code("graph", "GraphExplorer()", shown(about, recipe=RECIPE, png=PIXEL, plain="A"))
    )
    assert calls == [(RECIPE, PIXEL, "A graph.", "explorer-graph-0")]
    (frame,) = found.select("iframe.explorer")
    assert frame["title"] == "A graph."
    assert '<section id="explorer-graph-0">alive & "well"</section>' in frame["srcdoc"]
    assert len(found("section")) == 2
    assert "GraphExplorer()" not in found.get_text()


def test_an_explorer_that_cannot_be_exported_is_named(exported):
    recipe = {**RECIPE, "explorer": "dlcourse.widgets.nowhere:Nothing"}
    with pytest.raises(NotebookError, match=r"01_topic\.ipynb, cell graph: the explorer cannot be exported"):
        exported(text("title", "# A topic"), code("graph", "X()", shown(recipe=recipe, png=PIXEL)))


def test_a_notebook_without_slides_is_refused(exported):
    with pytest.raises(NotebookError, match=r"01_topic\.ipynb: no cell has the slide type slide"):
        exported(text("title", "# A topic", "skip"))


def test_a_second_export_changes_no_byte(exported, tmp_path):
    exported(text("title", "# A topic"))
    written = tmp_path / "out" / "01_topic.html"
    before = written.stat().st_mtime_ns
    exported(text("title", "# A topic"))
    assert written.stat().st_mtime_ns == before


def test_the_index_lists_every_exported_lecture(tmp_path):
    for name, title in (("01_a.html", "Who &amp; why?"), ("00_b.html", "Start"), ("notes.html", "Other")):
        (tmp_path / name).write_text(f"<!DOCTYPE html><html><head><title>{title}</title>")
    (tmp_path / "01_a.pdf").write_bytes(b"%PDF")
    page = BeautifulSoup(write_index(tmp_path).read_text(encoding="utf-8"), "html.parser")
    links = [(link["href"], link.get_text()) for link in page.select("li a")]
    assert links == [("00_b.html", "Start"), ("01_a.html", "Who & why?"), ("01_a.pdf", "PDF")]
    assert [number.get_text() for number in page.select("li span")] == ["00", "01"]


def test_an_index_of_nothing_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no exported lecture"):
        write_index(tmp_path)
