"""Exercise 04: the product over depth, and two ways around it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import deep
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]
_OFF_LIMITS = ("torch.autograd", "torch.tensor", "torch.from_numpy", "dlcourse.numpy.Tensor", "dlcourse.numpy.tensor")


def _forward(w: Any, x: Any) -> tuple[Any, Any]:
    """The inputs of the units and their outputs."""
    inputs, outputs, a = [], [], float(x)
    for weight in w:
        inputs.append(a)
        a = 1 / (1 + np.exp(-weight * a))
        outputs.append(a)
    return np.array(inputs), np.array(outputs)


def _chain(w: Any, x: Any) -> Any:
    inputs, a = _forward(w, x)
    slopes = a * (1 - a)
    factors = np.append(slopes[1:] * w[1:], 1.0)  # what each later unit multiplies by
    return inputs * slopes * np.cumprod(factors[::-1])[::-1]


chain_gradients = Question(
    "04.chain_gradients",
    points=4,
    minutes=15,
    title="A chain of sigmoid units: one product for each weight",
    called_as="y, dw = chain_gradients(w, x)",
    tested="the output and the gradient by each of six weights, weights and input random",
    inputs=lambda rng: {"w": rng.uniform(0.5, 3, size=6) * rng.choice([-1.0, 1.0], 6), "x": rng.uniform(0.5, 2)},
    drive=deep.chain_gradients,
    answer=lambda w, x: {"y": _forward(w, x)[1][-1], "dw": _chain(w, x)},
    axes={"dw": ("unit",)},
    off_limits=_OFF_LIMITS,
)
chain_gradients.hint("Forward: keep the input and the output of every unit in lists.")
chain_gradients.hint("Backward, from the last unit: da is 1 at the end; dz = da·s(1 − s); dw = dz·input; da = dz·w.")


@chain_gradients.wrong("the slope is taken at the unit's input instead of w times it", ask="Where is f′ evaluated?")
def slope_at_input(w: Any, x: Any) -> Arrays:
    inputs, _ = _forward(w, x)
    s = 1 / (1 + np.exp(-inputs))
    factors = np.append((s * (1 - s))[1:] * w[1:], 1.0)
    return {"dw": inputs * s * (1 - s) * np.cumprod(factors[::-1])[::-1]}


@chain_gradients.wrong("the weights are missing from the product", ask="A change of a passes through w·a. Where is w?")
def no_weights(w: Any, x: Any) -> Arrays:
    inputs, a = _forward(w, x)
    s = a * (1 - a)
    return {"dw": inputs * np.cumprod(s[::-1])[::-1]}


@chain_gradients.wrong("the slopes are missing from the product", ask="Which factor does the sigmoid itself bring?")
def no_slopes(w: Any, x: Any) -> Arrays:
    inputs, _ = _forward(w, x)
    return {"dw": inputs * np.cumprod(np.append(w[1:], 1.0)[::-1])[::-1]}


@chain_gradients.wrong("the unit's own weight is in its product too", ask="Does dw₁ contain w₁?")
def own_weight(w: Any, x: Any) -> Arrays:
    return {"dw": _chain(w, x) * w}


@chain_gradients.wrong("the input of the unit is missing", ask="z = w·a. What is dz/dw?")
def no_input(w: Any, x: Any) -> Arrays:
    return {"dw": _chain(w, x) / _forward(w, x)[0]}


@chain_gradients.wrong(
    "the gradients come in backward order, last unit first", ask="Which weight does dw[0] belong to?"
)
def reversed_order(w: Any, x: Any) -> Arrays:
    return {"dw": _chain(w, x)[::-1]}


# ---- skip connections


def _add_inputs(rng: np.random.Generator) -> Arrays:
    return {"a": rng.normal(size=(5, 3)), "W": rng.normal(size=(3, 3)), "dout": rng.normal(size=(5, 3))}


def _concat_inputs(rng: np.random.Generator) -> Arrays:
    return {"a": rng.normal(size=(5, 3)), "W": rng.normal(size=(4, 3)), "dout": rng.normal(size=(5, 7))}


def _add(a: Any, W: Any, dout: Any) -> Arrays:
    h = np.tanh(a @ W.T)
    dz = dout * (1 - h**2)
    return {"out": a + h, "da": dout + dz @ W, "dW": dz.T @ a}


skip_add = Question(
    "04.skip_add",
    points=3,
    minutes=10,
    title="A skip connection by addition",
    called_as="out, da, dW = skip_add(a, W, dout)",
    tested="out = a + tanh(a Wᵀ) and both gradients, a (5, 3), W (3, 3), all random",
    inputs=_add_inputs,
    drive=deep.skip_layer,
    answer=_add,
    off_limits=_OFF_LIMITS,
)
skip_add.hint("a is used twice: directly, and inside the tanh. What do gradients of a shared value do?")
skip_add.hint("dz = dout·(1 − h²), then dW = dzᵀ a and da = dout + dz W.")


@skip_add.wrong("the gradient through the skip is missing", ask="How many paths lead from a to out?")
def branch_only(a: Any, W: Any, dout: Any) -> Arrays:
    return {"da": _add(a, W, dout)["da"] - dout}


@skip_add.wrong("the gradient through the layer is missing", ask="Does a also act through W?")
def skip_only(dout: Any) -> Arrays:
    return {"da": dout}


@skip_add.wrong("dW is aᵀ dz, of shape (in, out)", ask="z = a Wᵀ. Which axis of W belongs to z?")
def weight_transposed(a: Any, W: Any, dout: Any) -> Arrays:
    return {"dW": _add(a, W, dout)["dW"].T}


@skip_add.wrong("the slope of tanh is missing", ask="What does tanh do to a gradient on its way back?")
def add_no_slope(a: Any, W: Any, dout: Any) -> Arrays:
    return {"da": dout + dout @ W, "dW": dout.T @ a}


@skip_add.wrong("the slope is computed from the output with the skip in it", ask="1 − h² needs h. Is out equal to h?")
def slope_of_sum(a: Any, W: Any, dout: Any) -> Arrays:
    dz = dout * (1 - (a + np.tanh(a @ W.T)) ** 2)
    return {"da": dout + dz @ W, "dW": dz.T @ a}


@skip_add.wrong("the input is not added in forward", ask="What comes out when W is 0?")
def plain_layer(a: Any, W: Any) -> Arrays:
    return {"out": np.tanh(a @ W.T)}


def _concat(a: Any, W: Any, dout: Any) -> Arrays:
    h = np.tanh(a @ W.T)
    dz = dout[:, a.shape[1] :] * (1 - h**2)
    return {"out": np.concatenate([a, h], axis=1), "da": dout[:, : a.shape[1]] + dz @ W, "dW": dz.T @ a}


skip_concat = Question(
    "04.skip_concat",
    points=3,
    minutes=10,
    title="A skip connection by concatenation",
    called_as="out, da, dW = skip_concat(a, W, dout)",
    tested="out = [a, tanh(a Wᵀ)] side by side and both gradients, a (5, 3), W (4, 3), dout (5, 7), all random",
    inputs=_concat_inputs,
    drive=deep.skip_layer,
    answer=_concat,
    off_limits=_OFF_LIMITS,
)
skip_concat.hint("out has D + G columns. Which columns of dout belong to a, and which to the tanh?")
skip_concat.hint("Split dout, take each part back along its own path, and add what reaches a.")


@skip_concat.wrong("the gradient of the copied columns is missing", ask="The first columns of out are a. What is da?")
def concat_branch_only(a: Any, W: Any, dout: Any) -> Arrays:
    return {"da": _concat(a, W, dout)["da"] - dout[:, :3]}


@skip_concat.wrong("the gradient through the layer is missing", ask="Do the last columns of out depend on a?")
def copy_only(dout: Any) -> Arrays:
    return {"da": dout[:, :3]}


@skip_concat.wrong("the layer gets the first columns of dout, a the last ones", ask="Which part of out comes first?")
def parts_swapped(a: Any, W: Any, dout: Any) -> Arrays:
    dz = dout[:, :4] * (1 - np.tanh(a @ W.T) ** 2)
    return {"da": dout[:, 4:] + dz @ W, "dW": dz.T @ a}


@skip_concat.wrong("the slope of tanh is missing", ask="What does tanh do to a gradient on its way back?")
def concat_no_slope(a: Any, W: Any, dout: Any) -> Arrays:
    dz = dout[:, 3:]
    return {"da": dout[:, :3] + dz @ W, "dW": dz.T @ a}


@skip_concat.wrong("the layer's columns come first", ask="In [a, h], which one is on the left?")
def layer_first(a: Any, W: Any) -> Arrays:
    return {"out": np.concatenate([np.tanh(a @ W.T), a], axis=1)}


QUESTIONS = (chain_gradients, skip_add, skip_concat)
