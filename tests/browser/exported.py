"""Exported explorers in a page: what the tests of every explorer share."""

import base64

import pytest

from dlcourse.plots import png
from dlcourse.widgets.export import static_html

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>test</title><body style="margin:8px"><main><h1>Test</h1>{}</main></body></html>'
)


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
