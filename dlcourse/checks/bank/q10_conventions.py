"""Exercise 10: the paper's convention with a rate for each layer, and its translation into PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.unchanged import name_changed_inputs
from dlcourse.checks.drives import dropout
from dlcourse.checks.drives.values import INPUTS_UNCHANGED
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]
_TRAINING, _TEST = "logits in training", "logits at test time"
_EXPECT = "Which share of the units spoke in training, on average?"


def _rates(rng: np.random.Generator) -> Any:
    """Two different probabilities to keep, neither of them 0.5."""
    return rng.permutation([0.8, 0.6]) if rng.random() < 0.5 else rng.permutation([0.9, 0.7])


def _inputs(rng: np.random.Generator) -> Arrays:
    keep = _rates(rng)
    m0, m1 = (rng.random((5, 4)) < keep[0]).astype(float), (rng.random((5, 6)) < keep[1]).astype(float)
    m0[0, :2], m1[0, :2] = (1.0, 0.0), (0.0, 1.0)
    return {
        "X": rng.normal(size=(5, 4)),
        "W1": rng.normal(size=(6, 4)),
        "b1": rng.normal(size=6),
        "W2": rng.normal(size=(3, 6)),
        "b2": rng.normal(size=3),
        "keep": keep,
        "m0": m0,
        "m1": m1,
    }


def _run(inputs: Arrays, first: Any, second: Any) -> Any:
    """The logits when the inputs are multiplied by ``first`` and the hidden units by ``second``."""
    hidden = np.maximum((inputs["X"] * first) @ inputs["W1"].T + inputs["b1"], 0)
    return (hidden * second) @ inputs["W2"].T + inputs["b2"]


paper_network = Question(
    "10.paper_network",
    points=4,
    minutes=12,
    title="Scaling at test time, a rate for each layer",
    called_as="logits = paper_network(X, W1, b1, W2, b2, keep, masks), with masks = (m0, m1), or None at test time",
    tested="a network 4-6-3 with two different rates: once with masks, once without; no array may change",
    inputs=_inputs,
    drive=dropout.paper_network,
    answer=lambda **inputs: {
        _TRAINING: _run(inputs, inputs["m0"], inputs["m1"]),
        _TEST: _run(inputs, inputs["keep"][0], inputs["keep"][1]),
        INPUTS_UNCHANGED: True,
    },
    axes={_TRAINING: ("example", "class"), _TEST: ("example", "class")},
    off_limits=("torch", "dlcourse.numpy.functional", "dlcourse.numpy.nn", "dlcourse.torch"),
)
paper_network.hint("In training multiply by the masks and by nothing else.")
paper_network.hint("At test time each mask is replaced by its mean. The mean of m0 is keep[0].")


@paper_network.wrong("at test time nothing is scaled", ask=_EXPECT)
def test_not_scaled(**inputs: Any) -> Arrays:
    return {_TEST: _run(inputs, 1.0, 1.0)}


@paper_network.wrong("at test time 1 - keep multiplies", ask="Is keep the probability to keep or to drop?")
def scaled_by_drop(**inputs: Any) -> Arrays:
    return {_TEST: _run(inputs, 1 - inputs["keep"][0], 1 - inputs["keep"][1])}


@paper_network.wrong(
    "at test time keep divides", ask="At test time more units speak than in training. Louder, or softer?"
)
def test_divided(**inputs: Any) -> Arrays:
    return {_TEST: _run(inputs, 1 / inputs["keep"][0], 1 / inputs["keep"][1])}


@paper_network.wrong("only the hidden units are scaled at test time", ask="Which layers had a mask in training?")
def inputs_not_scaled(**inputs: Any) -> Arrays:
    return {_TEST: _run(inputs, 1.0, inputs["keep"][1])}


@paper_network.wrong("only the inputs are scaled at test time", ask="Which layers had a mask in training?")
def hidden_not_scaled(**inputs: Any) -> Arrays:
    return {_TEST: _run(inputs, inputs["keep"][0], 1.0)}


@paper_network.wrong("the two rates are exchanged", ask="keep[0] belongs to the inputs. Which mask is that?")
def exchanged(**inputs: Any) -> Arrays:
    return {_TEST: _run(inputs, inputs["keep"][1], inputs["keep"][0])}


@paper_network.wrong(
    "the biases are scaled too",
    ask="Was a bias ever dropped? Multiply the activations, not the whole sum. What then happens to b1?",
)
def biases_scaled(**inputs: Any) -> Arrays:
    first, second = inputs["keep"]
    hidden = np.maximum(first * (inputs["X"] @ inputs["W1"].T + inputs["b1"]), 0)
    return {_TEST: second * (hidden @ inputs["W2"].T + inputs["b2"])}


@paper_network.wrong(
    "b1 is scaled with the inputs, as it is when both factors are applied at the end",
    ask="Was b1 ever dropped? Which product belongs to the inputs, and what is added to it?",
)
def scaled_at_the_end(**inputs: Any) -> Arrays:
    factor = inputs["keep"].prod()
    hidden = np.maximum(inputs["X"] @ inputs["W1"].T + inputs["b1"], 0)
    return {_TEST: factor * (hidden @ inputs["W2"].T) + inputs["b2"]}


@paper_network.wrong("in training the scale is applied as well", ask="In training the masks did it already. Why twice?")
def scaled_in_training(**inputs: Any) -> Arrays:
    return {_TRAINING: _run(inputs, inputs["m0"] * inputs["keep"][0], inputs["m1"] * inputs["keep"][1])}


@paper_network.wrong(
    "in training keep divides, and at test time it multiplies as well", ask="Which of the two is the paper's?"
)
def both_repairs(**inputs: Any) -> Arrays:
    return {_TRAINING: _run(inputs, inputs["m0"] / inputs["keep"][0], inputs["m1"] / inputs["keep"][1])}


@paper_network.wrong("the ReLU is missing", ask="May a hidden unit be negative here?")
def no_relu(**inputs: Any) -> Arrays:
    def linear(first: Any, second: Any) -> Any:
        hidden = (inputs["X"] * first) @ inputs["W1"].T + inputs["b1"]
        return (hidden * second) @ inputs["W2"].T + inputs["b2"]

    return {_TRAINING: linear(inputs["m0"], inputs["m1"]), _TEST: linear(*inputs["keep"])}


@paper_network.wrong("a 1 in a mask is taken for dropped", ask="m0 multiplies X. What does a 0 do?")
def masks_inverted(**inputs: Any) -> Arrays:
    return {_TRAINING: _run(inputs, 1 - inputs["m0"], 1 - inputs["m1"])}


@paper_network.wrong("the inputs are never dropped", ask="How many masks are there, and which layer is m0 for?")
def inputs_not_dropped(**inputs: Any) -> Arrays:
    return {_TRAINING: _run(inputs, 1.0, inputs["m1"])}


@paper_network.convention(
    "this is inverted dropout: keep divides in training, and nothing is scaled at test; the paper's form is asked for",
    ask="Which of the two can you use with weights that were trained the paper's way?",
)
def inverted(**inputs: Any) -> Arrays:
    return {
        _TRAINING: _run(inputs, inputs["m0"] / inputs["keep"][0], inputs["m1"] / inputs["keep"][1]),
        _TEST: _run(inputs, 1.0, 1.0),
    }


# ---- the same network in PyTorch's units


def _converted(p: Any, first: Any, second: Any) -> Arrays:
    return {"p of nn.Dropout": np.array(p), "W1": first, "W2": second}


to_torch = Question(
    "10.to_torch",
    points=2,
    minutes=8,
    title="From the paper's p to PyTorch's",
    called_as="p, weights = to_torch([W1, W2], keep)",
    tested="W1 (6, 4) and W2 (3, 6) with two different rates; the arrays given must stay as they are",
    inputs=lambda rng: {"W1": rng.normal(size=(6, 4)), "W2": rng.normal(size=(3, 6)), "keep": _rates(rng)},
    drive=dropout.to_torch,
    answer=lambda W1, W2, keep: {
        **_converted(1 - keep, keep[0] * W1, keep[1] * W2),
        "the weights given are left": True,
    },
    labels={"p of nn.Dropout": ("inputs", "hidden units")},
    off_limits=("torch", "dlcourse.torch"),
)
to_torch.hint("nn.Dropout wants the probability to drop.")
to_torch.hint("In eval mode PyTorch scales nothing. So what the paper multiplies at test time goes into the weights.")


@to_torch.wrong("p is the probability to keep", ask="What does nn.Dropout(0.8) do with 80 of 100 units?")
def p_is_keep(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted(keep, keep[0] * W1, keep[1] * W2)


@to_torch.wrong("the weights are not changed", ask="At test time the paper multiplies by keep. Who does it in PyTorch?")
def weights_kept(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted(1 - keep, W1, W2)


@to_torch.wrong("the weights are divided by keep", ask="In eval mode all units speak. Must the weights grow or shrink?")
def weights_divided(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted(1 - keep, W1 / keep[0], W2 / keep[1])


@to_torch.wrong(
    "the weights are multiplied by the probability to drop", ask="Which share of the units spoke in training?"
)
def weights_by_drop(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted(1 - keep, (1 - keep[0]) * W1, (1 - keep[1]) * W2)


@to_torch.wrong(
    "the rates of the two layers are exchanged", ask="keep[0] belongs to the inputs, which W1 multiplies. And yours?"
)
def rates_exchanged(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted((1 - keep)[::-1], keep[1] * W1, keep[0] * W2)


@to_torch.wrong("the two values of p are exchanged", ask="keep[0] belongs to the inputs. And your first p?")
def p_exchanged(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted((1 - keep)[::-1], keep[0] * W1, keep[1] * W2)


@to_torch.wrong("each weight matrix is multiplied by the other's rate", ask="Which activations does W1 multiply?")
def factors_exchanged(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted(1 - keep, keep[1] * W1, keep[0] * W2)


@to_torch.wrong("only the weights behind the hidden units are changed", ask="Are the inputs dropped too?")
def first_forgotten(W1: Any, W2: Any, keep: Any) -> Arrays:
    return _converted(1 - keep, W1, keep[1] * W2)


@to_torch.wrong(
    "the arrays given were changed",
    ask="Who else may hold W1? `W *= k` changes it for all of them; what does `W * k` do?",
)
def weights_overwritten() -> Arrays:
    return {"the weights given are left": False}


QUESTIONS = (paper_network, to_torch)
name_changed_inputs(paper_network)
