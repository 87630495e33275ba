"""The label-spread explorer: its steps against the formula, its words against its numbers, its code and export."""

import contextlib
import io
import re

import numpy as np
import pytest

from dlcourse.transfer import features, load_task, nearest_neighbour, propagate_labels
from dlcourse.widgets import LabelSpread
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.label_spread_run import (
    ALPHA,
    DIGITS,
    NEIGHBOURS,
    STEPS,
    known_labels,
    labels_after,
    make_maps,
    map_of,
    positions,
    right,
    truth,
)

SPACES = ("features", "pixels")


def others_right(space, labels_of, each=2):
    known = known_labels(each, 0, 1)
    return (labels_of(space, known) == truth())[known < 0].mean()


@pytest.mark.parametrize("slips", [0, 1, 3])
@pytest.mark.parametrize("each", [1, 2, 5])
def test_the_given_labels_are_as_many_and_as_wrong_as_asked(each, slips):
    for draw in (1, 2, 3):
        known, clean = known_labels(each, slips, draw), known_labels(each, 0, draw)
        assert np.array_equal(np.bincount(clean[clean >= 0]), [each] * 10)
        assert np.array_equal(clean[clean >= 0], truth()[clean >= 0])
        assert np.array_equal(known >= 0, clean >= 0)
        assert (known != clean).sum() == slips
    assert not np.array_equal(known_labels(each, 0, 1), known_labels(each, 0, 2))


@pytest.mark.parametrize("space", SPACES)
def test_the_last_step_is_the_solution_of_the_equations(space):
    known = known_labels(2, 1, 1)
    shares = propagate_labels(map_of(space), known, 10, NEIGHBOURS, ALPHA)
    solved = np.where(known >= 0, known, shares.argmax(axis=1))
    last = labels_after(space, known)[-1]
    reached = last >= 0
    assert reached.mean() > 0.9
    assert (last == solved)[reached].mean() > 0.995


@pytest.mark.parametrize("space", SPACES)
def test_a_label_travels_one_neighbour_a_step(space):
    known = known_labels(1, 0, 2)
    distance = np.linalg.norm(map_of(space)[:, None] - map_of(space)[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    near = np.zeros((DIGITS, DIGITS), bool)
    near[np.arange(DIGITS)[:, None], distance.argsort(axis=1)[:, :NEIGHBOURS]] = True
    near |= near.T
    reached = known >= 0
    run = labels_after(space, known)
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            assert np.array_equal(run[STEPS.index(step)] >= 0, reached), step
        reached = reached | near[:, reached].any(axis=1)


def test_the_maps_keep_neighbours_and_letters_help():
    images = load_task("digits").X[positions()]
    assert np.array_equal(np.bincount(truth()), [30] * 10)
    for space in SPACES:
        points = map_of(space)
        assert points.shape == (DIGITS, 2)
        assert np.allclose([points.min(0), points.max(0)], [[-1, -1], [1, 1]])
    same = {}
    for space in SPACES:
        closest = [
            nearest_neighbour(np.delete(map_of(space), i, 0), np.delete(truth(), i), map_of(space)[i : i + 1])[0]
            for i in range(DIGITS)
        ]
        same[space] = (np.array(closest) == truth()).mean()
    assert same["features"] > 0.85
    assert same["pixels"] > 0.8
    assert images.shape == (DIGITS, 1, 32, 32)


@pytest.mark.proof
def test_maps_that_are_made_anew_tell_the_same():
    for space, points in make_maps().items():
        from dlcourse.transfer import neighbour_graph

        known = known_labels(2, 0, 1)
        shares = propagate_labels(np.array(points), known, 10, NEIGHBOURS, ALPHA)
        again = right(np.where(known >= 0, known, shares.argmax(axis=1)), known)
        assert abs(again - right(labels_after(space, known)[-1], known)) < 12
        assert neighbour_graph(np.array(points)).shape == (DIGITS, DIGITS)


def test_the_map_of_features_is_that_of_the_letter_network():
    from dlcourse.models import zoo

    F = features(zoo.load("glyph_resnet"), load_task("digits").X[positions()])
    distance = np.linalg.norm(F[:, None] - F[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    on_map = np.linalg.norm(map_of("features")[:, None] - map_of("features")[None], axis=2)
    np.fill_diagonal(on_map, np.inf)
    kept = [len(set(a[:10]) & set(b[:10])) for a, b in zip(distance.argsort(1), on_map.argsort(1))]
    assert np.mean(kept) > 4  # of ten neighbours; two maps of other things share one or two


def test_words_count_what_is_drawn():
    explorer = LabelSpread(space="features", each="1", slips="1", draw="2", step=3)
    known = known_labels(1, 1, 2)
    frames = explorer.result["picture"]["frames"]
    for place, (frame, text) in enumerate(zip(frames, explorer.result["texts"])):
        labels, others = np.array(frame["labels"]), known < 0
        lines = text.splitlines()
        numbers = [float(n) for n in re.findall(r"(\d+) %", lines[0])]
        none, good = 100 * (labels[others] < 0).mean(), 100 * (labels == truth())[others].mean()
        assert np.allclose(numbers, [good, 100 - good - none, none], atol=0.51)
        assert lines[0].startswith(f"After {STEPS[place]} step")
        assert f"{STEPS[place]} step " in lines[0] or STEPS[place] != 1
        wrong = others & (labels >= 0) & (labels != truth())
        if not wrong.any():
            assert lines[1] == "No label is wrong."
        else:
            true, called, count = map(
                int, re.match(r"The commonest error: an? (\d) called (\d), (\d+) times?\.", lines[1]).groups()
            )
            assert ((truth() == true) & (labels == called) & wrong).sum() == count
        clean = labels_after("features", known_labels(1, 0, 2))[place]
        differ = int((labels != clean)[others].sum())
        assert f": {differ} of the other 290 labels differ because of it." in lines[2]
    assert "(a 3 called 4)" in explorer.result["texts"][-1]


def test_one_wrong_label_takes_others_along_and_five_outvote_it():
    def differ(each):
        return [
            int(re.search(r": (\d+) of the other", LabelSpread(each=each, slips="1", draw=d).result["texts"][-1])[1])
            for d in ("1", "2", "3")
        ]

    assert sum(differ("1")) > 60
    assert max(differ("5")) <= 3


def test_a_wrong_label_shows_the_run_without_it_beside():
    assert LabelSpread(slips="0").result["picture"]["clean"] is None
    picture = LabelSpread(slips="3", draw="2").result["picture"]
    run, clean = (np.frombuffer(picture[name]["float32"], "<f4") for name in ("right", "clean"))
    assert len(run) == len(clean) == len(STEPS)
    assert clean[-1] > run[-1] + 5


@pytest.mark.parametrize("space", SPACES)
def test_the_code_cell_repeats_the_run(space):
    explorer = LabelSpread(space=space, each="2", slips="1", draw="3")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    printed = [float(value) for value in re.findall(r": ([\d.]+) % right", out.getvalue())]
    drawn = np.frombuffer(explorer.result["picture"]["right"]["float32"], "<f4")
    # In the code a given label may be outvoted; among the others nothing differs.
    assert np.allclose(printed, drawn, atol=0.051)


def test_the_question_asks_for_the_end_and_knows_it():
    explorer = LabelSpread(predict=True)
    assert explorer.result["questions"][:-1] == [None] * (len(STEPS) - 1)
    question = explorer.result["questions"][-1]
    end = np.frombuffer(explorer.result["picture"]["right"]["float32"], "<f4")[-1]
    assert question["low"] <= end <= question["high"]
    assert "On how many per cent does it end?" in question["text"]


def test_state_and_stored_picture():
    explorer = LabelSpread(space="pixels", each="5", slips="3", draw="2", step=4)
    assert dict(LabelSpread.from_state(explorer.state).values) == dict(explorer.values)
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 250_000
    assert metadata["image/png"]["alt"].startswith(
        "Map of pixels, 5 labels a class, 3 of them wrong, draw B. After 4 steps"
    )


def test_the_export_holds_every_table_and_is_small(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    assert len(payload(LabelSpread().recipe())) < 0.5 * LIMIT
