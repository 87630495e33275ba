"""The frame's Python side, on a small explorer that uses every kind of control."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.widgets.controls import Choice, Numbers, Player, Presets, Slider, Text, Toggle
from dlcourse.widgets.explorer import MIME, Explorer


def from_front_end(explorer, **values):
    """What the browser does: send all values, some of them changed."""
    explorer.values = {**explorer.values, **values}


def test_starts_at_its_defaults_and_with_an_empty_state(demo):
    explorer = demo()
    assert explorer.state == ""
    assert explorer.values["rate"] == 0.1
    assert explorer.values["preset"] == "calm"
    assert explorer.result["texts"][0] == "Step 0\nloss 16"
    assert len(explorer.result["texts"]) == len(explorer.result["picture"]["frames"]) == 9


def test_keywords_set_controls_and_unknown_ones_are_named(demo):
    assert demo(rate=1.0, sign=True).values["rate"] == 1.0
    with pytest.raises(TypeError, match=r"got 'speed', expected one of preset, rate, start"):
        demo(speed=1)
    with pytest.raises(ValueError, match=r"rate: got 20, expected a number from 0.01 to 10.0"):
        demo(rate=20)
    with pytest.raises(ValueError, match=r"kind: got 'odd', expected one of plain, twice"):
        demo(kind="odd")


def test_a_change_computes_and_a_step_does_not(demo, monkeypatch):
    explorer, calls = demo(), []
    compute = type(explorer).compute
    monkeypatch.setattr(demo, "compute", lambda self, **values: calls.append(values) or compute(self, **values))
    from_front_end(explorer, step=3)
    from_front_end(explorer, predict=True)
    assert calls == []
    from_front_end(explorer, start=2.0)
    assert len(calls) == 1
    assert explorer.result["texts"][0] == "Step 0\nloss 9"


def test_arrays_reach_the_front_end_exact_in_float32_and_secrets_do_not(demo):
    explorer = demo()
    sent = explorer.result["picture"]["path"]
    assert sent["shape"] == [9]
    assert np.frombuffer(sent["float32"], "<f4") == pytest.approx(4 * 0.8 ** np.arange(9), rel=1e-6)
    assert "_secret" not in explorer.result["picture"]


def test_not_finite_numbers_stop_the_recording_visibly(demo):
    explorer = demo(preset="wild")
    frames = explorer.result["picture"]["frames"]
    assert len(frames) == 2
    assert frames[-1]["loss"] is None
    assert explorer.result["stopped"].startswith("Stopped here: a number is no longer finite")
    assert explorer.result["texts"][-1].endswith(explorer.result["stopped"])
    assert "Stopped" not in explorer.result["texts"][0]
    json.dumps({**explorer.result, "picture": frames}, allow_nan=False)


def test_presets_set_their_controls_and_are_left_by_hand(demo):
    explorer = demo()
    explorer.update(preset="wild")
    assert (explorer.values["rate"], explorer.values["note"]) == (10.0, "!")
    from_front_end(explorer, rate=1.0)
    assert explorer.values["preset"] == ""
    from_front_end(explorer, rate=0.1, note="")
    assert explorer.values["preset"] == "calm"


def test_an_input_error_is_a_result_and_goes_away(demo):
    explorer = demo()
    from_front_end(explorer, note="bad")
    assert explorer.result["error"] == {"control": "note", "start": 0, "end": 3}
    assert explorer.result["texts"] == ["no such note"]
    from_front_end(explorer, note="good")
    assert explorer.result["error"] is None


@pytest.mark.parametrize("values", [{"rate": "fast"}, {"rate": float("nan")}, {"offsets": {"a": "x"}}, {"note": 5}])
def test_nonsense_from_the_front_end_is_refused_and_recovered_from(demo, values):
    explorer = demo()
    from_front_end(explorer, **values)
    name = next(iter(values))
    assert explorer.result["error"] is not None
    assert explorer.result["texts"][0].startswith(f"{name}: got")
    explorer.reset()
    assert explorer.result["error"] is None


def test_reset_returns_to_the_values_it_was_made_with(demo):
    explorer = demo(rate=1.0, step=4)
    explorer.update(rate=0.01, step=0, sign=True)
    explorer.reset()
    assert explorer.state == demo(rate=1.0, step=4).state


def test_state_goes_out_and_in(demo):
    explorer = demo(
        preset="wild", start=2.0, sign=True, kind="twice", offsets={"a": -0.5, "b": 2}, step=1, predict=True
    )
    assert explorer.state == "preset=wild&start=2&sign=1&kind=twice&offsets=a:-0.5,b:2.0&step=1&predict=1"
    assert dict(demo.from_state(explorer.state).values) == dict(explorer.values)
    own = demo(note="50% & more = + ü;")
    assert own.state == "note=50%25 %26 more = + %C3%BC;"
    assert demo.from_state(own.state).values["note"] == own.values["note"]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("speed=3", "got 'speed=3', expected NAME=VALUE"),
        ("rate", "got 'rate', expected NAME=VALUE"),
        ("rate=fast", "rate: got 'fast', expected a number"),
        ("rate=nan", "rate: got nan, expected a number"),
        ("sign=yes", "sign: got 'yes', expected 0 or 1"),
        ("step=-1", "step: got '-1', expected a whole number from 0"),
        ("step=²", "step: got '²', expected a whole number from 0"),
        ("offsets=a", "offsets: got '', expected a number"),
        ("preset=other", "preset: got 'other', expected one of calm, wild"),
    ],
)
def test_a_state_that_it_did_not_write_is_refused(demo, state, message):
    with pytest.raises(ValueError) as refusal:
        demo.from_state(state)
    assert message in str(refusal.value)


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([0.01, 0.1, 1.0, 10.0]),
    start=st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0]),
    sign=st.booleans(),
    kind=st.sampled_from(["plain", "twice"]),
    note=st.text(st.characters(codec="utf-8"), max_size=20),
    offsets=st.dictionaries(st.sampled_from(["a", "b"]), st.floats(-1e9, 1e9), max_size=2),
    step=st.integers(0, 20),
    predict=st.booleans(),
)
def test_any_state_survives_the_round_trip(demo_module, **values):
    demo = demo_module.DemoExplorer
    explorer = demo(**values)
    assert dict(demo.from_state(explorer.state).values) == dict(explorer.values)


def test_the_stored_output_is_a_picture_a_sentence_and_a_recipe(demo):
    data, metadata = demo(rate=1.0)._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", MIME, "application/vnd.jupyter.widget-view+json"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == "Demo. Step 8. loss 16."
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert data[MIME] == {"version": 1, "explorer": "dlcourse.widgets.demo:DemoExplorer", "state": "rate=1"}


def test_two_runs_store_the_same_bytes(demo):
    first, second = (demo()._repr_mimebundle_()[0] for _ in range(2))
    for kind in ("text/plain", "image/png", MIME):
        assert first[kind] == second[kind]


def test_the_stored_picture_shows_the_step_that_was_chosen_and_the_end_at_the_start(demo):
    assert demo(step=2).still()[1].startswith("Step 2")
    assert demo(step=99).still()[1].startswith("Step 8")
    assert demo().still()[1].startswith("Step 8")
    figure, words = demo(note="bad").still()
    assert words == "no such note"
    assert figure.texts[0].get_text() == words


def test_questions_come_with_the_frames(demo):
    questions = demo().result["questions"]
    assert questions[0] is None
    assert questions[1] == {
        "text": "the loss?",
        "answer": "10.2",
        "low": pytest.approx(10.14),
        "high": pytest.approx(10.34),
    }


def test_the_front_end_is_told_all_controls(demo):
    spec = demo().spec
    assert [(c["kind"], c["export"]) for c in spec["controls"]] == [
        ("presets", "table"),
        ("slider", "table"),
        ("slider", "table"),
        ("toggle", "table"),
        ("choice", "table"),
        ("text", "off"),
        ("numbers", "off"),
        ("player", "recording"),
        ("toggle", "table"),
    ]
    json.dumps(spec, allow_nan=False)


def test_what_a_subclass_must_write_is_named():
    class Empty(Explorer):
        controls = (Toggle("a"),)

    with pytest.raises(NotImplementedError, match="Empty has no compute"):
        Empty()


# Controls by themselves


def test_a_log_slider_has_equal_ratios_and_snaps_by_ratio():
    slider = Slider("rate", low=1e-3, high=1.0, steps=3, log=True)
    assert slider.options() == [0.001, 0.01, 0.1, 1.0]
    assert slider.clean(0.03) == 0.01
    assert slider.clean(0.04) == 0.1
    assert slider.default == 0.001


def test_a_slider_has_equal_steps():
    assert Slider("x", low=-1.0, high=1.0, steps=4).options() == [-1.0, -0.5, 0.0, 0.5, 1.0]


@pytest.mark.parametrize("control", [Text("t"), Numbers("n"), Player("p")])
def test_endless_controls_have_no_table(control):
    with pytest.raises(TypeError, match=f"{control.name}: a {type(control).__name__} has no list of values"):
        control.options()


def test_limits_of_typed_values():
    with pytest.raises(ValueError, match="t: got 'xxxxxxxxxxxxxxxxxxxx…', expected at most 5 characters"):
        Text("t", limit=5).clean("x" * 50)
    with pytest.raises(ValueError, match="at most 2 named numbers"):
        Numbers("n", limit=2).clean({"a": 1, "b": 2, "c": 3})
    with pytest.raises(ValueError, match="n: got True, expected a number for a"):
        Numbers("n").clean({"a": True})
    with pytest.raises(ValueError, match="a whole number from 0"):
        Player("p").clean(1.5)
    with pytest.raises(ValueError, match="True or False"):
        Toggle("t").clean(1)


def test_a_preset_matches_only_when_all_its_values_do():
    presets = Presets("p", sets={"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}})
    assert presets.match({"a": 1, "b": 3}) == "two"
    assert presets.match({"a": 1, "b": 4}) == ""
    assert Choice("c", values=("x", "y")).spec()["options"] == [["x", "x"], ["y", "y"]]
