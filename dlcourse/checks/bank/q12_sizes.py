"""Exercise 12: how many outputs, how many parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcourse.checks.drives import images
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]


def _cases(rng: np.random.Generator) -> Arrays:
    """Cases in which the division leaves a remainder, besides some drawn freely."""
    cases: list[tuple[int, ...]] = []
    while len(cases) < 12:
        size, kernel, stride, padding = rng.integers((9, 2, 1, 0), (40, 8, 5, 4))
        remainder = (size + 2 * padding - kernel) % stride
        if len(cases) >= 6 or (stride > 1 and padding > 0 and remainder > 0):
            cases.append((size, kernel, stride, padding))
    return {"cases": np.array(cases)}


def _by(formula: Callable[[Any, Any, Any, Any], Any]) -> Callable[[Any], Arrays]:
    """The outputs that a formula of size, kernel, stride and padding gives."""
    return lambda cases: {"outputs": np.asarray(formula(*cases.T), dtype=float)}


output_size = Question(
    "12.output_size",
    points=2,
    minutes=6,
    title="How many outputs along an axis?",
    called_as="n = output_size(H, R, stride, padding)",
    tested="twelve combinations of size, kernel, stride and padding; in most of them pixels are left over",
    inputs=_cases,
    drive=images.output_size,
    answer=_by(lambda H, R, s, p: (H + 2 * p - R) // s + 1),
    axes={"outputs": ("case",)},
)
output_size.hint(
    "Where does the window with number i begin, and where does it end? It must end inside the padded image."
)
output_size.hint("Window i covers pixels i·s to i·s + R − 1 of H + 2p. Solve for the largest i, and count from 0.")

WRONG_SIZES: tuple[tuple[str, str, str, Callable[[Any, Any, Any, Any], Any]], ...] = (
    (
        "no_plus_one",
        "the steps are counted, not the windows: 1 is missing",
        "With as many pixels as the kernel has, how many windows fit?",
        lambda H, R, s, p: (H + 2 * p - R) // s,
    ),
    (
        "padding_once",
        "the padding is added on one side only",
        "On how many sides of a row does the padding lie?",
        lambda H, R, s, p: (H + p - R) // s + 1,
    ),
    (
        "rounded_up",
        "a last window that sticks out of the image is counted",
        "Does the last window have to lie inside the padded image?",
        lambda H, R, s, p: -(-(H + 2 * p - R) // s) + 1,
    ),
    (
        "not_rounded",
        "the division is not rounded down",
        "Can there be half an output?",
        lambda H, R, s, p: (H + 2 * p - R) / s + 1,
    ),
    (
        "one_inside",
        "the 1 is added before dividing by the stride",
        "Is the 1 a pixel or a window?",
        lambda H, R, s, p: (H + 2 * p - R + 1) // s,
    ),
    (
        "no_kernel",
        "the size of the kernel is left out",
        "Can a window begin at the last pixel?",
        lambda H, _R, s, p: (H + 2 * p) // s + 1,
    ),
    (
        "no_stride",
        "the stride is left out",
        "How far does the window move from one output to the next?",
        lambda H, R, _s, p: H + 2 * p - R + 1,
    ),
)
for name, says, ask, formula in WRONG_SIZES:
    variant = _by(formula)
    variant.__name__ = name
    output_size.wrong(says, ask=ask)(variant)


# ---- the layer table: conv (0, K, R, stride, padding), pool (1, k), dense (2, M)

LENET = np.array(
    [(0, 6, 5, 1, 2), (1, 2, 0, 0, 0), (0, 16, 5, 1, 0), (1, 2, 0, 0, 0)] + [(2, m, 0, 0, 0) for m in (120, 84, 10)]
)


def _network(rng: np.random.Generator) -> Arrays:
    """A network without two equal numbers of channels; its image is not square, and pooling leaves a column over."""
    first, second, hidden, classes = rng.permutation(np.arange(5, 20))[:4]
    layers = [
        (0, first, rng.choice([3, 5]), 2, 2),
        (0, second, rng.choice([2, 3]), 1, rng.integers(0, 2)),
        (1, 2, 0, 0, 0),
        (2, hidden, 0, 0, 0),
        (2, classes, 0, 0, 0),
    ]
    height = rng.integers(24, 32)
    width = height + rng.integers(3, 8)
    columns = _table(layers[:2], (1, height, width))[0][1, 2]
    width += 2 * (columns % 2 == 0)  # stride 2: two more pixels are one more column
    return {"layers": np.array(layers), "shape": np.array([rng.integers(2, 5), height, width]), "lenet": LENET}


Count = Callable[..., int]


def _conv_count(C: int, K: int, R: int, _outputs: int) -> int:
    """K kernels as deep as the input, each with a bias; wrong answers count the outputs as well."""
    return K * (C * R * R + 1)


def _table(
    layers: Any,
    shape: Any,
    conv: Count = _conv_count,
    dense: Count = lambda n, m: m * (n + 1),
    pool: Count = lambda _: 0,
    size: Count = lambda H, R, s, p: (H + 2 * p - R) // s + 1,
    cells: Count = lambda H, k: H // k,
    flat: Count = lambda C, H, W: C * H * W,
) -> tuple[Any, Any]:
    """Output shapes (layers, 3) and parameters (layers,)."""
    C, H, W = (int(n) for n in shape)
    units, shapes, counts = 0, [], []
    for kind, *values in np.asarray(layers).tolist():
        if kind == 0:
            K, R, stride, padding = values
            H, W = size(H, R, stride, padding), size(W, R, stride, padding)
            counts.append(conv(C, K, R, H * W))
            C = K
        elif kind == 1:
            H, W = cells(H, values[0]), cells(W, values[0])
            counts.append(pool(C))
        else:
            counts.append(dense(units or flat(C, H, W), values[0]))
            units = values[0]
        shapes.append((units, 0, 0) if units else (C, H, W))
    return np.array(shapes, dtype=float), np.array(counts, dtype=float)


def _tables(layers: Any, shape: Any, lenet: Any, **rules: Any) -> Arrays:
    shapes, parameters = _table(layers, shape, **rules)
    return {
        "output shapes": shapes,
        "parameters": parameters,
        "parameters of LeNet-5": _table(lenet, (1, 28, 28), **rules)[1],
    }


layer_table = Question(
    "12.layer_table",
    points=4,
    minutes=15,
    title="The table of a network",
    called_as="table = layer_table(layers, shape)",
    tested="a drawn network for an image that is not square, and LeNet-5",
    inputs=_network,
    drive=images.layer_table,
    answer=lambda layers, shape, lenet: _tables(layers, shape, lenet),
    axes={
        "output shapes": ("layer", "channels, height, width"),
        "parameters": ("layer",),
        "parameters of LeNet-5": ("layer",),
    },
)
layer_table.hint("Go through the layers with the present shape in your hands. Each one changes it.")
layer_table.hint("The first dense layer sees C·H·W numbers, every later one the outputs of the one before.")


def _wrong_table(says: str, ask: str, name: str, **rules: Any) -> None:
    def variant(layers: Any, shape: Any, lenet: Any) -> Arrays:
        return _tables(layers, shape, lenet, **rules)

    variant.__name__ = name
    layer_table.wrong(says, ask=ask)(variant)


_wrong_table(
    "the biases are not counted",
    "Each map, and each unit, adds one number of its own. Which?",
    "no_biases",
    conv=lambda C, K, R, _outputs: K * C * R * R,
    dense=lambda n, m: m * n,
)
_wrong_table(
    "a kernel has one channel: the channels of its input are left out",
    "How deep is a kernel that sees 6 maps?",
    "flat_kernels",
    conv=lambda _C, K, R, _outputs: K * (R * R + 1),
)
_wrong_table(
    "a convolution has a bias for each pair of maps",
    "Is the bias added before or after the sum over the input channels?",
    "bias_for_each_pair",
    conv=lambda C, K, R, _outputs: K * C * (R * R + 1),
)
_wrong_table(
    "the weights of a convolution are counted at each position",
    "Does a convolution use other weights at another place?",
    "not_shared",
    conv=lambda C, K, R, outputs: K * (C * R * R + 1) * outputs,
)
_wrong_table(
    "the bias of a convolution is counted at each position",
    "How many biases does a map have?",
    "bias_at_each_position",
    conv=lambda C, K, R, outputs: K * (C * R * R + outputs),
)
_wrong_table(
    "the first dense layer sees one number for each map",
    "How many numbers are there after flattening C maps of H × W?",
    "not_flattened",
    flat=lambda C, _H, _W: C,
)
_wrong_table(
    "pooling leaves the size of the maps as it was",
    "What does a 2 × 2 pooling do to 28 × 28?",
    "no_shrinking",
    cells=lambda H, _: H,
)
_wrong_table(
    "pooling counts cells that are not full",
    "Do 2 × 2 cells cover the last column of an odd width?",
    "cells_rounded_up",
    cells=lambda H, k: -(-H // k),
)
_wrong_table(
    "the stride of a convolution is ignored",
    "With stride 2, how many outputs has a row?",
    "stride_ignored",
    size=lambda H, R, _s, p: H + 2 * p - R + 1,
)
_wrong_table(
    "the padding is added on one side only",
    "On how many sides of a map does the padding lie?",
    "one_sided_padding",
    size=lambda H, R, s, p: (H + p - R) // s + 1,
)


@layer_table.convention(
    "two parameters for each pooled map: right for the original LeNet-5, whose sub-sampling had a weight and a bias",
    ask="Does max pooling have anything to learn?",
)
def trainable_pooling(layers: Any, shape: Any, lenet: Any) -> Arrays:
    return _tables(layers, shape, lenet, pool=lambda channels: 2 * channels)


QUESTIONS = (output_size, layer_table)
