"""Exercise 02: standardising, mini-batches, and how noisy their gradient is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dlcourse.checks.drives import data
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]


def _with(mean: Any, deviation: Any, **parts: Any) -> Arrays:
    return {name: (part - mean) / deviation for name, part in parts.items()}


standardise = Question(
    "02.standardise",
    points=2,
    minutes=5,
    title="Standardise with the training set's statistics",
    called_as="train, validation, test = standardise(train, validation, test)",
    tested="three sets of 9, 5 and 4 examples with four features of different scale",
    inputs=lambda rng: {
        name: rng.normal(scale * rng.uniform(-1, 1, 4), scale * rng.uniform(0.3, 1.5, 4), size=(n, 4))
        for name, n in (("train", 9), ("validation", 5), ("test", 4))
        for scale in [np.array([0.1, 1.0, 10.0, 100.0])]
    },
    drive=data.standardise,
    answer=lambda train, validation, test: _with(
        train.mean(axis=0), train.std(axis=0), train=train, validation=validation, test=test
    ),
    axes=dict.fromkeys(("train", "validation", "test"), ("example", "feature")),
)
standardise.hint("One mean and one deviation for each feature: along which axis?")
standardise.hint("Take both from train, once, and use them for all three sets.")


@standardise.wrong("mean and deviation come from all three sets together", ask="Who may look at the test set?")
def from_all(train: Any, validation: Any, test: Any) -> Arrays:
    everything = np.concatenate([train, validation, test])
    return _with(everything.mean(axis=0), everything.std(axis=0), train=train, validation=validation, test=test)


@standardise.wrong(
    "each set is standardised with its own statistics",
    ask="The same image, once in train and once in test: does it get the same numbers?",
)
def own_statistics(validation: Any, test: Any) -> Arrays:
    return {
        name: (part - part.mean(axis=0)) / part.std(axis=0)
        for name, part in (("validation", validation), ("test", test))
    }


@standardise.wrong("the variance divides instead of the deviation", ask="Which unit has x after dividing?")
def by_variance(train: Any, validation: Any, test: Any) -> Arrays:
    return _with(train.mean(axis=0), train.var(axis=0), train=train, validation=validation, test=test)


@standardise.wrong(
    "all features share one mean and one deviation",
    ask="Feature 1 is near 0.1 and feature 4 near 100. What happens to feature 1?",
)
def one_for_all(train: Any, validation: Any, test: Any) -> Arrays:
    return _with(train.mean(), train.std(), train=train, validation=validation, test=test)


@standardise.wrong("the mean is not subtracted", ask="What is the mean of the training set afterwards?")
def not_centred(train: Any, validation: Any, test: Any) -> Arrays:
    return _with(0.0, train.std(axis=0), train=train, validation=validation, test=test)


@standardise.wrong("nothing is divided", ask="What is the deviation of the training set afterwards?")
def not_scaled(train: Any, validation: Any, test: Any) -> Arrays:
    return _with(train.mean(axis=0), 1.0, train=train, validation=validation, test=test)


@standardise.convention(
    "the deviation divides by N - 1; the course, as scikit-learn, divides by N",
    ask="How much do the two differ for a thousand images?",
    full=True,
)
def sample_deviation(train: Any, validation: Any, test: Any) -> Arrays:
    return _with(train.mean(axis=0), train.std(axis=0, ddof=1), train=train, validation=validation, test=test)


Batch = tuple[Any, Any]


def _cut(X: Any, y: Any, order: Any, batch_size: int) -> Iterator[Batch]:
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        yield X[part], y[part]


def _minibatches(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:
    return _cut(X, y, rng.permutation(len(X)), batch_size)


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    X, y = inputs["X"], inputs["y"]
    row = {float(value): place for place, value in enumerate(X[:, 0])}
    first, second = ([row.get(float(value), -1) for value in raw[name][:, 0]] for name in ("X1", "X2"))
    return {
        "sizes of the batches": raw["sizes"],
        "every example comes once an epoch": all(sorted(order) == list(range(len(X))) for order in (first, second)),
        "X and y belong together": all(
            np.array_equal(raw[f"X{k}"], X[order]) and np.array_equal(raw[f"y{k}"], y[order])
            for k, order in enumerate((first, second), start=1)
        ),
        "the order is not that of the data": first != sorted(first),
        "the second epoch has another order": first != second,
        "X and y are left as they were": bool(raw["unchanged"]),
    }


minibatches = Question(
    "02.minibatches",
    points=3,
    minutes=10,
    title="Mini-batches, shuffled anew each epoch",
    called_as="for X_batch, y_batch in minibatches(X, y, batch_size, rng)",
    tested="two epochs over 23 examples in batches of 5, with the same generator",
    inputs=lambda rng: {
        "X": rng.normal(size=(23, 3)),
        "y": rng.permutation(23),
        "batch_size": np.array(5),
        "seed": rng.integers(0, 10_000),
    },
    drive=data.minibatches,
    judge=Judge(reads=("sizes", "X1", "y1", "X2", "y2", "unchanged"), facts=_facts),
    answer=lambda **inputs: _facts(data.minibatches(_minibatches, **inputs), inputs),
)
minibatches.hint("Draw one order for the epoch: rng.permutation(len(X)). Then cut it into pieces.")
minibatches.hint("The same positions pick from X and from y. The last batch may be smaller.")


@minibatches.wrong("nothing is shuffled", ask="What does a file sorted by class do to your batches?", as_student=True)
def not_shuffled(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:  # noqa: ARG001
    return _cut(X, y, np.arange(len(X)), batch_size)


@minibatches.wrong(
    "every epoch has the same order: rng is not used, and a generator of your own starts anew in each call",
    ask="What does default_rng(0) give the second time?",
    as_student=True,
)
def same_order(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:  # noqa: ARG001
    return _cut(X, y, np.random.default_rng(0).permutation(len(X)), batch_size)


@minibatches.wrong(
    "X and y are shuffled separately", ask="Which label belongs to the first row of your batch?", as_student=True
)
def separate(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:
    return _cut(X[rng.permutation(len(X))], y[rng.permutation(len(y))], np.arange(len(X)), batch_size)


@minibatches.wrong(
    "the last, smaller batch is missing", ask="23 examples in batches of 5: how many remain?", as_student=True
)
def drops_last(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:
    whole = len(X) // batch_size * batch_size
    return _cut(X, y, rng.permutation(len(X))[:whole], batch_size)


@minibatches.wrong(
    "examples are drawn with replacement: some come twice, some never",
    ask="Will every example have been seen after one epoch?",
    as_student=True,
)
def with_replacement(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:
    return _cut(X, y, rng.integers(0, len(X), len(X)), batch_size)


@minibatches.wrong("the caller's X and y are reordered", ask="Who else is using these arrays?", as_student=True)
def in_place(X: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Batch]:
    order = rng.permutation(len(X))
    X[:], y[:] = X[order], y[order]
    return _cut(X, y, np.arange(len(X)), batch_size)


def _batch_means(gradients: Any, batch_size: int, rng: Any) -> Any:
    picks = rng.integers(0, len(gradients), (400, batch_size))
    return gradients[picks].mean(axis=1)


def _gradient_error(gradients: Any, batch_size: int, rng: Any) -> Any:
    errors = _batch_means(gradients, batch_size, rng) - gradients.mean(axis=0)
    return np.linalg.norm(errors, axis=1).mean()


def _noise_facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Compare with √(total variance / B), to a fifth."""
    gradients, sizes, measured = inputs["gradients"], inputs["sizes"], raw["measured"]
    ratio = measured / np.sqrt(gradients.var(axis=0).sum() / sizes)
    quarter = measured[1:] / np.maximum(measured[:-1], 1e-300)
    return {
        "too small (-1), right (0) or too large (1)": (ratio > 1.2).astype(int) - (ratio < 0.8).astype(int),
        "four times the batch halves the error": bool((np.abs(quarter - 0.5) < 0.1).all()),
    }


gradient_error = Question(
    "02.gradient_error",
    points=3,
    minutes=12,
    title="An experiment: how noisy is the gradient of a batch?",
    called_as="error = gradient_error(gradients, batch_size, rng)",
    tested="the gradients of 500 examples, batches of 4, 16 and 64; your number may be off by a fifth",
    inputs=lambda rng: {
        "gradients": rng.normal(0.3, rng.uniform(0.02, 0.1, size=20), size=(500, 20)),
        "sizes": np.array([4, 16, 64]),
        "seed": rng.integers(0, 10_000),
    },
    drive=data.gradient_error,
    judge=Judge(reads=("measured",), facts=_noise_facts),
    answer=lambda **inputs: _noise_facts(data.gradient_error(_gradient_error, **inputs), inputs),
    axes={"too small (-1), right (0) or too large (1)": ("batch size",)},
)
gradient_error.hint("Draw many batches. For each, the distance between its mean gradient and the mean of all.")
gradient_error.hint("A distance is np.linalg.norm of a difference. Average the distances, a few hundred of them.")


@gradient_error.wrong(
    "the squared distance is averaged", ask="Four times the batch: does your number halve?", as_student=True
)
def squared(gradients: Any, batch_size: int, rng: Any) -> Any:
    errors = _batch_means(gradients, batch_size, rng) - gradients.mean(axis=0)
    return (errors**2).sum(axis=1).mean()


@gradient_error.wrong(
    "the difference is averaged over the weights instead of taking its length",
    ask="Does your number depend on how many weights there are?",
    as_student=True,
)
def mean_difference(gradients: Any, batch_size: int, rng: Any) -> Any:
    errors = _batch_means(gradients, batch_size, rng) - gradients.mean(axis=0)
    return np.abs(errors).mean()


@gradient_error.wrong(
    "the length of the batch's gradient is measured, not its distance from the gradient of all examples",
    ask="What should your number be for a batch of all examples?",
    as_student=True,
)
def length_only(gradients: Any, batch_size: int, rng: Any) -> Any:
    return np.linalg.norm(_batch_means(gradients, batch_size, rng), axis=1).mean()


QUESTIONS = (standardise, minibatches, gradient_error)
