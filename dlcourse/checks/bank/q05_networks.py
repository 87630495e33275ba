"""Exercise 05: start a network in PyTorch, and an experiment with a deep one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.bank.q05_rules import OFF_LIMITS
from dlcourse.checks.drives import weights
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]
_WEIGHTS, _BIASES = ("W1", "W2", "W3"), ("b1", "b2", "b3")


def _initialised(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    fan_in = inputs["widths"]
    ratio = np.array([raw[name].std() / np.sqrt(2 / fan) for name, fan in zip(_WEIGHTS, fan_in)])
    return {
        "weights too small (-1), right (0) or too large (1)": (ratio > 1.15).astype(int) - (ratio < 0.85).astype(int),
        "layers whose biases are 0": np.array([not raw[name].any() for name in _BIASES]),
        "the normalisation is left alone": bool((raw["norm weight"] == 1.5).all() and (raw["norm bias"] == 0.25).all()),
    }


def _he(model: Any) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            torch.nn.init.zeros_(module.bias)


initialise = Question(
    "05.initialise",
    points=3,
    minutes=10,
    title="He's rule for a network in PyTorch",
    called_as="initialise(model)",
    tested="a network with layers inside layers and one LayerNorm: its weights, its biases, and what is not a Linear",
    inputs=lambda rng: {"widths": rng.permutation([130, 170, 210]), "seed": rng.integers(0, 10_000)},
    drive=weights.initialise,
    judge=Judge(reads=(*_WEIGHTS, *_BIASES, "norm weight", "norm bias"), facts=_initialised),
    answer=lambda **inputs: _initialised(weights.initialise(_he, **inputs), inputs),
    labels={
        "weights too small (-1), right (0) or too large (1)": _WEIGHTS,
        "layers whose biases are 0": _BIASES,
    },
)
initialise.hint("model.modules() visits every layer, however deeply it is nested; isinstance picks the Linear ones.")
initialise.hint("kaiming_normal_ has an argument for the activation, and its default is not the ReLU.")


@initialise.wrong(
    "only the outermost layers are visited",
    ask="What does iterating over the model give for a Sequential in it?",
    as_student=True,
)
def only_children(model: Any) -> None:
    import torch

    for module in model.children():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            torch.nn.init.zeros_(module.bias)


@initialise.wrong(
    "the weights have deviation 1 in every layer",
    ask="z is a sum over fan_in weights. How wide is it?",
    as_student=True,
)
def deviation_one(model: Any) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight)
            torch.nn.init.zeros_(module.bias)


@initialise.wrong("the biases are left as they were", ask="What did nn.Linear put into its bias?", as_student=True)
def biases_left(model: Any) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


@initialise.wrong(
    "every parameter is filled, that of the LayerNorm too",
    ask="What does a LayerNorm's weight of 1 mean?",
    as_student=True,
)
def every_parameter(model: Any) -> None:
    import torch

    _he(model)
    for module in model.modules():
        if isinstance(module, torch.nn.LayerNorm):
            torch.nn.init.normal_(module.weight)
            torch.nn.init.zeros_(module.bias)


@initialise.wrong(
    "the weights are too small for ReLU: the rule, or its gain, is that of another activation",
    ask="Which activation does your call assume, if you tell it none?",
    as_student=True,
)
def another_gain(model: Any) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.kaiming_uniform_(module.weight, a=5**0.5)
            torch.nn.init.zeros_(module.bias)


_ENOUGH = 0.9


def _learned(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    signals = raw["signals"]
    change = signals[-2] / inputs["X"].std()  # after the last hidden layer
    units = raw["first"]
    right = np.mean(raw["predictions"] == inputs["y_test"], axis=1)  # for each start; an unlucky one does not count
    return {
        "the signal dies (-1), stays (0) or explodes (1)": int(not change < 10) - int(change < 0.1),
        "the units differ from each other": bool(len(np.unique(units[:, 0])) == len(units)),
        "90 % of new digits are right": bool(np.max(right) >= _ENOUGH),
    }


def _digits(rng: np.random.Generator) -> Arrays:
    from dlcourse import data

    digits = data.load_digits()
    images = digits.X.reshape(-1, 64).astype(float)
    rows = rng.permutation(len(images))
    X, y = ((images - images.mean()) / images.std())[rows], digits.y[rows]
    return {
        "X": X[:900],
        "y": y[:900],
        "X_test": X[900:1400],
        "y_test": y[900:1400],
        "widths": np.array([64, *rng.permutation([40, 48, 56, 64, 72, 80, 88, 96, 104, 112]), 10]),
        "seed": rng.integers(0, 10_000),
    }


deep_start = Question(
    "05.deep_start",
    points=4,
    minutes=15,
    title="An experiment: a start from which eleven layers learn",
    called_as="weights = deep_start(widths, rng)",
    tested="300 updates of plain SGD on digits, from three starts; then 500 new digits",
    inputs=_digits,
    drive=weights.deep_start,
    judge=Judge(reads=("signals", "first", "predictions"), facts=_learned, hidden=("y_test",)),
    answer=lambda: {
        "the signal dies (-1), stays (0) or explodes (1)": 0,
        "the units differ from each other": True,
        "90 % of new digits are right": True,
    },
    off_limits=OFF_LIMITS,
    trains=True,
)
deep_start.hint("Layer k has the shape (widths[k + 1], widths[k]). Which of the two is its fan-in?")
deep_start.hint("All hidden layers are ReLU layers. Draw with rng.normal, and measure the signal as in 05.signal.")


@deep_start.wrong(
    "the weights are too small, and the signal dies on its way", ask="What is 0.1 to the power of eleven?"
)
def too_small() -> Arrays:
    return {"the signal dies (-1), stays (0) or explodes (1)": -1, "90 % of new digits are right": False}


@deep_start.wrong(
    "the weights are too small: the signal shrinks on its way, and training repairs that only now and then",
    ask="What is 0.7 to the power of eleven?",
)
def shrinking() -> Arrays:
    return {"the signal dies (-1), stays (0) or explodes (1)": -1}


@deep_start.wrong("the weights are too large, and the signal explodes", ask="By which factor does one layer change it?")
def too_large() -> Arrays:
    return {"the signal dies (-1), stays (0) or explodes (1)": 1, "90 % of new digits are right": False}


@deep_start.wrong("all weights of a layer are equal, so its units stay equal", ask="What makes two units different?")
def symmetric() -> Arrays:
    return {"the units differ from each other": False, "90 % of new digits are right": False}


@deep_start.wrong(
    "the signal gets through, but the network has not learned enough after 300 updates",
    ask="Is the gradient level too, from the last layer back to the first?",
)
def not_enough() -> Arrays:
    return {"90 % of new digits are right": False}


QUESTIONS = (initialise, deep_start)
