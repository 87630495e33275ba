"""The training doctor in a real browser: the export draws Python's curves, by keyboard, and hides what is asked."""

import base64

import numpy as np
import pytest

from dlcourse.plots import png
from dlcourse.widgets import TrainingDoctor
from dlcourse.widgets.export import static_html

pytestmark = pytest.mark.browser

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>test</title><body style="margin:8px"><main><h1>Test</h1>{}</main></body></html>'
)
TOP, BOTTOM = 10, 196  # of the plot, in the units of its viewBox


@pytest.fixture(scope="module")
def fragment(tmp_path_factory):
    """One export for all tests: its table holds every patient and treatment, so it takes a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLCOURSE_CACHE", str(tmp_path_factory.mktemp("explorer-cache")))
        explorer = TrainingDoctor()
        figure, said = explorer.still()
        return static_html(explorer.recipe(), base64.b64encode(png(figure)).decode(), said, "dlc0")


@pytest.fixture
def show(page, tmp_path, fragment):
    path = tmp_path / "page.html"
    path.write_text(PAGE.format(fragment))
    page.goto(path.as_uri())
    page.wait_for_selector("#dlc0.dlc-ready")
    return page


def words(page):
    return "\n".join(page.locator(".dlc-words p").all_text_contents())


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


def test_losses_of_ones_own_need_a_kernel(show):
    assert show.get_by_label("your own losses").is_disabled()


@pytest.mark.parametrize("width", [1100, 320])
def test_it_is_accessible_and_not_cut_off(show, axe, width):
    show.set_viewport_size({"width": width, "height": 700})
    assert axe(show, "main") == []
    assert show.evaluate("document.documentElement.scrollWidth <= innerWidth")
