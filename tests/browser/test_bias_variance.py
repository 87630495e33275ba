"""The bias and variance explorer in a real browser: drawn values are Python's, in every view, theme and width."""

import re

import numpy as np
import pytest

from dlcourse.widgets import bias_variance_penalty as two
from dlcourse.widgets import bias_variance_run as run
from dlcourse.widgets.bias_variance import VIEWS, BiasVariance
from dlcourse.widgets.bias_variance_pictures import EPOCHS_SHOWN, STEPS_SHOWN
from tests.browser.exported import assert_nothing_is_cut_off, at_any_zoom, in_every_scheme, shows, words

pytestmark = pytest.mark.browser
show = shows(BiasVariance)

BUS = run.Timetable()


def choose(page, control, value):
    page.locator(f'[data-control="{control}"] .dlc-pill:has(input[value="{value}"])').click()


def points(page, selector):
    """The points of a drawn line (n, 2), in the picture's units."""
    text = page.locator(f"{selector} polyline, polyline{selector}").first.get_attribute("points")
    return np.array([[float(part) for part in point.split(",")] for point in text.split()])


def day_chart(drawn):
    """Hours and minutes of places in the chart of one day."""
    return 6 + 16 * (drawn[:, 0] - 46) / 400, 12 - 15 * (drawn[:, 1] - 30) / 204


def test_the_drawn_fits_and_parts_are_pythons(page, show, log):
    show(page, degree="5", step=6)
    for degree, lam in ((14, "0"), (1, "0.3")):
        choose(page, "degree", degree)
        choose(page, "lam", lam)
        fits = run.fits_of(BUS, float(lam))
        for name, curve in (("fit", fits.curves[degree, 6]), ("mean", fits.curves[degree].mean(axis=0))):
            hours, minutes = day_chart(points(page, f'[data-curve="{name}"]'))
            wanted = np.clip(np.interp(hours, run.GRID, curve), -7, 16)
            # a drawn hour is rounded to 0.1 of a unit, and the curve may be steep
            slope = np.abs(np.interp(hours, run.GRID, np.gradient(curve, run.GRID)))
            assert (np.abs(minutes - wanted) < 0.02 + 0.01 * slope).all()
        for name, heights in (("bias²", fits.bias2), ("variance", fits.variance)):
            parts = [page.locator(f'[data-part="{name} {d}"]') for d in run.DEGREES]
            told = [float(part.get_attribute("data-height")) for part in parts]
            drawn = [float(part.locator("rect").get_attribute("height")) * 5 / 204 for part in parts]
            np.testing.assert_allclose(told, heights, atol=0.001)
            np.testing.assert_allclose(drawn, told, atol=1e-6)
        assert words(page) == BiasVariance(degree=str(degree), lam=lam, step=6).result["texts"][6]
    log.assert_quiet()


def test_the_drawn_steps_and_the_corner_are_pythons(page, show, log):
    show(page, view="L1", lam="1", step=12)
    for view, bug in (("L1", False), ("L1", True), ("elastic net", True)):
        choose(page, "view", view)
        if bug != page.get_by_label("with the bug").is_checked():
            page.get_by_label("with the bug").click()
        drawn = points(page, '[data-walk="weights"]')
        w = np.stack([-0.8 + 4 * (drawn[:, 0] - 46) / 340, 1.6 - 2.4 * (drawn[:, 1] - 30) / 204], axis=1)
        path = two.walk(view, 1.0, bug)
        np.testing.assert_allclose(w, path.weights[: STEPS_SHOWN[12] + 1], atol=0.002)
        assert page.get_by_text("w₂ = 0", exact=True).count() == int(path.weights[STEPS_SHOWN[12], 1] == 0)
        assert words(page) == BiasVariance(view=view, lam="1", bug=bug).result["texts"][12]
    log.assert_quiet()


def test_the_drawn_errors_and_the_stops_are_pythons(page, show, log):
    show(page, view="stopping", degree="14", step=13)
    training, epoch = run.train(BUS, 14, 0.0), EPOCHS_SHOWN[13]
    for name, errors in (("training", training.own), ("validation", training.validation)):
        drawn = points(page, f'[data-curve="{name}"]')
        epochs = np.round(500 ** ((drawn[:, 0] - 556) / 484)).astype(int)
        assert epochs.max() == epoch
        low, high = np.log10(0.05), 1.0
        value = 10 ** (high - (high - low) * (drawn[:, 1] - 30) / 204)
        early = epochs < 30  # later neighbours are less than a unit apart
        np.testing.assert_allclose(value[early], errors[epochs[early] - 1], rtol=0.005)
    stops = [int(flag.get_attribute("data-stop")) for flag in page.locator("[data-stop]").all()]
    assert stops == [run.stop(training.validation, patience)[0] for patience in run.PATIENCES]
    assert page.locator("[data-best]").get_attribute("data-best") == "29"
    page.get_by_label("with the bug").click()
    assert words(page) == BiasVariance(view="stopping", degree="14", bug=True).result["texts"][13]
    assert page.locator("[data-best]").text_content().startswith("best training so far")
    log.assert_quiet()


def test_keys_move_the_player_and_reset_returns(page, show):
    show(page)
    start = words(page)
    page.locator('.dlc-player input[type="range"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert words(page) == BiasVariance().result["texts"][2]
    assert re.match("Day 3:", words(page))
    page.get_by_role("button", name="Reset").click()
    assert words(page) == start


def test_the_bug_changes_the_degree_that_is_chosen(page, show):
    show(page)
    assert page.locator("[data-chosen]").get_attribute("data-chosen") == "10"
    page.get_by_label("with the bug").click()
    assert page.locator("[data-chosen]").get_attribute("data-chosen") == "14"


@pytest.mark.parametrize(
    ("view", "hidden"), [("days", "[data-height]"), ("L1", '[data-part="ball"]'), ("stopping", "[data-best]")]
)
def test_a_prediction_hides_the_answer_until_it_is_made(page, show, view, hidden):
    show(page)
    choose(page, "view", view)
    page.get_by_label("Predict first").click()
    assert words(page).startswith("Before it is shown:")
    assert page.locator(hidden).count() == 0
    page.locator(".dlc-predict input").fill("1")
    page.locator(".dlc-predict button").first.click()
    assert page.locator(hidden).count() > 0


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme))
    page.get_by_role("button", name="Last step").click()
    for view in VIEWS:
        choose(page, "view", view)
        assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    for view in VIEWS:
        choose(page, "view", view)
        assert_nothing_is_cut_off(page)
        if width == 1100:
            assert page.locator(".dlc-figure").bounding_box()["height"] < 316
