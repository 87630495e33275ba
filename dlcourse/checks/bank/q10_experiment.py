"""Exercise 10: an experiment, a reader of digits that may say "I do not know"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import dropout
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 6

Arrays = dict[str, Any]
_ANSWERS = "at least 70 % of the digits get an answer"
_RIGHT = "at least 98 % of these answers are right"
_REFUSES = "at least 60 % of the letters are refused"


def _inputs(rng: np.random.Generator) -> Arrays:
    """600 digits to train on; then 600 new ones and 300 letters, mixed. Letters have the label -1."""
    from dlcourse import data

    digits = data.load_digits()
    images = digits.X.reshape(len(digits), -1).astype(float)
    rows = rng.permutation(len(images))
    train, test = rows[:600], rows[600:1200]
    glyphs = data.make_glyphs(300, seed=int(rng.integers(1 << 30))).X[:, :, 4:28, 4:28].astype(float)
    letters = glyphs.reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4)).reshape(300, 64)
    order = rng.permutation(900)
    return {
        "X": images[train],
        "y": digits.y[train],
        "X_test": np.concatenate([images[test], letters])[order],
        "y_test": np.concatenate([digits.y[test], np.full(300, -1)])[order],
    }


def _shares(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[float, float, float]:
    """The share of digits that get an answer, of these answers that are right, and of letters that are refused."""
    answers, truth = raw["answers"], inputs["y_test"]
    if not np.isin(answers, np.arange(-1, 10)).all():
        raise Unusable("an answer is neither a class from 0 to 9 nor -1")
    is_digit, answered = truth >= 0, answers >= 0
    taken = is_digit & answered
    right = float((answers[taken] == truth[taken]).mean()) if taken.any() else 0.0
    return float(answered[is_digit].mean()), right, float((~answered)[~is_digit].mean())


def _measured(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    answered, right, refused = (f"{100 * share:.1f} %" for share in _shares(raw, inputs))
    return f"Answered: {answered} of the digits; right: {right} of these answers; refused: {refused} of the letters."


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    answered, right, refused = _shares(raw, inputs)
    return {_ANSWERS: answered >= 0.7, _RIGHT: right >= 0.98, _REFUSES: refused >= 0.6}


digit_reader = Question(
    "10.digit_reader",
    points=4,
    minutes=25,
    title="An experiment: a reader that may say “I do not know”",
    called_as="read = digit_reader(X, y); answers = read(X_test)",
    tested="600 digits to train on; then 600 new digits and 300 letters, mixed, that the network has never seen",
    inputs=_inputs,
    drive=dropout.digit_reader,
    judge=Judge(reads=("answers",), facts=_facts, hidden=("y_test",), measured=_measured),
    answer=lambda: {_ANSWERS: True, _RIGHT: True, _REFUSES: True},
    trains=True,
)
digit_reader.hint("Train on 500 digits and keep 100. Say −1 where the largest probability is below a threshold.")
digit_reader.hint("Choose the threshold on the 100: such that about 80 of them get an answer. Look at no letter.")


@digit_reader.wrong(
    "it answers nearly everything, letters too",
    ask="Which number of your network says how sure it is, and what is it for a letter?",
)
def never_refuses() -> Arrays:
    return {_RIGHT: False, _REFUSES: False}


@digit_reader.wrong(
    "its answers are good, but too many letters get one",
    ask="How sure must it be to answer? Can the threshold be higher?",
)
def too_bold() -> Arrays:
    return {_REFUSES: False}


@digit_reader.wrong("it refuses too many digits", ask="Which share of the digits that you kept gets an answer?")
def too_timid() -> Arrays:
    return {_ANSWERS: False}


@digit_reader.wrong(
    "it answers hardly anything, or its answers are no better than guesses",
    ask="What is the accuracy on the digits that you kept? Are read's images standardised as those of training?",
)
def useless() -> Arrays:
    return {_ANSWERS: False, _RIGHT: False}


@digit_reader.wrong(
    "it refuses enough, but too many of its answers are wrong",
    ask="Is the network trained to the end? Does it refuse those about which it is least sure?",
)
def refuses_the_wrong_ones() -> Arrays:
    return {_RIGHT: False}


QUESTIONS = (digit_reader,)
