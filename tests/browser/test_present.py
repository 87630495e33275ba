"""`dlcourse present`: a lecture opens in JupyterLab, becomes slides by one button, and its explorer is alive there."""

import shutil

import pytest

from dlcourse.lab import jupyter_command
from tests.browser.test_lab import ALL_RAN, ERRORS, IS_OPEN, LECTURES, TOKEN, jupyter_lab

pytestmark = pytest.mark.browser

NOTEBOOK = "01_backprop.ipynb"
TITLE = "Backpropagation: who is to blame for the loss?"
START = "jp-button[data-command='deck:toggle'], [data-jp-item-name='deck'] jp-button"
ON_SLIDE = ".jp-Deck .jp-deck-mod-visible"
EXPLORER = f"{ON_SLIDE} .dlc-explorer"
SLIDES = 80  # more than the lecture has


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """JupyterLab beside a copy of the lecture; its address."""
    pytest.importorskip("jupyterlab_slideshow")
    folder = tmp_path_factory.mktemp("present")
    (folder / "work").mkdir()
    shutil.copy(LECTURES / NOTEBOOK, folder / "work")
    with jupyter_lab(folder, folder / "work") as address:
        yield address


def test_a_lecture_is_shown_as_slides_with_a_living_explorer(stage, page):
    command = jupyter_command(LECTURES, None, False, NOTEBOOK)
    (start,) = [part.split("=", 1)[1] for part in command if part.startswith("--LabApp.default_url=")]
    page.goto(f"{stage}{start}?token={TOKEN}")
    page.wait_for_function(IS_OPEN, timeout=120_000)
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(ALL_RAN, timeout=240_000)
    assert page.evaluate(ERRORS) == []
    page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 0")

    page.locator(START).first.click()
    page.wait_for_selector(ON_SLIDE)
    assert page.locator(f"{ON_SLIDE} h1").inner_text().strip("¶") == TITLE
    assert page.locator(f"{ON_SLIDE}:visible").count() < 5
    for _ in range(SLIDES):
        if page.locator(f"{EXPLORER}:visible").count():
            break
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(200)
    explorer = page.locator(f"{EXPLORER}:visible").first
    words = explorer.locator(".dlc-words")
    before = words.inner_text()
    explorer.locator(".dlc-player input").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([words, before]) => words.innerText !== before", arg=[words.element_handle(), before])
