"""The dropout explorer: its numbers against enumeration by torch, its words, code and stored picture."""

import contextlib
import io
import re

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.widgets import DropoutExplorer
from dlcourse.widgets.dropout import EXTENT, SIDE, SPREAD, VIEWS, answers
from dlcourse.widgets.dropout_run import (
    ALL_MASKS,
    DRAWS,
    TEST,
    UNITS,
    cell_centres,
    chances,
    draw_masks,
    moons,
    train,
)
from dlcourse.widgets.export import LIMIT, payload

RATES = ("0.2", "0.5", "0.8")
rates = pytest.mark.parametrize("p", RATES)


def by_torch(p, X, masks):
    """The probabilities of the sub-networks, one forward pass of torch for each mask."""
    network = train(float(p))
    first, last = torch.nn.Linear(2, UNITS).double(), torch.nn.Linear(UNITS, 1).double()
    with torch.no_grad():
        for layer, weight, bias in ((first, network.W1, network.b1), (last, network.w2[None], np.array([network.b2]))):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
        hidden = torch.relu(first(torch.tensor(X)))
        rows = [torch.sigmoid(last(hidden * torch.tensor(mask) / (1 - float(p)))) for mask in masks]
    return np.array([row.numpy()[:, 0] for row in rows])


@rates
def test_every_source_agrees_with_torch(p):
    X = cell_centres(SIDE, EXTENT)
    maps = answers(p)[0]
    everyone = by_torch(p, X, ALL_MASKS)
    chance = np.array([float(p) ** (UNITS - mask.sum()) * (1 - float(p)) ** mask.sum() for mask in ALL_MASKS])
    assert chance.sum() == pytest.approx(1)
    assert chances(float(p)) == pytest.approx(chance)
    assert np.allclose(maps.draws, by_torch(p, X, draw_masks(float(p))), rtol=1e-9)
    assert np.allclose(maps.all, chance @ everyone, rtol=1e-9)
    assert np.allclose(maps.spread, np.sqrt(chance @ (everyone - chance @ everyone) ** 2), rtol=1e-6, atol=1e-9)
    assert np.allclose(maps.one_pass, by_torch(p, X, [(1 - float(p)) * np.ones(UNITS)])[0], rtol=1e-9)
    assert np.allclose(maps.not_divided, by_torch(p, X, [np.ones(UNITS)])[0], rtol=1e-9)


@rates
def test_one_pass_is_the_mean_logit_of_all_sub_networks(p):
    X = moons(*TEST)[0]
    network = train(float(p))
    assert np.allclose(chances(float(p)) @ network.logits(X, ALL_MASKS), network.one_pass(X), rtol=1e-9, atol=1e-9)


def test_the_masks_are_drawn_with_p_as_the_chance_to_drop():
    for p in (0.2, 0.5, 0.8):
        masks = draw_masks(p)
        assert masks.shape == (DRAWS, UNITS)
        assert abs((masks == 0).mean() - p) < 4 * np.sqrt(p * (1 - p) / masks.size)
    assert len({tuple(mask) for mask in ALL_MASKS}) == 2**UNITS


def test_training_leaves_the_readers_random_numbers_alone():
    dl.manual_seed(5)
    before = dl.get_rng_state()
    train.__wrapped__(0.5)
    assert dl.get_rng_state() == before


def test_the_network_has_learnt_something_and_the_average_helps():
    for p in RATES:
        at_test, y = answers(p)[1], moons(*TEST)[1]
        right = [((row > 0.5) == y).mean() for row in at_test.draws]
        together = ((at_test.so_far("draws", DRAWS - 1) > 0.5) == y).mean()
        assert together > 0.8
        assert together > np.mean(right)


@pytest.mark.parametrize("view", VIEWS)
def test_the_frames_show_what_python_computed(view):
    explorer = DropoutExplorer(view=view)
    picture = explorer.compute(p="0.5", view=view)
    maps = answers("0.5")[0]
    assert len(picture["frames"]) == DRAWS
    for place in (0, 7, DRAWS - 1):
        frame = picture["frames"][place]
        assert frame["mask"] == draw_masks(0.5)[place].tolist()
        assert np.abs(frame["member"] - (2 * maps.draws[place] - 1)).max() < 0.0051
        beside = frame["beside"] if "beside" in frame else picture["beside"]
        expected = maps.so_far(view, place)
        expected = expected / SPREAD if view == "spread" else 2 * expected - 1
        assert np.abs(beside - expected).max() < 0.0051
    assert ("beside" in picture["frames"][0]) == (view in ("draws", "spread"))


def test_the_running_views_are_means_and_deviations_of_the_draws_so_far():
    maps = answers("0.2")[0]
    assert np.array_equal(maps.so_far("draws", 0), maps.draws[0])
    assert np.allclose(maps.so_far("draws", 4), maps.draws[:5].mean(axis=0))
    assert not maps.so_far("spread", 0).any()
    assert np.allclose(maps.so_far("spread", 4), maps.draws[:5].std(axis=0))


def texts(**setting):
    return DropoutExplorer(**setting).result["texts"]


def test_the_words_count_the_masks_and_name_the_dropped_units():
    said = texts()
    assert len(said) == DRAWS
    assert said[0].startswith("After 1 mask: a single sub-network is right on ")
    assert said[9].startswith("After 10 masks: ")
    dropped = np.flatnonzero(draw_masks(0.5)[0] == 0) + 1
    listed = re.search(r"Mask 1 drops units ([\d, and]+);", said[0])[1]
    assert [int(n) for n in re.findall(r"\d+", listed)] == dropped.tolist()
    percent = re.findall(r"right on (\d+) %", said[0])
    assert percent[0] == percent[-1]  # of one mask, the mean is the mask


def test_each_view_has_its_own_sentence():
    last = {view: texts(view=view)[-1].splitlines()[-1] for view in VIEWS}
    assert last["all"].startswith("All 256 sub-networks")
    assert last["draws"] == last["test"] != last["all"]
    assert "2 times too large" in last["bug"]
    assert "5 times too large" in texts(view="bug", p="0.8")[-1]
    assert "standard deviation" in last["spread"]
    assert texts(view="spread")[0].endswith("over all 256 it is 0.12 on average.")


def test_prediction_asks_for_the_average_of_the_draws_so_far():
    questions = DropoutExplorer(predict=True).result["questions"]
    assert questions[:3] == [None] * 3
    question = questions[8]
    together = 100 * ((answers("0.5")[1].so_far("draws", 8) > 0.5) == moons(*TEST)[1]).mean()
    assert question["low"] < together < question["high"]
    assert "So far 9 masks" in question["text"]
    assert DropoutExplorer(predict=True, view="all").result["questions"] == [None] * DRAWS


@rates
def test_the_code_cell_prints_the_numbers_of_the_words(p):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(DropoutExplorer(p=p).result["code"], {})
    printed = out.getvalue()
    at_test, y = answers(p)[1], moons(*TEST)[1]
    for name, P in (("all 256 together", at_test.all), ("one pass", at_test.one_pass)):
        right, cost = re.search(rf"^{name}: ([\d.]+) % right, cost ([\d.]+)$", printed, re.MULTILINE).groups()
        assert float(right) == pytest.approx(100 * ((P > 0.5) == y).mean(), abs=0.051)
        assert float(cost) == pytest.approx(-np.log(np.where(y, P, 1 - P)).mean(), abs=6e-4)
    largest = float(re.search(r"largest spread of a probability: ([\d.]+)", printed)[1])
    assert largest == pytest.approx(at_test.spread.max(), abs=6e-4)


def test_controls_state_and_stored_picture():
    explorer = DropoutExplorer(p="0.8", view="spread", mask=5)
    assert explorer.state == "p=0.8&view=spread&mask=5"
    assert dict(DropoutExplorer.from_state(explorer.state).values) == dict(explorer.values)
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 250_000
    assert metadata["image/png"]["alt"].startswith(
        "8 hidden units, dropout p = 0.8; beside a sub-network: spread so far (Monte Carlo). After 6 masks"
    )
    with pytest.raises(ValueError, match=r"p: got '0\.3'"):
        DropoutExplorer(p="0.3")


def test_the_whole_table_fits_into_an_export(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(DropoutExplorer().recipe())) < LIMIT
