"""The playground in a real browser: its forward pass is Python's, and the export plays, stops and explains itself."""

import json
import re

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.models import mlp
from dlcourse.widgets import Playground
from dlcourse.widgets.bundle import FOLDER, bundle
from dlcourse.widgets.playground import PRESETS, setting_of
from dlcourse.widgets.playground_run import ACTIVATIONS, make_features, train_run
from tests.browser.exported import PAGE, assert_nothing_is_cut_off, at_any_zoom, in_every_scheme, shows, words
from tests.browser.test_lab import ERRORS, lab, put_notebook, run_all  # noqa: F401  # lab is a fixture

pytestmark = pytest.mark.browser
show = shows(Playground)


@pytest.fixture
def module(page, tmp_path):
    """``module("mlp")`` opens a page with that front-end module's exports as ``window.m``."""

    def load(name):
        script = bundle(FOLDER / f"{name}.js")
        exported = script.rsplit("export const { ", 1)[1].split(" }")[0]
        path = tmp_path / "module.html"
        script += f"window.m = {{ {exported} }};"
        path.write_text(PAGE.format(f'<script type="module">{script}</script>'))
        page.goto(path.as_uri())
        page.wait_for_function("window.m !== undefined")
        return page

    return load


def pixels(page):
    return page.evaluate("document.querySelector('.dlc-playground canvas').toDataURL()")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[2, 1], [3, 4, 1], [2, 5, 3, 4, 1]])
def test_the_forward_pass_of_the_page_is_pythons(module, activation, sizes):
    page = module("mlp")
    rng = np.random.default_rng(0)
    previous = dl.get_default_dtype()
    dl.set_default_dtype(np.float64)
    try:
        model = mlp(dl, sizes, getattr(dl.nn, ACTIVATIONS[activation]))
        for parameter in model.parameters():
            parameter.data[...] = rng.normal(size=parameter.shape)
        X = rng.normal(size=(7, sizes[0]))
        expected, outputs = dl.tensor(X), []
        for layer in model:
            expected = layer(expected)
            outputs.append(dl.to_numpy(expected))
    finally:
        dl.set_default_dtype(previous)
    weights = np.concatenate([dl.to_numpy(w).ravel() for w in model.parameters()])
    found = page.evaluate(
        """([sizes, activation, weights, shape, data]) =>
          m.forward(sizes, activation, Float64Array.from(weights), { shape, data })
            .map(layer => layer.map(unit => Array.from(unit)))""",
        [sizes, activation, weights.tolist(), list(X.shape), X.ravel().tolist()],
    )
    np.testing.assert_allclose(np.array(found[0]).T, X, rtol=1e-12)
    for layer, values in enumerate(outputs[2::2], start=1):  # after Flatten: Linear, activation, Linear, …
        np.testing.assert_allclose(np.array(found[layer]).T, values, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.array(found[-1]).T, outputs[-1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", ["cross-entropy", "squared error"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[2, 1], [3, 4, 1], [2, 5, 3, 4, 1]])
def test_the_gradient_of_the_page_is_pythons(module, activation, sizes, loss):
    page = module("mlp_train")
    rng = np.random.default_rng(1)
    previous = dl.get_default_dtype()
    dl.set_default_dtype(np.float64)
    try:
        model = mlp(dl, sizes, getattr(dl.nn, ACTIVATIONS[activation]))
        for parameter in model.parameters():
            parameter.data[...] = rng.normal(size=parameter.shape)
        X, labels = rng.normal(size=(7, sizes[0])), rng.integers(0, 2, size=7)
        column = labels[:, None].astype(np.float64)
        loss_fn = dl.nn.BCEWithLogitsLoss() if loss == "cross-entropy" else dl.nn.MSELoss()
        cost = loss_fn(model(dl.tensor(X)), dl.tensor(column if loss == "cross-entropy" else 2 * column - 1))
        cost.backward()
    finally:
        dl.set_default_dtype(previous)
    weights = np.concatenate([dl.to_numpy(w).ravel() for w in model.parameters()])
    expected = np.concatenate([w.grad.ravel() for w in model.parameters()])
    net = {"sizes": sizes, "activation": activation, "loss": loss}
    found, after = page.evaluate(
        """([net, weights, shape, data, labels]) => {
          const inputs = { shape, data }, start = Float64Array.from(weights);
          const { cost, gradient } = m.costAndGradient(net, start, inputs, labels);
          return [[cost, ...gradient], Array.from(m.step(net, start, inputs, labels, 0.5).weights)]; }""",
        [net, weights.tolist(), list(X.shape), X.ravel().tolist(), labels.tolist()],
    )
    np.testing.assert_allclose(found, [cost.item(), *expected], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(after, weights - 0.5 * expected, rtol=1e-9, atol=1e-12)


def trained_here(explorer, steps, rate):
    """The training cost before step number ``steps`` of gradient descent on all training points, in float64."""
    setting = setting_of({k: v for k, v in explorer.values.items() if k not in ("preset", "epoch")})
    run = train_run(setting)
    X = make_features(run.points.X.astype(np.float64), setting.features)[run.train]
    y = run.points.y[run.train, None].astype(np.float64)
    previous = dl.get_default_dtype()
    dl.set_default_dtype(np.float64)
    try:
        model = mlp(dl, setting.sizes, getattr(dl.nn, ACTIVATIONS[setting.activation]))
        flat = run.frames[0]["weights"].astype(np.float64)
        for parameter in model.parameters():
            count = int(np.prod(parameter.shape))
            parameter.data[...], flat = flat[:count].reshape(parameter.shape), flat[count:]
        optimizer = dl.optim.SGD(model.parameters(), lr=rate)
        for _ in range(steps):
            cost = dl.nn.BCEWithLogitsLoss()(model(dl.tensor(X)), dl.tensor(y))
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
    finally:
        dl.set_default_dtype(previous)
    return cost.item()


def test_the_export_trains_in_the_page_as_python_does(page, show, log):
    show(page, preset="xor, with x·y")
    before = pixels(page)
    page.get_by_label("Rate here").select_option("1")
    page.get_by_role("button", name="Train in this page").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => Number(document.querySelector('.dlc-readout').textContent.match(/here, step (\\d+)/)?.[1]) >= 40"
    )
    page.get_by_role("button", name="Pause").click()
    said = page.locator(".dlc-readout").inner_text()
    steps, cost = re.fullmatch(r"here, step (\d+): training cost (\S+)", said).groups()
    expected = trained_here(Playground(preset="xor, with x·y"), int(steps), rate=1.0)
    assert float(cost) == pytest.approx(expected, rel=1e-2)
    assert pixels(page) != before
    page.get_by_role("button", name="Step forward").click()  # back to the recording
    assert page.locator(".dlc-readout").inner_text().startswith("epoch 1:")
    log.assert_quiet()


def test_training_in_the_page_stops_at_infinity(page, show, log):
    show(page, preset="rate too high")
    page.get_by_label("Rate here").select_option("3")
    page.get_by_role("button", name="Train in this page").click()
    page.wait_for_function("() => document.querySelector('.dlc-readout').textContent.includes('no longer finite')")
    assert page.get_by_role("button", name="Train in this page").get_attribute("aria-pressed") == "false"
    log.assert_quiet()


def test_a_weight_set_by_hand_gives_pythons_cost(page, show, log):
    show(page, preset="two units")
    before = pixels(page)
    page.get_by_label("Weight", exact=True).select_option("W₁[2, 1]")
    page.get_by_label("value of the weight").fill("-1.5")
    page.get_by_label("value of the weight").press("Enter")
    said = page.locator(".dlc-readout").inner_text()
    assert pixels(page) != before
    explorer = Playground(preset="two units")
    run = train_run(setting_of({k: v for k, v in explorer.values.items() if k not in ("preset", "epoch")}))
    w = run.frames[0]["weights"].astype(np.float64)
    w[2] = -1.5  # W₁ is (2, 2), row by row
    X, y = run.points.X[run.train].astype(np.float64), run.points.y[run.train]
    z = np.tanh(X @ w[:4].reshape(2, 2).T + w[4:6]) @ w[6:8] + w[8]
    cost = np.mean(np.logaddexp(0, z) - y * z)
    assert float(said.removeprefix("here, a weight set by hand: training cost ")) == pytest.approx(cost, rel=5e-3)
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Step forward").click()
    assert page.locator(".dlc-readout").inner_text().startswith("epoch 1:")
    log.assert_quiet()


def test_a_click_on_a_line_chooses_its_weight(page, show):
    show(page, preset="two units")
    box = page.locator(".dlc-playground canvas").bounding_box()
    scale = box["width"] / 1060
    # the hidden units stand at x = 383, the first at y = 133; each map is 34 wide, and the output is at 475
    page.mouse.click(box["x"] + (383 + 34 + 6) * scale, box["y"] + (133 + 17) * scale)
    assert page.get_by_label("Weight", exact=True).evaluate("list => list.selectedOptions[0].text") == "W₂[1, 1]"


def test_own_points_are_placed_by_mouse_and_keyboard_and_train(lab, page, log):  # noqa: F811  # the fixture
    put_notebook(lab, "own.ipynb", "from dlcourse.widgets import Playground\nPlayground(preset='xor, linear')")
    run_all(page, lab, "own.ipynb")
    page.wait_for_selector(".dlc-own")
    canvas = page.locator(".dlc-playground canvas")
    before = words(page)
    box = canvas.bounding_box()
    scale = box["width"] / 1060
    canvas.click(position={"x": (475 + 150) * scale, "y": (22 + 150) * scale})  # the middle of the output
    page.wait_for_function("() => document.querySelector('.dlc-own').innerText.includes('1 of your own')")
    page.wait_for_function("() => !document.querySelector('.dlc-waiting')")
    expected = Playground(preset="xor, linear", own=[[0.0, 0.0, 0]])
    assert words(page) == expected.result["texts"][0] != before
    page.locator(".dlc-own .dlc-pill").nth(1).click()
    page.get_by_label("x of a new point").fill("0.5")
    page.get_by_label("y of a new point").fill("-0.5")
    page.get_by_role("button", name="Add", exact=True).press("Enter")
    page.wait_for_function("() => document.querySelector('.dlc-own').innerText.includes('2 of your own')")
    page.get_by_role("button", name="Remove last").click()
    page.wait_for_function("() => document.querySelector('.dlc-own').innerText.includes('1 of your own')")
    assert page.evaluate(ERRORS) == []
    assert log.page_errors == []


def test_the_line_of_the_decision_lies_where_the_sign_changes(module):
    page = module("heat")
    across = np.tile(np.arange(8) - 2.5, (8, 1))  # changes its sign between the columns 2 and 3
    pieces = np.array(page.evaluate("values => m.zeroLine(values, 8)", across.ravel().tolist()))
    assert pieces.shape == (7, 4)
    np.testing.assert_allclose(pieces[:, [0, 2]], (2.5 + 0.5) / 8, atol=1e-12)
    assert page.evaluate("m.zeroLine(Array(16).fill(1), 4)") == []
    assert page.evaluate("[m.largest([-3, 2, NaN, Infinity]), m.largest([0, 0])]") == [3, 1]


def test_each_preset_plays_by_keyboard_with_pythons_words(page, show, log):
    show(page)
    for preset in PRESETS:
        page.locator(f'.dlc-pill:has(input[value="{preset}"])').click()
        explorer = Playground(preset=preset)
        texts = explorer.result["texts"]
        page.get_by_role("button", name="First step").focus()
        page.keyboard.press("Home")
        assert words(page) == texts[0]
        before = pixels(page)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert words(page) == texts[2]
        assert pixels(page) != before
        assert "epoch 2:" in page.locator(".dlc-figure").inner_text()
        page.keyboard.press("End")
        assert words(page) == texts[-1]
    log.assert_quiet()


def test_nan_stops_the_run_visibly(page, show):
    show(page, preset="rate too high")
    page.get_by_role("button", name="Last step").click()
    assert "Stopped here: a number is no longer finite" in words(page)
    assert "dlc-stopped" in page.locator(".dlc-words").get_attribute("class")
    assert "not finite" in page.locator(".dlc-readout").inner_text()


def test_playing_shows_at_least_twenty_epochs_a_second(page, show):
    page.clock.install()
    show(page)
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1010)
    assert int(page.locator(".dlc-player output").inner_text().split(" / ")[0]) >= 20


def test_settings_are_shown_and_off_without_a_kernel(page, show):
    show(page)
    page.locator('.dlc-pill:has(input[value="two units"])').click()
    menu = page.get_by_label("Optimizer")
    assert menu.is_disabled()
    assert menu.input_value() == "Adam"
    assert page.get_by_label("Units", exact=True).is_disabled()
    assert page.locator('[data-control="units"] output').inner_text() == "2"
    assert "To change the other settings: open in JupyterLab" in page.locator(".dlc-note").inner_text()


def test_code_and_state_are_those_of_python(page, show):
    show(page)
    page.locator('.dlc-pill:has(input[value="noise + L2"])').click()
    page.get_by_role("button", name="Code").click()
    explorer = Playground(preset="noise + L2")
    assert page.get_by_label("Code for this setting").text_content() == explorer.result["code"]
    shown = page.get_by_label("This explorer as it stands").text_content()
    assert shown == f"Playground.from_state({json.dumps('preset=noise + L2')})"
    assert dict(eval(shown).values) == dict(explorer.values)


@in_every_scheme
def test_axe_finds_nothing_serious(new_page, show, axe, scheme):
    page = show(new_page(**scheme), preset="noise by heart")
    assert axe(page, "main") == []
    page.get_by_role("button", name="Code").click()
    assert axe(page, "main") == []


@at_any_zoom
def test_nothing_is_cut_off_at_any_zoom(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 700}))
    assert_nothing_is_cut_off(page)


def test_the_picture_follows_the_theme(new_page, show):
    light = pixels(show(new_page(color_scheme="light")))
    dark = pixels(show(new_page(color_scheme="dark")))
    assert light != dark
