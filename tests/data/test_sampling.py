import numpy as np
import pytest

from dlcourse.data import class_weights, example_weights, hard_examples, oversample, undersample

y = np.array([0] * 60 + [1] * 30 + [2] * 10)


def test_class_weights_agree_with_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    np.testing.assert_allclose(class_weights(y), compute_class_weight("balanced", classes=np.arange(3), y=y), 1e-6)
    assert class_weights(y).dtype == np.float32
    assert class_weights(y)[y].mean() == pytest.approx(1)
    with pytest.raises(ValueError, match="class 3 has no example"):
        class_weights(y, classes=4)


def test_example_weights_give_each_class_the_same_probability():
    weights = example_weights(y)
    np.testing.assert_allclose([weights[y == label].sum() for label in range(3)], 1 / 3)


def test_over_and_under_sampling_balance_the_classes():
    over, under = oversample(y, seed=1), undersample(y, seed=1)
    assert np.bincount(y[over]).tolist() == [60, 60, 60]
    assert set(over) == set(range(100))
    assert np.bincount(y[under]).tolist() == [10, 10, 10]
    assert len(set(under)) == 30
    assert np.array_equal(over, oversample(y, seed=1))
    assert not np.array_equal(over, oversample(y, seed=2))


@pytest.mark.parametrize("function", [class_weights, example_weights, oversample, undersample])
@pytest.mark.parametrize("bad", [np.array([]), np.array([0.5]), np.array([-1, 0]), np.zeros((2, 2), int)])
def test_labels_that_are_none_are_named(function, bad):
    with pytest.raises(ValueError, match=rf"{function.__name__}: y has shape .* expected labels"):
        function(bad)


def test_hard_examples_skip_the_outliers():
    losses = np.arange(100.0)
    assert hard_examples(losses, share=0.1, outliers=0.05).tolist() == list(range(94, 84, -1))
    assert hard_examples(losses, share=0.5, outliers=0)[0] == 99


def test_hard_examples_names_bad_arguments():
    with pytest.raises(ValueError, match=r"expected finite numbers \(N,\)"):
        hard_examples([1.0, np.nan])
    with pytest.raises(ValueError, match=r"share 0.9 and outliers 0.2 must be positive and add up to at most 1"):
        hard_examples([1.0, 2.0], share=0.9, outliers=0.2)
