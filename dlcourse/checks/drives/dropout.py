"""Drives for dropout in NumPy: a layer with given coins, the paper's convention, every mask of a small layer."""

from __future__ import annotations

from typing import Any

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

__all__ = ["all_masks", "digit_reader", "dropout_layer", "paper_network", "to_torch"]


def dropout_layer(
    student: Any, p: Array, x: Array, u: Array, dz: Array, other_p: Array, other_x: Array, other_u: Array
) -> dict[str, Array]:
    """Run a layer forward and backward with given coins ``u``, while a second one with another p is in use."""
    layer, other = construct(student, float(p)), construct(student, float(other_p))
    given = Watch(x, u)
    output = layer.forward(x, u)
    z, by_forward = numbers(output, "forward"), given.unchanged()
    other.forward(other_x, other_u)
    held = Watch(x, u, output, dz)
    dx = numbers(layer.backward(dz), "backward")
    return {"z": z, UNCHANGED_BY_FORWARD: by_forward, UNCHANGED_BY_BACKWARD: held.unchanged(), "dx": dx}


def paper_network(
    student: Any, X: Array, W1: Array, b1: Array, W2: Array, b2: Array, keep: Array, m0: Array, m1: Array
) -> dict[str, Array]:
    """Run a two-layer network once in training, with masks, and once at test time, without."""
    rates = (float(keep[0]), float(keep[1]))
    trained = function(student)(X.copy(), W1.copy(), b1.copy(), W2.copy(), b2.copy(), rates, (m0.copy(), m1.copy()))
    tested = function(student)(X.copy(), W1.copy(), b1.copy(), W2.copy(), b2.copy(), rates, None)
    return {
        "logits in training": numbers(trained, "paper_network"),
        "logits at test time": numbers(tested, "paper_network"),
    }


def to_torch(student: Any, W1: Array, W2: Array, keep: Array) -> dict[str, Array]:
    """Convert the weights of a network with the paper's dropout."""
    watch = Watch(W1, W2)
    result = function(student)([W1, W2], (float(keep[0]), float(keep[1])))
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Unusable("to_torch: expected two lists, the values of p and the weights")
    first, second = several(result[1], ("W1", "W2"), "to_torch")
    return {
        "p of nn.Dropout": numbers(result[0], "to_torch"),
        "W1": first,
        "W2": second,
        "the weights given are left": watch.unchanged(),
    }


def all_masks(student: Any, h: Array, W: Array, b: Array, p: Array) -> dict[str, Array]:
    """Ask for both means over all masks, and for the answer in one pass."""
    names = ("one pass", "geometric mean", "arithmetic mean")
    one_pass, geometric, arithmetic = several(
        function(student)(h.copy(), W.copy(), b.copy(), float(p)), names, "ensemble"
    )
    return dict(zip(names, (one_pass, geometric, arithmetic)))


def digit_reader(student: Any, X: Array, y: Array, X_test: Array) -> dict[str, Array]:
    """Let the student train on digits; then ask about images of which some are no digits."""
    read = function(student)(X.copy(), y.copy())
    if not callable(read):
        raise Unusable(f"digit_reader returned a {type(read).__name__}, expected the function read")
    answers = numbers(read(X_test.copy()), "read")
    if answers.shape != (len(X_test),):
        raise Unusable(f"read returned shape {answers.shape} for {len(X_test)} images, expected ({len(X_test)},)")
    return {"answers": answers}
