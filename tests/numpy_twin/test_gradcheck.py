"""The gradient check finds what is wrong, says where, and refuses float32."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import dlcourse.numpy
import dlcourse.torch
from dlcourse.numpy.gradcheck import directional_check, numerical_gradient, relative_error
from dlcourse.numpy.graph import Operation

twins = pytest.mark.parametrize("twin", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])


class WrongInOneEntry(Operation):
    def forward(self, a: np.ndarray) -> Any:
        self.a = a
        return a**2

    def backward(self, grad: np.ndarray) -> Any:
        da = 2 * self.a * grad
        da[1, 2] *= 1.01
        return da


def test_a_wrong_entry_is_found_and_named() -> None:
    x = dlcourse.numpy.tensor(np.random.default_rng(0).normal(size=(2, 3)), requires_grad=True)
    with pytest.raises(RuntimeError, match=r"gradient of input 0 is wrong: entry \(1, 2\) is .* .relative error"):
        dlcourse.numpy.gradcheck.gradcheck(WrongInOneEntry.apply, [x])


@twins
def test_an_unused_input_has_gradient_zero(twin: ModuleType) -> None:
    x, y = (twin.tensor(np.ones(2), requires_grad=True) for _ in range(2))
    assert twin.gradcheck.gradcheck(lambda x, y: x * 3.0, [x, y])


@twins
def test_the_wrong_dtype_and_no_gradient_are_refused(twin: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"gradcheck: input 0 is (torch\.)?float32, expected float64"):
        twin.gradcheck.gradcheck(lambda x: x, [twin.ones(2, requires_grad=True)])
    with pytest.raises(ValueError, match="gradcheck: no input has requires_grad=True"):
        twin.gradcheck.gradcheck(lambda x: x, [twin.tensor(np.ones(2))])


def test_numerical_gradient_puts_the_arrays_back() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3))
    before = x.copy()
    (gradient,) = numerical_gradient(lambda x: (x**2).sum(), x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(gradient, 2 * x, rtol=1e-8)


def test_numerical_gradient_names_what_it_cannot_use() -> None:
    with pytest.raises(TypeError, match="numerical_gradient: input 1 is float32"):
        numerical_gradient(lambda x, y: 0.0, np.ones(2), np.ones(2, np.float32))
    with pytest.raises(ValueError, match=r"the function returned shape \(2,\), expected a single number"):
        numerical_gradient(lambda x: x, np.ones(2))


def test_relative_error_is_safe_at_zero_and_at_nan() -> None:
    assert relative_error(np.zeros(3), np.zeros(3)) == 0.0
    assert relative_error(np.zeros(0), np.zeros(0)) == 0.0
    assert relative_error([1.0, 1e-20], [1.0, 0.0]) < 1e-19
    assert relative_error([2.0], [1.0]) == 0.5
    assert np.isnan(relative_error([np.nan], [1.0]))
    with pytest.raises(ValueError, match=r"relative_error: b has shape \(3,\), expected \(2,\)"):
        relative_error(np.ones(2), np.ones(3))


def test_a_nan_gradient_does_not_pass() -> None:
    class Broken(Operation):
        def forward(self, a: np.ndarray) -> Any:
            return a * 2

        def backward(self, grad: np.ndarray) -> Any:
            return grad * np.nan

    with pytest.raises(RuntimeError, match="gradient of input 0 is wrong"):
        dlcourse.numpy.gradcheck.gradcheck(Broken.apply, [dlcourse.numpy.tensor(np.ones(2), requires_grad=True)])


def test_directional_check_names_a_gradient_of_the_wrong_shape() -> None:
    with pytest.raises(ValueError, match=r"directional_check: gradient 0 has shape \(3,\), expected \(2,\)"):
        directional_check(lambda x: x.sum(), [np.ones(2)], [np.ones(3)])
    with pytest.raises(TypeError, match="directional_check: input 0 is float32"):
        directional_check(lambda x: x.sum(), [np.ones(2, np.float32)], [np.ones(2)])
    assert directional_check(lambda x: 0.0, [np.ones(2)], [np.zeros(2)]) == 0.0
