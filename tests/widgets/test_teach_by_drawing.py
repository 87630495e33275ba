"""The teach-by-drawing explorer: scores against PyTorch and scikit-learn, rounds, words, code, files and export."""

import base64
import contextlib
import io
import json
import re
import time

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import dlcourse.torch as dl_torch
from dlcourse.data.strokes import image_of, strokes_from_text
from dlcourse.models import zoo
from dlcourse.widgets import TeachByDrawing
from dlcourse.widgets.drawings import Drawings
from dlcourse.widgets.export import LIMIT, payload
from dlcourse.widgets.page_network import packed_body, packed_head
from dlcourse.widgets.teach_by_drawing_run import (
    BACKBONE,
    Lesson,
    held_out_shares,
    images,
    own_lesson,
    signs_lesson,
    teach,
)
from dlcourse.widgets.teach_by_drawing_scratch import stored_shares

SIGNS = signs_lesson(5, 1)
OWN = [[label, text] for label, text in SIGNS.taught if label in (0, 1, 3)]
NAMES = "house, arrow, flash, star, fish"


def torch_features(drawings):
    """What PyTorch's network makes of the drawings: (N, 64)."""
    X = np.stack([image_of(*strokes_from_text(text)) for _, text in drawings])
    with dl_torch.no_grad():
        return dl_torch.to_numpy(zoo.load(BACKBONE, dl_torch).eval()[:-1](dl_torch.tensor(X)))


def sklearn_shares(F, y, F_test):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(F, y).predict_proba(F_test)


def own(**values):
    return TeachByDrawing(**{"source": "own", "drawings": OWN, **values})


@pytest.mark.parametrize("each", [1, 10])
def test_the_heads_answers_are_those_of_torchs_features_and_scikit_learns_head(each):
    lesson = signs_lesson(each, 2)
    labels = [label for label, _ in lesson.taught]
    expected = sklearn_shares(torch_features(lesson.taught), labels, torch_features(lesson.later))
    np.testing.assert_allclose(held_out_shares(lesson, "borrowed", False, False), expected, atol=2e-3)
    pixels = [images(drawings).reshape(len(drawings), -1) for drawings in (lesson.taught, lesson.later)]
    found = held_out_shares(lesson, "pixels", False, False)
    np.testing.assert_allclose(found, sklearn_shares(pixels[0], labels, pixels[1]), atol=2e-3)


def test_scores_and_counts_are_those_of_the_answers():
    picture = TeachByDrawing(each="2", draw="3").result["picture"]
    truth, answers = np.array([label for label, _ in picture["tests"]]), np.array(picture["answers"])
    counts = np.zeros((5, 5), int)
    for true, called in zip(truth, answers):
        counts[true, called] += 1
    assert picture["counts"] == counts.tolist()
    assert picture["scores"][0] == (truth == answers).sum()
    assert picture["scores"][2] == (stored_shares(signs_lesson(2, 3), False, False).argmax(1) == truth).sum()
    row, column = picture["start"]
    assert row != column
    assert counts[row, column] == (counts - np.diag(np.diag(counts))).max()
    assert all(99 <= sum(shares) <= 101 or 98 <= sum(shares) <= 102 for shares in picture["shares"])


def test_no_drawing_that_is_tested_was_taught():
    for number in (1, 2, 3):
        assert not set(signs_lesson(10, number).taught) & set(signs_lesson(10, number).later)
    assert set(signs_lesson(2, 1).taught) < set(signs_lesson(5, 1).taught)


def test_each_drawing_of_ones_own_is_answered_by_a_head_that_has_not_seen_it():
    lesson = own_lesson("a, b, c", [*[[0, text] for label, text in OWN if label == 0], *OWN[5:10], [2, OWN[10][1]]])
    assert lesson.turns == [0, 1, 2, 0, 1, 0, 1, 2, 0, 1, -1]
    assert lesson.tests == lesson.taught[:10]
    F, y = torch_features(lesson.taught), np.array([label for label, _ in lesson.taught])
    found = held_out_shares(lesson, "borrowed", False, False)
    for held in (0, 1, 2):
        out = np.array(lesson.turns) == held
        np.testing.assert_allclose(found[out[:10]], sklearn_shares(F[~out], y[~out], F[out]), atol=2e-3)


@pytest.mark.parametrize("draw", ["1", "2", "3"])
def test_what_is_borrowed_helps_and_augmentation_closes_the_gap(draw):
    plain = TeachByDrawing(draw=draw).result["picture"]["scores"]
    assert plain[0] > plain[1] + 12
    assert plain[0] > plain[2] + 15
    augmented = TeachByDrawing(draw=draw, augment=True).result["picture"]["scores"]
    assert augmented[2] > plain[2] + 20  # the honest half: turned and moved copies teach a small net too
    assert TeachByDrawing(draw=draw, swapped=True).result["picture"]["scores"][0] < 45


def test_a_network_from_scratch_that_is_trained_now_is_like_the_stored_ones():
    stored = [
        (stored_shares(signs_lesson(5, n), False, False).argmax(1) == np.repeat(range(5), 20)).sum() for n in (1, 2, 3)
    ]
    now = (held_out_shares(SIGNS, "scratch", False, False).argmax(axis=1) == np.repeat(range(5), 20)).sum()
    assert min(stored) - 12 <= now <= max(stored) + 12


def test_a_head_is_taught_in_less_than_a_second():
    teach(SIGNS, "borrowed", False)  # libraries and weights are loaded
    lesson = Lesson(SIGNS.names, SIGNS.taught[:-1])
    start = time.perf_counter()
    seconds = teach(lesson, "borrowed", False).seconds
    assert 0 < seconds <= time.perf_counter() - start
    assert seconds < 3  # three times the second that is promised; benchmarks/TEACHING.md has what it takes


def test_the_words_say_what_is_counted_and_what_the_backbone_knew():
    explorer = TeachByDrawing(way="pixels", augment=True)
    picture, text = explorer.result["picture"], explorer.result["texts"][0]
    borrowed, pixels, scratch = picture["scores"]
    assert text.splitlines()[0].startswith(f"The head on pixels names {pixels} of 100 later drawings right")
    assert f"head on the letter network {borrowed}, network from scratch {scratch}." in text
    counts = np.array(picture["counts"]) - np.diag(np.diag(picture["counts"]))
    true, called, count = re.search(r"confused: (\w+) called (\w+), (\d+) time", text).groups()
    assert counts[picture["names"].index(true), picture["names"].index(called)] == int(count) == counts.max()
    assert text.endswith(
        "None of house, arrow, flash, star, fish is among the 43 letters that the backbone was trained on."
    )
    assert "Bug: the drawings are inverted" in TeachByDrawing(swapped=True).result["texts"][0]


def test_a_class_that_the_backbone_knows_is_said_to_be_no_new_one():
    letters = own(names="A, house, k, b").result["texts"][0]
    assert letters.endswith("A and b are among the 43 letters of the backbone's training: that is no new class.")
    assert (
        own(names="A, house, 0, O2")
        .result["texts"][0]
        .endswith("A is among the 43 letters of the backbone's training: that is no new class.")
    )


def test_ones_own_drawings_begin_with_none_and_say_what_to_do():
    nothing = own(drawings=[]).result
    assert nothing["texts"][0].startswith("Draw on the pad, then press the name of its class")
    assert nothing["questions"] == [None]
    assert nothing["picture"]["scores"] == [None] * 3
    one = own(drawings=OWN[:2], pad=[[0, OWN[3][1]]]).result
    assert one["texts"][0].startswith("Only house has a drawing: draw one of another class")
    assert one["picture"]["pad"] is None
    two = own(drawings=[OWN[0], OWN[5]], pad=[[0, OWN[3][1]]]).result
    assert "a second drawing of a class gives one to test on" in two["texts"][0]
    assert two["picture"]["pad"]["shares"][2:] == [0, 0, 0]


def test_the_pads_answer_is_the_heads_and_the_bug_inverts_it():
    text = SIGNS.later[70][1]
    plain = own(pad=[[0, text]]).result["picture"]["pad"]["shares"]
    lesson = own_lesson(NAMES, OWN)
    X = image_of(*strokes_from_text(text))[None]
    assert plain == np.rint(100 * teach(lesson, "borrowed", False).answer(X)[0]).astype(int).tolist()
    inverted = own(pad=[[0, text]], swapped=True).result["picture"]["pad"]["shares"]
    assert inverted == np.rint(100 * teach(lesson, "borrowed", False).answer(1 - X)[0]).astype(int).tolist() != plain
    assert TeachByDrawing(pad=[[0, text]]).result["picture"]["pad"] is not None


def test_a_network_from_scratch_learns_ones_own_drawings_when_it_is_asked_for():
    assert own().result["picture"]["scores"][2] is None
    picture = own(way="scratch").result["picture"]
    assert 0 <= picture["scores"][2] <= len(OWN)
    assert picture["scores"][2] == sum(picture["counts"][k][k] for k in range(5))


def test_the_network_that_is_packed_for_a_page_has_the_features_of_the_zoos():
    """Batch norm is folded into the convolutions, weights are rounded to 16 bits."""
    weights = []
    for part in packed_body(BACKBONE):
        codes = np.frombuffer(base64.b64decode(part["int16"]), "<i2").reshape(part["shape"])
        weights.append(
            (torch.tensor(codes * part["scale"]), torch.tensor(part["b"], dtype=torch.float64), part["stride"])
        )
    x = torch.tensor(images(SIGNS.taught), dtype=torch.float64)
    order = iter(weights)

    def convolve(x, layer):
        W, b, stride = layer
        return torch.nn.functional.conv2d(x, W, b, stride=stride, padding=W.shape[2] // 2)

    x = torch.relu(convolve(x, next(order)))
    for has_shortcut in (False, True, True):
        inner = convolve(torch.relu(convolve(x, next(order))), next(order))
        x = torch.relu(inner + (convolve(x, next(order)) if has_shortcut else x))
    F = x.mean((2, 3)).numpy()
    np.testing.assert_allclose(F, torch_features(SIGNS.taught), atol=2e-3)
    head = packed_head(teach(SIGNS, "borrowed", False).probe)
    z = F @ head["W"].T + head["b"]
    expected = teach(SIGNS, "borrowed", False).answer(images(SIGNS.taught))
    np.testing.assert_allclose(np.exp(z) / np.exp(z).sum(1, keepdims=True), expected, atol=2e-3)


@pytest.mark.parametrize("names", ["house", "house, house", "a, b, c, d, e, f", ""])
def test_class_names_that_do_not_do_are_refused_beside_their_field(names):
    result = own(names=names).result
    assert result["error"]["control"] == "names"
    assert "expected two to five different names" in result["texts"][0]
    assert result["code"] == ""


def test_drawings_without_a_name_wait_and_come_back():
    explorer = own(names="house, arrow")
    assert len(explorer.result["picture"]["taught"]) == 10
    assert len(explorer.result["picture"]["mine"]) == 15
    explorer.update(names=NAMES)
    assert len(explorer.result["picture"]["taught"]) == 15


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("M.0g", "expected a list of at most 50 drawings"),
        ([[0, "M.0gW4"]] * 51, "51 drawings"),
        ([["0", "M.0gW4"]], "label from 0 to 4"),
        ([[5, "M.0gW4"]], "label from 0 to 4"),
        ([[True, "M.0gW4"]], "label from 0 to 4"),
        ([[0, "M"]], "expected a pen and strokes"),
        ([[0, "M." + "0g" * 600]], "at most 1200 characters"),
        ([[0]], "label from 0 to 4"),
    ],
)
def test_what_is_no_drawing_is_refused_by_name(value, message):
    with pytest.raises(ValueError, match=message):
        Drawings("drawings").clean(value)


@pytest.mark.parametrize("text", ["0", "0:", "x:M.0g", "0:M.0g;9:M.0g", ":", "²:M.0gW4"])
def test_a_state_that_holds_no_drawings_is_refused(text):
    with pytest.raises(ValueError, match=r"expected (\[label|a pen)"):
        Drawings("drawings").from_text(text)


@pytest.mark.parametrize(
    "values",
    [
        {"way": "pixels", "augment": True, "draw": "2", "each": "10"},
        {"source": "own", "drawings": OWN, "swapped": True, "names": "up, down, left, right"},
    ],
)
def test_state_and_reset(values):
    explorer = TeachByDrawing(**values)
    assert dict(TeachByDrawing.from_state(explorer.state).values) == dict(explorer.values)
    assert TeachByDrawing().state == ""
    explorer.update(way="borrowed", pad=[[0, OWN[0][1]]])
    explorer.reset()
    assert explorer.values == TeachByDrawing(**values).values


def printed(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()


@pytest.mark.parametrize("way", ["borrowed", "pixels"])
@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_code_cell_names_as_many_right(way, augment, swapped):
    for explorer in (
        TeachByDrawing(way=way, augment=augment, swapped=swapped, each="2"),
        own(way=way, augment=augment, swapped=swapped),
    ):
        picture = explorer.result["picture"]
        right = picture["scores"][picture["way"]]
        assert printed(explorer.result["code"]).startswith(f"{right} of {len(picture['tests'])} ")


def test_the_code_cell_trains_from_scratch_and_says_what_is_missing():
    explorer = TeachByDrawing(way="scratch", each="1")
    right = int(printed(explorer.result["code"]).split()[0])
    assert abs(right - explorer.result["picture"]["scores"][2]) <= 15  # another machine trains a little differently
    assert printed(own(drawings=[]).result["code"]) == ""


def test_the_question_asks_for_the_score_and_knows_it():
    question = TeachByDrawing(predict=True, each="1").result["questions"][0]
    right = TeachByDrawing(each="1").result["picture"]["scores"][0]
    assert question["answer"] == f"{right} of 100"
    assert (question["low"], question["high"]) == (right - 6, right + 6)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_a_data_set_is_saved_and_taught_again(tmp_path, suffix):
    explorer = own(names="up, down, left, right, on")
    path = explorer.save(tmp_path / f"drawings{suffix}")
    again = TeachByDrawing.load(path, augment=True)
    assert again.values["drawings"] == OWN
    assert again.values["names"] == "up, down, left, right, on"
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name]
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as stored:
            assert stored["X"].shape == (15, 1, 32, 32)
            np.testing.assert_array_equal(stored["X"], images([tuple(drawing) for drawing in OWN]))
            assert stored["y"].tolist() == [label for label, _ in OWN]
            assert stored["names"].tolist() == ["up", "down", "left", "right", "on"]


def test_files_that_do_not_do_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.npz or \.json"):
        own().save(tmp_path / "drawings.csv")
    with pytest.raises(ValueError, match="no drawing yet"):
        own(drawings=[]).save(tmp_path / "drawings.npz")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        TeachByDrawing.load(tmp_path / "none.npz")
    for name, content in (("a.npz", b"PK\x03\x04 no"), ("b.json", b"{"), ("c.json", b'{"names": 3}'), ("d.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="holds no drawings"):
            TeachByDrawing.load(tmp_path / name)
    (tmp_path / "e.json").write_text(json.dumps({"names": ["a", "b"], "drawings": [[0, "no"]]}))
    with pytest.raises(ValueError, match="expected a pen and strokes"):
        TeachByDrawing.load(tmp_path / "e.json")


def test_the_stored_picture_has_words_and_the_export_is_small(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path))
    data, metadata = TeachByDrawing()._repr_mimebundle_()
    assert len(data["image/png"]) < 120_000
    assert metadata["image/png"]["alt"].startswith(
        "A head on the letter network, taught by 5 drawings of each of five signs, draw A. The head on the letter "
    )
    assert len(payload(TeachByDrawing().recipe())) < LIMIT
