"""The label-spread explorer in a real browser: its numerals are Python's labels, by keyboard, in every theme."""

import numpy as np
import pytest

from dlcourse.widgets.label_spread import LabelSpread
from dlcourse.widgets.label_spread_run import DIGITS, STEPS, truth
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)

pytestmark = pytest.mark.browser
show = shows(LabelSpread)


def numerals(page):
    """What stands on the map, as counts of each text."""
    found = page.locator('g[data-part="map"] text').all_text_contents()
    return {text: found.count(text) for text in sorted(set(found))}


def expected(explorer, place):
    labels = explorer.result["picture"]["frames"][place]["labels"]
    shown = ["·" if label < 0 else str(label) for label in labels]
    return {text: shown.count(text) for text in sorted(set(shown))}


def choose(page, name, value):
    page.locator(f'fieldset:has(legend:text-is("{name}")) .dlc-pill:has(input[value="{value}"])').click()


def test_the_map_and_the_words_are_pythons_at_every_step(page, show, log):
    show(page, slips="1", draw="2")
    explorer = LabelSpread(slips="1", draw="2")
    page.locator(".dlc-player input[type=range]").focus()
    for place in range(len(STEPS)):
        assert words(page) == explorer.result["texts"][place]
        found = numerals(page)
        assert found == expected(explorer, place)
        assert sum(found.values()) == DIGITS
        labels = np.array(explorer.result["picture"]["frames"][place]["labels"])
        assert page.locator("g[data-wrong]").count() == ((labels >= 0) & (labels != truth())).sum()
        assert page.locator('g[data-wrong="given"]').count() == 1
        points = page.locator('polyline[data-curve="right"]').get_attribute("points").split()
        heights = np.array([float(point.split(",")[1]) for point in points])
        drawn = np.frombuffer(explorer.result["picture"]["right"]["float32"], "<f4")[: place + 1]
        np.testing.assert_allclose(heights, 34 + 346 * (100 - drawn) / 100, atol=0.2)
        page.keyboard.press("ArrowRight")
    log.assert_quiet()


def test_other_settings_show_other_labels(page, show):
    show(page, step=10)
    before = numerals(page)
    for name, value, keyword in (("Map of", "pixels", "space"), ("Labels a class", "5", "each"), ("Draw", "3", "draw")):
        choose(page, name, value)
        page.locator(".dlc-player input[type=range]").focus()
        page.keyboard.press("End")
        explorer = LabelSpread(
            **{keyword: value, **({} if keyword == "space" else {"space": "pixels"})},
            **({"each": "5"} if keyword == "draw" else {}),
        )
        assert words(page) == explorer.result["texts"][-1]
        assert numerals(page) == expected(explorer, len(STEPS) - 1) != before
    page.get_by_role("button", name="Reset").click()
    assert numerals(page) == before


def test_the_end_is_hidden_until_it_is_predicted(page, show):
    show(page, predict=True, step=9)
    page.locator(".dlc-player input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert "On how many per cent does it end?" in words(page)
    assert numerals(page) == {}


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    choose(page, "Wrong ones", "3")
    assert_code_and_state(page, LabelSpread(slips="3"))


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), slips="3", step=5)
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
