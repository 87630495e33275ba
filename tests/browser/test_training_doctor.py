"""The training doctor in a real browser: the export draws Python's curves, by keyboard, and hides what is asked."""

import numpy as np
import pytest

from dlcourse.widgets import TrainingDoctor
from tests.browser.exported import fragment, open_fragment, words
from tests.browser.test_lab import ERRORS, lab, put_notebook, run_all  # noqa: F401  # lab is a fixture

pytestmark = pytest.mark.browser

TOP, BOTTOM = 10, 196  # of the plot, in the units of its viewBox


@pytest.fixture
def show(page, tmp_path):
    return open_fragment(page, tmp_path, fragment(TrainingDoctor()))


def choose(page, value):
    page.locator(f'.dlc-pill:has(input[value="{value}"])').click()


def drawn(page):
    """The costs that each line shows, as shares of the plot's height."""
    lines = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-curve]")].map(line =>
          [line.dataset.curve, [...line.points].map(p => p.y)]))"""
    )
    return {name: (BOTTOM - np.array(ys)) / (BOTTOM - TOP) for name, ys in lines.items()}


def expected(explorer):
    values = explorer.values
    picture = explorer.compute(values["patient"], values["treatment"], "")
    curves = [curve for curve in picture["curves"] if len(curve["values"])]
    return {curve["name"]: np.minimum(curve["values"], picture["top"]) / picture["top"] for curve in curves}


@pytest.mark.parametrize("patient", ["A", "D", "F", "K"])
@pytest.mark.parametrize("treatment", ["none", "rate ÷ 10"])
def test_the_curves_and_words_are_pythons(show, log, patient, treatment):
    choose(show, patient)
    choose(show, treatment)
    explorer = TrainingDoctor(patient=patient, treatment=treatment)
    assert words(show) == explorer.result["texts"][0]
    shown, wanted = drawn(show), expected(explorer)
    assert shown.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(shown[name], values, atol=2e-3)
    checks = [text.split(" ", 1)[1] for text in show.locator("[data-check]").all_text_contents()]
    assert checks == [seen for _, seen, _ in explorer.result["picture"]["checks"]]
    log.assert_quiet()


def test_the_keyboard_changes_the_patient(show):
    before = words(show)
    show.locator('input[value="A"]').focus()
    show.keyboard.press("ArrowRight")
    assert words(show) != before
    assert words(show).startswith("Learning rate too low")


def test_a_prediction_hides_the_treated_run_until_it_is_answered(show):
    show.get_by_label("Predict first").check(force=True)
    assert "Learning rate" not in words(show)
    choose(show, "rate ÷ 10")
    assert set(drawn(show)) == {"training before", "validation before"}
    assert show.locator("[data-check]").first.text_content() == "?"
    show.get_by_role("button", name="Show").click()
    assert "training after" in drawn(show)
    assert "healthy" in words(show)


def test_a_curve_drawn_by_hand_gets_its_diagnosis(lab, page, log):  # noqa: F811  # the fixture
    put_notebook(lab, "doctor.ipynb", "from dlcourse.widgets import TrainingDoctor\nTrainingDoctor()")
    run_all(page, lab, "doctor.ipynb")
    page.get_by_role("button", name="Draw a curve").click()
    box = page.locator(".dlc-figure svg").first.bounding_box()
    scale = box["width"] / 760
    at = [(44 + 704 * share, BOTTOM - (BOTTOM - TOP) * height) for share, height in ((0, 0.5), (0.5, 0.52), (1, 0.95))]
    page.mouse.move(box["x"] + at[0][0] * scale, box["y"] + at[0][1] * scale)
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(box["x"] + x * scale, box["y"] + y * scale, steps=8)
    page.mouse.up()
    page.wait_for_selector('[data-curve="training"]')
    page.wait_for_function("() => document.querySelectorAll('.dlc-figure [data-check]').length === 0")
    typed = page.get_by_label("your own losses").input_value()
    losses = [float(word) for word in typed.split()]
    assert len(losses) == 60
    assert losses[-1] / losses[0] == pytest.approx(0.95 / 0.5, rel=0.05)
    assert words(page) == TrainingDoctor(losses=typed).result["texts"][0]
    assert page.get_by_role("button", name="Draw a curve").get_attribute("aria-pressed") == "false"
    assert page.evaluate(ERRORS) == []
    assert log.page_errors == []


def test_losses_of_ones_own_need_a_kernel(show):
    assert show.get_by_label("your own losses").is_disabled()


@pytest.mark.parametrize("width", [1100, 320])
def test_it_is_accessible_and_not_cut_off(show, axe, width):
    show.set_viewport_size({"width": width, "height": 700})
    assert axe(show, "main") == []
    assert show.evaluate("document.documentElement.scrollWidth <= innerWidth")
