"""Exercise 02: prepared images and a first deep network, in PyTorch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_first
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]


def _prepared(train: Any, new: Any, mean: Any, deviation: Any) -> Arrays:
    values = [((part - mean) / deviation)[:, None] for part in (train, new)]
    return {"training images": values[0], "new images": values[1]}


data_preparation = Question(
    "02.data_preparation",
    points=3,
    minutes=10,
    title="Prepare images for a network",
    called_as="prepare = DataPreparation(train_images); X = prepare(images)",
    tested="8 training images and 5 new, brighter ones, uint8 with 6 × 5 pixels",
    inputs=lambda rng: {
        "train": rng.integers(0, 200, size=(8, 6, 5)),
        "new": rng.integers(60, 256, size=(5, 6, 5)),
    },
    drive=torch_first.data_preparation,
    answer=lambda train, new: {
        "shape of the prepared images": np.array([8, 1, 6, 5]),
        "they are float32 tensors": np.array(True),
        **_prepared(train, new, train.mean(), train.std()),
    },
    axes=dict.fromkeys(("training images", "new images"), ("image", "channel", "row", "column")),
    rtol=1e-4,
)
data_preparation.hint("__init__ learns one mean and one deviation over all pixels of the training images.")
data_preparation.hint("torch.as_tensor(images, dtype=torch.float32), then unsqueeze(1) for the channel.")


@data_preparation.wrong(
    "each call uses the statistics of its own images",
    ask="The new images are brighter. Can your network still see that?",
)
def own_statistics(train: Any, new: Any) -> Arrays:
    return {"new images": _prepared(train, new, new.mean(), new.std())["new images"]}


@data_preparation.wrong("the channel axis is missing", ask="Which four axes does an image batch have?")
def no_channel(train: Any, new: Any) -> Arrays:
    values = _prepared(train, new, train.mean(), train.std())
    shape = {"shape of the prepared images": np.array([8, 6, 5])}
    return {**shape, **{name: value[:, 0] for name, value in values.items()}}


@data_preparation.wrong("the mean is not subtracted", ask="What is the mean of the prepared training images?")
def not_centred(train: Any, new: Any) -> Arrays:
    return _prepared(train, new, 0.0, train.std())


@data_preparation.wrong("the pixels are only divided by 255", ask="Are their mean 0 and their deviation 1 then?")
def only_255(train: Any, new: Any) -> Arrays:
    return _prepared(train, new, 0.0, 255.0)


@data_preparation.wrong(
    "the variance divides instead of the deviation", ask="Which of the two has the unit of a pixel?"
)
def by_variance(train: Any, new: Any) -> Arrays:
    return _prepared(train, new, train.mean(), train.var())


@data_preparation.wrong("the result is float64", ask="Which dtype do the weights of a layer have in PyTorch?")
def is_float64() -> Arrays:
    return {"they are float32 tensors": np.array(False)}


@data_preparation.convention(
    "one mean and one deviation for each pixel position; common too, but here a dark corner would be divided by "
    "almost nothing",
    ask="What happens to a pixel that is nearly always black?",
)
def for_each_pixel(train: Any, new: Any) -> Arrays:
    return _prepared(train, new, train.mean(axis=0), train.std(axis=0))


@data_preparation.convention(
    "the deviation divides by N - 1, as torch.std does unless told otherwise",
    ask="How much do the two differ for this many pixels?",
    full=True,
)
def sample_deviation(train: Any, new: Any) -> Arrays:
    return _prepared(train, new, train.mean(), train.std(ddof=1))


def _logits(images: Any, flat: Any, hidden: Any, classes: Any, act: Any) -> Any:
    """The network's output in NumPy; ``act(layer, z)`` is applied after each of the three layers."""
    a = images.reshape(len(images), -1)
    place = 0
    for layer, (inputs, outputs) in enumerate(pairwise([a.shape[1], int(hidden), int(hidden), int(classes)])):
        W = flat[place : place + inputs * outputs].reshape(outputs, inputs)
        place += inputs * outputs
        a = act(layer, a @ W.T + flat[place : place + outputs])
        place += outputs
    return a


def _relu(layer: int, z: Any) -> Any:
    return np.maximum(z, 0) if layer < 2 else z


first_network = Question(
    "02.first_network",
    points=4,
    minutes=12,
    title="A first deep network",
    called_as="model = FirstDeepNeuralNetwork(side, hidden, classes); logits = model(images)",
    tested="images of 4 × 4 pixels, two hidden layers of 6, three classes, with weights that the check puts in",
    inputs=lambda rng: {
        "images": rng.normal(size=(12, 1, 4, 4)),
        "flat": rng.normal(0.0, 0.6, size=16 * 6 + 6 + 6 * 6 + 6 + 6 * 3 + 3),
        "hidden": np.array(6),
        "classes": np.array(3),
    },
    drive=torch_first.first_network,
    answer=lambda images, flat, hidden, classes: {
        "shapes of the weights": np.array([[6, 16], [6, 6], [3, 6]]),
        "logits": _logits(images, flat, hidden, classes, _relu),
    },
    axes={"logits": ("image", "class")},
)
first_network.hint("Three nn.Linear: pixels to hidden, hidden to hidden, hidden to classes.")
first_network.hint("images.flatten(1) keeps the batch axis. A ReLU follows the first two layers, none the last.")


@first_network.wrong(
    "a softmax stands at the end: the outputs are probabilities, not logits",
    ask="CrossEntropyLoss applies a softmax itself. What happens to a softmax of a softmax?",
)
def with_softmax(images: Any, flat: Any, hidden: Any, classes: Any) -> Arrays:
    e = np.exp(_logits(images, flat, hidden, classes, _relu))
    return {"logits": e / e.sum(axis=1, keepdims=True)}


@first_network.wrong("a ReLU follows the last layer too", ask="Can a logit be negative?")
def relu_at_the_end(images: Any, flat: Any, hidden: Any, classes: Any) -> Arrays:
    return {"logits": _logits(images, flat, hidden, classes, lambda _, z: np.maximum(z, 0))}


@first_network.wrong(
    "there is no activation between the layers", ask="What is a linear map of a linear map of a linear map?"
)
def no_activation(images: Any, flat: Any, hidden: Any, classes: Any) -> Arrays:
    return {"logits": _logits(images, flat, hidden, classes, lambda _, z: z)}


@first_network.wrong("only one of the two hidden layers has an activation", ask="Which layers have a ReLU behind them?")
def one_activation(images: Any, flat: Any, hidden: Any, classes: Any) -> Arrays:
    return {"logits": _logits(images, flat, hidden, classes, lambda i, z: np.maximum(z, 0) if i == 0 else z)}


@first_network.wrong("only the second hidden layer has an activation", ask="Is there a ReLU after the first layer?")
def late_activation(images: Any, flat: Any, hidden: Any, classes: Any) -> Arrays:
    return {"logits": _logits(images, flat, hidden, classes, lambda i, z: np.maximum(z, 0) if i == 1 else z)}


@first_network.wrong("the activation is a sigmoid", ask="Which activation does the question ask for?")
def sigmoid(images: Any, flat: Any, hidden: Any, classes: Any) -> Arrays:
    return {"logits": _logits(images, flat, hidden, classes, lambda i, z: 1 / (1 + np.exp(-z)) if i < 2 else z)}


QUESTIONS = (data_preparation, first_network)
