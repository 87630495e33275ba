import subprocess
import sys

import numpy as np
import pytest

from dlcourse.data import (
    Dataset,
    load_digits,
    make_circles,
    make_gaussians,
    make_moons,
    make_spirals,
    make_textures,
    make_xor,
    to_torch,
)


def small(y=(0, 1, 1)):
    return Dataset("small", np.zeros((3, 1, 2, 2), np.float32), np.array(y), ("a", "b"), "three images")


def test_importing_data_loads_neither_torch_nor_sklearn():
    heavy = ("torch", "sklearn", "matplotlib", "pooch", "PIL", "requests")
    program = f"import sys, dlcourse.data, dlcourse.data.augment; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_dataset_subset_flat_counts():
    data = small()
    assert len(data) == 3
    assert data.flat().X.shape == (3, 4)
    assert data.subset(np.array([2, 0])).y.tolist() == [1, 0]
    assert data.subset(data.y == 1).counts().tolist() == [0, 2]
    assert repr(data) == "Dataset('small': 3 examples, X (3, 1, 2, 2), 2 classes)"


def test_dataset_refuses_labels_that_do_not_fit():
    with pytest.raises(ValueError, match=r"y has shape \(2,\), expected \(3,\)"):
        small((0, 1))
    with pytest.raises(ValueError, match="labels run from 0 to 2, expected 0 to 1"):
        small((0, 1, 2))


def test_to_torch_copies_and_keeps_dtypes():
    import torch

    data = small()
    X, y = data.to_torch()
    assert X.dtype == torch.float32
    assert y.dtype == torch.int64
    X += 1
    assert data.X.max() == 0
    assert to_torch(np.float64([1.5]))[0].dtype == torch.float64


def test_digits_at_both_sizes():
    small_digits, large = load_digits(), load_digits(32)
    assert small_digits.X.shape == (1797, 1, 8, 8)
    assert large.X.shape == (1797, 1, 32, 32)
    for data in (small_digits, large):
        assert data.X.dtype == np.float32
        assert data.y.dtype == np.int64
        assert data.X.min() == 0
        assert data.X.max() <= 1
    assert np.all(large.X[:, :, :4] == 0)
    # Enlarging by 3 keeps the mean ink of the inner 24×24 pixels.
    np.testing.assert_allclose(large.X[:, :, 4:28, 4:28].mean(), small_digits.X.mean(), rtol=0.03)
    with pytest.raises(ValueError, match="size is 16, expected 8 or 32"):
        load_digits(16)


TOYS = [make_moons, make_circles, make_spirals, make_xor, make_gaussians]


@pytest.mark.parametrize("make", TOYS)
def test_toys_are_repeatable_and_balanced(make):
    data = make(n=200, seed=3)
    assert data.X.shape == (200, 2)
    assert data.X.dtype == np.float32
    assert data.y.dtype == np.int64
    assert np.array_equal(data.X, make(n=200, seed=3).X)
    assert not np.array_equal(data.X, make(n=200, seed=4).X)
    assert data.counts().min() > 60


@pytest.mark.parametrize("make", TOYS)
def test_toys_name_bad_arguments(make):
    with pytest.raises(ValueError, match=rf"{make.__name__}: n is 1"):
        make(n=1)
    option = "spread" if make is make_gaussians else "noise"
    with pytest.raises(ValueError, match=rf"{make.__name__}: noise is -1, expected 0 or more"):
        make(**{option: -1})


def test_circles_refuse_a_factor_of_one():
    with pytest.raises(ValueError, match="factor is 1, expected 0 or more and less than 1"):
        make_circles(factor=1)


def test_xor_without_noise_is_exact_and_not_linear():
    from sklearn.linear_model import LogisticRegression

    data = make_xor(1000, noise=0)
    assert np.array_equal(data.y == 1, (data.X[:, 0] > 0) != (data.X[:, 1] > 0))
    # A line can have at most three of the four quadrants right.
    assert LogisticRegression().fit(data.X, data.y).score(data.X, data.y) < 0.78


def test_spirals_need_more_than_a_line_but_neighbours_know():
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    data, fresh = make_spirals(600, classes=3), make_spirals(600, classes=3, seed=1)
    assert LogisticRegression().fit(data.X, data.y).score(data.X, data.y) < 0.6
    assert KNeighborsClassifier(5).fit(data.X, data.y).score(fresh.X, fresh.y) > 0.97


def test_textures_are_balanced_bounded_and_hard_for_a_linear_model():
    from sklearn.linear_model import LogisticRegression

    data = make_textures(400)
    assert data.X.shape == (400, 1, 32, 32)
    assert data.counts().tolist() == [40] * 10
    assert data.X.min() >= 0
    assert data.X.max() <= 1
    assert np.array_equal(data.X, make_textures(400).X)
    half = slice(0, 200)
    model = LogisticRegression(max_iter=200).fit(data.flat().X[half], data.y[half])
    assert model.score(data.flat().X[200:], data.y[200:]) < 0.35
    with pytest.raises(ValueError, match=r"n is 5 and noise is 0.7"):
        make_textures(5)


def test_clean_textures_differ_from_class_to_class():
    """The strongest frequency of a stripe lies along its own direction."""
    data = make_textures(200, noise=0)
    spectrum = np.abs(np.fft.fft2(data.X[:, 0] - data.X[:, 0].mean((1, 2), keepdims=True)))
    vertical, horizontal = spectrum[:, 2:8, :2].max((1, 2)), spectrum[:, :2, 2:8].max((1, 2))
    assert np.mean((vertical > horizontal)[data.y == 0]) > 0.95
    assert np.mean((vertical < horizontal)[data.y == 1]) > 0.95
