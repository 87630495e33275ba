import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.data import Batches, HardExampleBatches, StratifiedBatches, WeightedBatches, example_weights
from dlcourse.data.augment import Compose, Cutout, HorizontalFlip, MixedBatches, Mixup

X, y = np.arange(103.0)[:, None], np.arange(103) % 4


@given(st.integers(1, 60), st.integers(1, 20), st.booleans())
def test_an_epoch_is_a_permutation_in_batches(n, size, drop_last):
    batches = Batches(np.arange(n), np.arange(n), size, drop_last=drop_last)
    seen = [X for X, _ in batches]
    assert len(seen) == len(batches)
    assert all(len(batch) == size for batch in seen[:-1])
    positions = np.concatenate(seen).tolist() if seen else []
    assert len(set(positions)) == len(positions) == (n - n % size if drop_last else n)


def test_reshuffled_every_epoch_and_repeatable():
    first = Batches(X, y, 10, seed=5)
    epochs = [np.concatenate([X[:, 0] for X, _ in first]) for _ in range(3)]
    assert not np.array_equal(epochs[0], epochs[1])
    second = Batches(X, y, 10, seed=5)
    second.load_state_dict(
        {"epoch": 2, "transform": None}
    )  # the third epoch does not depend on the first two having run
    assert np.array_equal(epochs[2], np.concatenate([X[:, 0] for X, _ in second]))


def test_without_shuffling_order_is_kept_and_rows_stay_together():
    batches = Batches(X, y, 10, shuffle=False)
    assert np.array_equal(np.concatenate([X for X, _ in batches]), X)
    for inputs, labels in Batches(X, y, 10):
        assert np.array_equal(inputs[:, 0].astype(int) % 4, labels)


def test_torch_tensors_and_transform():
    batches = Batches(torch.arange(6.0), torch.arange(6), 4, transform=lambda X: -X)
    for inputs, labels in batches:
        assert torch.equal(-inputs, labels.float())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(3, 40), min_size=2, max_size=5), st.integers(0, 99))
def test_stratified_batches_hold_every_class(counts, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    size = int(np.ceil(len(labels) / min(counts)))
    batches = StratifiedBatches(np.arange(len(labels)), labels, size, seed=seed)
    seen = list(batches)
    assert len(seen) == len(batches)
    for _, batch in seen:
        assert len(batch) <= size
        assert set(batch) == set(range(len(counts)))
        assert np.abs(np.bincount(batch) - np.array(counts) / len(seen)).max() < 1
    assert sorted(np.concatenate([inputs for inputs, _ in seen]).tolist()) == list(range(len(labels)))


def test_stratified_batches_take_torch_labels():
    for inputs, labels in StratifiedBatches(torch.arange(12.0), torch.arange(12) % 3, 6):
        assert sorted(labels.tolist()) == [0, 0, 1, 1, 2, 2]
        assert torch.equal(inputs.long() % 3, labels)


def test_stratified_batches_name_a_class_that_is_too_rare():
    labels = np.array([0] * 97 + [1] * 3)
    with pytest.raises(ValueError, match=r"class 1 has 3 example\(s\) for 10 batches; use a batch_size of 34 or more"):
        StratifiedBatches(labels, labels, 10)
    assert len(StratifiedBatches(labels, labels, 34)) == 3


def test_weighted_batches_draw_classes_equally_often():
    labels = np.array([0] * 900 + [1] * 90 + [2] * 10)
    batches = WeightedBatches(labels, labels, example_weights(labels), 100)
    drawn = np.concatenate([batch for _ in range(20) for _, batch in batches])
    assert len(drawn) == 20_000
    # Three standard deviations of a share of 1/3 among 20,000 draws are 0.01.
    np.testing.assert_allclose(np.bincount(drawn) / len(drawn), 1 / 3, atol=0.012)


def test_hard_examples_come_more_often_and_outliers_do_not_take_over():
    n = 200
    batches = HardExampleBatches(np.arange(n), np.zeros(n, int), 50, clip=0.9)
    losses = np.where(np.arange(n) < 40, 2.0, 0.1)
    losses[0] = 1e6
    for _ in range(6):
        for positions, _ in batches:
            batches.report(losses[positions])
    counts = np.bincount(np.concatenate([p for _ in range(40) for p, _ in batches]), minlength=n)
    assert counts[1:40].mean() > 10 * counts[40:].mean()
    assert counts[0] < 1.5 * counts[1:40].mean()


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="X has 103 rows and y has 3"):
        Batches(X, y[:3])
    with pytest.raises(ValueError, match="batch_size is 0, expected 1 or more"):
        Batches(X, y, 0)
    with pytest.raises(ValueError, match=r"weights has shape \(3,\), expected \(103,\)"):
        WeightedBatches(X, y, np.ones(3))
    with pytest.raises(ValueError, match="must be finite, not negative, and not all zero"):
        WeightedBatches(X, y, -np.ones(103))
    with pytest.raises(ValueError, match="clip is 0, expected a quantile"):
        HardExampleBatches(X, y, clip=0)
    hard = HardExampleBatches(X, y, 10)
    next(iter(hard))
    with pytest.raises(ValueError, match=r"losses has shape \(3,\), expected \(10,\)"):
        hard.report(np.ones(3))


@pytest.mark.parametrize("kind", ["plain", "stratified", "weighted", "hard", "mixed"])
def test_resuming_from_a_saved_state_repeats_the_coming_epochs(kind):
    """The next epochs are the same to the last bit, augmentation included."""
    images, labels = np.random.default_rng(0).random((40, 1, 6, 6)), np.arange(40) % 4

    def make():
        augment = Compose([HorizontalFlip(), Cutout(2)], seed=3)
        plain = {"batch_size": 8, "seed": 1, "transform": augment}
        return {
            "plain": lambda: Batches(images, labels, **plain),
            "stratified": lambda: StratifiedBatches(images, labels, **plain),
            "weighted": lambda: WeightedBatches(images, labels, 1.0 + labels, **plain),
            "hard": lambda: HardExampleBatches(images, labels, **plain),
            "mixed": lambda: MixedBatches(Batches(images, labels, **plain), Mixup(4)),
        }[kind]()

    first = make()
    for _ in first:
        if kind == "hard":
            first.report(np.arange(len(first.indices), dtype=float))
    state = copy.deepcopy(first.state_dict())
    expected = [batch for _ in range(2) for batch in first]
    second = make()
    second.load_state_dict(state)
    again = [batch for _ in range(2) for batch in second]
    for (X_one, y_one), (X_two, y_two) in zip(expected, again, strict=True):
        assert np.array_equal(X_one, X_two)
        assert np.array_equal(y_one, y_two)
