"""The gradient-flow explorer in a real browser: the export draws Python's numbers, by keyboard, for every reader."""

import pytest

from dlcourse.widgets import GradientFlow
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)

pytestmark = pytest.mark.browser
show = shows(GradientFlow)


def drawn(page):
    """What the picture shows: sizes below the histograms, bar heights in shares of a full bar, points of the lines."""
    return page.evaluate(
        """() => {
          const paths = [...document.querySelectorAll(".dlc-flow path[d*='Z']")].filter(p => p.getBBox().width > 40);
          const bars = paths.map(p => {
            const numbers = p.getAttribute("d").match(/-?[\\d.]+(e-?\\d+)?/g).map(Number);
            const bottom = numbers[1], heights = [];
            for (let k = 3; k < numbers.length - 2; k += 4) heights.push((bottom - numbers[k]) / 72);
            return heights; });
          return { sizes: [...document.querySelectorAll(".dlc-size")].map(t => t.textContent), bars,
                   circles: document.querySelectorAll(".dlc-flow circle").length,
                   heights: [...document.querySelectorAll(".dlc-flow circle")].map(c => +c.getAttribute("cy")) }; }"""
    )


def assert_shows(page, explorer):
    """The picture, the words and the bars are those of Python for this setting."""
    picture, shown = explorer.result["picture"], drawn(page)
    assert words(page) == explorer.result["texts"][0]
    assert shown["sizes"] == [text for row in picture["rows"] for text in row["texts"]]
    exact = [list(bars) for row in explorer.compute(**setting_of(explorer))["rows"] for bars in row["bars"]]
    assert len(shown["bars"]) == 16
    for got, expected in zip(shown["bars"], exact, strict=True):
        assert got == pytest.approx(expected, abs=1e-3)


def setting_of(explorer):
    return {name: explorer.values[name] for name in ("activation", "depth", "init", "skip")}


def test_every_control_works_by_keyboard_and_shows_pythons_numbers(page, show, log):
    show(page)
    assert_shows(page, GradientFlow())
    page.get_by_role("slider", name="Layers").focus()
    page.keyboard.press("ArrowRight")
    assert_shows(page, GradientFlow(depth=30))
    page.get_by_role("radio", name="sigmoid").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert_shows(page, GradientFlow(depth=30, activation="relu"))
    page.get_by_role("radio", name="Xavier = LeCun").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("radio", name="none").focus()
    page.keyboard.press("ArrowRight")
    assert_shows(page, GradientFlow(depth=30, activation="relu", init="he", skip="add"))
    page.get_by_role("button", name="Reset").click()
    assert_shows(page, GradientFlow())
    log.assert_quiet()


def test_the_size_line_is_higher_for_larger_signals_and_leaves_zeros_out(page, show):
    show(page, activation="relu", init="large")
    heights = drawn(page)["heights"]
    assert heights == sorted(heights, reverse=True)  # growing signals, and y points down in SVG
    assert len(heights) == 8
    page.locator('.dlc-pill:has(input[value="zero"])').click()
    assert drawn(page)["circles"] == 0


def test_predicting_covers_the_gradients_until_it_is_answered(page, show):
    show(page)
    page.get_by_label("Predict first").check(force=True)
    assert words(page).startswith("Before it is shown")
    assert len(drawn(page)["bars"]) == 8
    answer = page.get_by_label("Your prediction")
    answer.fill("-12")
    answer.press("Enter")
    assert words(page).startswith("Right, it is −11.95.")
    assert len(drawn(page)["bars"]) == 16


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    page.locator('.dlc-pill:has(input[value="tanh"])').click()
    assert_code_and_state(page, GradientFlow(activation="tanh"))


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme))
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
