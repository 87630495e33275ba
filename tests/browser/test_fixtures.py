"""The browser fixtures see what they must see; a recorder that misses an error would make every other test empty."""

import pytest

pytestmark = pytest.mark.browser


def open_text(page, tmp_path, html):
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><html lang="en"><title>t</title><main><h1>t</h1>{html}</main></html>')
    page.goto(path.as_uri())


def test_quiet_page_is_quiet(page, log, tmp_path):
    open_text(page, tmp_path, "<p>nothing</p>")
    log.assert_quiet()


def test_console_and_page_errors_are_recorded(page, log, tmp_path):
    open_text(page, tmp_path, "<script>console.error('first'); setTimeout(() => { throw Error('second') })</script>")
    page.wait_for_timeout(100)
    assert log.console_errors == ["first"]
    assert len(log.page_errors) == 1
    assert "second" in log.page_errors[0]


def test_requests_beyond_the_file_are_recorded_and_not_sent(page, log, tmp_path):
    open_text(
        page, tmp_path, '<img alt="" src="https://example.org/x.png"><img alt="" src="data:image/gif;base64,R0lG">'
    )
    page.wait_for_timeout(100)
    assert log.requests == ["https://example.org/x.png"]


def test_tabs_opened_by_a_page_are_recorded(page, log, tmp_path):
    open_text(
        page, tmp_path, "<button onclick=\"window.open('about:blank').console.error('from the tab')\">open</button>"
    )
    with page.context.expect_page():
        page.click("button")
    page.wait_for_timeout(100)
    assert log.console_errors == ["from the tab"]


def test_axe_finds_a_control_without_a_label(page, axe, tmp_path):
    open_text(page, tmp_path, "<input type=range>")
    assert any(line.startswith("label") for line in axe(page))
    open_text(page, tmp_path, "<label>rate <input type=range></label>")
    assert axe(page) == []
