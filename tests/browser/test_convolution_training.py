"""The explorer of a network in training, in a real browser: Python's numbers, player, keys, cells, every theme."""

import re

import numpy as np
import pytest

from dlcourse.widgets import ConvolutionTraining
from dlcourse.widgets.convolution_run import LETTERS
from dlcourse.widgets.convolution_training import SHADES
from dlcourse.widgets.convolution_training_run import MOMENTS, SAMPLES, STEPS, held, train
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)
from tests.browser.test_lab import ERRORS, lab, put_notebook, run_all  # noqa: F401  # lab is a fixture

pytestmark = pytest.mark.browser
show = shows(ConvolutionTraining)

# The share of full colour of every cell of an image, below 0 where it is the other colour.
CELLS = """image => [...image.querySelectorAll('[data-part="cells"] rect')].map(cell => {
  const found = /--dlc-(\\w+)\\)? ([\\d.]+)%/.exec(cell.style.fill);
  return (found[1] === "second" ? -1 : 1) * Number(found[2]) / 100; })"""


def drawn(page, name):
    return np.array(page.get_by_role("img", name=name, exact=True).evaluate(CELLS))


def pick(page, value):
    page.locator(f'.dlc-pill:has(input[value="{value}"])').click()


def shares(image, limit):
    return np.clip(np.asarray(image).ravel() / limit, -1, 1)


def test_activations_weights_and_gradients_are_pythons(page, show, log):
    show(page, step=12)
    run, half = train(0.05), 0.51 / SHADES + 0.001
    now = run.moments[12]
    for shown, name, first, second in (
        ("activations", "map", now.a1[0], now.a2[0]), ("weights", "kernel", now.W1, None),
        ("gradients", "kernel", now.grad1, None),
    ):  # fmt: skip
        pick(page, shown)
        limits = run.limits(shown)
        for place in range(6):
            found = drawn(page, f"layer 1, {name} {place + 1}")
            assert np.abs(found - shares(first[place], limits[0])).max() < half
        if second is not None:
            assert np.abs(drawn(page, "layer 2, map 8") - shares(second[7], limits[1])).max() < half
        assert words(page) == ConvolutionTraining(shown=shown).result["texts"][12]
    sheet = drawn(page, "layer 2, kernel 3").reshape(7, 11)
    for channel in range(6):
        top, left = 4 * (channel // 3), 4 * (channel % 3)
        exact = shares(now.grad2[2, channel], limits[1]).reshape(3, 3)
        assert np.abs(sheet[top : top + 3, left : left + 3] - exact).max() < half
    assert not sheet[3].any()
    log.assert_quiet()


def test_answers_counts_and_costs_are_pythons(page, show):
    show(page, sample="K", step=15)
    moment, y = train(0.05).moments[15], held()[1]
    answers = [int(bar.get_attribute("data-answer")) for bar in page.locator("rect[data-answer]").all()]
    assert np.abs(np.array(answers) / 1000 - moment.P[list(SAMPLES).index("K")]).max() < 0.00051
    counts = [text or "0" for text in page.locator('[data-part="words"] text').all_text_contents() if text is not None]
    exact = np.zeros((10, 10), int)
    np.add.at(exact, (y, moment.guesses), 1)
    assert [int(count) for count in counts[-100:]] == exact.ravel().tolist()
    points = page.locator('[data-curve="batch"]').get_attribute("points").split()
    assert len(points) == STEPS + 1
    heights = np.array([float(point.split(",")[1]) for point in points])
    costs = train(0.05).costs
    slope, middle = np.polyfit(costs, heights, 1)
    assert slope < 0
    assert np.abs(slope * costs + middle - heights).max() < 0.1


def test_a_cell_shows_its_images_by_keys_and_pointer(page, show):
    show(page, step=15)
    y, guesses = held()[1], train(0.05).moments[15].guesses
    table = page.locator('[role="group"][aria-label^="confusions"]')
    table.focus()
    assert "B called D" in table.get_attribute("aria-label")
    page.keyboard.press("ArrowLeft")
    called = int(((y == LETTERS.index("B")) & (guesses == LETTERS.index("B"))).sum())
    assert f"B called B: {called}" in table.get_attribute("aria-label")
    assert page.get_by_role("img", name="a letter B").count() == min(called, 16)
    assert page.locator(".dlc-explorer").get_attribute("data-place") == "15"  # the player has not moved
    box = page.get_by_role("img", name="how often each letter was called what").bounding_box()
    unit = box["width"] / 12.2
    page.mouse.click(box["x"] + 1.1 * unit + 9.5 * unit, box["y"] + 1.1 * unit + 9.5 * unit)
    called = int(((y == LETTERS.index("T")) & (guesses == LETTERS.index("T"))).sum())
    assert f"T called T: {called}" in table.get_attribute("aria-label")


def test_keys_move_the_player_picture_and_words_follow_and_reset_returns(page, show):
    show(page)
    start, before = words(page), drawn(page, "layer 2, map 3")
    page.locator('.dlc-player input[type="range"]').focus()
    page.keyboard.press("End")
    assert words(page) == ConvolutionTraining().result["texts"][-1] != start
    assert not np.array_equal(drawn(page, "layer 2, map 3"), before)
    page.keyboard.press("ArrowLeft")
    assert f"After step {MOMENTS[-2]}:" in words(page)
    page.get_by_role("button", name="Reset").click()
    assert words(page) == start


def test_it_plays_and_pauses(page, show):
    show(page)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("Number(document.querySelector('.dlc-explorer').dataset.place) >= 2")
    page.get_by_role("button", name="Pause").click()
    place = int(page.locator(".dlc-explorer").get_attribute("data-place"))
    assert words(page) == ConvolutionTraining().result["texts"][place]


def test_equal_kernels_look_equal_and_the_largest_rate_goes_silent(page, show):
    show(page, shown="weights", step=15)
    page.get_by_label("bug: equal start").click()
    first = drawn(page, "layer 1, kernel 1")
    for place in range(2, 7):
        assert np.array_equal(drawn(page, f"layer 1, kernel {place}"), first)
    pick(page, "0.5")
    pick(page, "gradients")
    assert not drawn(page, "layer 1, kernel 1").any()
    assert words(page) == ConvolutionTraining(shown="gradients", equal=True, rate="0.5").result["texts"][15]


def test_a_prediction_hides_answers_counts_and_the_last_cost(page, show):
    show(page, step=15, predict=True)
    assert "How many after step 160?" in words(page)
    assert not any(page.locator('[data-part="words"] text').all_text_contents())
    assert len(page.locator('[data-curve="batch"]').get_attribute("points").split()) == MOMENTS[-2] + 1
    page.get_by_role("button", name="Show").click()
    assert any(page.locator('[data-part="words"] text').all_text_contents())


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    pick(page, "K")
    assert_code_and_state(page, ConvolutionTraining(sample="K"))


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), step=15, shown="weights")
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)


def test_in_jupyterlab_another_seed_is_trained_in_the_kernel(lab, page, log):  # noqa: F811  # the fixture
    put_notebook(lab, "train.ipynb", "from dlcourse.widgets import ConvolutionTraining\nConvolutionTraining(step=15)")
    run_all(page, lab, "train.ipynb")
    page.wait_for_selector(".dlc-explorer")
    before = words(page)
    page.get_by_label("Seed").select_option("3")
    page.wait_for_function("said => document.querySelector('.dlc-words').innerText.trim() !== said.trim()", arg=before)
    page.wait_for_function("() => !document.querySelector('.dlc-waiting')")
    assert re.sub(r"\s+", " ", words(page)) == re.sub(r"\s+", " ", ConvolutionTraining(seed="3").result["texts"][15])
    moment, run = train(0.05, 3).moments[15], train(0.05, 3)
    assert np.abs(drawn(page, "layer 1, map 2") - shares(moment.a1[0, 1], run.limits("activations")[0])).max() < 0.012
    assert page.evaluate(ERRORS) == []
    assert log.page_errors == []
