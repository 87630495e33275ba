"""Drives for dropout in NumPy: a layer with given coins, the paper's convention, every mask of a small layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives.values import (
    INPUTS_UNCHANGED,
    UNCHANGED_BY_BACKWARD,
    UNCHANGED_BY_FORWARD,
    Array,
    Unusable,
    Watch,
    construct,
    described,
    function,
    numbers,
    returned_function,
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
    outputs, unchanged = {}, []
    for name, masks in (("logits in training", (m0.copy(), m1.copy())), ("logits at test time", None)):
        given = [array.copy() for array in (X, W1, b1, W2, b2)]
        watch = Watch(*given, *(masks or ()))
        outputs[name] = numbers(function(student)(*given, rates, masks), "paper_network")
        unchanged.append(watch.unchanged())
    return {**outputs, INPUTS_UNCHANGED: np.array(all(unchanged))}


def to_torch(student: Any, W1: Array, W2: Array, keep: Array) -> dict[str, Array]:
    """Convert the weights of a network with the paper's dropout."""
    watch = Watch(W1, W2)
    result = function(student)([W1, W2], (float(keep[0]), float(keep[1])))
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        count = f"{len(result)} values" if isinstance(result, (tuple, list)) else described(result)
        raise Unusable(f"to_torch returned {count}, expected two lists: the values of p, and the weights")
    rates = _rates(result[0])
    first, second = several(result[1], ("W1", "W2"), "to_torch's second list")
    return {
        "p of nn.Dropout": rates,
        "W1": first,
        "W2": second,
        "the weights given are left": watch.unchanged(),
    }


def _rates(value: Any) -> Array:
    """The two values of p. A frequent slip is to return a flat list, or the weights first."""
    expected = "to_torch: expected two numbers in the first list, p for the inputs and p for the hidden units"
    try:
        rates = numbers(value, "to_torch")
    except Unusable:
        raise Unusable(expected) from None
    if rates.shape != (2,):
        raise Unusable(expected)
    return rates


def all_masks(student: Any, h: Array, W: Array, b: Array, p: Array) -> dict[str, Array]:
    """Ask for both means over all masks, and for the answer in one pass."""
    names = ("one pass", "geometric mean", "arithmetic mean")
    one_pass, geometric, arithmetic = several(
        function(student)(h.copy(), W.copy(), b.copy(), float(p)), names, "ensemble"
    )
    return dict(zip(names, (one_pass, geometric, arithmetic)))


def digit_reader(student: Any, X: Array, y: Array, X_test: Array) -> dict[str, Array]:
    """Let the student train on digits; then ask about images of which some are no digits."""
    read = returned_function(function(student)(X.copy(), y.copy()), "digit_reader", "read")
    answers = numbers(read(X_test.copy()), "read")
    if answers.shape != (len(X_test),):
        count = len(X_test)
        raise Unusable(f"read returned shape {answers.shape} for {count} images, expected ({count},): classes or -1")
    if not np.isin(answers, np.arange(-1, 10)).all():
        raise Unusable("read returned something else than the class numbers 0 to 9, or -1 for “I do not know”")
    return {"answers": answers}
