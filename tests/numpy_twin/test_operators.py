"""Operators and methods of tensors: the corners that parity rows cannot show, and the errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import dlcourse.numpy as dl
from dlcourse.numpy.arithmetic import unbroadcast


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=4))
def test_unbroadcast_undoes_broadcasting(shapes: Any) -> None:
    for shape in shapes.input_shapes:
        grad = np.ones(shapes.result_shape)
        back = unbroadcast(grad, shape)
        assert back.shape == shape
        assert back.sum() == grad.sum()


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4), st.integers(0, 99))
def test_any_shapes_broadcast_in_both_directions(shapes: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (dl.tensor(rng.uniform(0.5, 2.0, size=shape), requires_grad=True) for shape in shapes.input_shapes)
    assert dl.gradcheck.gradcheck(lambda a, b: a * b + a / b - b**a, [a, b], rtol=1e-5)


def test_arrays_on_the_left_become_tensors() -> None:
    x = dl.tensor([1.0, 2.0], requires_grad=True)
    for result in (np.ones(2, np.float32) + x, np.float32(2) * x, np.ones((3, 2), np.float32) @ x):
        assert isinstance(result, dl.Tensor)
        assert result.requires_grad
        assert result.dtype == np.float32


def test_a_numpy_function_does_not_drop_the_graph_quietly() -> None:
    x = dl.tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match="does not support ufuncs"):
        np.exp(x)
    with pytest.raises(RuntimeError, match=r"requires a gradient, which an array cannot carry; use detach\(\)"):
        np.asarray(x)
    np.testing.assert_array_equal(np.asarray(x.detach()), [1.0])


ERRORS: dict[str, tuple[Callable[[dl.Tensor], Any], type[Exception], str]] = {
    "item": (lambda x: x.item(), ValueError, r"item: the tensor has shape \(2, 3\), expected a single number"),
    "bool": (lambda x: bool(x), ValueError, "expected a single number"),
    "len": (lambda x: len(x.sum()), TypeError, "len: a tensor that is a single number has no length"),
    "numpy": (lambda x: x.numpy(), RuntimeError, "numpy: this tensor requires a gradient"),
    "matmul-shape": (lambda x: x @ x, ValueError, r"matmul: left has shape \(2, 3\) and right \(2, 3\)"),
    "matmul-0d": (lambda x: x @ x.sum(), ValueError, r"matmul: left has shape \(2, 3\) and right \(\)"),
    "matmul-dtype": (lambda x: x @ x.double().T, TypeError, "matmul: left is float32 and right is float64"),
    "T": (lambda x: x[0].T, ValueError, r"T: the tensor has shape \(3,\), expected a matrix"),
    "clamp": (lambda x: x.clamp(), ValueError, "clamp: got neither min nor max"),
    "mean": (lambda x: dl.tensor([1, 2]).mean(), TypeError, "mean: the tensor is int64, expected a floating-point"),
    "setitem": (
        lambda x: x.__setitem__(0, 1.0),
        RuntimeError,
        "item assignment: a tensor in a graph cannot be changed",
    ),
    "setitem-value": (
        lambda x: dl.zeros(2, 3).__setitem__(0, x[0]),
        RuntimeError,
        "item assignment: a tensor in a graph cannot be changed",
    ),
    "isub": (lambda x: x.__isub__(1.0), RuntimeError, "-=: a leaf that requires a gradient cannot be changed in place"),
    "iadd-shape": (
        lambda x: dl.zeros(3).__iadd__(dl.zeros(2, 3)),
        ValueError,
        r"\+=: the result has shape \(2, 3\), expected \(3,\)",
    ),
    "iteration": (lambda x: list(x.sum()), TypeError, "iteration: a tensor that is a single number has nothing"),
    "broadcast": (
        lambda x: x * dl.ones(2),
        ValueError,
        r"Multiply: left has shape \(2, 3\) and right \(2,\), expected lengths that are equal or 1, counted",
    ),
    "broadcast-maximum": (lambda x: dl.maximum(x, dl.ones(2)), ValueError, r"Maximum: left has shape \(2, 3\)"),
    "where-broadcast": (
        lambda x: dl.where(np.ones(4, bool), x, x),
        ValueError,
        r"where: condition has shape \(4,\), expected one that broadcasts against \(2, 3\) and \(2, 3\)",
    ),
    "reshape": (
        lambda x: x.reshape(4, 2),
        ValueError,
        r"reshape: the tensor has shape \(2, 3\), 6 numbers in all; expected as many as \(4, 2\) holds",
    ),
    "operand": (lambda x: x + "a", TypeError, "expected a number, an array of numbers or a tensor as operand, got str"),
    "cat": (lambda x: dl.cat([]), ValueError, "cat: got no tensors"),
    "stack": (lambda x: dl.stack([]), ValueError, "stack: got no tensors"),
    "where": (lambda x: dl.where([1, 0, 1], x, x), TypeError, "where: condition is int64, expected booleans"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_what_came_and_what_was_expected(name: str) -> None:
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call(dl.ones(2, 3, requires_grad=True))


def test_printing() -> None:
    x = dl.tensor([1.0, 2.5], requires_grad=True)
    assert repr(x) == "tensor([1. , 2.5], requires_grad=True)"
    assert repr(x * 2.0) == "tensor([2., 5.], operation=Multiply)"
    assert repr(dl.tensor([1, 2])) == "tensor([1, 2])"
    assert repr(x.detach().double()) == "tensor([1. , 2.5], dtype=float64)"
    assert repr(dl.Parameter([1.0])) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def test_tensor_copies_and_from_numpy_shares() -> None:
    values = np.zeros(2)
    copied, shared = dl.tensor(values), dl.from_numpy(values)
    values[0] = 1.0
    assert copied[0].item() == 0.0
    assert shared[0].item() == 1.0


def test_a_tensor_of_the_right_dtype_is_not_copied() -> None:
    x = dl.ones(2, requires_grad=True)
    assert x.to(dl.float32) is x
    assert x.float() is x
    assert x.double().dtype == np.float64


def test_a_tensor_is_a_key_by_identity() -> None:
    a, b = dl.tensor([1.0]), dl.tensor([1.0])
    assert {a: "a", b: "b"}[a] == "a"


@pytest.mark.parametrize(
    "apply",
    [lambda x, s: s * x, lambda x, s: x * s, lambda x, s: x + s, lambda x, s: s - x, lambda x, s: x / s],
)
def test_python_number_keeps_all_digits_beside_float64(apply: Callable[[Any, float], Any]) -> None:
    third = 1 / 3  # has no exact float32
    values = np.array([0.7, 2.0])
    assert np.array_equal(apply(dl.tensor(values), third).data, apply(values, third))
