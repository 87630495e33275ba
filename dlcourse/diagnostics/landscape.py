"""Look at the cost around a trained network: slices along one or two directions. For models of both backends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dlcourse.models.trace import require_model
from dlcourse.training.backend import Backend, backend_of

__all__ = ["loss_slice", "random_direction"]

Direction = dict[str, NDArray[np.float64]]
Loss = Callable[[Any, Any], Any]


def random_direction(model: Any, seed: int = 0, *, normalised: bool = True) -> Direction:
    """A random direction in the space of the weights: an array for each parameter, by name.

    Entries are drawn from N(0, 1). With ``normalised``, each filter of the direction gets the norm of
    the model's own filter (Li, Xu, Taylor, Studer & Goldstein, 2018), so that one unit of distance
    means the same for large and for small weights. A filter is what makes one output: a row of a
    Linear weight (out, in), a filter of a convolution (out, in, kh, kw). Biases and the weights of
    normalisation layers, which have one axis, then stay as they are: their direction is 0.
    """
    require_model(model, "random_direction")
    backend = backend_of(model)
    rng = np.random.default_rng(seed)
    direction: Direction = {}
    for name, parameter in model.named_parameters():
        weight = _array(parameter, backend)
        drawn = rng.normal(size=weight.shape)
        if normalised:
            drawn = drawn * _norms(weight) / _norms(drawn) if weight.ndim > 1 else np.zeros_like(drawn)
        direction[name] = drawn
    return direction


def loss_slice(
    model: Any,
    X: Any,
    y: Any,
    directions: Sequence[Direction],
    distances: ArrayLike,
    loss: Loss | None = None,
) -> NDArray[np.float64]:
    """The cost on (X, y) at w + α d for each α in ``distances``, or at w + α d₁ + β d₂ for each pair.

    ``directions`` holds one direction, for a curve of shape (A,), or two, for a map of shape (A, A)
    whose rows belong to α and whose columns belong to β. ``loss(output, y)`` is cross-entropy if left
    out. The model is in evaluation mode meanwhile; its weights and its mode are what they were afterwards.
    Raises ``ValueError`` for another number of directions and for a direction of another model.
    """
    require_model(model, "loss_slice")
    if len(directions) not in (1, 2):
        raise ValueError(f"loss_slice: directions has {len(directions)} entries, expected one or two")
    backend = backend_of(model)
    parameters = dict(model.named_parameters())
    start = {name: _array(parameter, backend) for name, parameter in parameters.items()}
    for direction in directions:
        _check(direction, start)
    alphas = np.asarray(distances, dtype=np.float64)
    inputs, targets = backend.tensor(X), backend.tensor(y)
    cost = loss or backend.twin.functional.cross_entropy
    state, modes = backend.copy_state(), [(module, module.training) for module in model.modules()]
    costs = []
    try:
        model.eval()
        with backend.twin.no_grad():
            for place in product(alphas, repeat=len(directions)):
                for name, weight in start.items():
                    shift = sum(distance * d[name] for distance, d in zip(place, directions, strict=True))
                    parameters[name].data[...] = backend.tensor(weight + shift).data
                costs.append(cost(model(inputs), targets).item())
    finally:
        backend.load_state(state)
        for module, mode in modes:
            module.training = mode
    return np.array(costs).reshape((len(alphas),) * len(directions))


def _check(direction: Direction, start: Direction) -> None:
    if set(direction) != set(start):
        raise ValueError(
            f"loss_slice: a direction has the parameters {sorted(direction)}, expected those of the model, "
            f"{sorted(start)}"
        )
    for name, weight in start.items():
        if direction[name].shape != weight.shape:
            raise ValueError(
                f"loss_slice: the direction of {name} has shape {direction[name].shape}, expected {weight.shape}"
            )


def _norms(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The norm of each filter, shaped to broadcast; a filter of zeros keeps a direction of zeros."""
    rows = weight.reshape(len(weight), -1)
    norms: NDArray[np.float64] = np.linalg.norm(rows, axis=1)
    return norms.reshape((-1,) + (1,) * (weight.ndim - 1))


def _array(values: Any, backend: Backend) -> NDArray[np.float64]:
    """A float64 copy."""
    return np.array(backend.array(values), dtype=np.float64)
