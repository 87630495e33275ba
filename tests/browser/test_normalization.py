"""The normalisation explorer in a real browser: Python's histograms, running statistics and sets of cells."""

import re

import numpy as np
import pytest

from dlcourse.widgets import NormalizationExplorer
from dlcourse.widgets.normalization import BINS, SHOWN, heights
from dlcourse.widgets.normalization_run import FEATURES, block, collect, epoch, evaluate, features, sets
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)

pytestmark = pytest.mark.browser
show = shows(NormalizationExplorer)

TALL = 58  # of a histogram and of a chart


def pick(page, value):
    page.locator(f'.dlc-pill:has(input[value="{value}"])').click()


def bars_of(page, kind):
    """The heights of the histograms of one kind, (3, 48), read from their outlines."""
    rows = []
    for outline in page.eval_on_selector_all(f"path.{kind}", "paths => paths.map(path => path.getAttribute('d'))"):
        points = np.array(re.findall(r"([\d.e-]+) ([\d.e-]+)", outline), float)
        rows.append((points[0, 1] - points[1:-1:2, 1]) / TALL)
    return np.array(rows)


def curve_of(page, name, chart):
    """The remembered values that a chart shows."""
    points = page.locator(f'[data-curve="{name}"]').get_attribute("points")
    y = np.array([point.split(",")[1] for point in points.split()], float)
    top = 36 + 76 * int(name[-1])
    return chart["high"] - (y - top) / TALL * (chart["high"] - chart["low"])


def assert_shows(page, place, **values):
    explorer = NormalizationExplorer(**values)
    assert words(page) == explorer.result["texts"][place]
    size, step = int(explorer.values["batch"]), SHOWN[place]
    kept = collect(size, float(explorer.values["momentum"]), explorer.values["biased"])
    y = epoch(size) if explorer.values["mode"] == "train" else evaluate(kept.mean[step], kept.var[step])
    for kind, expected in (("dlc-first", heights(features())), ("dlc-second", heights(y))):
        drawn = bars_of(page, kind)
        assert drawn.shape == (FEATURES, BINS)
        assert np.abs(drawn - expected).max() < 1e-3
    for feature, chart in enumerate(explorer.result["picture"]["charts"]):
        for name, remembered in (("mean", kept.mean), ("variance", kept.var)):
            drawn = curve_of(page, f"{name}{feature}", chart[name])
            near = 0.06 / TALL * (chart[name]["high"] - chart[name]["low"]) + 2e-3  # rounded to 0.1 of a pixel
            assert np.abs(drawn - remembered[: step + 1, feature]).max() < near


def chosen(page):
    return np.array(page.eval_on_selector_all("[data-chosen]", "cells => cells.map(c => c.dataset.chosen === 'true')"))


def test_every_control_works_by_keyboard_and_shows_pythons_numbers(page, show, log):
    show(page)
    assert_shows(page, 0)
    page.get_by_role("slider", name="Step").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert_shows(page, 4)
    page.get_by_role("radio", name="train").focus()
    page.keyboard.press("ArrowRight")
    assert_shows(page, 4, mode="eval")
    page.get_by_role("radio", name="128").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert_shows(page, 4, mode="eval", batch="4")
    page.get_by_role("checkbox", name="bug: biased variance remembered").press("Space")
    assert_shows(page, 4, mode="eval", batch="4", biased=True)
    page.get_by_role("combobox", name="Momentum").press("ArrowDown")
    assert_shows(page, 4, mode="eval", batch="4", biased=True, momentum="0.9")
    page.get_by_role("button", name="Reset").click()
    assert_shows(page, 0)
    log.assert_quiet()


def test_two_images_become_plus_and_minus_one_and_one_image_nothing(page, show):
    show(page)
    pick(page, "2")
    outcome = bars_of(page, "dlc-second")
    ones = np.flatnonzero(outcome[0] > 0.05)
    assert set(ones) <= {19, 20, 27, 28}  # the bars at −1 and 1
    pick(page, "1")
    outcome = bars_of(page, "dlc-second")
    assert np.array_equal(outcome, np.eye(BINS)[[BINS // 2] * FEATURES])
    assert "all zeros" in words(page)


def test_gamma_and_beta_bring_the_values_back(page, show):
    show(page, mode="eval", step=len(SHOWN) - 1)
    page.get_by_role("combobox", name="γ, β").select_option("undo")
    before, after = (np.cumsum(bars_of(page, kind), axis=1) for kind in ("dlc-first", "dlc-second"))
    away = np.abs(before / before[:, -1:] - after / after[:, -1:]).max()
    assert 0 < away < 0.1


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "group"])
def test_the_cells_that_share_a_mean_are_filled(page, show, norm):
    show(page, view=norm, batch="2")
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowRight")
    assert np.array_equal(chosen(page), sets(norm, 2)[1].ravel())
    numbers = page.locator("[data-chosen] text").all_text_contents()
    assert np.array_equal(np.array(numbers, float), block(2).ravel())
    assert words(page) == NormalizationExplorer(view=norm, batch="2").result["texts"][1]


def test_in_eval_mode_batch_norm_fills_nothing(page, show):
    show(page, view="batch", batch="4")
    fills = """cells => cells.map(cell => getComputedStyle(cell).fill)"""
    assert len(set(page.eval_on_selector_all("[data-chosen] rect", fills))) == 2
    pick(page, "eval")
    assert len(set(page.eval_on_selector_all("[data-chosen] rect", fills))) == 1
    assert chosen(page).sum() == 16
    assert "two constants" in page.locator(".dlc-marks").text_content()
    pick(page, "128")
    assert "and 124 more images" in page.locator(".dlc-marks").text_content()


def test_on_a_narrow_screen_the_chosen_cells_come_into_view(new_page, show):
    page = show(new_page(viewport={"width": 400, "height": 900}), view="group", batch="4")
    page.get_by_role("slider", name="Step").focus()
    for key, at_left in (("End", False), ("Home", True)):
        page.keyboard.press(key)
        frame = page.locator(".dlc-flow").bounding_box()
        cell = page.locator('[data-chosen="true"]').first.bounding_box()
        assert frame["x"] <= cell["x"] < frame["x"] + frame["width"] - cell["width"]
        assert (page.evaluate("document.querySelector('.dlc-flow').scrollLeft") < 20) == at_left


def test_predicting_covers_the_outcome_until_it_is_answered(page, show):
    show(page, predict=True, batch="4", step=5)
    assert words(page).startswith("Before it is shown: Feature 3 has standard deviation")
    assert bars_of(page, "dlc-second").size == 0
    answer = page.get_by_label("Your prediction")
    answer.fill("1")
    answer.press("Enter")
    assert words(page).startswith("Right, it is ")
    assert bars_of(page, "dlc-second").shape == (FEATURES, BINS)


def test_predicting_covers_the_cells_until_it_is_answered(page, show):
    show(page, predict=True, view="group", batch="4")
    assert not chosen(page).any()
    assert "channels 1 to 3" not in page.locator(".dlc-explorer").text_content()
    answer = page.get_by_label("Your prediction")
    answer.fill("12")
    answer.press("Enter")
    assert words(page).startswith("Right, it is 12")
    assert chosen(page).sum() == 12


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    pick(page, "8")
    assert_code_and_state(page, NormalizationExplorer(batch="8"))


@in_every_scheme
@pytest.mark.parametrize("view", ["values", "group"])
def test_axe_finds_nothing_serious(new_page, show, axe, scheme, view):
    assert axe(show(new_page(**scheme), view=view), "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
    if width == 1100:
        assert page.locator(".dlc-figure").bounding_box()["height"] < 316
