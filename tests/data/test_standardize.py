import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from dlcourse.data import Standardizer

rng = np.random.default_rng(0)


def test_agrees_with_scikit_learn_and_uses_training_statistics_only():
    train, test = rng.normal(3, 2, (50, 4)), rng.normal(0, 1, (20, 4))
    ours, theirs = Standardizer().fit(train), StandardScaler().fit(train)
    np.testing.assert_allclose(ours.transform(test), theirs.transform(test), rtol=1e-12)
    assert abs(ours.transform(test).mean()) > 0.5


def test_training_set_gets_mean_zero_and_variance_one():
    Z = Standardizer().fit_transform(rng.normal(5, 3, (200, 3)))
    np.testing.assert_allclose(Z.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(0), 1, rtol=1e-12)


@pytest.mark.parametrize("constant", [0.0, 7.0, 0.1, 1e8])
def test_a_constant_feature_becomes_zero(constant):
    X = np.column_stack([np.full(31, constant), rng.normal(size=31)]).astype(np.float32)
    Z = Standardizer().fit_transform(X)
    np.testing.assert_allclose(Z[:, 0], 0, atol=1e-6)
    assert abs(Z[:, 1].std() - 1) < 1e-5


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_dtype_is_kept_and_bytes_become_float32(dtype):
    X = rng.normal(size=(8, 3)).astype(dtype)
    assert Standardizer().fit_transform(X).dtype == dtype
    assert Standardizer().fit_transform(rng.integers(0, 256, (8, 3)).astype(np.uint8)).dtype == np.float32


def test_per_channel_and_back():
    X = rng.normal(2, 3, (6, 3, 5, 4))
    standardizer = Standardizer(axis=(0, 2, 3))
    Z = standardizer.fit_transform(X)
    np.testing.assert_allclose(Z.mean((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(standardizer.inverse_transform(Z), X, rtol=1e-12)


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="expected it to contain 0, the axis of the examples"):
        Standardizer(axis=1)
    with pytest.raises(RuntimeError, match=r"no statistics yet; call fit\(X_train\) first"):
        Standardizer().transform(np.ones((2, 2)))
    with pytest.raises(ValueError, match="expected at least one example"):
        Standardizer().fit(np.ones((0, 2)))
    with pytest.raises(ValueError, match="contains NaN or infinite values"):
        Standardizer().fit(np.array([[1.0], [np.nan]]))
    fitted = Standardizer().fit(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"X has shape \(4, 5\), expected"):
        fitted.transform(np.ones((4, 5)))
    with pytest.raises(ValueError, match=r"inverse_transform: X has shape \(3,\)"):
        fitted.inverse_transform(np.ones(3))
