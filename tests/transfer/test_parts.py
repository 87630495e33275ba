"""Features, freezing and rates, on both twins."""

from dataclasses import replace

import numpy as np
import pytest

import dlcourse.numpy
import dlcourse.torch
from dlcourse.models import digit_resnet, zoo
from dlcourse.transfer import PLANS, Plan, features, freeze, load_task, parameter_groups, start, train

TWINS = [dlcourse.numpy, dlcourse.torch]
rng = np.random.default_rng(0)
IMAGES = rng.random((7, 1, 32, 32)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])


def weights(model, dl):
    return {key: value.copy() for key, value in dl.to_numpy(model.state_dict()).items()}


@pytest.mark.parametrize("dl", TWINS)
def test_features_are_what_the_head_sees_and_leave_no_trace(dl):
    model = zoo.load("glyph_resnet_thin", dl)
    model.train()
    before = weights(model, dl)
    F = features(model, IMAGES)
    assert F.shape == (7, 32)
    assert model.training
    assert all(np.array_equal(before[key], value) for key, value in weights(model, dl).items())
    model.eval()
    outputs = dl.to_numpy(model(dl.tensor(IMAGES)))
    W, b = before["head.weight"], before["head.bias"]
    np.testing.assert_allclose(F @ W.T + b, outputs, rtol=1e-4, atol=1e-4)


def test_features_are_the_same_on_both_twins_and_for_every_part():
    ours, theirs = (zoo.load("glyph_resnet_thin", dl) for dl in TWINS)
    for part, width in (("stem", 8), ("block1", 8), ("block2", 16), ("block3", 32), ("", 32)):
        F = features(ours, IMAGES, part)
        assert F.shape == (7, width)
        np.testing.assert_allclose(F, features(theirs, IMAGES, part), atol=1e-5)
    np.testing.assert_allclose(features(theirs, IMAGES, "block3"), features(theirs, IMAGES), atol=1e-6)
    with pytest.raises(ValueError, match="there is no part 'block4', expected one of stem"):
        features(theirs, IMAGES, "block4")


def test_many_images_pass_in_pieces(monkeypatch):
    model = zoo.load("glyph_resnet_thin")
    whole = features(model, IMAGES)
    monkeypatch.setattr("dlcourse.transfer.parts._BATCH", 3)
    np.testing.assert_allclose(features(model, IMAGES), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dl", TWINS)
def test_freezing_names_what_rests(dl):
    model = digit_resnet(dl, 3, 4)
    freeze(model, "stem", "block2")
    resting = {name.split(".")[0] for name, p in model.named_parameters() if not p.requires_grad}
    assert resting == {"stem", "block2"}
    freeze(model, "block1")  # says anew what rests: the others learn again
    assert {name.split(".")[0] for name, p in model.named_parameters() if not p.requires_grad} == {"block1"}
    with pytest.raises(ValueError, match="there is no part 'tail', expected some of stem, block1"):
        freeze(model, "tail")


@pytest.mark.parametrize("dl", TWINS)
def test_every_learning_parameter_is_in_one_group_with_its_rate(dl):
    model = digit_resnet(dl, 3, 4)
    freeze(model, "stem")
    groups = parameter_groups(model, lr=0.01, head_lr=0.1, factor=0.5)
    assert {group["name"]: group["lr"] for group in groups} == {
        "block1": 0.0025,
        "block2": 0.005,
        "block3": 0.01,
        "head": 0.1,
    }
    together = [id(p) for group in groups for p in group["params"]]
    assert sorted(together) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    dl.optim.SGD(groups, lr=0.01)  # an optimizer takes them as they are


FROZEN_CASES = {
    "fine-tune last block": {"stem", "block1", "block2"},
    "frozen statistics": set(),
    "fine-tune all": set(),
}


@pytest.mark.parametrize("name", FROZEN_CASES)
def test_what_a_plan_freezes_is_bit_for_bit_the_same_after_training(name):
    plan = replace(PLANS[name], steps=3, source="glyph_resnet_thin")
    model = start(plan, 3, seed=0)
    before = weights(model, dlcourse.torch)
    train(plan, IMAGES, LABELS, 3, model=model)
    after = weights(model, dlcourse.torch)
    same = {key for key in before if np.array_equal(before[key], after[key])}
    learned = {key.split(".")[0] for key in before if key not in same and "running" not in key and "num" not in key}
    assert learned == {"stem", "block1", "block2", "block3", "head"} - FROZEN_CASES[name]
    statistics = {key for key in before if "running" in key}
    resting = {key for key in statistics if key.split(".")[0] in FROZEN_CASES[name]}
    assert statistics & same == (statistics if name == "frozen statistics" else resting)
    assert not model.training


def test_without_the_callback_the_statistics_of_frozen_weights_move():
    """The trap itself: requires_grad says nothing about running means."""
    model = start(replace(PLANS["fine-tune last block"], source="glyph_resnet_thin"), 3, seed=0)
    before = weights(model, dlcourse.torch)["stem.1.running_mean"]
    model.train()
    model(dlcourse.torch.tensor(IMAGES))
    assert not np.array_equal(before, weights(model, dlcourse.torch)["stem.1.running_mean"])


def test_a_plan_is_repeatable_and_depends_on_its_seed():
    plan = Plan(source="", steps=2)
    one, two, three = (weights(train(plan, IMAGES, LABELS, 3, seed), dlcourse.torch) for seed in (1, 1, 2))
    assert all(np.array_equal(one[key], two[key]) for key in one)
    assert not np.array_equal(one["head.weight"], three["head.weight"])


def test_an_augmented_plan_sees_other_images(monkeypatch):
    plan = Plan(source="", steps=2)
    plain = weights(train(plan, IMAGES, LABELS, 3), dlcourse.torch)
    augmented = weights(train(replace(plan, augment=True), IMAGES, LABELS, 3), dlcourse.torch)
    assert not np.array_equal(plain["stem.0.weight"], augmented["stem.0.weight"])


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
def test_the_rates_of_a_plan_reach_their_groups(optimizer, monkeypatch):
    seen = []
    monkeypatch.setattr("dlcourse.transfer.plans.Trainer", lambda *a, **k: seen.append(a[1]) or Stopped())
    train(Plan(optimizer=optimizer, lr=0.2, head_lr=0.5, source=""), IMAGES, LABELS, 3)
    peaks = {group["name"]: group.get("max_lr", group["lr"]) for group in seen[0].param_groups}
    assert peaks == {"stem": 0.2, "block1": 0.2, "block2": 0.2, "block3": 0.2, "head": 0.5}


class Stopped:
    def fit(self, *_):
        pass


def test_a_fine_tuned_network_beats_one_from_scratch_on_few_labels():
    """20 labels, 60 steps, seeds 0 to 4: 82 to 88 % against 54 to 68 %, at least 20 points apart."""
    from dlcourse.transfer import accuracy, few

    task = load_task("digits")
    chosen = few(task, 20, seed=0)
    X, y = task.X[chosen], task.y[chosen]
    fine_tuned = accuracy(train(Plan(steps=60), X, y, 10), task.X_test, task.y_test)
    scratch = accuracy(train(Plan(source="", lr=3e-3, head_lr=3e-3, steps=60), X, y, 10), task.X_test, task.y_test)
    assert fine_tuned > scratch + 10
