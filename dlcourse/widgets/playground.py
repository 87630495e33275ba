"""The playground: a small network on two-dimensional data, its neurons' maps and its cost, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Menu, Player, Points, Presets, Slider
from dlcourse.widgets.explorer import Explorer
from dlcourse.widgets.numbers import short
from dlcourse.widgets.playground_code import code_for
from dlcourse.widgets.playground_figure import draw
from dlcourse.widgets.playground_run import ACTIVATIONS, DATA, EPOCHS, FEATURES, OWN, Setting, make_features, train_run

__all__ = ["EXTENT", "GRID", "PRESETS", "Playground", "setting_of"]

EXTENT = 1.3  # the maps show the square from -EXTENT to EXTENT
GRID = 28  # values along a side of a map
RATES = ("0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3")
STRENGTHS = ("0.001", "0.003", "0.01", "0.03", "0.1")

_SOLVED: dict[str, Any] = {
    "data": "spirals",
    "noise": 0.025,
    "share": 0.5,
    "seed": 0.0,
    "features": "x, y",
    "layers": 2.0,
    "units": 8.0,
    "activation": "tanh",
    "loss": "cross-entropy",
    "optimizer": "Adam",
    "rate": "0.03",
    "batch": "16",
    "penalty": "none",
    "strength": "0.03",
    "loop": "right",
    "own": [],
}
_NOISY = {"data": "moons", "noise": 0.4, "share": 0.2, "layers": 3.0, "batch": "8", "seed": 1.0}
_LINEAR = {"data": "xor", "noise": 0.05, "layers": 0.0}
_TOO_FAST = {"features": "with squares", "layers": 0.0, "loss": "squared error", "optimizer": "SGD", "rate": "1"}
_DEEP = {"data": "circles", "noise": 0.1, "layers": 4.0, "optimizer": "SGD", "rate": "0.3"}
PRESETS: dict[str, dict[str, Any]] = {
    "spirals": _SOLVED,
    "two units": {**_SOLVED, "layers": 1.0, "units": 2.0},
    "xor, linear": {**_SOLVED, **_LINEAR},
    "xor, with x·y": {**_SOLVED, **_LINEAR, "features": "with x*y"},
    "noise by heart": {**_SOLVED, **_NOISY},
    "noise + L2": {**_SOLVED, **_NOISY, "penalty": "L2"},
    "deep sigmoid": {**_SOLVED, **_DEEP, "activation": "sigmoid"},
    "rate too high": {**_SOLVED, **_TOO_FAST},
}
"""Settings known to succeed and to fail; each sets every control."""


class Playground(Explorer):
    """Choose data, a network and a way to train it; play the training and watch every neuron.

    Keywords are the names of the controls: ``preset`` (a name in ``PRESETS``), ``data``, ``noise``,
    ``share`` (of the points that train), ``features``, ``layers``, ``units``, ``activation``, ``loss``,
    ``optimizer``, ``rate``, ``batch``, ``penalty``, ``strength``, ``loop`` ("right", or one of two bugs:
    "no zero_grad", "sorted"), ``seed``, ``own`` (points ``[x, y, label]`` that train beside the data) and
    ``epoch`` (the place, from 0). Own points are placed by a click into the picture; the data "your own"
    begin with four points and leave the rest to the reader.
    """

    title = "Playground: a small network learns two classes"
    drawing = FOLDER / "playground.js"
    controls = (
        Presets("preset", label="Preset", sets=PRESETS),
        Menu("data", label="Data", values=(*DATA, OWN), export="off"),
        Slider("noise", label="Noise", low=0.0, high=0.5, steps=20, export="off"),
        Slider("share", label="Training share", low=0.2, high=0.8, steps=6, start=0.5, export="off"),
        Menu("features", label="Inputs", values=tuple(FEATURES), export="off"),
        Slider("layers", label="Hidden layers", low=0, high=4, steps=4, start=2, export="off"),
        Slider("units", label="Units", low=1, high=8, steps=7, start=8, export="off"),
        Menu("activation", label="Activation", values=tuple(ACTIVATIONS), export="off"),
        Menu("loss", label="Loss", values=("cross-entropy", "squared error"), export="off"),
        Menu("optimizer", label="Optimizer", values=("Adam", "SGD", "momentum"), export="off"),
        Menu("rate", label="Rate", values=RATES, start="0.03", export="off"),
        Menu("batch", label="Batch", values=("4", "8", "16", "32", "64"), start="16", export="off"),
        Menu("penalty", label="Penalty", values=("none", "L1", "L2"), export="off"),
        Menu("strength", label="λ", values=STRENGTHS, start="0.03", export="off"),
        Menu(
            "loop",
            label="Loop",
            values={"right": "right", "no zero_grad": "bug: no zero_grad", "sorted": "bug: not shuffled"},
            export="off",
        ),
        Slider("seed", label="Seed", low=0, high=9, steps=9, export="off"),
        Points("own", label="Own points", extent=EXTENT),
        Player("epoch", label="Epoch", seconds=0.05),
    )

    def compute(self, **values: Any) -> dict[str, Any]:
        """The run: ``frames`` with weights and costs, the points, and the inputs of the maps' cells."""
        setting = setting_of(values)
        run = train_run(setting)
        is_training = np.zeros(len(run.points), dtype=bool)
        is_training[run.train] = True
        return {
            "sizes": setting.sizes,
            "activation": setting.activation,
            "inputs": [_readable(name) for name in FEATURES[setting.features]],
            "loss": setting.loss,
            "extent": EXTENT,
            "side": GRID,
            "grid": make_features(grid_points(), setting.features),
            "points": run.points.X,
            "features": make_features(run.points.X, setting.features),
            "labels": run.points.y.tolist(),
            "training": is_training.tolist(),
            "epochs": EPOCHS,
            "label": self.heading(**values),
            "own": [list(point) for point in setting.own],
            "frames": run.frames,
        }

    def describe(self, result: dict[str, Any], epoch: int, **_: Any) -> str:
        """Epoch and costs, then the accuracies; at the end also where the validation cost was lowest."""
        frames = result["frames"]
        frame = frames[epoch]
        lines = [
            f"Epoch {epoch}: training cost {short(frame['cost'])}, validation cost {short(frame['val_cost'])}",
            f"Right: {100 * frame['accuracy']:.0f} % of the training points, "
            f"{100 * frame['val_accuracy']:.0f} % of the validation points.",
        ]
        best = min(range(len(frames)), key=lambda place: frames[place]["val_cost"])
        if epoch == len(frames) - 1 and frame["val_cost"] > 1.2 * frames[best]["val_cost"]:
            lines.append(f"The validation cost was lowest in epoch {best}: {short(frames[best]['val_cost'])}.")
        return "\n".join(lines)

    def heading(self, data: str, layers: float, units: float, activation: str, **_: Any) -> str:
        """The network and the data."""
        hidden = f"{layers:.0f} hidden layers of {units:.0f} {activation} units" if layers else "no hidden layer"
        return f"A network with {hidden} on the data set {data}".replace("1 hidden layers", "1 hidden layer")

    def code(self, **values: Any) -> str:
        """The same run with ``dlcourse.numpy``, as a plain loop."""
        return code_for(setting_of(values))

    def figure(self, result: dict[str, Any], epoch: int, **_: Any) -> Figure:
        """The maps and the curves at this epoch."""
        return draw(result, epoch)


def setting_of(values: Mapping[str, Any]) -> Setting:
    """The controls' values as numbers of the right kind."""
    whole = {name: int(values[name]) for name in ("layers", "units", "batch", "seed")}
    real = {name: float(values[name]) for name in ("rate", "strength")}
    return Setting(**{**values, **whole, **real})


def grid_points() -> NDArray[np.float64]:
    """The centres of a map's cells, (GRID², 2), row by row from the top."""
    edge = EXTENT * (1 - 1 / GRID)
    across = np.linspace(-edge, edge, GRID)
    x, y = np.meshgrid(across, across[::-1])
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _readable(feature: str) -> str:
    """An input's formula as it is drawn beside its map."""
    for python, sign in (("np.", ""), ("**2", "²"), (" * ", "·")):
        feature = feature.replace(python, sign)
    return feature.replace("(3·", "(3")
