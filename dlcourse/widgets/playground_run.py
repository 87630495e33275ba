"""The playground's training run: data, features, a small network, and its weights after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.models import mlp

__all__ = ["ACTIVATIONS", "DATA", "EPOCHS", "FEATURES", "POINTS", "Run", "Setting", "make_features", "train_run"]

Array = NDArray[Any]

OWN = "your own"
POINTS = 200
EPOCHS = 80

DATA: Mapping[str, Callable[..., data.Dataset]] = {
    "spirals": data.make_spirals,
    "moons": data.make_moons,
    "circles": data.make_circles,
    "xor": data.make_xor,
    "gaussians": data.make_gaussians,
}
STARTERS = [[-0.8, -0.8, 0], [0.8, 0.8, 0], [-0.8, 0.8, 1], [0.8, -0.8, 1]]
"""The four points that data of the reader's own begin with: one of each class to train, one to validate."""
ACTIVATIONS: Mapping[str, str] = {"tanh": "Tanh", "ReLU": "ReLU", "sigmoid": "Sigmoid", "none": "Identity"}
FORMULAS: Mapping[str, Callable[[Array], Array]] = {
    "x": lambda points: points[:, 0],
    "y": lambda points: points[:, 1],
    "x * y": lambda points: points[:, 0] * points[:, 1],
    "x**2": lambda points: points[:, 0] ** 2,
    "y**2": lambda points: points[:, 1] ** 2,
    "np.sin(3 * x)": lambda points: np.sin(3 * points[:, 0]),
    "np.sin(3 * y)": lambda points: np.sin(3 * points[:, 1]),
}
FEATURES: Mapping[str, tuple[str, ...]] = {
    "x, y": ("x", "y"),
    "with x*y": ("x", "y", "x * y"),
    "with squares": ("x", "y", "x**2", "y**2"),
    "all seven": tuple(FORMULAS),
}
"""The inputs to choose from, each a list of formulas."""


@dataclass(frozen=True)
class Setting:
    """Everything that a run depends on; the words are those of the controls."""

    data: str
    noise: float
    share: float
    features: str
    layers: int
    units: int
    activation: str
    loss: str
    optimizer: str
    rate: float
    batch: int
    penalty: str
    strength: float
    loop: str
    seed: int
    own: Sequence[Sequence[float]] = ()

    @property
    def sizes(self) -> list[int]:
        """The units of each layer: features first, one output last."""
        return [len(FEATURES[self.features]), *[self.units] * self.layers, 1]


@dataclass
class Run:
    """One training run: the points, which of them train, and a frame for each epoch from 0."""

    points: data.Dataset
    train: Array
    validation: Array
    frames: list[dict[str, Any]]


def make_points(setting: Setting) -> data.Dataset:
    """The two-dimensional data set; moons are centred and made smaller, to lie where the others do."""
    if setting.data == OWN:
        return as_dataset(STARTERS)
    noise = {"spread" if setting.data == "gaussians" else "noise": setting.noise}
    points = DATA[setting.data](POINTS, seed=setting.seed, **noise)
    if setting.data != "moons":
        return points
    X = 0.7 * (points.X - np.array([0.5, 0.25], dtype=np.float32))
    return data.Dataset(points.name, X, points.y, points.classes, points.description)


def as_dataset(rows: Sequence[Sequence[float]]) -> data.Dataset:
    """Points ``[x, y, label]`` as a data set."""
    table = np.array(rows, dtype=np.float32).reshape(-1, 3)
    return data.Dataset(OWN, table[:, :2], table[:, 2].astype(np.int64), ("0", "1"), "points placed by hand")


def join(first: data.Dataset, second: data.Dataset) -> data.Dataset:
    """The points of both, those of ``first`` first."""
    X, y = np.concatenate([first.X, second.X]), np.concatenate([first.y, second.y])
    return data.Dataset(first.name, X, y, first.classes, first.description)


def make_features(X: Array, features: str) -> Array:
    """The inputs of the network, (N, features), for points (N, 2)."""
    return np.stack([FORMULAS[name](X) for name in FEATURES[features]], axis=1)


def targets(y: Array, loss: str) -> Array:
    """Labels as the loss wants them, (N, 1): 0 and 1 for cross-entropy, -1 and 1 for squared error."""
    column = y[:, None].astype(np.float32)
    return column if loss == "cross-entropy" else 2 * column - 1


def train_run(setting: Setting) -> Run:
    """Train for :data:`EPOCHS` epochs and keep weights and costs of each; the reader's random numbers are not touched.

    A run whose numbers are no longer finite ends there.
    """
    state = dl.get_rng_state()
    try:
        with np.errstate(all="ignore"):
            return _train(setting)
    finally:
        dl.set_rng_state(state)


def _train(setting: Setting) -> Run:
    points = make_points(setting)
    train, validation = data.stratified_indices(points.y, (setting.share, 1 - setting.share), seed=setting.seed)
    train = np.concatenate([train, len(points) + np.arange(len(setting.own))])  # what the reader places trains
    points = join(points, as_dataset(setting.own))
    if setting.loop == "sorted":
        train = train[np.argsort(points.y[train], kind="stable")]
    X, y = make_features(points.X, setting.features), targets(points.y, setting.loss)
    dl.manual_seed(setting.seed)
    model = mlp(dl, setting.sizes, getattr(dl.nn, ACTIVATIONS[setting.activation]))
    optimizer = make_optimizer(setting, model.parameters())
    loss_fn = dl.nn.BCEWithLogitsLoss() if setting.loss == "cross-entropy" else dl.nn.MSELoss()
    shuffle = setting.loop != "sorted"
    batches = data.Batches(X[train], y[train], batch_size=setting.batch, shuffle=shuffle, seed=setting.seed)
    parts = {"": (X[train], y[train]), "val_": (X[validation], y[validation])}
    frames = [_frame(model, loss_fn, parts)]
    while len(frames) <= EPOCHS and np.isfinite(frames[-1]["weights"]).all():
        for X_batch, y_batch in batches:
            cost = loss_fn(model(dl.tensor(X_batch)), dl.tensor(y_batch)) + penalty(setting, model.parameters())
            if setting.loop != "no zero_grad":
                optimizer.zero_grad()
            cost.backward()
            optimizer.step()
        frames.append(_frame(model, loss_fn, parts))
    return Run(points, train, validation, frames)


def make_optimizer(setting: Setting, parameters: Any) -> Any:
    """The optimizer that the setting names."""
    if setting.optimizer == "Adam":
        return dl.optim.Adam(parameters, lr=setting.rate)
    return dl.optim.SGD(parameters, lr=setting.rate, momentum=0.9 if setting.optimizer == "momentum" else 0.0)


def penalty(setting: Setting, parameters: Any) -> Any:
    """What is added to the cost, for the weights and not for the biases: λ/2·Σw² (L2), λ·Σ|w| (L1) or 0."""
    weights = [w for w in parameters if len(w.shape) == 2]
    if setting.penalty == "L2":
        return setting.strength / 2 * sum((w * w).sum() for w in weights)
    if setting.penalty == "L1":
        return setting.strength * sum(w.abs().sum() for w in weights)
    return 0.0


def _frame(model: Any, loss_fn: Any, parts: Mapping[str, tuple[Array, Array]]) -> dict[str, Any]:
    """Weights in one row, W then b layer by layer, and what they reach on training and validation points."""
    frame: dict[str, Any] = {"weights": np.concatenate([dl.to_numpy(w).ravel() for w in model.parameters()])}
    with dl.no_grad():
        for name, (X, y) in parts.items():
            output = model(dl.tensor(X))
            frame[f"{name}cost"] = float(loss_fn(output, dl.tensor(y)).item())
            right = (dl.to_numpy(output) > 0) == (y == y.max())
            frame[f"{name}accuracy"] = float(right.mean())
    return frame
