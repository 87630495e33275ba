"""Drives for convolution and pooling in NumPy, and for the sizes and counts of a convolutional network."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import (
    UNCHANGED_BY_BACKWARD,
    UNCHANGED_BY_FORWARD,
    Array,
    Unusable,
    Watch,
    construct,
    function,
    numbers,
    several,
)

__all__ = ["conv_backward", "conv_forward", "layer_table", "max_pool", "output_size", "read_letters"]


def output_size(student: Any, cases: Array) -> dict[str, Array]:
    """Ask for the number of outputs of each case: pixels, kernel, stride and padding along one axis."""
    answers = [numbers(function(student)(*map(int, case)), "output_size") for case in cases]
    if any(answer.size != 1 for answer in answers):
        raise Unusable("output_size: expected one number")
    return {"outputs": np.array([float(answer.reshape(())) for answer in answers])}


def layer_table(student: Any, layers: Array, shape: Array, lenet: Array) -> dict[str, Array]:
    """Ask for the tables of a drawn network and of LeNet-5. A layer comes as a row of five numbers."""
    shapes, parameters = _table(student, layers, tuple(map(int, shape)))
    _, of_lenet = _table(student, lenet, (1, 28, 28))
    return {"output shapes": shapes, "parameters": parameters, "parameters of LeNet-5": of_lenet}


def _table(student: Any, rows: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    names = ("conv", "pool", "dense")
    lengths = (5, 2, 2)
    layers = [(names[row[0]], *map(int, row[1 : lengths[row[0]]])) for row in rows]
    table = function(student)(layers, shape)
    if table is None:
        raise Unusable("layer_table returned None. Is a `return` missing?")
    table = list(table)
    if len(table) != len(layers) or not all(isinstance(line, (tuple, list)) and len(line) == 2 for line in table):
        raise Unusable(f"layer_table: expected a list of {len(layers)} pairs (output shape, parameters)")
    shapes = np.zeros((len(table), 3))
    for place, (output, _) in enumerate(table):
        sizes = numbers(output, "the output shape").ravel()
        if sizes.size not in (1, 3):
            raise Unusable(f"layer_table: an output shape is {output!r}, expected three numbers or, for dense, one")
        shapes[place, : sizes.size] = sizes
    counts = [numbers(count, "the number of parameters") for _, count in table]
    if any(count.size != 1 for count in counts):
        raise Unusable("layer_table: expected one number of parameters for each layer")
    return shapes, np.array([float(count.reshape(())) for count in counts])


def conv_forward(student: Any, x: Array, W: Array, b: Array, wide: Array) -> dict[str, Array]:
    """Run the convolution with stride 2 and padding 1, then kernels of 2 × 3 with stride 1 and no padding."""
    again, same_b = x.copy(), b.copy()  # a student who writes into x has it wrong once, not twice
    given = Watch(x, W, b, again, wide, same_b)
    first = numbers(function(student)(x, W, b, 2, 1), "conv_forward")
    second = numbers(function(student)(again, wide, same_b, 1, 0), "conv_forward")
    return {"z": first, "z of 2 × 3 kernels": second, UNCHANGED_BY_FORWARD: given.unchanged()}


def conv_backward(student: Any, x: Array, W: Array, dz: Array, wide: Array, dz_wide: Array) -> dict[str, Array]:
    """Run the backward pass with stride 2 and padding 1, then kernels of 2 × 3 with stride 1 and no padding."""
    again = x.copy()  # a student who writes into x has it wrong once, not twice
    given = Watch(x, W, dz, again, wide, dz_wide)
    names = ("dx", "dW", "db")
    first = several(function(student)(dz, x, W, 2, 1), names, "conv_backward")
    second = several(function(student)(dz_wide, again, wide, 1, 0), names, "conv_backward")
    outputs = {"db": first[2], "dW": first[1], "dx": first[0]}
    return {
        **outputs,
        "dW of 2 × 3 kernels": second[1],
        "dx of 2 × 3 kernels": second[0],
        UNCHANGED_BY_BACKWARD: given.unchanged(),
    }


def max_pool(student: Any, x: Array, dz: Array, other_x: Array, wide: Array, dz_wide: Array) -> dict[str, Array]:
    """Pool 2 × 2 cells forward and backward while a second layer is in use, then 3 × 3 cells."""
    layer, other, larger = construct(student, 2), construct(student, 2), construct(student, 3)
    given = Watch(x)
    output = layer.forward(x)
    z, by_forward = numbers(output, "forward"), given.unchanged()
    other.forward(other_x)
    held = Watch(x, output, dz)
    dx, by_backward = numbers(layer.backward(dz), "backward"), held.unchanged()
    z_wide = numbers(larger.forward(wide), "forward")
    return {
        "z": z,
        UNCHANGED_BY_FORWARD: by_forward,
        UNCHANGED_BY_BACKWARD: by_backward,
        "dx": dx,
        "z of 3 × 3 cells": z_wide,
        "dx of 3 × 3 cells": numbers(larger.backward(dz_wide), "backward"),
    }


def read_letters(student: Any, X: Array, y: Array, X_new: Array) -> dict[str, Array]:
    """Train on letters, then ask about new ones: all at once, and a few of them."""
    read = function(student)(X.copy(), y.astype(np.int64))
    if not callable(read):
        raise Unusable(f"letter_reader returned a {type(read).__name__}, expected the function read")
    return {"all": _answers(read, X_new), "some": _answers(read, X_new[:20])}


def _answers(read: Any, images: Array) -> Array:
    answers = numbers(read(images.copy()), "read")
    if answers.shape != (len(images),):
        raise Unusable(f"read returned shape {answers.shape} for {len(images)} images, expected one class for each")
    return answers
