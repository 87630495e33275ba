import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.data import load_digits, stratified_indices, stratified_kfold, stratified_split


def labels(counts, seed=0):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(10, 60), min_size=2, max_size=5), st.integers(0, 1000))
def test_split_is_a_partition_that_keeps_the_proportions(counts, seed):
    y = labels(counts, seed)
    parts = stratified_indices(y, (0.5, 0.25, 0.25), seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(y)))
    for part, share in zip(parts, (0.5, 0.25, 0.25), strict=True):
        assert np.abs(np.bincount(y[part], minlength=len(counts)) - share * np.array(counts)).max() <= 2


def test_split_of_a_data_set_and_by_counts():
    digits = load_digits()
    train, validation, test = stratified_split(digits, (1000, 397, 400), seed=1)
    assert (len(train), len(validation), len(test)) == (1000, 397, 400)
    assert np.abs(test.counts() - digits.counts() * 400 / 1797).max() <= 1
    again = stratified_split(digits, (1000, 397, 400), seed=1)[2]
    assert np.array_equal(test.X, again.X)
    assert not np.array_equal(test.y, stratified_split(digits, (1000, 397, 400), seed=2)[2].y)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((0.5, 0.6), "parts add up to 1.1, expected 1 for shares"),
        ((10, 20), "parts add up to 30, expected 40, the number of examples"),
        ((1.0,), "expected two or more positive shares or counts"),
        ((0.5, -0.5, 1.0), "expected two or more positive shares or counts"),
        ((39, 1), r"a part of 1 example\(s\) cannot hold all 2 classes"),
    ],
)
def test_split_names_parts_that_do_not_fit(parts, message):
    with pytest.raises(ValueError, match=message):
        stratified_indices(labels([20, 20]), parts)


def test_split_names_a_class_that_is_too_rare():
    with pytest.raises(ValueError, match=r"class 1 has 2 example\(s\), expected at least 3"):
        stratified_indices(labels([20, 2]), (0.4, 0.3, 0.3))


@pytest.mark.parametrize("y", [np.zeros((3, 1), int), np.array([0.5, 1.0]), np.array([], int)])
def test_split_names_labels_that_are_none(y):
    with pytest.raises(ValueError, match=r"stratified_split: y has shape .* expected whole numbers"):
        stratified_indices(y, (0.5, 0.5))


def test_kfold_uses_each_example_for_validation_once():
    y = labels([50, 30, 20])
    folds = list(stratified_kfold(y, 5, seed=2))
    assert sorted(np.concatenate([validation for _, validation in folds]).tolist()) == list(range(100))
    for train, validation in folds:
        assert not set(train) & set(validation)
        assert np.bincount(y[validation]).tolist() == [10, 6, 4]


def test_kfold_names_too_many_folds():
    with pytest.raises(ValueError, match=r"folds is 5, expected 2 to 3, because class 1 has 3 example"):
        stratified_kfold(labels([20, 3]), 5)
    with pytest.raises(ValueError, match="folds is 1"):
        stratified_kfold(labels([20, 20]), 1)
