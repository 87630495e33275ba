"""The augmentation composer in a real browser: its pixels and its mixture are Python's, by keyboard, in every theme."""

import numpy as np
import pytest

from dlcourse.widgets import AugmentationComposer
from dlcourse.widgets.augmentation import SHARES
from dlcourse.widgets.export import LIMIT, payload
from tests.browser.exported import (
    assert_code_and_state,
    assert_nothing_is_cut_off,
    at_any_zoom,
    in_every_scheme,
    shows,
    words,
)

pytestmark = pytest.mark.browser
show = shows(AugmentationComposer)


def test_its_table_leaves_room_in_an_export():
    assert len(payload(AugmentationComposer().recipe())) < 0.8 * LIMIT


def canvases(page, which):
    """The first channel of each canvas, in 0 … 255, (canvases, side, side)."""
    found = page.evaluate(
        """which => [...document.querySelectorAll(which)].map(canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [...data].filter((_, k) => k % 4 === 0);
        })""",
        which,
    )
    return np.array(found).reshape(len(found), 12, 12)


def expected(**setting):
    """The originals and samples of a setting in the order in which they are drawn."""
    explorer = AugmentationComposer(**setting)
    picture = {
        name: np.frombuffer(explorer.result["picture"][name]["float32"], "<f4").reshape(
            explorer.result["picture"][name]["shape"]
        )
        for name in ("originals", "samples")
    }
    rows = [np.concatenate([picture["originals"][row][None], picture["samples"][row]]) for row in range(2)]
    return 255 * np.concatenate(rows)


def test_samples_captions_words_and_runs_are_pythons(page, show, log):
    show(page)
    setting = {}
    for name in ("move", "turn", "noise", "mirror", "jitter"):
        page.get_by_label(name, exact=True).click()
        setting[name] = True
        explorer = AugmentationComposer(**setting)
        np.testing.assert_allclose(canvases(page, "canvas:not([data-mixture])"), expected(**setting), atol=0.75)
        assert words(page) == explorer.result["texts"][0]
        captions = page.locator(".dlc-figure canvas:not([data-mixture]) + div").all_text_contents()
        drawn = explorer.result["picture"]["drawn"]
        assert captions == ["a 2", *drawn[0], "a 6", *drawn[1]]
        places = page.eval_on_selector_all('[data-run="with"]', "marks => marks.map(m => m.cx.baseVal.value)")
        percent = [100 * (place - 88) / (232 - 88) for place in places]
        np.testing.assert_allclose(percent, explorer.result["picture"]["accuracy"]["with"], atol=1e-3)
    log.assert_quiet()


def test_the_player_mixes_pixels_and_label_alike(page, show):
    show(page)
    page.get_by_label("move", exact=True).click()
    images = expected(move=True)
    first, second = images[1], images[7]
    slider = page.get_by_role("slider", name="Share λ of the mixture")
    slider.focus()
    for place, share in enumerate(SHARES):
        if place:
            page.keyboard.press("ArrowRight")
        (mixture,) = canvases(page, "canvas[data-mixture]")
        np.testing.assert_allclose(mixture, share * first + (1 - share) * second, atol=3)
        heights = page.eval_on_selector_all("[data-bar]", "bars => bars.map(bar => bar.height.baseVal.value)")
        assert heights[0] / sum(heights) == pytest.approx(share)
        assert words(page) == AugmentationComposer(move=True).result["texts"][place]


def test_the_bug_shows_in_picture_and_words(page, show):
    show(page)
    page.get_by_label("jitter", exact=True).click()
    page.locator('.dlc-pill:has(input[value="too early"])').click()
    assert "jitter clips" in words(page)
    np.testing.assert_allclose(
        canvases(page, "canvas:not([data-mixture])"), expected(jitter=True, order="too early"), atol=0.75
    )


def test_the_space_bar_switches_and_reset_returns(page, show):
    show(page)
    start = words(page)
    page.get_by_label("turn", exact=True).focus()
    page.keyboard.press("Space")
    assert words(page) == AugmentationComposer(turn=True).result["texts"][0]
    page.get_by_role("button", name="Reset").click()
    assert words(page) == start
    assert page.get_by_label("Strength").is_disabled()


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    page.get_by_label("mirror", exact=True).click()
    assert_code_and_state(page, AugmentationComposer(mirror=True))


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme))
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page, "canvas")
