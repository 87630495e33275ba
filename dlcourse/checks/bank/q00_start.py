"""Lecture 00: one small question, so that everyone has passed a check before the course begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import start
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 1

mean = Question(
    "00.mean",
    points=1,
    minutes=3,
    title="The mean of each column",
    called_as="column_mean(X)",
    tested="X random with 5 rows and 3 columns",
    inputs=lambda rng: {"X": rng.normal(2.0, 3.0, size=(5, 3))},
    drive=start.one_array,
    answer=lambda X: {"mean": X.mean(0)},
    scales=lambda X: {"N": len(X), "D": X.shape[1]},
    axes={"mean": ("column",)},
    invariants=(
        Invariant(
            "subtracting it leaves columns that sum to zero",
            lambda outputs, inputs: np.allclose((inputs["X"] - outputs["mean"]).sum(0), 0),
        ),
    ),
)
mean.hint("X has shape (N, D): N rows, D columns. The answer has one number for each column, so shape (D,).")
mean.hint("X.sum(axis=0) adds up each column. By what do you divide?")


@mean.wrong("the mean is taken along each row", ask="X.sum(axis=0) and X.sum(axis=1): which one has D entries?")
def of_rows(X: Any) -> dict[str, Any]:
    return {"mean": X.mean(1)}


@mean.wrong("one mean is taken of all entries together", ask="How many columns are there, and how many means?")
def of_everything(X: Any) -> dict[str, Any]:
    return {"mean": X.mean()}


@mean.wrong("the columns are added up and the division is missing", ask="A mean is a sum divided by what?")
def sum_only(X: Any) -> dict[str, Any]:
    return {"mean": X.sum(0)}


@mean.wrong("the sum is divided by the number of columns", ask="How many numbers did you add up for one column?")
def divided_by_columns(X: Any) -> dict[str, Any]:
    return {"mean": X.sum(0) / X.shape[1]}


@mean.wrong("the sum is divided by N − 1", ask="N − 1 belongs to a variance. How many numbers did you add up?")
def divided_by_one_less(X: Any) -> dict[str, Any]:
    return {"mean": X.sum(0) / (len(X) - 1)}


@mean.convention("the result keeps a first axis of length 1 (keepdims=True)", ask="Here the shape is (D,).", full=True)
def kept_axis(X: Any) -> dict[str, Any]:
    return {"mean": X.mean(0, keepdims=True)}


QUESTIONS = (mean,)
