"""Exported explorers in a page: what the tests of every explorer share."""

import base64

import pytest

from dlcourse.plots import png
from dlcourse.widgets.export import static_html

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>test</title><body style="margin:8px"><main><h1>Test</h1>{}</main></body></html>'
)
CUT_OFF = """kinds => [...document.querySelectorAll(`.dlc-explorer :is(${kinds})`)]
  .filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.right > innerWidth || box.left < 0);
  }).map(e => e.outerHTML)"""

in_every_scheme = pytest.mark.parametrize(
    "scheme", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["light", "dark", "contrast"]
)
at_any_zoom = pytest.mark.parametrize("width", [1100, 640, 320])  # 640 is 200 % of a 1280 px screen, 320 is 400 %


def fragment(explorer, uid="dlc0"):
    """The explorer as a piece of HTML."""
    figure, said = explorer.still()
    return static_html(explorer.recipe(), base64.b64encode(png(figure)).decode(), said, uid)


def open_fragment(page, folder, html):
    """Write one explorer's HTML into a page, open it from disk and wait until it is alive."""
    path = folder / "page.html"
    path.write_text(PAGE.format(html))
    page.goto(path.as_uri())
    page.wait_for_selector("#dlc0.dlc-ready")
    return page


def shows(kind):
    """Make the fixture ``show``: ``show(page, **values)`` opens an exported explorer of this kind."""

    @pytest.fixture
    def show(tmp_path):
        return lambda page, **values: open_fragment(page, tmp_path, fragment(kind(**values)))

    return show


def words(page):
    """What the explorer says, one line a paragraph."""
    return "\n".join(page.locator(".dlc-words p").all_text_contents())


def assert_nothing_is_cut_off(page, *pictures):
    """Every control and word, and these pictures, lie within the window, and the page does not scroll sideways.

    A drawing too wide for a small window may scroll within its frame; then it is not among ``pictures``.
    """
    kinds = ["button", "input", "select", "p", "label", "legend", *pictures]
    assert page.evaluate(CUT_OFF, ", ".join(kinds)) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def assert_code_and_state(page, explorer):
    """The button Code shows the code of this explorer, and a line that makes it again as it stands."""
    page.get_by_role("button", name="Code").click()
    assert page.get_by_label("Code for this setting").text_content() == explorer.result["code"]
    line = page.get_by_label("This explorer as it stands").text_content()
    assert eval(line, {type(explorer).__name__: type(explorer)}).values == explorer.values
