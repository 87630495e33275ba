"""The teach-by-drawing explorer in a real browser: Python's numbers, the cell's drawings, drawing live, every theme."""

import json

import numpy as np
import pytest

from dlcourse.data.strokes import image_of, strokes_from_text
from dlcourse.widgets import TeachByDrawing
from dlcourse.widgets.teach_by_drawing_run import signs_lesson, teach
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
show = shows(TeachByDrawing)

PAD = "pad: arrow keys move the pen, space puts it down and lifts it, backspace takes back a stroke"


def scores(page):
    """What stands beside the bars of the ways of learning."""
    return page.locator('[data-part="scores"] span:nth-child(3n)').all_text_contents()


def answer(page):
    """The shares of the classes for the drawing on the pad."""
    return [text.strip() for text in page.locator('[data-part="answer"] > :nth-child(3n)').all_text_contents()]


def counts(page):
    return [[int(cell) for cell in row.locator("td").all_text_contents()] for row in page.locator("tbody tr").all()]


def said(explorer):
    picture = explorer.result["picture"]
    return [f"{right} of {len(picture['tests'])}" for right in picture["scores"]]


def choose(page, name, value):
    page.locator(f'fieldset:has(legend:text-is("{name}")) .dlc-pill:has(input[value="{value}"])').click()


def test_scores_counts_and_words_are_pythons_by_keyboard(page, show, log):
    show(page)
    page.locator('input[value="borrowed"]').focus()
    for way in ("borrowed", "pixels", "scratch"):
        explorer = TeachByDrawing(way=way)
        assert words(page) == explorer.result["texts"][0]
        assert scores(page) == said(explorer)
        assert counts(page) == explorer.result["picture"]["counts"]
        page.keyboard.press("ArrowRight")
    page.get_by_label("Drawings of each").select_option("1")
    choose(page, "Draw", "3")
    page.get_by_label("augment").click()
    explorer = TeachByDrawing(each="1", draw="3", augment=True)
    assert words(page) == explorer.result["texts"][0]
    assert scores(page) == said(explorer)
    for sign in "house", "fish":
        assert page.locator(f'[data-class="{sign}"] svg').count() == 1
    page.get_by_role("button", name="Reset").click()
    assert words(page) == TeachByDrawing().result["texts"][0]
    log.assert_quiet()


def test_a_cell_shows_its_drawings_and_each_of_them_the_heads_answer(page, show, log):
    show(page)
    picture = TeachByDrawing().result["picture"]
    pressed = page.locator('td button[aria-pressed="true"]')
    row, column = picture["start"]
    assert (
        pressed.get_attribute("aria-label")
        == f"{picture['names'][row]} called {picture['names'][column]}: {picture['counts'][row][column]}"
    )
    pressed.focus()
    for key in ["Home", *["ArrowUp"] * 5, "ArrowDown"]:
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.ariaPressed") == "true"
    for row, column in ((1, 0), (1, 1), (1, 2), (1, 3), (1, 4)):
        inside = [k for k in range(100) if picture["tests"][k][0] == row and picture["answers"][k] == column]
        shown = page.locator("button[data-test]")
        assert [int(button.get_attribute("data-test")) for button in shown.all()] == inside
        drawn = page.locator("button[data-test] svg").evaluate_all("all => all.map(one => one.dataset.drawing)")
        assert drawn == [picture["tests"][k][1] for k in inside]
        if inside:
            shown.last.click()
            assert answer(page) == [f"{share} %" for share in picture["shares"][inside[-1]]]
            pressed.focus()
        page.keyboard.press("ArrowRight")
    log.assert_quiet()


def test_the_picture_of_a_drawing_is_the_one_that_the_network_sees(page, show):
    """The SVG of a drawing, painted on 32 × 32 pixels, is nearly Python's image."""
    show(page)
    text = signs_lesson(5, 1).taught[0][1]
    pixels = page.evaluate(
        """async text => {
          const svg = document.querySelector(`svg[data-drawing="${text}"]`), copy = svg.cloneNode(true);
          copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
          copy.setAttribute("width", 32); copy.setAttribute("height", 32);
          copy.querySelector("path").style.stroke = "black";
          copy.style.background = "white";
          const image = new Image();
          image.src = "data:image/svg+xml," + encodeURIComponent(copy.outerHTML);
          await image.decode();
          const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 32 });
          const context = canvas.getContext("2d");
          context.fillStyle = "white"; context.fillRect(0, 0, 32, 32); context.drawImage(image, 0, 0);
          return [...context.getImageData(0, 0, 32, 32).data].filter((_, k) => k % 4 === 0);
        }""",
        text,
    )
    ink = 1 - np.array(pixels, float).reshape(32, 32) / 255
    seen = image_of(*strokes_from_text(text))[0]
    assert np.abs(ink - seen).mean() < 0.01
    assert seen.sum() > 20


def test_a_prediction_hides_scores_matrix_and_answers(page, show):
    show(page, predict=True)
    assert scores(page) == ["?"] * 3
    assert answer(page) == [""] * 5
    assert not page.locator("tbody").is_visible()
    assert "How many of 100 unseen drawings" in words(page)


def test_the_drawings_can_be_downloaded_and_taught_again(page, show, tmp_path, log):
    show(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download these drawings").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    again = TeachByDrawing.load(path)
    assert again.values["drawings"] == [list(drawing) for drawing in signs_lesson(5, 1).taught]
    assert path.name == "drawings.json"
    log.assert_quiet()


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    choose(page, "Learn with", "pixels")
    assert_code_and_state(page, TeachByDrawing(way="pixels"))


@pytest.mark.parametrize("swapped", [False, True])
def test_without_a_kernel_the_network_runs_in_the_page_and_answers_as_pythons(page, show, log, swapped):
    """Weights and head are rounded on their way into the page, so an answer may be off by a per cent."""
    show(page, each="2", draw="3", augment=True, swapped=swapped)
    answer_of = teach(signs_lesson(2, 3), "borrowed", True).answer
    for corners in ([(4, 16), (27, 16), (20, 9)], [(8, 25), (8, 14), (16, 5), (25, 14), (24, 26), (8, 25)], [(16, 16)]):
        stroke(page, *corners)
        text = page.locator('[role="group"][aria-label^="pad"]').get_attribute("data-drawing")
        X = image_of(*strokes_from_text(text))[None]
        expected = 100 * answer_of(1 - X if swapped else X)[0]
        found = [int(share.split()[0]) for share in answer(page)]
        np.testing.assert_allclose(found, expected, atol=1.6)
        page.get_by_role("button", name="Clear").click()
    assert answer(page) == [""] * 5
    pad = page.get_by_role("group", name=PAD)
    pad.focus()
    for key in [" ", *["ArrowUp"] * 5, " "]:
        page.keyboard.press(key)
    strokes, _ = strokes_from_text(pad.get_attribute("data-drawing"))
    np.testing.assert_array_equal(strokes[0][[0, -1]], [[16, 16], [16, 6]])
    assert sum(int(share.split()[0]) for share in answer(page)) == pytest.approx(100, abs=2)
    page.get_by_role("button", name="Reset").click()
    picture = TeachByDrawing(each="2", draw="3", augment=True, swapped=swapped).result["picture"]
    row, column = picture["start"]
    tried = next(k for k in range(100) if picture["tests"][k][0] == row and picture["answers"][k] == column)
    assert pad.get_attribute("data-drawing") == picture["tests"][tried][1]
    assert answer(page) == [f"{share} %" for share in picture["shares"][tried]]
    choose(page, "Learn with", "scratch")
    assert "only the head on the letter network answers here" in page.locator(".dlc-figure").inner_text()
    log.assert_quiet()


def test_without_a_kernel_the_reader_is_sent_to_one(page, show):
    show(page)
    assert "To change examples and class names: open in JupyterLab" in page.locator(".dlc-note").inner_text()
    assert page.locator('input[value="own"]').is_disabled()
    assert not page.get_by_label("Class names").is_visible()


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), swapped=True)
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}), each="10")
    assert_nothing_is_cut_off(page)


# ---- with a kernel


def settled(page):
    page.wait_for_function("() => !document.querySelector('.dlc-waiting')")


def state(page):
    """The explorer as Python would make it from the page's state string."""
    settled(page)
    return eval(page.get_by_label("This explorer as it stands").text_content())


def stroke(page, *corners):
    """Draw on the pad with the pointer; corners are in pixels of 32."""
    box = page.locator('[role="group"][aria-label^="pad"] > svg').bounding_box()
    unit = box["width"] / 32
    for k, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + (x + 0.5) * unit, box["y"] + (y + 0.5) * unit, steps=12 if k else 1)
        if k == 0:
            page.mouse.down()
    page.mouse.up()


def test_drawing_teaching_and_trying_live(lab, page, log, axe):  # noqa: F811  # the fixture
    source = "from dlcourse.widgets import TeachByDrawing\nTeachByDrawing(source='own', names='hook, bar, ring')"
    put_notebook(lab, "teach.ipynb", source)
    run_all(page, lab, "teach.ipynb")
    page.wait_for_selector(".dlc-explorer")
    page.get_by_role("button", name="Code").click()
    pad = page.get_by_role("group", name=PAD)

    pad.focus()  # a hook, by keyboard
    for key in ["ArrowUp"] * 4 + [" "] + ["ArrowDown"] * 5 + ["ArrowLeft"] * 3 + [" "]:
        page.keyboard.press(key)
    drawn = state(page).values["pad"][0][1]
    strokes, pen = strokes_from_text(drawn)
    assert pen == 2.2
    assert len(strokes) == 1
    np.testing.assert_array_equal(strokes[0][[0, 5, 8]], [[16, 8], [16, 18], [10, 18]])
    page.keyboard.press("Backspace")
    assert state(page).values["pad"] == []
    for key in [" ", "ArrowLeft", " "]:
        page.keyboard.press(key)
    page.get_by_role("button", name="teach as hook").click()
    assert [label for label, _ in state(page).values["drawings"]] == [0]
    assert "Only hook has a drawing" in words(page)

    for k in range(2):  # two bars and two rings, by pointer
        stroke(page, (5, 10 + 6 * k), (26, 12 + 6 * k))
        page.get_by_role("button", name="teach as bar").click()
        settled(page)
        stroke(page, (10 + k, 10), (22, 10 + k), (22, 22), (10, 22), (10 + k, 10))
        page.get_by_role("button", name="teach as ring").click()
        settled(page)
    explorer = state(page)
    assert [label for label, _ in explorer.values["drawings"]] == [0, 1, 2, 1, 2]
    assert words(page) == explorer.result["texts"][0]
    assert page.locator('[data-class="ring"] svg').count() == 2
    assert "Learned in" in page.locator(".dlc-figure").inner_text()

    stroke(page, (6, 20), (25, 18))  # a new bar, to try the head
    explorer = state(page)
    assert answer(page) == [f"{share} %" for share in explorer.result["picture"]["pad"]["shares"]]
    assert explorer.result["picture"]["pad"]["shares"][1] > 50
    page.get_by_role("button", name="remove drawing 1 of hook").click()
    assert [label for label, _ in state(page).values["drawings"]] == [1, 2, 1, 2]
    page.get_by_label("Class names").fill("hook, bar")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('[data-class]').length === 2")
    assert state(page).values["names"] == "hook, bar"
    assert axe(page, ".dlc-explorer") == []
    assert page.evaluate(ERRORS) == []
    assert log.page_errors == []


def test_live_the_courses_signs_have_pythons_scores_and_the_pad_can_be_tried(lab, page, log):  # noqa: F811
    put_notebook(lab, "signs.ipynb", "from dlcourse.widgets import TeachByDrawing\nTeachByDrawing()")
    run_all(page, lab, "signs.ipynb")
    page.wait_for_selector(".dlc-explorer")
    page.locator('input[value="borrowed"]').focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.dlc-words').innerText.startsWith('The head on pixels')")
    explorer = TeachByDrawing(way="pixels")
    assert words(page) == explorer.result["texts"][0]
    assert counts(page) == explorer.result["picture"]["counts"]
    page.get_by_role("button", name="Code").click()
    stroke(page, (4, 16), (27, 16), (20, 9))
    explorer = state(page)
    assert answer(page) == [f"{share} %" for share in explorer.result["picture"]["pad"]["shares"]]
    assert json.dumps(explorer.values["pad"]) != "[]"
    page.locator("button[data-test]").first.click()
    assert state(page).values["pad"] == []
    assert log.page_errors == []
