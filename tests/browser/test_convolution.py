"""The convolution explorers in a real browser: Python's numbers, by pointer and keys, drawn live, in every theme."""

import pytest

from dlcourse.widgets import ConvolutionExplorer, ConvolutionGeometry
from tests.browser.exported import (
    assert_nothing_is_cut_off,
    at_any_zoom,
    fragment,
    in_every_scheme,
    open_fragment,
    words,
)
from tests.browser.test_lab import ERRORS, lab, put_notebook, run_all  # noqa: F401  # lab is a fixture

pytestmark = pytest.mark.browser

BOTH = [ConvolutionExplorer, ConvolutionGeometry]


@pytest.fixture
def show(tmp_path):
    """``show(page, kind, **values)`` opens an exported explorer."""
    return lambda page, kind, **values: open_fragment(page, tmp_path, fragment(kind(**values)))


def figure(page):
    return page.locator(".dlc-figure").inner_text()


def said(number):
    """A number of a map as the picture writes it."""
    return f"{round(float(number), 4):g}".replace("-", "−")


def test_arrow_keys_walk_over_z_with_pythons_numbers(page, show, log):
    show(page, ConvolutionExplorer, image="R", kernel="5")
    maps = ConvolutionExplorer(image="R", kernel="5").compute("R", "5", False, "")["_maps"]
    z = page.get_by_role("group", name="z: arrow keys choose a cell")
    z.focus()
    for key in ["Home", *["ArrowUp"] * 15]:
        page.keyboard.press(key)
    assert f"z[0, 0] = {said(maps.z[0, 0])}" in figure(page)
    for key in [*["ArrowRight"] * 7, *["ArrowDown"] * 6]:
        page.keyboard.press(key)
    assert f"z[6, 7] = {said(maps.z[6, 7])}" in figure(page)
    assert f"= {said(maps.pooled[3, 3])}" in figure(page)
    log.assert_quiet()


def test_the_arithmetic_adds_up(page, show):
    show(page, ConvolutionExplorer, image="R", kernel="2")
    text = page.locator('[data-part="sum"]').inner_text().replace("−", "-").split("\n")
    numbers = [float(part) for line in text for part in line.split() if part.lstrip("-").replace(".", "").isdigit()]
    assert numbers[0] + numbers[1] == pytest.approx(numbers[2], abs=1e-9)


def test_the_pointer_chooses_a_cell_and_the_bug_changes_every_map(page, show):
    show(page, ConvolutionExplorer, image="R", kernel="5")
    relu = page.get_by_role("img", name="map after ReLU")
    box = relu.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 2.5 / 16, box["y"] + box["height"] * 9.5 / 16)
    assert "z[9, 2] =" in figure(page)
    before = words(page)
    page.get_by_label("bug: kernels turned by 180°").click()
    assert words(page) == ConvolutionExplorer(image="R", kernel="5", turned=True).result["texts"][0] != before


def test_a_prediction_hides_maps_and_sum(page, show):
    show(page, ConvolutionExplorer, image="R", predict=True)
    assert "= ?" in figure(page)
    assert "Σ\n?" in figure(page).replace("\t", "\n")
    start = ConvolutionExplorer(image="R").result["questions"][0]
    assert start["text"] in words(page)


def test_an_own_drawing_goes_through_the_network(lab, page, log):  # noqa: F811  # the fixture
    put_notebook(
        lab, "draw.ipynb", "from dlcourse.widgets import ConvolutionExplorer\nConvolutionExplorer(image='drawn')"
    )
    run_all(page, lab, "draw.ipynb")
    page.wait_for_selector(".dlc-explorer")
    grid = page.get_by_role("group", name="arrow keys move, space draws or erases a pixel")
    before = words(page)
    grid.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    page.wait_for_function("said => document.querySelector('.dlc-words').innerText.trim() !== said.trim()", arg=before)
    box = grid.locator("svg").bounding_box()
    unit = box["width"] / 18.2  # 16 pixels, a ring of zeros and a little room
    page.mouse.move(box["x"] + 3.5 * unit, box["y"] + 3.5 * unit)
    page.mouse.down()
    page.mouse.move(box["x"] + 12.5 * unit, box["y"] + 3.5 * unit, steps=20)
    page.mouse.up()
    page.wait_for_function("() => !document.querySelector('.dlc-waiting')")
    page.get_by_role("button", name="Code").click()
    state = page.get_by_label("This explorer as it stands").text_content()
    drawn = eval(state)
    assert drawn.values["pixels"] != ConvolutionExplorer().values["pixels"]
    assert words(page) == drawn.result["texts"][0]
    assert page.evaluate(ERRORS) == []
    assert log.page_errors == []


def test_the_geometry_says_and_shows_what_does_not_come_out_even(page, show, log):
    show(page, ConvolutionGeometry, size=8)
    assert words(page) == ConvolutionGeometry(size=8).result["texts"][0]
    assert page.locator('rect[data-window="outside"]').count() == 1
    stride = page.get_by_label("Stride s")
    stride.focus()
    page.keyboard.press("ArrowLeft")
    assert words(page) == ConvolutionGeometry(size=8, stride=1).result["texts"][0]
    assert page.locator('rect[data-window="outside"]').count() == 0
    assert page.locator('rect[data-window="fits"]').count() == 6
    page.get_by_label("Kernel R").focus()
    page.keyboard.press("End")
    page.get_by_label("Image H").focus()
    page.keyboard.press("Home")
    assert words(page) == ConvolutionGeometry(size=4, stride=1, kernel=5).result["texts"][0]
    assert "none" in figure(page)
    log.assert_quiet()


@pytest.mark.parametrize("kind", BOTH)
@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme, kind):
    page = show(new_page(**scheme), kind)
    assert axe(page, "main") == []


@pytest.mark.parametrize("kind", BOTH)
@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width, kind):
    page = show(new_page(viewport={"width": width, "height": 700}), kind)
    assert_nothing_is_cut_off(page)
