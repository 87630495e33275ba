"""Exercise 11: an experiment, a reader of digits that lie anywhere, from a hundred labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import augmentation
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 6

Arrays = dict[str, Any]
_GUESSES = "more than 20 % of the new pages are read"
_ALONE = "more than 45 % are read, out of reach for a dense network with 100 labels alone"
_GOAL = "at least 70 % are read"
_QUIET = "the same page gets the same answer twice"


def _inputs(rng: np.random.Generator) -> Arrays:
    """100 labelled pages, ten of each digit, and 600 others; each digit lies anywhere on its page."""
    from dlcourse import data

    digits = data.load_digits()
    images, labels = digits.X.astype(float), digits.y
    order = rng.permutation(len(images))
    train = np.concatenate([order[labels[order] == digit][:10] for digit in range(10)])
    new = np.setdiff1d(order, train)
    return {
        "X": _on_pages(images[train], rng),
        "y": labels[train],
        "X_new": _on_pages(images[new := rng.permutation(new)[:600]], rng),
        "y_new": labels[new],
    }


def _on_pages(images: Any, rng: np.random.Generator) -> Any:
    pages = np.zeros((len(images), 1, 12, 12))
    for page, image, (top, left) in zip(pages, images, rng.integers(0, 5, size=(len(images), 2)), strict=True):
        page[:, top : top + 8, left : left + 8] = image
    return pages


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    answers = raw["answers"]
    if not np.isin(answers, np.arange(10)).all():
        raise Unusable("read: expected the class 0 to 9 of each page")
    read = float((answers == inputs["y_new"]).mean())
    return {
        _GUESSES: read > 0.2,
        _ALONE: read > 0.45,
        _GOAL: read >= 0.7,
        _QUIET: bool(np.array_equal(answers, raw["answers again"])),
    }


page_reader = Question(
    "11.page_reader",
    points=4,
    minutes=25,
    title="An experiment: digits anywhere, from a hundred labels",
    called_as="read = page_reader(X, y); answers = read(X_new)",
    tested="100 labelled pages to train on, then 600 new ones, read twice",
    inputs=_inputs,
    drive=augmentation.page_reader,
    judge=Judge(reads=("answers", "answers again"), facts=_facts, hidden=("y_new",)),
    answer=lambda: {_GUESSES: True, _ALONE: True, _GOAL: True, _QUIET: True},
    off_limits=("dlcourse.data.load_digits", "sklearn"),
    trains=True,
)
page_reader.hint("Which change keeps the label and does occur on new pages? Draw it anew for each batch.")
page_reader.hint("Move by up to two pixels, and train for some 700 updates with Adam at a rate of 0.01.")


@page_reader.wrong(
    "it reads what a dense network reaches with 100 labels alone",
    ask="Does every batch see its images somewhere else than the last time?",
)
def labels_alone() -> Arrays:
    return {_ALONE: False, _GOAL: False}


@page_reader.wrong(
    "it reads more than the labels alone give, but not enough",
    ask="Are the changes drawn anew each time, do they all occur on new pages, and was it trained to the end?",
)
def on_the_way() -> Arrays:
    return {_GOAL: False}


@page_reader.wrong(
    "its answers are hardly better than guesses",
    ask="Are new pages prepared as the training pages were? And do labels still belong to their images?",
)
def useless() -> Arrays:
    return {_GUESSES: False, _ALONE: False, _GOAL: False}


@page_reader.wrong(
    "it reads well, but the same page gets different answers", ask="Does read augment the new pages, too?"
)
def restless() -> Arrays:
    return {_QUIET: False}


QUESTIONS = (page_reader,)
