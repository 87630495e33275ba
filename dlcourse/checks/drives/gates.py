"""Drives for gates, objects with ``forward`` and ``backward``, and for a neuron made of them."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.drives.values import (
    INPUTS_UNCHANGED,
    UNCHANGED_BY_BACKWARD,
    UNCHANGED_BY_FORWARD,
    Array,
    Watch,
    construct,
    function,
    numbers,
    several,
)

__all__ = ["add_constant_gate", "multiply_gate", "one_input_gate", "sigmoid_gate", "sigmoid_neuron"]


def multiply_gate(student: Any, x: Array, y: Array, dz: Array, other_x: Array, other_y: Array) -> dict[str, Array]:
    """Run a two-input gate forward and backward, while a second gate of the class is in use."""
    gate, other = construct(student), construct(student)
    given = Watch(x, y)
    output = gate.forward(x, y)
    z, by_forward = numbers(output, "forward"), given.unchanged()
    other.forward(other_x, other_y)
    held = Watch(x, y, output, dz)
    dx, dy = several(gate.backward(dz), ("dx", "dy"), "backward")
    return {"z": z, **_flags(by_forward, held), "dx": dx, "dy": dy}


def one_input_gate(student: Any, x: Array, dz: Array, other_x: Array) -> dict[str, Array]:
    """Run a one-input gate forward and backward, while a second gate of the class is in use."""
    gate, other = construct(student), construct(student)
    given = Watch(x)
    output = gate.forward(x)
    z, by_forward = numbers(output, "forward"), given.unchanged()
    other.forward(other_x)
    held = Watch(x, output, dz)
    dx = numbers(_single(gate.backward(dz)), "backward")
    return {"z": z, **_flags(by_forward, held), "dx": dx}


def add_constant_gate(student: Any, x: Array, c: Array, dz: Array, other_c: Array) -> dict[str, Array]:
    """Run a gate that is made with its constant, while a second one has another constant."""
    gate = construct(student, float(c))
    construct(student, float(other_c))
    given = Watch(x)
    output = gate.forward(x)
    z, by_forward = numbers(output, "forward"), given.unchanged()
    held = Watch(x, output, dz)
    dx = numbers(_single(gate.backward(dz)), "backward")
    return {"z": z, **_flags(by_forward, held), "dx": dx}


def sigmoid_gate(student: Any, x: Array, ds: Array, other_x: Array) -> dict[str, Array]:
    """Run a one-input gate as :func:`one_input_gate` does; its output is called s."""
    outputs = one_input_gate(student, x, ds, other_x)
    return {"s": outputs.pop("z"), **outputs}


def sigmoid_neuron(student: Any, w: Array, x: Array) -> dict[str, Array]:
    """Call a function that returns the value of a neuron and the gradients by its weights and inputs."""
    given = Watch(w, x)
    s, dw, dx = several(function(student)(w, x), ("s", "dw", "dx"), "sigmoid_neuron")
    return {INPUTS_UNCHANGED: given.unchanged(), "s": s, "dw": dw, "dx": dx}


def _flags(by_forward: Array, held: Watch) -> dict[str, Array]:
    """The two outputs that say whether forward, and then backward, left the arrays as they were."""
    return {UNCHANGED_BY_FORWARD: by_forward, UNCHANGED_BY_BACKWARD: held.unchanged()}


def _single(value: Any) -> Any:
    """A gate with one input may return its gradient alone or as a tuple of one."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value
