"""The optimizer race in a real browser: paths are Python's, the player and keys move it, in every theme and width."""

import numpy as np
import pytest

from dlcourse.widgets.optimizer_race import MOMENTS, OptimizerRace
from dlcourse.widgets.race_run import RACERS, SLICE, SURFACES, run
from tests.browser.exported import assert_nothing_is_cut_off, at_any_zoom, in_every_scheme, shows, words

pytestmark = pytest.mark.browser
show = shows(OptimizerRace)


def walked(page, name):
    """The points of a path on the surface, (n, 2), in the picture's units."""
    points = page.locator(f'g[data-walk="{name}"] polyline').get_attribute("points")
    return np.array([[float(part) for part in point.split(",")] for point in points.split()])


def test_the_drawn_paths_are_pythons(page, show, log):
    show(page, step=8)
    for surface in ("Rosenbrock", "saddle", SLICE):
        page.locator(f'.dlc-pill:has(input[value="{surface}"])').click()
        race, (x0, x1, y0, y1) = run(SURFACES[surface], None), SURFACES[surface].window
        for name in RACERS:
            points = walked(page, name)
            assert len(points) == MOMENTS[8] + 1
            x = x0 + (points[:, 0] - 46) / 360 * (x1 - x0)
            y = y1 - (points[:, 1] - 30) / 188 * (y1 - y0)
            path = np.clip(race.paths[name][: len(points)], [2 * x0 - x1, 2 * y0 - y1], [2 * x1 - x0, 2 * y1 - y0])
            np.testing.assert_allclose(np.stack([x, y], axis=1), path, atol=0.01)
        assert words(page) == OptimizerRace(surface=surface, step=8).result["texts"][8]
    log.assert_quiet()


def test_keys_move_the_player_and_reset_returns(page, show):
    show(page)
    start = words(page)
    page.locator('.dlc-explorer input[type="range"]').first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert words(page) == OptimizerRace(step=2).result["texts"][2]
    assert len(walked(page, "Adam")) == MOMENTS[2] + 1
    page.get_by_role("button", name="Reset").click()
    assert words(page) == start


def test_the_bug_and_one_rate_for_all_change_picture_and_words(page, show):
    show(page, step=6)
    before = walked(page, "Adam")
    page.get_by_label("Adam without bias correction").click()
    assert not np.array_equal(walked(page, "Adam"), before)
    assert "the first steps are too long" in words(page)
    page.locator('.dlc-pill:has(input[value="one"])').click()
    assert words(page) == OptimizerRace(rates="one", bug=True, step=6).result["texts"][6]


def test_a_prediction_hides_the_race_until_it_is_made(page, show):
    show(page, surface="valley, turned", predict=True)
    assert "Who comes near the minimum first?" in words(page)
    assert len(walked(page, "Adam")) == 1


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), step=9)
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)
