"""The front end's ES modules by themselves, in the browser that runs them."""

import numpy as np
import pytest

from dlcourse.widgets.arrays import for_export
from dlcourse.widgets.bundle import FOLDER, bundle

pytestmark = pytest.mark.browser


@pytest.fixture
def load(page, tmp_path):
    """``load("player")`` opens an empty page with the module's exports as ``window.m``."""

    def open_with(*names):
        script = bundle(*[FOLDER / f"{name}.js" for name in names])
        exported = [
            line.split("{ ")[1].split(" }")[0] for line in script.splitlines() if line.startswith("export const {")
        ]
        path = tmp_path / "module.html"
        path.write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title><body><main></main>'
            f'<script type="module">{script}\nwindow.m = {{ {", ".join(exported)} }};</script></body></html>'
        )
        page.goto(path.as_uri())
        page.wait_for_function("window.m !== undefined")
        return page

    return open_with


def test_elements_take_attributes_listeners_and_children(load, log):
    page = load("dom")
    found = page.evaluate(
        """() => { let clicks = 0;
          const onclick = () => { clicks += 1; };
          const attributes = { class: "a", hidden: false, disabled: true, title: null, onclick };
          const node = m.element("button", attributes, "text", null, m.svg("svg", { viewBox: "0 0 1 1" }));
          node.dispatchEvent(new MouseEvent("click"));
          return [node.outerHTML, clicks, node.lastChild.namespaceURI]; }"""
    )
    assert found == [
        '<button class="a" disabled="">text<svg viewBox="0 0 1 1"></svg></button>',
        1,
        "http://www.w3.org/2000/svg",
    ]
    log.assert_quiet()


def test_ids_are_unique(load):
    page = load("dom")
    assert page.evaluate("new Set(Array.from({ length: 500 }, () => m.uniqueId('x'))).size") == 500


def test_arrays_from_an_export_are_pythons_within_a_step(load):
    page = load("arrays")
    values = np.array([[-2.0, 0.5, np.nan], [1e3, np.inf, 7.0]])
    found = page.evaluate(
        "sent => { const { shape, data } = m.decodeArrays(sent).deep[0]; return [shape, Array.from(data, String)]; }",
        {"deep": [for_export(values)]},
    )
    assert found[0] == [2, 3]
    decoded = np.array([float(x) for x in found[1]]).reshape(2, 3)
    finite = np.isfinite(values)
    assert np.isnan(decoded[~finite]).all()
    assert np.abs(decoded - values)[finite].max() <= 1002 / 1000


def test_arrays_from_the_kernel_are_exact(load):
    page = load("arrays")
    found = page.evaluate(
        """() => { const numbers = Float32Array.of(9, 1.5, -0.1, Infinity, 9);
          const view = new DataView(numbers.buffer, 4, 12);
          return Array.from(m.decodeArrays({ a: { shape: [3], float32: view } }).a.data, String); }"""
    )
    assert [float(x) for x in found] == [1.5, float(np.float32(-0.1)), float("inf")]


def test_plain_values_pass_unchanged(load):
    page = load("arrays")
    value = {"a": [1, "x", None, True], "b": {"c": 2.5}}
    assert page.evaluate("value => m.decodeArrays(value)", value) == value


def test_the_player_moves_within_its_frames(load):
    page = load("player")
    page.evaluate(
        """() => { window.places = []; window.told = [];
          window.player = m.createPlayer({ name: "step", label: "Step", seconds: 0.01 },
            place => { places.push(place); player.show(place, 4); }, playing => told.push(playing));
          document.querySelector("main").append(player.node); player.show(0, 4); }"""
    )
    page.get_by_role("button", name="Step back").click(force=True)
    page.get_by_role("button", name="Step forward").click()
    page.get_by_role("button", name="Last step").click()
    page.get_by_role("button", name="Step forward").click(force=True)
    page.evaluate("player.step(-Infinity); player.step(1)")
    assert page.evaluate("places") == [1, 3, 0, 1]
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("places.at(-1) === 3")
    assert page.evaluate("places") == [1, 3, 0, 1, 2, 3]
    assert page.evaluate("told") == [True, False]
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("told.length === 4")
    assert page.evaluate("places.slice(-4)") == [0, 1, 2, 3]


def test_a_prediction_is_judged_by_its_limits(load):
    page = load("predict")
    page.evaluate(
        """() => { window.said = [];
          window.prediction = m.createPrediction(words => said.push(words));
          document.querySelector("main").append(prediction.node); }"""
    )
    ask = {"text": "q = ?", "answer": "−2", "low": -2.1, "high": -1.9}
    for typed in ("-2", "−1,95", "-3", "x"):
        page.evaluate("question => prediction.show({ ...question })", ask)
        page.get_by_label("Your prediction: q = ?").fill(typed)
        page.keyboard.press("Enter")
    assert page.evaluate("said") == ["Right, it is −2.", "Right, it is −2.", "You said -3, it is −2."]
    page.evaluate("prediction.show(null)")
    assert not page.locator("form").is_visible()


def control_page(load, control, live=True):
    page = load("controls")
    page.evaluate(
        """([control, live]) => { window.sent = []; window.restarts = 0;
          window.controls = m.createControls({ controls: [control] }, live, update => sent.push(update),
            update => { restarts += 1; sent.push(update); });
          document.querySelector("main").append(controls.node); }""",
        [control, live],
    )
    return page


def test_text_is_sent_once_on_enter_and_errors_are_marked(load):
    page = control_page(load, {"kind": "text", "name": "t", "label": "Text", "limit": 9, "export": "off"})
    page.evaluate("controls.show({ t: 'x+y' }, null)")
    field = page.get_by_label("Text")
    assert field.input_value() == "x+y"
    field.press("Enter")
    field.fill("x*")
    assert page.evaluate("sent") == []
    field.press("Enter")
    assert page.evaluate("[sent, restarts]") == [[{"t": "x*"}], 1]
    page.evaluate("controls.show({ t: 'x*' }, { control: 't', message: 'no', start: 1, end: 2 })")
    assert page.evaluate("[document.activeElement.selectionStart, document.activeElement.selectionEnd]") == [1, 2]
    assert page.locator(".dlc-error").text_content() == "no"
    field.fill("123456789abc")
    assert field.input_value() == "123456789"


def test_numbers_keep_the_field_in_which_one_types(load):
    page = control_page(load, {"kind": "numbers", "name": "n", "label": "Inputs", "export": "off"})
    page.evaluate("controls.show({ n: { a: 1, b: 2 } }, null)")
    field = page.get_by_label("a", exact=True)
    field.fill("")
    field.press_sequentially("-2.5")
    assert page.evaluate("sent.at(-1)") == {"n": {"a": -2.5, "b": 2}}
    page.evaluate("controls.show({ n: { a: -2.5, b: 2 } }, null)")
    assert page.evaluate("document.activeElement.value") == "-2.5"
    page.evaluate("controls.show({ n: { b: 3, c: 4 } }, null)")
    assert page.get_by_label("a", exact=True).count() == 0
    assert page.get_by_label("c", exact=True).input_value() == "4"


def test_a_slider_sends_its_values_not_its_places(load):
    spec = {"kind": "slider", "name": "s", "label": "Rate", "values": [0.001, 0.01, 0.1], "export": "table"}
    page = control_page(load, spec)
    page.evaluate("controls.show({ s: 0.01 }, null)")
    page.get_by_role("slider", name="Rate").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[sent, restarts]") == [[{"s": 0.1}], 0]


def test_presets_send_what_they_set_and_show_your_own(load):
    spec = {
        "kind": "presets",
        "name": "p",
        "label": "Example",
        "export": "table",
        "sets": [["one", {"a": 1}], ["two", {"a": 2}]],
    }
    page = control_page(load, spec)
    page.evaluate("controls.show({ p: 'one' }, null)")
    assert not page.get_by_text("your own").is_visible()
    page.locator('.dlc-pill:has(input[value="two"])').click()
    assert page.evaluate("[sent, restarts]") == [[{"p": "two", "a": 2}], 1]
    page.evaluate("controls.show({ p: '' }, null)")
    assert page.get_by_text("your own").is_visible()


def test_controls_that_are_off_are_disabled_only_in_an_export(load):
    spec = {"kind": "numbers", "name": "n", "label": "Inputs", "export": "off"}
    page = control_page(load, spec, live=False)
    page.evaluate("controls.show({ n: { a: 1 } }, null)")
    page.evaluate("controls.show({ n: { b: 1 } }, null)")
    assert page.get_by_label("b", exact=True).is_disabled()
    assert page.get_by_text("To change inputs: open in JupyterLab").is_visible()
    page = control_page(load, spec, live=True)
    page.evaluate("controls.show({ n: { a: 1 } }, null)")
    assert page.get_by_label("a", exact=True).is_enabled()
    assert page.get_by_text("open in JupyterLab").count() == 0


LIVE_MODEL = """() => {
  const listeners = {};
  window.sent = [];
  const result = rate => ({ values: { rate }, error: null, picture: { rate }, texts: [`rate ${rate}`],
    questions: [null], stopped: "", code: "", state: "" });
  const control = { kind: "slider", name: "rate", label: "Rate", values: [1, 2, 3], export: "table" };
  const spec = { title: "T", name: "T", controls: [control], start: { rate: 1 } };
  const data = { spec, values: { rate: 1 }, result: result(1) };
  const fire = name => { for (const f of listeners[name] ?? []) f(); };
  window.model = {
    get: name => data[name], save_changes: () => sent.push(data.values.rate),
    set: (name, value) => { data[name] = value; fire(`change:${name}`); },
    on: (name, f) => { (listeners[name] ??= []).push(f); },
    off: (name, f) => { listeners[name] = listeners[name].filter(g => g !== f); },
    listeners,
  };
  window.answer = rate => model.set("result", result(rate));
  window.drawn = [];
  window.cleanup = m.render({ model, el: document.querySelector("main") },
    () => ({ update: ({ picture }) => drawn.push(picture.rate) }));
}"""


def test_an_answer_to_an_earlier_setting_is_not_drawn(load, log):
    page = load("frame")
    page.evaluate(LIVE_MODEL)
    slider = page.get_by_role("slider", name="Rate")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[sent, drawn]") == [[2, 3], [1]]
    assert "dlc-waiting" in page.locator(".dlc-explorer").get_attribute("class")
    page.evaluate("answer(2)")
    assert page.evaluate("drawn") == [1]
    assert slider.get_attribute("aria-valuetext") == "3"
    page.evaluate("answer(3)")
    assert page.evaluate("drawn") == [1, 3]
    assert page.locator(".dlc-words").inner_text() == "rate 3"
    assert "dlc-waiting" not in page.locator(".dlc-explorer").get_attribute("class")
    log.assert_quiet()


def test_going_back_to_the_setting_that_is_shown_waits_for_nothing(load):
    page = load("frame")
    page.evaluate(LIVE_MODEL)
    page.get_by_role("slider", name="Rate").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert "dlc-waiting" not in page.locator(".dlc-explorer").get_attribute("class")
    page.get_by_role("button", name="Reset").click()
    assert "dlc-waiting" not in page.locator(".dlc-explorer").get_attribute("class")


def test_values_set_by_the_kernel_move_the_controls(load):
    page = load("frame")
    page.evaluate(LIVE_MODEL)
    page.evaluate("model.set('values', { rate: 2 }); answer(2)")
    assert page.get_by_role("slider", name="Rate").input_value() == "1"
    assert page.evaluate("drawn") == [1, 2]


def test_a_closed_view_listens_no_more(load):
    page = load("frame")
    page.evaluate(LIVE_MODEL)
    page.evaluate("cleanup()")
    assert page.evaluate("Object.values(model.listeners).flat().length") == 0
