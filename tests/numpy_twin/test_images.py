"""Convolution, pooling and norms in the NumPy twin: errors, memory, and corners. Agreement is in ``tests/parity``."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.numpy import functional as F
from dlcourse.numpy import nn


def images(*shape: int) -> dl.Tensor:
    return dl.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32))


ERRORS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "conv-axes": (
        lambda: F.conv2d(images(3, 5, 5), images(2, 3, 3, 3)),
        ValueError,
        r"conv2d: input has shape \(3, 5, 5\) and weight \(2, 3, 3, 3\), expected \(N, C, H, W\) and \(K, C/groups",
    ),
    "conv-channels": (
        lambda: F.conv2d(images(1, 4, 5, 5), images(2, 3, 3, 3)),
        ValueError,
        r"conv2d: weight has shape \(2, 3, 3, 3\) and groups is 1; expected input channels 4 = 3 · groups",
    ),
    "conv-groups": (
        lambda: F.conv2d(images(1, 6, 5, 5), images(3, 3, 3, 3), groups=2),
        ValueError,
        "3 output channels divisible by groups",
    ),
    "conv-bias": (
        lambda: F.conv2d(images(1, 3, 5, 5), images(2, 3, 3, 3), images(3)),
        ValueError,
        r"conv2d: bias has shape \(3,\), expected \(2,\)",
    ),
    "conv-dtype": (
        lambda: F.conv2d(images(1, 3, 5, 5), images(2, 3, 3, 3).double()),
        TypeError,
        "conv2d: weight is float64 and input is float32",
    ),
    "conv-bias-dtype": (
        lambda: F.conv2d(images(1, 3, 5, 5), images(2, 3, 3, 3), images(2).double()),
        TypeError,
        "conv2d: bias is float64 and input is float32",
    ),
    "conv-kernel": (
        lambda: F.conv2d(images(1, 3, 5, 5), images(2, 3, 3, 3), dilation=3, padding=(0, 1)),
        ValueError,
        "conv2d: input has 5 pixels along an axis and padding 0, expected at least 7 in all",
    ),
    "conv-stride": (
        lambda: F.conv2d(images(1, 3, 5, 5), images(2, 3, 3, 3), stride=0),
        ValueError,
        "conv2d: stride is 0, expected an integer or a pair, at least 1",
    ),
    "conv-padding": (
        lambda: F.conv2d(images(1, 3, 5, 5), images(2, 3, 3, 3), padding=(1, 1, 1)),  # type: ignore[arg-type]
        ValueError,
        r"conv2d: padding is \(1, 1, 1\), expected an integer or a pair, at least 0",
    ),
    "Conv2d-groups": (
        lambda: nn.Conv2d(4, 6, 3, groups=3),
        ValueError,
        "Conv2d: groups is 3, expected a divisor of in_channels 4 and out_channels 6",
    ),
    "max-axes": (
        lambda: F.max_pool2d(images(3, 4), 2),
        ValueError,
        r"max_pool2d: input has shape \(3, 4\), expected images",
    ),
    "avg-axes": (
        lambda: F.avg_pool2d(images(3, 4), 2),
        ValueError,
        r"avg_pool2d: input has shape \(3, 4\), expected images",
    ),
    "adaptive-axes": (
        lambda: F.adaptive_avg_pool2d(images(3, 4), 2),
        ValueError,
        r"adaptive_avg_pool2d: input has shape \(3, 4\), expected images",
    ),
    "adaptive-size": (
        lambda: F.adaptive_avg_pool2d(images(1, 1, 3, 4), 0),
        ValueError,
        "adaptive_avg_pool2d: output_size is 0, expected an integer or a pair, at least 1",
    ),
    "max-padding": (
        lambda: F.max_pool2d(images(1, 1, 5, 5), 3, padding=2),
        ValueError,
        r"max_pool2d: padding is \(2, 2\), expected at most half of the kernel size \(3, 3\)",
    ),
    "avg-padding": (lambda: F.avg_pool2d(images(1, 1, 5, 5), 2, padding=2), ValueError, "expected at most half"),
    "pool-kernel": (
        lambda: F.avg_pool2d(images(1, 1, 2, 5), 3),
        ValueError,
        "avg_pool2d: input has 2 pixels along an axis and padding 0, expected at least 3",
    ),
    "batch_norm-axes": (
        lambda: F.batch_norm(images(3), None, None, training=True),
        ValueError,
        r"batch_norm: input has shape \(3,\), expected \(N, C, \.\.\.\)",
    ),
    "batch_norm-missing": (
        lambda: F.batch_norm(images(4, 3), None, None),
        ValueError,
        "batch_norm: running_mean or running_var is None, expected both when training is False",
    ),
    "batch_norm-one": (
        lambda: nn.BatchNorm1d(3)(images(1, 3)),
        ValueError,
        r"batch_norm: input has shape \(1, 3\), expected more than one value per channel in training",
    ),
    "batch_norm-weight": (
        lambda: F.batch_norm(images(4, 3), None, None, images(4), training=True),
        ValueError,
        r"batch_norm: weight has shape \(4,\), expected \(3,\) because input is \(4, 3\)",
    ),
    "batch_norm-dtype": (
        lambda: nn.BatchNorm1d(3)(images(4, 3).double()),
        TypeError,
        "batch_norm: weight is float32 and input is float64",
    ),
    "BatchNorm1d": (
        lambda: nn.BatchNorm1d(3)(images(4, 2)),
        ValueError,
        r"BatchNorm1d: input has shape \(4, 2\), expected 2 or 3 axes and 3 channels in axis 1",
    ),
    "BatchNorm2d": (
        lambda: nn.BatchNorm2d(3)(images(4, 3)),
        ValueError,
        r"BatchNorm2d: input has shape \(4, 3\), expected 4 axes and 3 channels",
    ),
    "layer_norm": (
        lambda: F.layer_norm(images(4, 3), (4,)),
        ValueError,
        r"layer_norm: input has shape \(4, 3\), expected it to end in normalized_shape \(4,\)",
    ),
    "layer_norm-bias": (
        lambda: F.layer_norm(images(4, 3), (3,), None, images(4)),
        ValueError,
        r"layer_norm: bias has shape \(4,\), expected \(3,\)",
    ),
    "instance_norm": (
        lambda: F.instance_norm(images(4, 3, 1, 1)),
        ValueError,
        r"instance_norm: input has shape \(4, 3, 1, 1\), expected more than one position per channel",
    ),
    "group_norm": (
        lambda: F.group_norm(images(4, 3), 2),
        ValueError,
        "group_norm: num_groups is 2, expected a divisor of the 3 channels",
    ),
    "GroupNorm": (
        lambda: nn.GroupNorm(2, 3),
        ValueError,
        "GroupNorm: num_groups is 2, expected a divisor of num_channels 3",
    ),
    "Dropout": (lambda: nn.Dropout(2.0), ValueError, "Dropout: p is 2.0, expected a probability"),
    "Dropout2d": (lambda: nn.Dropout2d(-0.1), ValueError, "Dropout2d: p is -0.1, expected a probability"),
    "weight_norm": (lambda: nn.weight_norm(nn.ReLU()), ValueError, "weight_norm: ReLU has no parameter 'weight'"),
    "spectral_norm": (
        lambda: nn.spectral_norm(nn.Linear(2, 3), "bias"),
        ValueError,
        r"spectral_norm: bias has shape \(3,\), expected at least 2 axes",
    ),
    "spectral_norm-iterations": (
        lambda: nn.spectral_norm(nn.Linear(2, 3), n_power_iterations=0),
        ValueError,
        "spectral_norm: n_power_iterations is 0, expected at least 1",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_what_came_and_what_was_expected(name: str) -> None:
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


def test_convolution_needs_one_im2col_buffer_of_one_image() -> None:
    x = dl.tensor(np.ones((8, 8, 64, 64), np.float32), requires_grad=True)
    weight = dl.tensor(np.ones((6, 8, 3, 3), np.float32), requires_grad=True)
    buffer = 8 * 9 * 64 * 64 * 4
    small = 150_000  # bytes for Python's objects, copies of the weights, and NumPy's own buffers (8192 numbers)
    tracemalloc.start()
    try:
        y = F.conv2d(x, weight, padding=1)
        assert tracemalloc.get_traced_memory()[1] - y.data.nbytes <= buffer + small
        upstream = np.ones(y.shape, np.float32)
        assert y.operation is not None
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        dx, dw = y.operation.backward(upstream)
        assert tracemalloc.get_traced_memory()[1] - before - dx.nbytes - dw.nbytes <= buffer + small
    finally:
        tracemalloc.stop()


def test_batch_norm_of_constant_features_stays_finite() -> None:
    x = dl.tensor(np.full((4, 3), 7.0, np.float32), requires_grad=True)
    layer = nn.BatchNorm1d(3)
    layer(x).sum().backward()
    np.testing.assert_array_equal(layer(x).data, 0.0)
    assert np.isfinite(x.grad).all()  # type: ignore[arg-type]


def test_an_empty_batch_leaves_the_running_statistics() -> None:
    layer = nn.BatchNorm1d(3)
    with np.errstate(invalid="ignore", divide="ignore"), pytest.warns(RuntimeWarning, match="empty slice"):
        assert layer(dl.zeros(0, 3)).shape == (0, 3)
    np.testing.assert_array_equal(layer.running_mean, 0.0)


def test_dropout_of_everything_is_zero_and_evaluation_is_the_identity() -> None:
    x = dl.ones(3, 4)
    np.testing.assert_array_equal(F.dropout(x, 1.0).data, 0.0)
    assert nn.Dropout(0.9).eval()(x) is x


def test_drop_block_drops_squares_and_keeps_the_mean() -> None:
    dl.manual_seed(0)
    out = F.drop_block2d(dl.ones(200, 5, 12, 12), p=0.2, block_size=3).data
    assert out.mean() == pytest.approx(1.0, rel=1e-5)
    assert (out == 0).mean() == pytest.approx(0.2, abs=0.03)
    dropped = out == 0
    squares = np.lib.stride_tricks.sliding_window_view(dropped, (3, 3), (2, 3)).all((-1, -2))
    covered = np.zeros_like(dropped)
    for i in range(3):
        for j in range(3):
            covered[:, :, i : i + 10, j : j + 10] |= squares
    np.testing.assert_array_equal(covered, dropped)  # every dropped pixel lies in a fully dropped square


def test_parametrized_layers_are_named_and_computed_anew() -> None:
    layer = nn.weight_norm(nn.Linear(3, 2))
    assert type(layer).__name__ == "ParametrizedLinear"
    assert isinstance(layer, nn.Linear)
    before = layer.weight.data
    np.testing.assert_allclose(before, layer.parametrizations.weight.original1.data, rtol=1e-6)
    layer.parametrizations.weight.original0.data *= 2.0
    np.testing.assert_allclose(layer.weight.data, 2 * before, rtol=1e-6)


def test_spectral_norm_brings_the_largest_singular_value_to_1() -> None:
    dl.manual_seed(0)
    layer = nn.spectral_norm(nn.Linear(7, 5), n_power_iterations=50)
    assert np.linalg.norm(layer.weight.data, 2) == pytest.approx(1.0, rel=1e-3)
    u = layer.state_dict()["parametrizations.weight.0._u"].copy()
    layer.eval()
    _ = layer.weight
    np.testing.assert_array_equal(u, layer.state_dict()["parametrizations.weight.0._u"])


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3, 2, 1, 2, 2, bias=False),
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(3),
        nn.LayerNorm(3),
        nn.GroupNorm(1, 3),
        nn.InstanceNorm2d(3),
        nn.BatchRenorm1d(3),
        nn.Dropout(0.3),
        nn.Dropout2d(0.3),
        nn.DropBlock2d(0.3, 5),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Maxout(2, 3),
        nn.Residual(nn.Linear(2, 2)),
        nn.DenseBlock(nn.Linear(2, 2)),
        nn.Softmax(1),
        nn.LogSoftmax(1),
        nn.ELU(),
        nn.GELU(),
        nn.LeakyReLU(),
        nn.Flatten(),
        nn.DistillationLoss(),
        nn.MultiTaskLoss([1.0]),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_printing_a_layer_shows_what_it_is(layer: nn.Module) -> None:
    text = repr(layer)
    assert text.startswith(type(layer).__name__ + "(")
    assert len(text) > len(type(layer).__name__) + 2
