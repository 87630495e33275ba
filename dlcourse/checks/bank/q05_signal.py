"""Exercise 05: what zero weights do, how a signal travels, and layers scaled by measurement."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q05_rules import OFF_LIMITS
from dlcourse.checks.drives import weights
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]
_AT_ZERO = {"tanh": 0.0, "sigmoid": 0.5}


def _one_hot(rng: np.random.Generator) -> Arrays:
    return {
        "X": rng.normal(size=(7, 5)),
        "Y": np.eye(3)[rng.permutation([0, 0, 0, 0, 1, 1, 2])],
        "hidden": np.array(4),
    }


def _gradients(X: Any, Y: Any, hidden: Any, chance: Any = None, at_zero: Any = None, share: Any = None) -> Arrays:
    N, C = Y.shape
    dz = ((1 / C if chance is None else chance) - Y) / (N if share is None else share)
    outputs: Arrays = {}
    for name, a in (at_zero or _AT_ZERO).items():
        outputs |= {
            f"dW1 with {name}": np.zeros((int(hidden), X.shape[1])),
            f"db1 with {name}": np.zeros(int(hidden)),
            f"dW2 with {name}": dz.T @ np.full((N, int(hidden)), a),
            f"db2 with {name}": dz.sum(axis=0),
        }
    return outputs


gradients_at_zero = Question(
    "05.gradients_at_zero",
    points=4,
    minutes=15,
    title="The first gradients when all weights are 0",
    called_as="dW1, db1, dW2, db2 = gradients_at_zero(X, Y, hidden, activation)",
    tested="7 examples of three classes, 4 hidden units, once with tanh and once with the sigmoid",
    inputs=_one_hot,
    drive=weights.gradients_at_zero,
    answer=lambda X, Y, hidden: _gradients(X, Y, hidden),
)
gradients_at_zero.hint("Go forward first: what is z of the hidden layer, what is activation(z), and which p follows?")
gradients_at_zero.hint("dz of the output is (p − Y)/N. What does it become on its way through W2 = 0?")


@gradients_at_zero.wrong("the hidden activations are taken as 0 for the sigmoid too", ask="What is the sigmoid of 0?")
def sigmoid_is_zero(X: Any, Y: Any, hidden: Any) -> Arrays:
    return _gradients(X, Y, hidden, at_zero=dict.fromkeys(_AT_ZERO, 0.0))


@gradients_at_zero.wrong("everything is 0, so nothing could ever learn", ask="Is p equal to Y at the start?")
def all_zero(X: Any, Y: Any, hidden: Any) -> Arrays:
    return {name: 0 * array for name, array in _gradients(X, Y, hidden).items()}


@gradients_at_zero.wrong(
    "the sum over the examples is taken, not the mean", ask="The cost is a mean. Where is its 1/N?"
)
def summed(X: Any, Y: Any, hidden: Any) -> Arrays:
    return _gradients(X, Y, hidden, share=1)


@gradients_at_zero.wrong("the logits stand where their softmax belongs", ask="What is the softmax of three zeros?")
def logits(X: Any, Y: Any, hidden: Any) -> Arrays:
    return _gradients(X, Y, hidden, chance=0.0)


@gradients_at_zero.wrong("the sign is turned round", ask="Is dz equal to p − Y, or to Y − p?")
def negative(X: Any, Y: Any, hidden: Any) -> Arrays:
    return {name: -array for name, array in _gradients(X, Y, hidden).items()}


@gradients_at_zero.wrong("p is ½, as for two classes", ask="How many classes share the probability?")
def two_classes(X: Any, Y: Any, hidden: Any) -> Arrays:
    return _gradients(X, Y, hidden, chance=0.5)


def _layers(rng: np.random.Generator) -> Arrays:
    return {
        "X": 1.5 * rng.normal(size=(40, 6)) + 0.3,
        "W1": rng.uniform(0.2, 0.6) * rng.normal(size=(9, 6)),
        "W2": rng.uniform(0.5, 0.9) * rng.normal(size=(11, 9)),
        "W3": rng.uniform(0.1, 0.3) * rng.normal(size=(8, 11)),
    }


def _through(X: Any, W: Any) -> list[Any]:
    """The signal after each layer."""
    signals = [X]
    for part in W:
        signals.append(np.maximum(signals[-1] @ part.T, 0))
    return signals[1:]


signal = Question(
    "05.signal",
    points=2,
    minutes=6,
    title="How the signal travels",
    called_as="deviations = signal(X, [W1, W2, W3])",
    tested="a ReLU network of three layers of different width, and 40 examples",
    inputs=_layers,
    drive=weights.signal,
    answer=lambda X, W1, W2, W3: {"deviations": np.array([a.std() for a in _through(X, [W1, W2, W3])])},
    steps=("deviations",),
)
signal.hint("Keep the activations in one variable and overwrite it in every layer.")
signal.hint("One number for each layer: the deviation of all activations of all examples, after the ReLU.")


@signal.wrong("the deviation is taken before the ReLU", ask="Which numbers does the next layer get?")
def before_relu(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    inputs = [X, *_through(X, [W1, W2])]
    return {"deviations": np.array([(a @ W.T).std() for a, W in zip(inputs, (W1, W2, W3))])}


@signal.wrong("there is no ReLU", ask="What is a stack of linear layers?")
def linear(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return {"deviations": np.array([(X @ W1.T).std(), (X @ W1.T @ W2.T).std(), (X @ W1.T @ W2.T @ W3.T).std()])}


@signal.wrong("the last layer has no ReLU", ask="Which of the layers computes relu(a Wᵀ), as the question says?")
def linear_output(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    first, second, _ = _through(X, [W1, W2, W3])
    return {"deviations": np.array([first.std(), second.std(), (second @ W3.T).std()])}


@signal.wrong("the deviation of X comes first in the list", ask="How many layers are there, and how many numbers?")
def with_input(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return {"deviations": np.array([a.std() for a in (X, *_through(X, [W1, W2, W3]))])}


@signal.wrong("every layer sees X", ask="What is the input of the second layer?")
def always_x(X: Any, W1: Any) -> Arrays:
    first = np.maximum(X @ W1.T, 0).std()
    return {"deviations": np.array([first, first, first])}


@signal.wrong("the mean is returned", ask="How do you measure how widely numbers spread?")
def mean(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return {"deviations": np.array([a.mean() for a in _through(X, [W1, W2, W3])])}


@signal.wrong("the variance is returned", ask="Which unit has your number?")
def squared(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return {"deviations": np.array([a.var() for a in _through(X, [W1, W2, W3])])}


@signal.convention(
    "the root of the mean square is returned, as in He's derivation",
    ask="The question asks for the deviation. What does it leave out that the mean square keeps?",
)
def root_mean_square(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return {"deviations": np.array([np.sqrt((a**2).mean()) for a in _through(X, [W1, W2, W3])])}


@signal.wrong(
    "the deviation of each unit is taken first and then their mean",
    ask="Two units that never change, at 0 and at 5: do they spread?",
)
def unit_by_unit(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return {"deviations": np.array([a.std(axis=0).mean() for a in _through(X, [W1, W2, W3])])}


def _scaled(X: Any, W: Any, measure: Any = np.std, after_relu: bool = False) -> Arrays:
    scaled, a = [], X
    for part in W:
        z = a @ part.T
        size = measure(np.maximum(z, 0) if after_relu else z)
        scaled.append(part / size)
        a = np.maximum(z / size, 0)
    return dict(zip(("W1", "W2", "W3"), scaled))


_KEPT = {"the weights given are unchanged": True}

scale_layers = Question(
    "05.scale_layers",
    points=4,
    minutes=15,
    title="Scale by measurement",
    called_as="W1, W2, W3 = scale_layers(X, [W1, W2, W3])",
    tested="three layers, scaled one after the other; the weights that were given must stay as they are",
    inputs=_layers,
    drive=weights.scale_layers,
    answer=lambda X, W1, W2, W3: {**_scaled(X, [W1, W2, W3]), **_KEPT},
    off_limits=OFF_LIMITS,
)
scale_layers.hint("Measure z = a Wᵀ of the layer, divide W by the deviation of z, then go on with the new signal.")
scale_layers.hint("The second layer's input is the first layer's output with the scaled weights.")


@scale_layers.wrong(
    "all layers are measured before any is scaled", ask="Which input will the second layer see in the end?"
)
def not_sequential(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    inputs = [X, *_through(X, [W1, W2])]
    return {f"W{k}": W / (a @ W.T).std() for k, (a, W) in enumerate(zip(inputs, (W1, W2, W3)), start=1)}


@scale_layers.wrong("the weights are multiplied by the deviation", ask="z is twice too large. Should W grow or shrink?")
def multiplied(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return _scaled(X, [W1, W2, W3], measure=lambda z: 1 / z.std())


@scale_layers.wrong("the weights are divided by the variance", ask="What is the deviation of z / σ²?")
def by_variance(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return _scaled(X, [W1, W2, W3], measure=np.var)


@scale_layers.wrong(
    "the deviation after the ReLU is set to 1", ask="Which of the two should have deviation 1: z, or relu(z)?"
)
def after_the_relu(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    return _scaled(X, [W1, W2, W3], after_relu=True)


@scale_layers.wrong("the deviation of the weights is set to 1", ask="Is it W or z that should have deviation 1?")
def of_weights(W1: Any, W2: Any, W3: Any) -> Arrays:
    return {f"W{k}": W / W.std() for k, W in enumerate((W1, W2, W3), start=1)}


@scale_layers.wrong(
    "the weights that were given are changed", ask="`W /= s` and `W = W / s`: who else sees the first one?"
)
def in_place() -> Arrays:
    return {"the weights given are unchanged": False}


@scale_layers.wrong("the next layer sees the signal without its ReLU", ask="What stands between two layers?")
def relu_forgotten(X: Any, W1: Any, W2: Any, W3: Any) -> Arrays:
    scaled, a = {}, X
    for name, W in (("W1", W1), ("W2", W2), ("W3", W3)):
        scaled[name] = W / (a @ W.T).std()
        a = a @ scaled[name].T
    return scaled


QUESTIONS = (gradients_at_zero, signal, scale_layers)
