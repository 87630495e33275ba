"""The schedule explorer in a real browser: its lines are Python's numbers, by keyboard, in every theme and width."""

import numpy as np
import pytest

from dlcourse.widgets.schedule_run import BATCHES, EPOCHS, KINDS
from dlcourse.widgets.schedules import ScheduleExplorer
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)

pytestmark = pytest.mark.browser
show = shows(ScheduleExplorer)


def drawn(page, curve):
    """The points of a line, (n, 2)."""
    points = page.locator(f'polyline[data-curve="{curve}"]').first.get_attribute("points")
    return np.array([[float(part) for part in point.split(",")] for point in points.split()])


def choose(page, value):
    page.locator(f'.dlc-pill:has(input[value="{value}"])').click()


def test_the_drawn_rate_is_pythons(page, show, log):
    show(page)
    for kind in KINDS:
        choose(page, kind)
        explorer = ScheduleExplorer(kind=kind)
        chart = explorer.compute(**{k: explorer.values[k] for k in ("kind", "warm_up", "bug", "axis", "rate")})["rate"]
        values = chart["curves"][1]["values"]
        points = drawn(page, "rate")
        assert points.shape == (EPOCHS * BATCHES, 2)
        expected = 34 + 182 * (chart["high"] - values) / (chart["high"] - chart["low"])
        np.testing.assert_allclose(points[:, 1], expected, atol=0.15)
        assert (np.diff(points[:, 0]) > 0).all()
        assert words(page) == explorer.result["texts"][0]
    log.assert_quiet()


def test_bug_warm_up_and_axis_change_picture_and_words(page, show):
    show(page, kind="cosine")
    before = drawn(page, "rate")
    page.get_by_label("Warm-up").click()
    assert words(page) == ScheduleExplorer(kind="cosine", warm_up=True).result["texts"][0]
    assert not np.array_equal(drawn(page, "rate"), before)
    choose(page, "unit")
    assert "everything comes too soon" in words(page)
    assert page.locator('polyline[data-curve="as it should be"]').count() == 2
    choose(page, "log")
    assert "0.001" in page.locator("svg[role=img]").text_content()


def test_keys_choose_a_schedule_and_reset_returns(page, show):
    show(page)
    start = words(page)
    page.locator('input[value="constant"]').focus()
    page.keyboard.press("ArrowRight")
    assert words(page) == ScheduleExplorer(kind="step").result["texts"][0]
    page.get_by_role("button", name="Reset").click()
    assert words(page) == start


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    choose(page, "one-cycle")
    choose(page, "unit")
    assert_code_and_state(page, ScheduleExplorer(kind="one-cycle", bug="unit"))


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme))
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
