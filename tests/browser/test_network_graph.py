"""The network graph in a real browser: its matrices are Python's, keys step through them, in every theme and width."""

import pytest

from dlcourse.widgets.network_graph import NetworkGraph
from tests.browser.exported import assert_nothing_is_cut_off, at_any_zoom, in_every_scheme, shows, words

pytestmark = pytest.mark.browser
show = shows(NetworkGraph)


def drawn(page, node, kind):
    """The numbers that stand in a node's box, row after row."""
    return page.locator(f'g[data-key="{node}"] text.{kind}').all_text_contents()


def flat(rows):
    return [text for row in rows for text in row]


def test_the_drawn_matrices_are_pythons(page, show, log):
    show(page, samples="3", step=12)
    for backward in ("right", "last sample"):
        page.locator(f'.dlc-pill:has(input[value="{backward}"])').click()
        frames = NetworkGraph(samples="3", backward=backward).result["picture"]["frames"]
        for frame in frames:
            for node, rows in frame["values"].items():
                assert drawn(page, node, "dlc-value") == flat(rows)
            for node, rows in frame["gradients"].items():
                assert drawn(page, node, "dlc-gradient") == flat(rows)
        assert words(page) == NetworkGraph(samples="3", backward=backward).result["texts"][12]
    log.assert_quiet()


def test_keys_step_forward_and_reset_returns(page, show):
    show(page)
    start = words(page)
    assert set(drawn(page, "z1", "dlc-value")) == {""}
    page.locator('.dlc-explorer input[type="range"]').first.focus()
    page.keyboard.press("ArrowRight")
    assert words(page) == NetworkGraph().result["texts"][1]
    assert drawn(page, "z1", "dlc-value")[0] == "0.2"
    assert page.locator('g[data-key="z1"].dlc-now').count() == 1
    page.get_by_role("button", name="Reset").click()
    assert words(page) == start


def test_torch_stands_beside(page, show):
    show(page, step=12)
    assert "AddmmBackward0" not in page.locator(".dlc-figure").inner_text()
    page.get_by_label("torch beside").click()
    assert page.locator(".dlc-figure").inner_text().count("AddmmBackward0") == 2
    assert "torch finds the same gradients" in words(page)


def test_a_prediction_hides_the_step_until_it_is_made(page, show):
    show(page, predict=True, step=7)
    assert set(drawn(page, "W2", "dlc-gradient")) == {"?"}
    assert "∂L/∂W₂[0, 0] = ?" in words(page)
    assert "" not in drawn(page, "z2", "dlc-gradient")


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), torch=True, step=9)
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
