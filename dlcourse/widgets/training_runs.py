"""The training doctor's patients: small networks on real digits, each trained with one mistake, or none.

A run takes a fraction of a second. The same setting gives the same curve, and nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import ceil
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse.data import Batches, Standardizer, load_digits
from dlcourse.models import mlp
from dlcourse.training import Callback, Trainer, UpdateRatio, accuracy

__all__ = ["PATIENTS", "TREATMENTS", "Run", "Setting", "learns_20_by_heart", "train", "treated"]

Array = NDArray[Any]
IMAGES, VALIDATION = 1000, 400


@dataclass(frozen=True)
class Setting:
    """All that a run depends on.

    ``init`` is the standard deviation of the first weights, None for the library's own. ``labels``
    and ``order`` are "true" or "shuffled", and "shuffled" (anew in each epoch) or "sorted" (by class).
    ``noise`` is the deviation of what is added to training inputs, ``decay`` the strength of the penalty.
    """

    lr: float = 0.1
    steps: int = 400
    batch_size: int = 50
    images: int = IMAGES
    hidden: tuple[int, ...] = (50,)
    init: float | None = None
    labels: str = "true"
    order: str = "shuffled"
    noise: float = 0.0
    decay: float = 0.0


@dataclass(frozen=True, eq=False)
class Run:
    """The cost of every step, the validation cost at first and after every epoch, and the end of it.

    ``accuracy`` is that of the last epoch on training data, ``val_accuracy`` that on validation data after it;
    ``update_ratio`` the median of ‖Δw‖ / ‖w‖ of the first layer, NaN for a layer that was all zeros.
    """

    train: Array
    val: Array
    accuracy: float
    val_accuracy: float
    update_ratio: float


PATIENTS: Mapping[str, Setting] = MappingProxyType(
    {
        "A": Setting(lr=2.0),
        "B": Setting(lr=1e-4),
        "C": Setting(hidden=(50, 50, 50), init=0.03, steps=600),
        "D": Setting(lr=10.0, steps=100),
        "E": Setting(lr=0.05, order="sorted"),
        "F": Setting(lr=0.3, images=60, batch_size=20, steps=600),
        "G": Setting(),
        "H": Setting(lr=0.3, hidden=(1,), steps=600),
        "I": Setting(init=0.0),
        "J": Setting(lr=0.3, images=300, labels="shuffled", hidden=(200,)),
        "K": Setting(lr=2.5),
        "L": Setting(lr=0.02, images=300, batch_size=1, steps=900),
        "M": Setting(lr=4e-3),
        "N": Setting(noise=1.5, steps=600),
    }
)
"""Fourteen runs, in an order that gives nothing away."""

TREATMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "none": {},
        "rate ÷ 10": {"lr": 0.1},
        "rate × 10": {"lr": 10.0},
        "usual first weights": {"init": None},
        "100 hidden units": {"hidden": (100,)},
        "1000 images, true labels": {"images": IMAGES, "labels": "true"},
        "shuffle every epoch": {"order": "shuffled"},
        "batches of 50": {"batch_size": 50},
        "weight decay": {"decay": 0.02},
    }
)
"""What each treatment replaces in a setting; the rate is multiplied."""


def treated(setting: Setting, treatment: str) -> Setting:
    """The setting after a treatment. Raises ``KeyError`` for one that does not exist."""
    changes = dict(TREATMENTS[treatment])
    if "lr" in changes:
        changes["lr"] = float(f"{setting.lr * changes['lr']:.6g}")
    return replace(setting, **changes)


@lru_cache(maxsize=512)
def train(setting: Setting) -> Run:
    """Train with plain SGD; a run that breaks goes on to its last step, so that the curve shows it."""
    _, _, X_val, y_val = _digits()
    ratios = UpdateRatio(every=10)
    trainer = _trainer(setting, ratios)
    with np.errstate(all="ignore"):
        with dl.no_grad():
            first = trainer.loss_fn(trainer.model(dl.tensor(X_val)), dl.tensor(y_val)).item()
        batches = _batches(setting)
        history = trainer.fit(batches, ceil(setting.steps / len(batches)), validation=(X_val, y_val))
    measured = [ratio for ratio in ratios.ratios["1.weight"] if np.isfinite(ratio)]
    return Run(
        train=np.array(history.step_costs()[: setting.steps]),
        val=np.array([first, *history["val_cost"]]),
        accuracy=history["accuracy"][-1],
        val_accuracy=history["val_accuracy"][-1],
        update_ratio=float(np.median(measured)) if measured else float("nan"),
    )


@lru_cache(maxsize=512)
def learns_20_by_heart(setting: Setting) -> float:
    """The accuracy on 20 images after 200 steps on all of them at once, everything else as in ``setting``."""
    few = replace(setting, images=20, batch_size=20, order="shuffled", noise=0.0, decay=0.0)
    with np.errstate(all="ignore"):
        return _trainer(few).fit(_batches(few), epochs=200)["accuracy"][-1]


def _trainer(setting: Setting, *callbacks: Callback) -> Trainer:
    model = _model(setting)
    optimizer = dl.optim.SGD(model.parameters(), lr=setting.lr, weight_decay=setting.decay)
    return Trainer(model, optimizer, dl.nn.CrossEntropyLoss(), {"accuracy": accuracy}, callbacks)


def _batches(setting: Setting) -> _Noisy:
    X, y = _training_set(setting)
    return _Noisy(Batches(X, y, setting.batch_size, shuffle=setting.order == "shuffled"), setting.noise)


class _Noisy:
    """Batches whose inputs get fresh noise, the simplest augmentation; no noise leaves them as they are."""

    def __init__(self, batches: Batches, noise: float) -> None:
        self.batches, self.noise = batches, noise
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        for X, y in self.batches:
            if self.noise:
                X = X + np.float32(self.noise) * self.rng.normal(size=X.shape).astype(np.float32)
            yield X, y


@cache
def _digits() -> tuple[Array, Array, Array, Array]:
    """Standardised rows and labels: training, then validation."""
    data = load_digits().flat()
    order = np.random.default_rng(0).permutation(len(data))
    first, last = order[:IMAGES], order[-VALIDATION:]
    standardizer = Standardizer().fit(data.X[first])
    return standardizer.transform(data.X[first]), data.y[first], standardizer.transform(data.X[last]), data.y[last]


def _training_set(setting: Setting) -> tuple[Array, Array]:
    X, y, _, _ = _digits()
    X, y = X[: setting.images], y[: setting.images]
    if setting.labels == "shuffled":
        y = np.random.default_rng(1).permutation(y)
    if setting.order == "sorted":
        by_class = np.argsort(y, kind="stable")
        X, y = X[by_class], y[by_class]
    return X, y


def _model(setting: Setting) -> Any:
    dl.manual_seed(0)
    model = mlp(dl, [64, *setting.hidden, 10])
    if setting.init is not None:
        rng = np.random.default_rng(0)
        for parameter in model.parameters():
            is_weight = len(parameter.shape) > 1
            parameter.data[...] = setting.init * rng.normal(size=parameter.shape) if is_weight else 0
    return model
