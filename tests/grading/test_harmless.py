"""What a student wrote becomes no tag and no link on nbgrader's pages, whatever it is."""

from __future__ import annotations

import nbformat
from bs4 import BeautifulSoup
from hypothesis import example, given
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter

from dlcourse.grading.harmless import harmless

PIECES = [
    *("<", ">", "</", "<!--", "-->", "<![CDATA[", "<?", "script", "img src=x onerror=", "a href=", "svg", "iframe"),
    *("[a", "](", "]:", "][", "]", "(", ")", "![", "javascript:ran()", "java&#115;cript:", "data:text/html,x", "//x"),
    *(
        "&lt;",
        "&#60;",
        "&#x3c;script&#62;",
        "\\",
        '"',
        "'",
        "`",
        "```",
        "```mermaid\n",
        "~~~\n",
        "$",
        "$$",
        "\\\\(",
        "\\\\[",
    ),
    *(
        "\\begin{a}",
        "\\end{a}",
        "\n",
        "\n\n",
        "    ",
        "\t",
        " ",
        "\x00",
        "\ufeff",
        "# ",
        "- [ ] ",
        "> ",
        "|a|\n|-|\n|",
        "*",
        "_",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=14).map("".join)
MARKUP = {"p", "em", "strong", "code", "pre", "blockquote", "hr", "br", "del", "div", "span", "a", "input"}
MARKUP |= {
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    *(f"h{n}" for n in range(1, 7)),
}
ATTRIBUTES = {"class", "id", "href", "type", "disabled", "checked", "start", "style"}
EMPTY = nbformat.v4.new_notebook()


def shown(text: str, released: nbformat.NotebookNode = EMPTY) -> BeautifulSoup:
    """A Markdown cell as nbgrader's pages show it."""
    notebook = harmless(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)]), released)
    return BeautifulSoup(HTMLExporter().markdown2html({}, notebook.cells[0].source), "html.parser")


@example("[a](javascript:ran())")
@example("[a]: javascript:ran()\n\n[a]")
@example("```mermaid\n<img src=x onerror=ran()>\n```")
@example("# <b onclick=ran()>\n")
@given(TEXTS)
def test_nothing_becomes_a_tag_or_a_link(text: str) -> None:
    for tag in shown(text).find_all(True):
        assert tag.name in MARKUP
        assert set(tag.attrs) <= ATTRIBUTES
        assert tag.get("href", "#").startswith(("#", "http://", "https://"))
        assert tag.get("type", "checkbox") == "checkbox"


def test_words_code_and_formulas_read_as_before() -> None:
    text = "Because **dx** = `a < b`, $x < y$ and\n\n    if a < 1: f[0]\n"
    assert " ".join(shown(text).get_text().split()) == "Because dx = a < b, $x < y$ and if a < 1: f[0]"


def test_a_tag_is_read_as_text() -> None:
    assert "< b>bold< /b>" in shown("<b>bold</b>").get_text()


def test_the_exercises_own_text_keeps_its_links() -> None:
    text = "See [the lecture](https://example.org) <b>now</b>."
    released = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    assert [tag.name for tag in shown(text, released).find_all(["a", "b"])] == ["a", "b"]


def test_the_submission_itself_is_left_alone() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("<b>")])
    harmless(notebook, EMPTY)
    assert notebook.cells[0].source == "<b>"
