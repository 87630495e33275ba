"""Exports: the table of every reachable value, its size and precision, the fragment, and what is refused."""

import base64
import html
import itertools
import json
import re
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dlcourse.widgets import GraphExplorer, export
from dlcourse.widgets.arrays import for_export, for_kernel, is_finite
from dlcourse.widgets.export import LIMIT, ExportError, explorer_of, once, payload, static_html, table

RECIPE = {"version": 1, "explorer": "dlcourse.widgets.graph:GraphExplorer", "state": ""}


def unpacked(recipe):
    return whole(json.loads(zlib.decompress(base64.b64decode(payload(recipe)))))


def whole(table):
    """A table with its parts in their places, as js/host.js reads it."""
    parts = []

    def fill(value):
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        if list(value) == ["part"]:
            return parts[value["part"]]
        return {key: fill(inner) for key, inner in value.items()}

    for part in table["parts"]:
        parts.append(fill(part))  # a loop: a part may need those before it
    return {**table, "entries": fill(table["entries"])}


def decoded(sent):
    codes = np.frombuffer(base64.b64decode(sent["uint16"]), "<u2").reshape(sent["shape"])
    return np.where(codes == 65535, np.nan, sent["low"] + sent["step"] * codes)


def test_the_table_holds_every_combination_in_order(demo):
    found = table(demo(kind="twice"))
    assert [name for name, _ in found["axes"]] == ["preset", "rate", "start", "sign", "kind"]
    entries = iter(found["entries"])
    for combination in itertools.product(*[options for _, options in found["axes"]]):
        values = next(entries)["values"]
        assert [values[name] for name, _ in found["axes"]][1:] == list(combination[1:])
    assert next(entries, None) is None


def test_what_entries_share_is_stored_once_and_comes_back_whole():
    large, small = list(range(100)), [1, 2]
    entries = [{"a": large, "b": small}, {"a": {"inner": [large, 3]}, "b": small, "c": None}]
    found = once({"axes": [], "entries": entries})
    assert [part for part in found["parts"] if part == large] == [large]
    assert json.dumps(found).count("98, 99") == 1
    assert found["entries"][0] == {"a": {"part": 0}, "b": small}
    assert whole(found)["entries"] == entries


def test_entries_are_what_the_kernel_would_compute():
    found = unpacked(RECIPE)
    assert [name for name, _ in found["axes"]] == ["example", "backward", "torch"]
    assert len(found["entries"]) == 36
    for entry in found["entries"]:
        live = GraphExplorer(**{name: entry["values"][name] for name in ("example", "backward", "torch")})
        assert live.values["expression"] == entry["values"]["expression"]
        assert live.values["inputs"] == entry["values"]["inputs"]
        assert live.result["texts"] == entry["texts"]
        assert live.result["code"] == entry["code"]
        for name in ("nodes", "edges"):
            assert live.result["picture"][name] == entry["picture"][name]
        for mine, theirs in zip(live.result["picture"]["frames"], entry["picture"]["frames"], strict=True):
            assert mine["values"] == theirs["values"]
            assert mine["numbers"] == pytest.approx(theirs["numbers"], rel=1e-5)


def test_a_setting_of_the_authors_own_is_one_more_row():
    recipe = GraphExplorer(expression="a*b + a", inputs={"a": 2, "b": 3}, step=2).recipe()
    found = unpacked(recipe)
    assert found["axes"][0][1][-1] == ""
    assert len(found["entries"]) == 42
    assert found["entries"][-6]["values"]["expression"] == "a*b + a"
    assert found["entries"][-6]["values"]["inputs"] == {"a": 2, "b": 3}
    assert found["values"]["step"] == 2


def test_exported_arrays_are_within_a_thousandth_of_their_range(demo):
    recipe = demo().recipe()
    for entry in unpacked(recipe)["entries"]:
        values = {name: value for name, value in entry["values"].items() if name != "preset"}
        exact = demo(**values).compute(**{k: v for k, v in values.items() if k not in ("step", "predict")})["path"]
        found = decoded(entry["picture"]["path"])
        finite = np.isfinite(exact)
        assert np.isnan(found[~finite]).all()
        if finite.any():
            assert np.abs(found - exact)[finite].max() <= np.ptp(exact[finite]) / 1000


@settings(max_examples=100, deadline=None)
@given(arrays.arrays(float, arrays.array_shapes(max_dims=3, max_side=5, min_side=0), elements=st.floats(-1e200, 1e200)))
def test_quantisation_of_any_array(values):
    sent = for_export(values)
    assert sent["shape"] == list(values.shape)
    if values.size:
        assert np.abs(decoded(sent) - values).max() <= np.ptp(values) / 1000
    assert for_kernel(values)["shape"] == list(values.shape)


def test_plain_values_on_their_way():
    value = {"a": np.float64(1 / 3), "b": [np.int64(2), True, None, "x"], 3: float("inf"), "n": float("nan")}
    assert for_kernel(value) == {"a": 1 / 3, "b": [2, True, None, "x"], "3": None, "n": None}
    assert for_export(value)["a"] == 0.333333
    assert not is_finite(value)
    assert is_finite({"a": [1.0, "inf"], "b": np.ones(3)})
    assert not is_finite([{"a": np.array([1.0, np.nan])}])


def test_the_graph_explorers_payload_is_far_below_the_limit():
    assert len(payload(RECIPE)) < LIMIT / 10


def test_a_payload_that_is_too_large_names_the_remedy(monkeypatch):
    monkeypatch.setattr(export, "LIMIT", 1000)
    with pytest.raises(
        ExportError, match=r"GraphExplorer needs \d+ bytes, at most 1000 .* fewer values or export='off'"
    ):
        payload(RECIPE)


def test_the_cache_is_used_and_renewed_when_the_code_changes(cache, monkeypatch):
    first = payload(RECIPE)
    (file,) = cache.iterdir()
    file.write_text("from the cache")
    assert payload(RECIPE) == "from the cache"
    monkeypatch.setattr(export.np, "__version__", "another")
    assert payload(RECIPE) == first
    assert len(list(cache.iterdir())) == 2


def test_the_fingerprint_depends_on_sources_and_recipe(monkeypatch, tmp_path):
    for part in ("numpy", "widgets"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(export.dlcourse, "__file__", str(tmp_path / "__init__.py"))
    before = export._fingerprint(RECIPE)
    assert export._fingerprint({**RECIPE, "state": "step=1"}) != before
    (tmp_path / "numpy" / "a.py").write_text("x = 2\n")
    assert export._fingerprint(RECIPE) != before


def test_an_unwritable_cache_is_no_error(cache, monkeypatch):
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file where the folder should be")
    assert payload(RECIPE) == payload(RECIPE)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({**RECIPE, "version": 2}, "recipe version is 2, expected 1"),
        ({}, "recipe version is None"),
        ({**RECIPE, "explorer": "os:system"}, "recipe names 'os:system', expected dlcourse.widgets.MODULE:CLASS"),
        ({**RECIPE, "explorer": "dlcourse.widgets.none:X"}, "does not exist"),
        ({**RECIPE, "explorer": "dlcourse.widgets.graph:None_"}, "does not exist"),
        ({**RECIPE, "explorer": "dlcourse.widgets.graph:EXAMPLES"}, "is no Explorer"),
        ({**RECIPE, "state": "speed=1"}, "does not understand its state: from_state: got 'speed=1'"),
        ({**RECIPE, "state": "example=none"}, "does not understand its state: example: got 'none'"),
    ],
)
def test_recipes_that_cannot_be_exported_say_why(recipe, message):
    with pytest.raises(ExportError) as refusal:
        explorer_of(recipe)
    assert message in str(refusal.value)


def test_a_recipe_makes_the_explorer_again(demo):
    explorer = demo(rate=1.0, sign=True, step=2)
    assert dict(explorer_of(explorer.recipe()).values) == dict(explorer.values)


def test_the_fragment_is_self_contained_and_escaped():
    fragment = static_html(RECIPE, "QUJD", 'a "quoted" <alt>', "dlc1")
    assert f'alt="{html.escape(chr(97) + chr(32))}' in fragment
    assert "a &quot;quoted&quot; &lt;alt&gt;" in fragment
    assert 'src="data:image/png;base64,QUJD"' in fragment
    assert fragment.count("<script") == fragment.count("</script>") == 2
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", fragment)
    assert "import " not in re.sub(r"//.*", "", fragment.split('<script type="module">')[1])


@pytest.mark.parametrize("uid", ["", "1a", "a b", 'a"><script>', "a&b"])
def test_an_id_that_is_no_word_is_refused(uid):
    with pytest.raises(ValueError, match="uid is"):
        static_html(RECIPE, "", "", uid)
