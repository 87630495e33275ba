"""The augmentation composer: its samples against the transformations, its runs against its code, words and state."""

import contextlib
import io
import re

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.data.augment import Compose
from dlcourse.widgets import AugmentationComposer
from dlcourse.widgets.augmentation import DIGITS, SAMPLES, SHARES
from dlcourse.widgets.augmentation_run import SEEDS, SIZE, Setting, accuracies, pages, statistics, transforms


def pixels(explorer, name="samples"):
    """What the front end gets."""
    packed = explorer.result["picture"][name]
    return np.frombuffer(packed["float32"], "<f4").reshape(packed["shape"])


def repeated(explorer):
    return np.repeat(pixels(explorer, "originals")[:, None], SAMPLES, axis=0)


def test_without_transformations_all_samples_are_the_original():
    explorer = AugmentationComposer()
    samples = pixels(explorer)
    assert samples.shape == (2, SAMPLES, SIZE, SIZE)
    np.testing.assert_allclose(samples.reshape(-1, 1, SIZE, SIZE), repeated(explorer), atol=1e-6)
    assert explorer.result["picture"]["drawn"] == [[""] * SAMPLES] * 2
    train, _ = pages()
    for digit, original in zip(DIGITS, pixels(explorer, "originals"), strict=True):
        assert any(np.array_equal(original, image[0]) for image in train.X[train.y == digit])


@pytest.mark.parametrize("strength", ["mild", "medium", "strong"])
@pytest.mark.parametrize("draw", ["1", "4"])
def test_samples_are_those_of_the_pipeline(strength, draw):
    switches = {"turn": True, "mirror": True, "move": True, "jitter": True, "noise": True}
    explorer = AugmentationComposer(**switches, strength=strength, draw=draw)
    expected = Compose(transforms(Setting(**switches, strength=strength)), seed=int(draw))(repeated(explorer))
    shown = pixels(explorer).reshape(expected.shape)
    np.testing.assert_allclose(shown, expected.clip(0, 1), atol=1e-5)
    assert shown.min() >= 0
    assert shown.max() <= 1


def test_mirrored_samples_are_marked_and_mirrored():
    explorer = AugmentationComposer(mirror=True)
    originals, marks = pixels(explorer, "originals"), explorer.result["picture"]["drawn"]
    assert {mark for row in marks for mark in row} == {"", "↔"}
    for original, row, notes in zip(originals, pixels(explorer), marks, strict=True):
        for image, note in zip(row, notes, strict=True):
            np.testing.assert_allclose(image, original[:, ::-1] if note else original, atol=1e-6)


def test_angles_and_brightness_are_written_below():
    explorer = AugmentationComposer(turn=True, jitter=True)
    first, second = explorer.result["picture"]["drawn"]
    for note in first + second:
        angle, factor = re.fullmatch(r"([+−]\d+)° ×(\d\.\d)", note).groups()
        assert abs(int(angle.replace("−", "-"))) <= 20
        assert 0.6 <= float(factor) <= 1.4


def test_standardised_first_the_jitter_clips_and_the_border_is_grey():
    mean = statistics().mean
    clipped = pixels(AugmentationComposer(jitter=True, order="too early"))
    assert clipped.min() > 0.5 * mean
    moved = pixels(AugmentationComposer(move=True, strength="strong", order="too early"))
    assert np.isclose(moved, mean, atol=1e-5).any()
    assert not np.isclose(pixels(AugmentationComposer(move=True, strength="strong")), mean, atol=1e-5).any()
    assert pixels(AugmentationComposer(move=True)).min() == pytest.approx(0, abs=1e-6)


def test_moving_pays_and_false_or_late_steps_cost():
    def mean(**setting):
        return np.mean(accuracies(Setting(**setting)))

    assert mean(move=True) > mean() + 20
    assert mean(move=True) > mean(move=True, mirror=True) + 4
    assert mean(move=True, jitter=True) > mean(move=True, jitter=True, too_early=True) + 10
    assert mean(move=True, turn=True, strength="strong") < mean(move=True) - 25
    assert accuracies(Setting()) == accuracies(Setting(too_early=True))
    assert len(set(accuracies(Setting(move=True)))) == SEEDS


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"move": True, "order": "too early"},
        {"turn": True, "mirror": True, "move": True, "jitter": True, "noise": True, "strength": "mild"},
    ],
)
def test_the_code_cell_repeats_the_runs(setting):
    explorer = AugmentationComposer(**setting)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    values = [float(value) for value in out.getvalue().partition(" = ")[2].split(",")]
    np.testing.assert_allclose(values, explorer.result["picture"]["accuracy"]["with"], atol=1e-3)


def test_the_shares_of_the_mixture_run_from_one_to_nothing():
    explorer = AugmentationComposer()
    frames = explorer.result["picture"]["frames"]
    assert [frame["share"] for frame in frames] == list(SHARES) == [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0]
    for frame in frames:
        assert sum(frame["soft"]) == pytest.approx(1)
    assert explorer.result["texts"][3].endswith("Mixup with λ = 0.7: pixels and label are 0.7 of 2 and 0.3 of 6.")


def test_words_say_what_matters():
    def words(**setting):
        return AugmentationComposer(**setting).result["texts"][0]

    plain = accuracies(Setting())
    assert words().startswith(f"As they are: {np.mean(plain):.0f} % of new pages are read; without augmentation")
    assert "keeps its name" in words(move=True)
    assert "is no digit" in words(move=True, mirror=True)
    assert "a 6 is a 9" in words(turn=True, strength="strong")
    assert "leave the page" in words(move=True, strength="strong")
    assert "jitter clips" in words(jitter=True, move=True, order="too early")
    assert "grey, not black" in words(move=True, order="too early")
    assert "weak beside the ink" in words(noise=True, order="too early")
    assert "changes nothing" in words(mirror=True, order="too early")


def test_state_heading_and_stored_picture():
    explorer = AugmentationComposer(turn=True, noise=True, order="too early", strength="mild", draw="3", share=4)
    assert dict(AugmentationComposer.from_state(explorer.state).values) == dict(explorer.values)
    data, metadata = explorer._repr_mimebundle_()
    assert len(data["image/png"]) < 200_000
    assert metadata["image/png"]["alt"].startswith("Pipeline: turn + noise, mild, standardised first.")
    assert "λ = 0.6" in data["text/plain"]


def test_the_readers_random_numbers_are_left_alone():
    dl.manual_seed(5)
    expected = dl.to_numpy(dl.nn.Linear(2, 2).weight)
    dl.manual_seed(5)
    accuracies(Setting(move=True, strength="mild", mirror=True))
    np.testing.assert_array_equal(dl.to_numpy(dl.nn.Linear(2, 2).weight), expected)
