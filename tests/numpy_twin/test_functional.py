"""Errors and corners of ``functional`` in the NumPy twin; agreement with torch is in ``tests/parity``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.numpy import functional as F


def logits() -> dl.Tensor:
    return dl.tensor(np.random.default_rng(0).normal(size=(4, 3)))


ERRORS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "linear-weight": (
        lambda: F.linear(dl.zeros(2, 5), dl.zeros(4, 3)),
        ValueError,
        r"linear: weight has shape \(4, 3\), expected \(out, 5\) because input is \(2, 5\)",
    ),
    "linear-0d": (lambda: F.linear(dl.tensor(1.0), dl.zeros(4, 3)), ValueError, r"expected \(out, in\)"),
    "linear-bias": (
        lambda: F.linear(dl.zeros(2, 3), dl.zeros(4, 3), dl.zeros(3)),
        ValueError,
        r"linear: bias has shape \(3,\), expected \(4,\)",
    ),
    "linear-weight-dtype": (
        lambda: F.linear(dl.zeros(2, 3), dl.zeros(4, 3).double()),
        TypeError,
        "linear: weight is float64 and input is float32",
    ),
    "linear-bias-dtype": (
        lambda: F.linear(dl.zeros(2, 3), dl.zeros(4, 3), dl.zeros(4).double()),
        TypeError,
        "linear: bias is float64 and input is float32",
    ),
    "mse-shape": (
        lambda: F.mse_loss(dl.zeros(3, 1), dl.zeros(3)),
        ValueError,
        r"mse_loss: target has shape \(3,\), expected \(3, 1\)",
    ),
    "mse-dtype": (
        lambda: F.mse_loss(dl.zeros(3), dl.zeros(3).double()),
        TypeError,
        "mse_loss: target is float64 and input is float32",
    ),
    "gelu": (lambda: F.gelu(dl.zeros(3), "erf"), ValueError, "gelu: approximate is 'erf', expected 'none' or 'tanh'"),
    "cross_entropy-0d": (
        lambda: F.cross_entropy(dl.tensor(1.0), dl.tensor(0)),
        ValueError,
        "cross_entropy: input is a single number, expected logits",
    ),
    "cross_entropy-smoothing": (
        lambda: F.cross_entropy(logits(), dl.tensor([0, 1, 2, 0]), label_smoothing=1.5),
        ValueError,
        "cross_entropy: label_smoothing is 1.5, expected a number from 0 to 1",
    ),
    "cross_entropy-weight-array": (
        lambda: F.cross_entropy(logits(), dl.tensor([0, 1, 2, 0]), np.ones(3)),
        TypeError,
        r"cross_entropy: weight is a ndarray, expected a tensor: dl\.tensor\(weight\)",
    ),
    "cross_entropy-weight": (
        lambda: F.cross_entropy(logits(), dl.tensor([0, 1, 2, 0]), dl.zeros(4)),
        ValueError,
        r"cross_entropy: weight has shape \(4,\), expected \(3,\): one for each class",
    ),
    "cross_entropy-shape": (
        lambda: F.cross_entropy(logits(), dl.tensor([[0], [1], [2], [0]])),
        ValueError,
        r"cross_entropy: target has shape \(4, 1\), expected \(4,\) because input is \(4, 3\)",
    ),
    "cross_entropy-range": (
        lambda: F.cross_entropy(logits(), dl.tensor([0, 1, 3, 0])),
        ValueError,
        "cross_entropy: target holds 3, expected class numbers from 0 to 2",
    ),
    "cross_entropy-negative": (
        lambda: F.cross_entropy(logits(), dl.tensor([0, -1, -100, 0])),
        ValueError,
        "cross_entropy: target holds -1, expected class numbers from 0 to 2",
    ),
    "cross_entropy-dtype": (
        lambda: F.cross_entropy(logits(), dl.tensor([True, False, True, True])),
        TypeError,
        r"cross_entropy: target is bool, expected integers \(class numbers from 0 to 2\) or probabilities in float64",
    ),
    "cross_entropy-probabilities": (
        lambda: F.cross_entropy(logits(), dl.zeros(4).double()),
        ValueError,
        r"cross_entropy: target has shape \(4,\), expected \(4, 3\) because it holds probabilities",
    ),
    "cross_entropy-probabilities-dtype": (
        lambda: F.cross_entropy(logits(), dl.zeros(4, 3)),
        TypeError,
        "cross_entropy: target is float32 and input is float64",
    ),
    "cross_entropy-reduction": (
        lambda: F.cross_entropy(logits(), dl.tensor([0, 1, 2, 0]), reduction="max"),
        ValueError,
        "CrossEntropy: reduction is 'max'",
    ),
    "bce-shape": (
        lambda: F.binary_cross_entropy_with_logits(dl.zeros(3, 1), dl.zeros(3)),
        ValueError,
        r"binary_cross_entropy_with_logits: target has shape \(3,\), expected \(3, 1\)",
    ),
    "bce-dtype": (
        lambda: F.binary_cross_entropy_with_logits(dl.zeros(3), dl.tensor([0, 1, 1])),
        TypeError,
        "binary_cross_entropy_with_logits: target is int64 and input is float32",
    ),
    "bce-weight": (
        lambda: F.binary_cross_entropy_with_logits(dl.zeros(3), dl.zeros(3), dl.zeros(2)),
        ValueError,
        r"weight has shape \(2,\), expected one that broadcasts to \(3,\)",
    ),
    "bce-pos-weight": (
        lambda: F.binary_cross_entropy_with_logits(dl.zeros(3), dl.zeros(3), pos_weight=dl.zeros(2, 3)),
        ValueError,
        r"pos_weight has shape \(2, 3\), expected one that broadcasts to \(3,\)",
    ),
    "dropout": (lambda: F.dropout(dl.zeros(3), 1.5), ValueError, "dropout: p is 1.5, expected a probability"),
    "dropout2d": (
        lambda: F.dropout2d(dl.zeros(3), 0.5),
        ValueError,
        r"dropout2d: input has shape \(3,\), expected images",
    ),
    "dropout2d-p": (lambda: F.dropout2d(dl.zeros(3), -1), ValueError, "dropout2d: p is -1, expected a probability"),
    "reduction": (
        lambda: F.mse_loss(dl.zeros(3), dl.zeros(3), reduction="average"),
        ValueError,
        "MSELoss: reduction is 'average', expected 'mean', 'sum' or 'none'",
    ),
}


@pytest.mark.parametrize(
    "call",
    [
        lambda x: F.leaky_relu(x),
        lambda x: F.elu(x),
        lambda x: F.selu(x),
        lambda x: F.gelu(x),
        lambda x: F.softmax(x, 1),
        lambda x: F.log_softmax(x, 1),
        lambda x: F.cross_entropy(x, dl.tensor([0, 1])),
        lambda x: F.mse_loss(x, x),
        lambda x: F.binary_cross_entropy_with_logits(x, x),
        lambda x: F.dropout(x),
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.layer_norm(x, (3,)),
        lambda x: F.max_pool2d(x.reshape(1, 1, 2, 3), 2),
        lambda x: F.avg_pool2d(x.reshape(1, 1, 2, 3), 2),
        lambda x: F.adaptive_avg_pool2d(x.reshape(1, 1, 2, 3), 1),
    ],
)
def test_integers_are_refused_by_name_where_torch_refuses_them(call: Callable[[dl.Tensor], Any]) -> None:
    with pytest.raises(TypeError, match=r"^[a-z_2]+: input is int64, expected a floating-point type"):
        call(dl.tensor([[1, 0, 1], [0, 1, 0]]))


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_what_came_and_what_was_expected(name: str) -> None:
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


def test_the_first_loss_of_ten_classes_is_chance_level() -> None:
    assert F.cross_entropy(dl.zeros(5, 10), dl.tensor([0, 1, 2, 3, 4])).item() == pytest.approx(np.log(10), rel=1e-6)


def test_the_relu_gradient_at_zero_is_zero() -> None:
    x = dl.tensor([0.0, -0.0], requires_grad=True)
    F.relu(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])


def test_huge_logits_give_no_warning() -> None:
    z = dl.tensor([[1000.0, 0.0, -1000.0]], requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss = (
            F.cross_entropy(z, dl.tensor([2])) + F.softmax(z, 1).sum() + F.log_softmax(z, 1).sum() + F.sigmoid(z).sum()
        )
        loss.backward()
    assert np.isfinite(loss.item())
    assert np.isfinite(z.grad).all()  # type: ignore[arg-type]


def test_linear_does_not_compute_the_gradient_of_data() -> None:
    weight = dl.ones(4, 3, requires_grad=True)
    out = F.linear(dl.ones(2, 3), weight)
    assert out.operation is not None
    dx, dw = out.operation.backward(np.ones((2, 4), np.float32))
    assert dx is None
    assert dw.shape == (4, 3)
