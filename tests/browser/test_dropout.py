"""The dropout explorer in a real browser: masks are drawn as Python drew them, by keyboard, for every reader."""

import numpy as np
import pytest

from dlcourse.widgets import DropoutExplorer
from dlcourse.widgets.dropout_run import draw_masks
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)

pytestmark = pytest.mark.browser
show = shows(DropoutExplorer)


# What the canvas shows: at each unit's place the colour of its disc, and the maps' colours at 24 × 24 cells.
_DRAWN = """() => {
  const canvas = document.querySelector(".dlc-playground canvas"), scale = canvas.width / 1060;
  const context = canvas.getContext("2d");
  const at = (x, y) =>
    Array.from(context.getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data.slice(0, 3));
  const units = Array.from({ length: 8 }, (_, unit) => at(160 - 8, 42 + (262 * unit) / 7));
  const map = (left) => Array.from({ length: 576 }, (_, n) => at(left + 294 * ((n % 24) + 0.5) / 24,
    28 + 294 * (Math.floor(n / 24) + 0.5) / 24));
  return { units, member: map(356), beside: map(726) }; }"""


def drawn(page):
    found = page.evaluate(_DRAWN)
    kept = [1 if max(colour) - min(colour) > 40 else 0 for colour in found["units"]]  # a colour, or paper with a cross
    return kept, *(np.array(found[name], float) for name in ("member", "beside"))


def sides(colours):
    """+1 where a cell is reddish, −1 where it is bluish, 0 where it is pale."""
    difference = colours[:, 0] - colours[:, 2]
    return np.where(difference > 25, 1, np.where(difference < -25, -1, 0))


def assert_shows(page, explorer, place):
    picture = explorer.compute(p=explorer.values["p"], view=explorer.values["view"])
    kept, member, beside = drawn(page)
    assert words(page) == explorer.result["texts"][place]
    assert kept == draw_masks(float(explorer.values["p"]))[place].tolist()
    frame = picture["frames"][place]
    for colours, values in ((member, frame["member"]), (beside, frame.get("beside", picture["beside"]))):
        strong = np.abs(values) > 0.5  # a few cells are hidden by points or the line
        assert (sides(colours)[strong] == np.sign(values[strong])).mean() > 0.85


def test_every_control_works_by_keyboard_and_shows_pythons_numbers(page, show, log):
    show(page)
    assert_shows(page, DropoutExplorer(), 0)
    page.get_by_role("slider", name="Mask").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert_shows(page, DropoutExplorer(), 3)
    page.get_by_role("radio", name="average so far").focus()
    page.keyboard.press("ArrowRight")
    assert_shows(page, DropoutExplorer(view="all"), 3)  # the place stays
    page.get_by_role("radio", name="p = 0.5").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert_shows(page, DropoutExplorer(p="0.8", view="all"), 3)
    page.get_by_role("button", name="Reset").click()
    assert_shows(page, DropoutExplorer(), 0)
    log.assert_quiet()


def test_the_bug_makes_the_map_surer_and_the_spread_is_grey(page, show):
    show(page, view="test")
    sure = np.abs(drawn(page)[2][:, 0] - drawn(page)[2][:, 2]).mean()
    page.locator('.dlc-pill:has(input[value="bug"])').click()
    assert np.abs(drawn(page)[2][:, 0] - drawn(page)[2][:, 2]).mean() > sure + 1
    page.locator('.dlc-pill:has(input[value="spread"])').click()
    page.get_by_role("slider", name="Mask").focus()
    page.keyboard.press("End")
    beside = drawn(page)[2]
    assert np.median(beside.max(axis=1) - beside.min(axis=1)) < 15  # grey, but for the points
    assert beside.max() - beside.min() > 60


def test_predicting_covers_the_map_beside_until_it_is_answered(page, show):
    show(page, predict=True, mask=8)
    assert words(page).startswith("Before it is shown: So far 9 masks")
    assert np.ptp(drawn(page)[2]) == 0  # nothing there
    answer = page.get_by_label("Your prediction")
    answer.fill("86")
    answer.press("Enter")
    assert words(page).startswith("Right, it is ")
    assert np.ptp(drawn(page)[2]) > 50


def test_the_canvas_says_what_it_shows(page, show):
    show(page)
    label = page.locator(".dlc-playground canvas").get_attribute("aria-label")
    kept = ", ".join(str(unit + 1) for unit in np.flatnonzero(draw_masks(0.5)[0]))
    assert label.endswith(f"Picture: mask 1 keeps units {kept}")
    assert page.locator(".dlc-readout").text_content() == f"mask 1 keeps units {kept}"


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    page.locator('.dlc-pill:has(input[value="0.2"])').click()
    assert_code_and_state(page, DropoutExplorer(p="0.2"))


@in_every_scheme
def test_axe_finds_nothing_serious_and_masks_are_visible(new_page, show, axe, scheme):
    page = show(new_page(**scheme))
    assert axe(page, "main") == []
    if "forced_colors" not in scheme:
        assert drawn(page)[0] == draw_masks(0.5)[0].tolist()


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
