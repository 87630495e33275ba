"""Exported explorers in a real browser, opened from disk: what they show, how they are used, that they are quiet."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from dlcourse.widgets import GraphExplorer
from dlcourse.widgets.expression import parse
from dlcourse.widgets.graph import EXAMPLES
from dlcourse.widgets.graph_run import OVERWRITE, RIGHT, WRONG_ORDER, GraphRun
from dlcourse.widgets.graph_steps import walk
from tests.browser.exported import PAGE, assert_nothing_is_cut_off, at_any_zoom, fragment, in_every_scheme, words

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The small explorer of tests/widgets, which has every kind of control and one array."""
    path = Path(__file__).parents[1] / "widgets" / "demo.py"
    spec = importlib.util.spec_from_file_location("dlcourse.widgets.demo", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.DemoExplorer.drawing = tmp_path_factory.mktemp("js") / "demo.js"
    module.DemoExplorer.drawing.write_text(module.DRAWING)
    yield module.DemoExplorer
    del sys.modules[spec.name]


@pytest.fixture
def show(tmp_path):
    """Write explorers into a page, open it in a tab and wait until they are alive."""

    def open_page(page, *explorers, before="", wait=True):
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(before + "".join(fragment(e, f"dlc{k}") for k, e in enumerate(explorers))))
        page.goto(path.as_uri())
        if wait:
            for k in range(len(explorers)):
                page.wait_for_selector(f"#dlc{k}.dlc-ready", state="attached")
        return page

    return open_page


def choose(page, value):
    page.locator(f'.dlc-pill:has(input[value="{value}"])').click()


def drawn(page):
    """What the picture shows: the texts at every edge and node."""
    return page.evaluate(
        """() => ({
          edges: Object.fromEntries([...document.querySelectorAll(".dlc-edge")].map(e => [e.dataset.key,
            [e.querySelector(".dlc-value").textContent, e.querySelector(".dlc-gradient").textContent]])),
          totals: Object.fromEntries([...document.querySelectorAll(".dlc-node")].map(n => [n.dataset.key,
            [...n.querySelectorAll(".dlc-total")].map(t => t.textContent).filter(Boolean)])),
        })"""
    )


def expected(run, steps):
    """The same from Python: everything that the steps so far have written."""
    values, gradients, totals = {}, {}, {}
    for step in steps:
        values |= step.values
        gradients |= step.gradients
        totals |= step.totals
    sources = {f"{n}:{slot}": operand for n in run.order for slot, operand in run.edges(n)} | {"out": run.output}
    return {
        "edges": {key: [values.get(str(source), ""), gradients.get(key, "")] for key, source in sources.items()},
        "totals": {str(n): totals.get(str(n), []) for n in run.order},
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_keyboard_steps_show_pythons_numbers_and_words(page, show, log, example):
    show(page, GraphExplorer())
    choose(page, example)
    run = GraphRun(parse(EXAMPLES[example]["expression"]), EXAMPLES[example]["inputs"])
    for backward in (RIGHT, OVERWRITE, WRONG_ORDER):
        choose(page, backward)
        steps = walk(run, backward)
        page.get_by_role("button", name="First step").focus()
        page.keyboard.press("Home")
        for place, step in enumerate(steps):
            if place:
                page.keyboard.press("ArrowRight")
            assert words(page) == "\n".join(step.lines)
            assert drawn(page) == expected(run, steps[: place + 1])
        page.keyboard.press("ArrowRight")
        assert words(page) == "\n".join(steps[-1].lines)
        page.keyboard.press("ArrowLeft")
        assert drawn(page) == expected(run, steps[:-1])
        page.keyboard.press("Home")
        assert drawn(page) == expected(run, steps[:1])
    log.assert_quiet()


def test_the_slider_and_the_buttons_step_too(page, show, log):
    show(page, GraphExplorer())
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "2 of 7"
    page.keyboard.press("End")
    assert words(page).startswith("The gradients of the inputs")
    page.get_by_role("button", name="Step back").click()
    assert slider.get_attribute("aria-valuetext") == "6 of 7"
    page.get_by_role("button", name="First step").click()
    page.get_by_role("button", name="Step forward").click()
    assert words(page).startswith("Forward: compute q1")
    log.assert_quiet()


def test_it_opens_in_the_state_of_the_notebook_and_reset_returns_there(page, show, log):
    explorer = GraphExplorer(expression="a*b + a", inputs={"a": 2.0, "b": 3.0}, backward=OVERWRITE, step=4)
    show(page, explorer)
    assert words(page) == explorer.result["texts"][4]
    assert page.get_by_label("Expression").input_value() == "a*b + a"
    choose(page, "sigmoid neuron")
    page.get_by_role("button", name="Last step").click()
    assert words(page) != explorer.result["texts"][4]
    page.get_by_role("button", name="Reset").click()
    assert words(page) == explorer.result["texts"][4]
    assert page.get_by_label("Expression").input_value() == "a*b + a"
    log.assert_quiet()


def test_a_bug_is_seen_at_the_same_step_and_an_example_starts_anew(page, show):
    show(page, GraphExplorer(example="shared node", step=12))
    choose(page, OVERWRITE)
    assert words(page) == GraphExplorer(example="shared node", backward=OVERWRITE).result["texts"][12]
    choose(page, "squared error")
    assert words(page).startswith("The graph and its inputs")


def test_typing_is_off_and_says_where_it_works(page, show):
    show(page, GraphExplorer())
    for name in ("Expression", "x", "y", "z"):
        assert page.get_by_label(name, exact=True).is_disabled()
    assert "open in JupyterLab" in page.locator(".dlc-controls").inner_text()
    choose(page, "sigmoid neuron")
    assert page.get_by_label("w2", exact=True).input_value() == "-3"
    assert page.get_by_label("w2", exact=True).is_disabled()


def test_keys_stay_inside_but_a_clicker_turns_pages_and_escape_leaves(page, show):
    show(
        page, GraphExplorer(), before="<script>keys = []; addEventListener('keydown', e => keys.push(e.key));</script>"
    )
    page.get_by_role("button", name="Play").focus()
    for key in ("ArrowRight", "ArrowLeft", "Home", "End", "a", "ArrowDown"):
        page.keyboard.press(key)
    page.get_by_role("slider").focus()
    for key in ("ArrowRight", "ArrowUp", "b"):
        page.keyboard.press(key)
    assert page.evaluate("keys") == []
    before = words(page)
    page.keyboard.press("PageDown")
    page.keyboard.press("Control+s")
    assert page.evaluate("keys") == ["PageDown", "Control", "s"]
    assert words(page) == before
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("keys.at(-1)") == "ArrowRight"


def test_touches_stay_inside(new_page, show):
    page = show(
        new_page(has_touch=True, viewport={"width": 800, "height": 900}),
        GraphExplorer(),
        before="<script>touches = 0; addEventListener('touchstart', () => { touches += 1; });</script>",
    )
    page.get_by_role("button", name="Step forward").tap()
    assert words(page).startswith("Forward: compute q1")
    assert page.evaluate("touches") == 0
    box = page.get_by_role("button", name="Step forward").bounding_box()
    assert min(box["width"], box["height"]) >= 24


def test_playing_steps_by_itself_pauses_and_ends(page, show):
    page.clock.install()
    show(page, GraphExplorer())
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1500)
    assert words(page).startswith("Forward: compute q1")
    assert page.locator(".dlc-words").get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert words(page).startswith("Forward: compute q1")
    assert page.locator(".dlc-words").get_attribute("aria-live") == "polite"
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(20_000)
    assert words(page).startswith("The gradients of the inputs")
    assert page.get_by_role("button", name="Play").is_visible()


def test_predicting_hides_a_number_until_it_is_answered(page, show, log):
    show(page, GraphExplorer())
    page.get_by_label("Predict first").check(force=True)
    page.get_by_role("button", name="Step forward").click()
    assert words(page) == "Before it is shown: q1 = x + y = −2 + 5 = ?"
    assert drawn(page)["edges"]["4:0"] == ["?", ""]
    answer = page.get_by_label("Your prediction")
    answer.fill("no number")
    answer.press("Enter")
    assert answer.get_attribute("aria-invalid") == "true"
    answer.fill("3")
    answer.press("Enter")
    assert words(page).startswith("Right, it is 3.\nForward: compute q1")
    assert drawn(page)["edges"]["4:0"] == ["3", ""]
    assert page.evaluate("document.activeElement.ariaLabel") == "Step forward"
    page.keyboard.press("Enter")
    page.get_by_label("Your prediction").fill("−7")
    page.get_by_role("button", name="Check").click()
    assert words(page).startswith("You said −7, it is −12.\n")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show", exact=True).click()
    assert words(page).startswith("It is 1.\n")
    page.get_by_role("button", name="Step back").click()
    page.get_by_label("Predict first").uncheck(force=True)
    assert "Before it is shown" not in words(page)
    log.assert_quiet()


def test_code_and_state_are_those_of_python(page, show):
    show(page, GraphExplorer())
    choose(page, "shared node")
    choose(page, OVERWRITE)
    page.get_by_role("button", name="Last step").click()
    page.get_by_role("button", name="Code").click()
    explorer = GraphExplorer(example="shared node", backward=OVERWRITE)
    assert page.get_by_label("Code for this setting").text_content() == explorer.result["code"]
    shown = page.get_by_label("This explorer as it stands").text_content()
    assert shown == 'GraphExplorer.from_state("example=shared node&backward=overwrite&step=14")'
    assert eval(shown).values["step"] == 14
    page.get_by_role("button", name="Copy").first.click()
    assert page.evaluate("getSelection().toString()").strip() == explorer.result["code"].strip()


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), GraphExplorer(example="shared node", backward=WRONG_ORDER, step=9))
    assert axe(page, "main") == []
    page.get_by_label("Predict first").check(force=True)
    page.get_by_role("button", name="Step forward").click()
    page.get_by_role("button", name="Code").click()
    assert axe(page, "main") == []


@pytest.mark.parametrize(
    ("outer", "scheme", "dark"),
    [
        ("<div>", "light", False),
        ("<div>", "dark", True),
        ('<div data-jp-theme-light="true">', "dark", False),
        ('<div data-jp-theme-light="false">', "light", True),
        ('<div data-dlc-theme="dark">', "light", True),
        ('<div data-dlc-theme="light">', "dark", False),
    ],
)
def test_the_pages_theme_decides_then_the_readers(new_page, show, outer, scheme, dark):
    page = show(new_page(color_scheme=scheme), GraphExplorer(), before=outer)
    paper = page.evaluate("getComputedStyle(document.querySelector('.dlc-explorer')).backgroundColor")
    assert paper == ("rgb(22, 25, 29)" if dark else "rgb(255, 255, 255)")


@at_any_zoom
@pytest.mark.parametrize("example", ["sigmoid neuron", "shared node"])
def test_nothing_is_cut_off_at_any_zoom(new_page, show, example, width):
    page = show(new_page(viewport={"width": width, "height": 700}), GraphExplorer(example=example))
    for _ in range(8):
        page.get_by_role("button", name="Step forward").click()
    assert_nothing_is_cut_off(page)
    text = page.evaluate("document.querySelector('.dlc-graph .dlc-value').getBoundingClientRect().height")
    assert text >= 11


def test_the_step_is_scrolled_into_view_without_motion_for_those_who_ask(new_page, show):
    page = new_page(viewport={"width": 500, "height": 700}, reduced_motion="reduce")
    show(page, GraphExplorer(example="sigmoid neuron"))
    page.get_by_role("button", name="Last step").click()
    page.get_by_role("button", name="Step back").click()
    page.evaluate(
        """() => { window.calls = [];
          Element.prototype.scrollTo = function (o) { calls.push(o.behavior); this.scrollLeft = o.left; }; }"""
    )
    for _ in range(8):
        page.get_by_role("button", name="Step back").click()
    assert set(page.evaluate("calls")) == {"auto"}
    node = page.evaluate("document.querySelector('.dlc-node.dlc-now').getBoundingClientRect().x")
    assert 0 < node < 500


def test_without_scripts_the_picture_is_there(new_page, show):
    page = show(new_page(java_script_enabled=False), GraphExplorer(), wait=False)
    picture = page.get_by_role("img")
    assert picture.is_visible()
    assert picture.get_attribute("alt").startswith("The gradients of the inputs")


def test_on_paper_the_picture_takes_the_explorers_place(page, show):
    show(page, GraphExplorer())
    assert not page.locator(".dlc-still").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".dlc-still").is_visible()
    assert not page.locator(".dlc-explorer").is_visible()


def test_two_on_a_page_do_not_disturb_each_other(page, show, axe, log):
    show(page, GraphExplorer(), GraphExplorer(example="squared error"))
    first, second = page.locator(".dlc-explorer").all()
    second.get_by_role("button", name="Step forward").click()
    assert first.locator("output").text_content() == "1 / 7"
    assert second.locator("output").text_content() == "2 / 11"
    first.locator('.dlc-pill:has(input[value="shared node"])').click()
    assert second.locator(".dlc-pill:has(input:checked)").first.text_content() == "squared error"
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert axe(page, "main") == []
    log.assert_quiet()


# The demo explorer: every kind of control, arrays, a stop at NaN


def test_every_kind_of_control_looks_up_its_entry(page, show, log, demo):
    show(page, demo())
    exact = demo(start=4.0, sign=True, kind="twice", rate=1.0)
    for name, key in (("Rate", "ArrowRight"), ("start", "ArrowRight")):
        page.get_by_role("slider", name=name).focus()
        page.keyboard.press(key)
    page.get_by_label("Sign").check(force=True)
    choose(page, "twice")
    shown = page.locator(".demo")
    path = [float(x) for x in shown.get_attribute("data-path").split()]
    values = exact.compute(rate=1.0, start=4.0, sign=True, kind="twice", note="", offsets={"a": 1.0})["path"]
    assert shown.get_attribute("data-shape") == "9"
    assert path == pytest.approx(list(values), abs=(values.max() - values.min()) / 1000)
    assert page.locator(".dlc-pill:has(input:checked)").first.text_content() == "your own"
    assert page.get_by_role("slider", name="Rate").get_attribute("aria-valuetext") == "1"
    log.assert_quiet()


def test_a_stop_is_visible_and_ends_the_recording(page, show, demo):
    show(page, demo())
    choose(page, "wild")
    page.get_by_role("button", name="Last step").click()
    assert page.locator(".dlc-player output").text_content() == "2 / 2"
    assert "Stopped here: a number is no longer finite" in words(page)
    assert "dlc-stopped" in page.locator(".dlc-words").get_attribute("class")
    page.get_by_role("button", name="First step").click()
    assert "dlc-stopped" not in page.locator(".dlc-words").get_attribute("class")


def test_an_error_of_the_author_is_shown_and_spares_the_others(page, show, log, demo):
    show(page, demo(note="bad"))
    assert words(page) == "no such note"
    assert page.get_by_label("note").get_attribute("aria-invalid") == "true"
    choose(page, "calm")
    assert words(page).startswith("Step 0")
    log.assert_quiet()


def test_the_demo_is_accessible_too(page, show, axe, demo):
    show(page, demo())
    assert axe(page, "main") == []


def test_payload_and_python_agree_on_json(demo):
    assert json.loads(json.dumps(demo().recipe())) == demo().recipe()
