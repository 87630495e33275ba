"""The normalisation explorer: values before and after batch norm, and the axes that each norm averages over."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Player, Toggle
from dlcourse.widgets.explorer import Explorer, Question
from dlcourse.widgets.normalization_code import axes_code, values_code
from dlcourse.widgets.normalization_figure import draw
from dlcourse.widgets.normalization_run import (
    CHANNELS,
    DRAWN,
    EPS,
    FEATURES,
    LENGTH,
    STEPS,
    Collected,
    block,
    collect,
    epoch,
    evaluate,
    features,
    sets,
)
from dlcourse.widgets.normalization_words import axes_words, listed, set_name, values_words

__all__ = ["BINS", "EDGE", "SHOWN", "NormalizationExplorer", "heights"]

Array = NDArray[Any]

EDGE, BINS = 6.0, 48  # histograms reach from -EDGE to EDGE; what lies beyond is in their last bars
SHOWN = [*range(11), 12, 15, 20, STEPS]  # after how many training batches there is a frame
VIEWS = {
    "values": "values of batch norm",
    "batch": "axes of batch norm",
    "layer": "axes of layer norm",
    "instance": "axes of instance norm",
    "group": "axes of group norm",
}


class NormalizationExplorer(Explorer):
    """Three features before and after batch norm while it collects its statistics, or whom each norm averages.

    Keywords: ``view`` ("values", or "batch", "layer", "instance", "group" for the axes of that norm);
    ``batch`` ("128", "32", "8", "4", "2", "1"); ``mode`` ("train", "eval"); ``gamma`` ("start",
    "undo"); ``momentum`` ("0.1", "0.9"); ``biased`` (True for the bug); ``step``, which frame.
    """

    title = "Normalisation: whom to average with, and what is remembered"
    drawing = FOLDER / "normalization.js"
    predicts = True
    controls = (
        Menu("view", label="Show", values=VIEWS),
        Choice("batch", label="Batch size", values=("128", "32", "8", "4", "2", "1")),
        Menu("momentum", label="Momentum", values=("0.1", "0.9")),
        Toggle("biased", label="bug: biased variance remembered"),
        Menu("gamma", label="γ, β", values={"start": "1 and 0", "undo": "undo it"}),
        Choice("mode", label="Mode", values=("train", "eval")),
        Player("step", label="Step", seconds=0.7),
    )

    def compute(self, view: str, batch: str, momentum: str, biased: bool, gamma: str, mode: str) -> dict[str, Any]:
        """Histograms and running statistics after each of some batches; or a block of numbers and its sets."""
        label = self.heading(view, batch, mode)
        if view != "values":
            return {"label": label, **_axes(view, int(batch), mode)}
        X, kept = features(), collect(int(batch), float(momentum), biased)
        after = [_after(batch, momentum, biased, gamma, mode, step) for step in SHOWN]
        return {
            "label": label,
            "view": "values",
            "edge": EDGE,
            "steps": STEPS,
            "before": heights(X),
            "before_words": _sizes(X),
            "after": np.stack([heights(y) for y in (after[:1] if mode == "train" else after)]),
            "charts": [_chart(kept, place) for place in range(FEATURES)],
            "frames": [{"step": step, "words": _sizes(y)} for step, y in zip(SHOWN, after)],
        }

    def describe(
        self,
        result: dict[str, Any],
        view: str,
        batch: str,
        momentum: str,
        biased: bool,
        gamma: str,
        mode: str,
        step: int,
    ) -> str:
        """The outcome, the noise, the running statistics; or the numbers that share a mean."""
        if view != "values":
            return axes_words(view, int(batch), mode, step)
        k = result["frames"][step]["step"]
        y = _after(batch, momentum, biased, gamma, mode, k)
        return values_words(y, int(batch), mode, gamma, float(momentum), biased, k)

    def heading(self, view: str, batch: str, mode: str, **_: Any) -> str:
        """What is shown, the batch size and the mode."""
        return f"{VIEWS[view].capitalize()}, batch size {batch}, {mode} mode"

    def question(
        self,
        result: dict[str, Any],
        view: str,
        batch: str,
        momentum: str,
        biased: bool,
        gamma: str,
        mode: str,
        step: int,
    ) -> Question | None:
        """The standard deviation that the last feature comes out with; or how many numbers share a mean."""
        if view != "values":
            return _count_question(view, int(batch), mode)
        k = result["frames"][step]["step"]
        spread = float(_after(batch, momentum, biased, gamma, mode, k)[:, -1].std())
        parameters = "γ = 1, β = 0" if gamma == "start" else "γ and β that undo it"
        text = (
            f"Feature {FEATURES} has standard deviation {features()[:, -1].std():.2f} over all images. "
            f"{mode.capitalize()} mode after {k} batches of {batch}, {parameters}: which one does y have?"
        )
        near = 0.1 + 0.1 * spread
        return Question(text, f"{spread:.2f}", spread - near, spread + near)

    def code(self, view: str, batch: str, momentum: str, biased: bool, gamma: str, mode: str) -> str:
        """The same features through batch norm; or the block through the norm."""
        if view != "values":
            return axes_code(view, int(batch))
        return values_code(int(batch), momentum, biased, gamma, mode)

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """The histograms and running statistics, or the block."""
        return draw(result, step)


def _count_question(view: str, size: int, mode: str) -> Question | None:
    if view == "batch" and mode == "eval":  # constants: nothing shares a mean
        return None
    count = int(sets(view, size)[0].sum())
    images = "1 image" if size == 1 else f"{size} images"
    text = f"{images}, {CHANNELS} channels of {LENGTH} places: how many numbers share one mean in {view} norm?"
    return Question(text, str(count), count, count)


def _axes(view: str, size: int, mode: str) -> dict[str, Any]:
    """The first images of the block, and for each mean the drawn cells that share it."""
    drawn = min(size, DRAWN)
    members = sets(view, size)[:, :drawn]
    return {
        "view": "axes",
        "shape": [drawn, CHANNELS, LENGTH],
        "numbers": block(size)[:drawn].astype(int).ravel().tolist(),
        "more": size - drawn,
        "more_shaded": view == "batch" and mode == "train",
        "constant": view == "batch" and mode == "eval",
        "frames": [
            {"cells": np.flatnonzero(cells).tolist(), "name": set_name(view, size, place)}
            for place, cells in enumerate(members)
        ],
    }


@lru_cache(maxsize=64)
def _after(batch: str, momentum: str, biased: bool, gamma: str, mode: str, step: int) -> Array:
    """What comes out for all images, (1024, 3), after ``step`` batches were collected."""
    X = features()
    if mode == "train":
        x_hat = epoch(int(batch))
    else:
        kept = collect(int(batch), float(momentum), biased)
        x_hat = evaluate(kept.mean[step], kept.var[step])
    return x_hat if gamma == "start" else np.sqrt(X.var(axis=0) + EPS) * x_hat + X.mean(axis=0)


def heights(values: Array) -> Array:
    """Histograms of the columns of (N, 3), each as high as 1, (3, 48)."""
    edges = np.linspace(-EDGE, EDGE, BINS + 1)
    inside = np.clip(values, -EDGE, EDGE - 1e-9)
    counts = np.stack([np.histogram(column, edges)[0] for column in inside.T])
    return np.asarray(counts / counts.max(axis=1, keepdims=True))


def _sizes(values: Array) -> list[str]:
    """The mean and the standard deviation of each column, in words."""
    return [
        f"{listed(np.array([mean, spread]))}".replace(" and ", " ± ")
        for mean, spread in zip(values.mean(axis=0), values.std(axis=0))
    ]


def _chart(kept: Collected, place: int) -> dict[str, Any]:
    """One feature's running mean and variance beside those of the batches and of all images."""
    X = features()[:, place]
    mean, spread, var = float(X.mean()), float(X.std()), float(X.var())
    return {
        "mean": {
            "running": kept.mean[:, place],
            "batch": kept.batch_mean[:, place],
            "all": mean,
            "low": min(0.0, mean) - 1.2 * spread,
            "high": max(0.0, mean) + 1.2 * spread,
        },
        "variance": {
            "running": kept.var[:, place],
            "batch": kept.batch_var[:, place],
            "all": var,
            "low": 0.0,
            "high": 1.8 * max(var, 1.0),
        },
    }
