"""The command center in a real browser: its lines are Python's numbers, by keyboard, in every theme, and live."""

import json
import urllib.request

import nbformat
import numpy as np
import pytest

from dlcourse.widgets.command_center import SEARCHES, CommandCenter
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)
from tests.browser.test_lab import CURRENT, ERRORS, IS_OPEN, TOKEN, lab  # noqa: F401  # lab is a fixture

pytestmark = pytest.mark.browser
show = shows(CommandCenter)


def choose(page, value):
    page.locator(f'.dlc-pill:has(input[value="{value}"])').click()


def to_the_end(page):
    page.locator(".dlc-player input[type=range]").focus()
    page.keyboard.press("End")


def drawn(page, run, panel):
    """The points of one run in one picture, (n, 2)."""
    line = page.locator(f'[data-run="{run}"] polyline[data-panel="{panel}"]').first
    points = line.get_attribute("points")
    return np.array([[float(part) for part in point.split(",")] for point in points.split()])


def picture_of(**values):
    explorer = CommandCenter(**values)
    return explorer.compute(**{name: explorer.values[name] for name in ("search", "scale", "against", "folder")})


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_the_lines_are_pythons(page, show, log, scale):
    show(page)
    choose(page, scale)
    for search in SEARCHES:
        choose(page, search)
        to_the_end(page)
        picture = picture_of(search=search, scale=scale)
        frame = picture["frames"][-1]
        for run in (frame["order"][0], frame["order"][-1]):
            have = frame["epochs"][run]
            expected = [*picture["places"][run], picture["curves"][run, have - 1]]
            found = drawn(page, run, "parallel")
            np.testing.assert_allclose(found[:, 1], 44 + 204 * (1 - np.array(expected)), atol=0.2)
            found = drawn(page, run, "curve")
            np.testing.assert_allclose(found[:, 1], 44 + 204 * (1 - picture["curves"][run, :have]), atol=0.2)
            np.testing.assert_allclose(found[:, 0], 856 + 190 * np.array(picture["epochs"]["places"][:have]), atol=0.2)
        last = CommandCenter(search=search, scale=scale).result["texts"][-1]
        assert words(page) == last
    log.assert_quiet()


def test_each_trial_adds_a_line_and_dropped_runs_look_different(page, show):
    show(page, search="halving")
    lines = page.locator('polyline[data-panel="parallel"]')
    assert lines.count() == 1
    page.locator(".dlc-player input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert lines.count() == 2
    to_the_end(page)
    assert lines.count() == 27
    looks = [line.get_attribute("data-look") for line in lines.all()]
    assert (looks.count("best"), looks.count("out")) == (1, 26)
    assert page.locator('[data-mark="out"]').count() == 26


def test_an_edge_is_drawn_and_the_scatter_follows_its_choice(page, show):
    show(page, search="finer")
    to_the_end(page)
    image = page.locator("svg[role=img]")
    assert image.locator("text", has_text="edge: widen").count() == 1
    assert "accuracy against learning rate" in image.text_content()
    choose(page, "3")
    assert "accuracy against hidden units" in image.text_content()
    choose(page, "wider")
    to_the_end(page)
    assert image.locator("text", has_text="edge: widen").count() == 0


def test_a_run_is_picked_by_slider_and_by_pointing(page, show):
    show(page, search="wider")
    to_the_end(page)
    order, named = picture_of(search="wider")["frames"][-1]["order"], picture_of(search="wider")["named"]
    readout = page.locator(".dlc-readout")
    assert readout.text_content().startswith("Best of 20: ")
    page.get_by_label("Pick a run").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert readout.text_content().startswith("Rank 3: ")
    assert readout.text_content().endswith(named[order[2]])
    assert page.locator('polyline[data-look="picked"]').count() >= 2
    page.locator(f'[data-run="{order[0]}"][data-mark]').click()
    assert readout.text_content().startswith("Rank 1: ")
    page.get_by_label("Pick a run").focus()
    page.keyboard.press("Home")
    assert readout.text_content().startswith("Best of 20: ")


def test_predicting_hides_the_runs_until_it_is_answered(page, show):
    show(page, search="wider", predict=True)
    assert page.locator("[data-run]").count() == 0
    page.locator(".dlc-predict input").fill("0.5")
    page.keyboard.press("Enter")
    assert page.locator("[data-run]").count() > 0


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    choose(page, "halving")
    choose(page, "linear")
    assert_code_and_state(page, CommandCenter(search="halving", scale="linear"))


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), search="finer")
    to_the_end(page)
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)


KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
SEARCHING = """\
import json
import time
from pathlib import Path

Path("runs").mkdir(exist_ok=True)
for number in range(4):  # goes on only when the page has shown the run before
    start = {"event": "start", "date": f"2024-01-01T00:00:0{number}", "from_step": 0}
    start["configuration"] = {"lr": 1 + number}
    epoch = {"event": "epoch", "epoch": 1, "step": 1, "val_accuracy": 0.1 * number}
    Path(f"runs/{number}.jsonl").write_text(json.dumps(start) + "\\n" + json.dumps(epoch) + "\\n")
    for _ in range(1000):
        if Path(f"seen{number}.txt").exists():
            break
        time.sleep(0.1)
    else:
        raise TimeoutError(f"run {number} was not shown")
"""


def save(lab, name, kind, content):  # noqa: F811  # the fixture's value
    """Put a file beside the lectures of the running JupyterLab."""
    body = json.dumps({"type": kind, "format": "json" if kind == "notebook" else "text", "content": content})
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{lab}/api/contents/{name}", body.encode(), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 201


def test_it_follows_a_search_that_runs_in_another_cell(lab, page, log):  # noqa: F811  # the fixture
    cells = [
        nbformat.v4.new_code_cell(
            "from pathlib import Path\nfrom dlcourse.widgets import CommandCenter\n"
            "center = CommandCenter(folder='runs').watch(seconds=0.2)\ncenter"
        ),
        nbformat.v4.new_code_cell(SEARCHING),
        nbformat.v4.new_code_cell("center.stop()"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)
    save(lab, "live.ipynb", "notebook", json.loads(nbformat.writes(notebook)))
    page.set_default_timeout(120_000)
    page.goto(f"{lab}/lab/tree/live.ipynb?token={TOKEN}&reset")
    page.wait_for_function(IS_OPEN)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")  # do not wait for it
    lines = "document.querySelectorAll('polyline[data-panel=parallel]').length"
    for number in range(4):
        page.wait_for_function(f"{lines} === {number + 1}")
        assert page.evaluate(f"{CURRENT}.sessionContext.session.kernel.status") == "busy"
        save(lab, f"seen{number}.txt", "file", "seen")
    page.wait_for_function("document.querySelector('.dlc-words').innerText.includes('Trial 4 of 4')")
    page.wait_for_function(f"{CURRENT}.sessionContext.session.kernel.status === 'idle'")
    assert page.evaluate(ERRORS) == []
    assert log.page_errors == []
