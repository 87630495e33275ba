"""Exercise 11: mixup, and the cross-entropy of soft labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import augmentation
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]
_LIBRARY = (
    "dlcourse.data.augment",
    "torch",
    "dlcourse.torch",
    "dlcourse.numpy.functional",
    "dlcourse.numpy.nn",
    "scipy",
)
_SUMS = Invariant("each soft label adds up to 1", lambda out, _: bool(np.allclose(out["soft labels"].sum(1), 1)))


def _images(X: Any, lam: Any, partner: Any) -> Any:
    share = lam[:, None, None, None]
    return share * X + (1 - share) * X[partner]


def _labels(y: Any, classes: Any, lam: Any, partner: Any) -> Any:
    one_hot = np.eye(classes)[y]
    return lam[:, None] * one_hot + (1 - lam[:, None]) * one_hot[partner]


def _mixup_inputs(rng: np.random.Generator) -> Arrays:
    """Seven examples of four classes in two rings of partners; every partner has another class."""
    y = np.array([0, 1, 2, 3, 0, 1, 2])
    partner = np.array([1, 2, 0, 4, 5, 6, 3])
    order = rng.permutation(7)
    place = np.argsort(order)
    return {
        "X": rng.uniform(0, 1, size=(7, 2, 3, 4)),
        "y": y[order],
        "classes": 4,
        "lam": rng.permutation([0.1, 0.25, 0.35, 0.6, 0.7, 0.8, 0.9]) + rng.uniform(0, 0.05, 7),
        "partner": place[partner[order]],
    }


mixup = Question(
    "11.mixup",
    points=3,
    minutes=10,
    title="Mix images and labels alike",
    called_as="X_mixed, Y_soft = mixup(X, y, classes, lam, partner)",
    tested="seven images of four classes, a share of its own for each pair, shares below and above one half",
    inputs=_mixup_inputs,
    drive=augmentation.mixup,
    answer=lambda X, y, classes, lam, partner: {
        "mixed images": _images(X, lam, partner),
        "soft labels": _labels(y, classes, lam, partner),
    },
    axes={"mixed images": ("example", "channel", "row", "column"), "soft labels": ("example", "class")},
    invariants=(_SUMS,),
    off_limits=_LIBRARY,
)
mixup.hint("np.eye(classes)[y] are the one-hot labels (N, classes).")
mixup.hint("X[partner] are the partners of all examples; lam[:, None] fits labels, lam[:, None, None, None] images.")


@mixup.wrong("the labels are not mixed", ask="What does the network learn about an image that is 70 % partner?")
def hard_labels(y: Any, classes: Any) -> Arrays:
    return {"soft labels": np.eye(classes)[y]}


@mixup.wrong("the label with the larger share takes it all", ask="What is left of a share of 0.4?")
def larger_share(y: Any, classes: Any, lam: Any, partner: Any) -> Arrays:
    return {"soft labels": _labels(y, classes, (lam >= 0.5).astype(float), partner)}


@mixup.wrong("both labels count in full, so rows add up to 2", ask="What must the entries of a soft label add up to?")
def two_ones(y: Any, classes: Any, partner: Any) -> Arrays:
    return {"soft labels": np.eye(classes)[y] + np.eye(classes)[y[partner]]}


@mixup.wrong("the shares of the labels are exchanged, those of the images are not", ask="λ belongs to which image?")
def label_shares_exchanged(y: Any, classes: Any, lam: Any, partner: Any) -> Arrays:
    return {"soft labels": _labels(y, classes, 1 - lam, partner)}


@mixup.wrong("the shares of the images are exchanged, those of the labels are not", ask="λ belongs to which image?")
def image_shares_exchanged(X: Any, lam: Any, partner: Any) -> Arrays:
    return {"mixed images": _images(X, 1 - lam, partner)}


@mixup.wrong("all pairs are mixed with the first share", ask="How many numbers are in lam? What does lam[0] leave out?")
def first_share(X: Any, y: Any, classes: Any, lam: Any, partner: Any) -> Arrays:
    same = np.full(len(lam), lam[0])
    return {"mixed images": _images(X, same, partner), "soft labels": _labels(y, classes, same, partner)}


@mixup.wrong(
    "the labels come from other partners than the images",
    ask="Do you use X[partner] and y[partner], both as they are?",
)
def other_partners(y: Any, classes: Any, lam: Any, partner: Any) -> Arrays:
    return {"soft labels": _labels(y, classes, lam, np.argsort(partner))}


@mixup.wrong("the images are not mixed", ask="Only the label knows of the partner. What does the network see of it?")
def images_not_mixed(X: Any) -> Arrays:
    return {"mixed images": X}


@mixup.convention(
    "λ is the partner's share here, in images and labels; the text asks for the other way round",
    ask="λ is drawn from a symmetric distribution. Does it matter in training?",
)
def share_of_the_partner(X: Any, y: Any, classes: Any, lam: Any, partner: Any) -> Arrays:
    return {"mixed images": _images(X, 1 - lam, partner), "soft labels": _labels(y, classes, 1 - lam, partner)}


# ---- the loss


def _log_softmax(Z: Any, axis: int = 1) -> Any:
    shifted = Z - Z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _cost(log_p: Any, Y: Any) -> Any:
    return -(Y * log_p).sum(axis=1).mean()


def _gradient(log_p: Any, Y: Any) -> Any:
    return (np.exp(log_p) - Y) / len(Y)


def _both(
    Z: Any, Y: Any, Z_large: Any, cost: Any = _cost, gradient: Any = _gradient, log_p: Any = _log_softmax
) -> Arrays:
    usual, large = log_p(Z), log_p(Z_large)
    return {
        "cost": cost(usual, Y),
        "dZ": gradient(usual, Y),
        "cost of large logits": cost(large, Y),
        "dZ of large logits": gradient(large, Y),
    }


def _loss_inputs(rng: np.random.Generator) -> Arrays:
    """Soft labels of two classes each, and logits of which some would overflow."""
    lam = rng.uniform(0.55, 0.95, 6)
    first = np.array([0, 1, 2, 3, 0, 2])[rng.permutation(6)]
    second = (first + rng.integers(1, 4, 6)) % 4
    Y = lam[:, None] * np.eye(4)[first] + (1 - lam[:, None]) * np.eye(4)[second]
    large = rng.normal(size=(6, 4))
    large[0] += [1000.0, 0.0, -1000.0, 3.0]
    large[1] -= 1200.0
    return {"Z": 2 * rng.normal(size=(6, 4)), "Y": Y, "Z_large": large}


soft_cross_entropy = Question(
    "11.soft_cross_entropy",
    points=3,
    minutes=12,
    title="The cross-entropy of soft labels, and its gradient",
    called_as="cost, dZ = soft_cross_entropy(Z, Y)",
    tested="six rows of four logits with mixed labels, then logits near 1000 and −1200",
    inputs=_loss_inputs,
    drive=augmentation.soft_cross_entropy,
    answer=lambda Z, Y, Z_large: _both(Z, Y, Z_large),
    scales=lambda Y: {"N": len(Y), "C": Y.shape[1]},
    axes={"dZ": ("example", "class"), "dZ of large logits": ("example", "class")},
    invariants=(
        Invariant(
            "each row of dZ adds up to 0",
            lambda out, _: bool(np.allclose(out["dZ"].sum(1), 0)),
        ),
    ),
    off_limits=_LIBRARY,
)
soft_cross_entropy.hint("log p = z - log(sum of exp z). Subtract each row's maximum from z first.")
soft_cross_entropy.hint("The gradient is what it was for hard labels, with Y in place of the one-hot label.")


@soft_cross_entropy.wrong("the label with the largest share alone counts", ask="Which part of a 0.3 is in your cost?")
def largest_only(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, np.eye(Y.shape[1])[Y.argmax(axis=1)], Z_large)


@soft_cross_entropy.wrong("costs are added up, not averaged", ask="Double the batch: should the cost double?")
def summed(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return {name: value * len(Y) for name, value in _both(Z, Y, Z_large).items()}


@soft_cross_entropy.wrong("the gradient is not divided by N", ask="The cost is a mean. Where is its 1/N in dZ?")
def gradient_not_divided(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, gradient=lambda log_p, labels: np.exp(log_p) - labels)


@soft_cross_entropy.wrong(
    "the mean is taken over examples and classes", ask="Over which axis is a sum, and over which a mean?"
)
def averaged_over_classes(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return {name: value / Y.shape[1] for name, value in _both(Z, Y, Z_large).items()}


@soft_cross_entropy.wrong("the gradient has the wrong sign", ask="Raise the right class's logit. Does the cost rise?")
def gradient_turned(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, gradient=lambda log_p, labels: -_gradient(log_p, labels))


@soft_cross_entropy.wrong("the cost has no minus", ask="Can a cross-entropy be negative?")
def cost_turned(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, cost=lambda log_p, labels: -_cost(log_p, labels))


@soft_cross_entropy.wrong(
    "the gradient stops at the probabilities", ask="dL/dp is only half the way. What is dp/dz of a softmax?"
)
def gradient_of_p(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, gradient=lambda log_p, labels: -labels / np.exp(log_p) / len(labels))


@soft_cross_entropy.wrong("the softmax runs over the examples", ask="Which axis holds the classes?")
def softmax_over_examples(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, log_p=lambda logits: _log_softmax(logits, axis=0))


@soft_cross_entropy.wrong("large logits overflow", ask="What is exp(1000)? What may you subtract from a whole row?")
def overflows(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, log_p=lambda logits: np.log(np.exp(logits) / np.exp(logits).sum(1, keepdims=True)))


@soft_cross_entropy.wrong(
    "the logarithm is taken of a probability that has become 0",
    ask="What is log 0? Can log p be computed without p?",
)
def log_of_zero(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    return _both(Z, Y, Z_large, log_p=lambda logits: np.log(np.exp(_log_softmax(logits))))


@soft_cross_entropy.wrong(
    "one maximum is subtracted from the whole batch", ask="A row at −1200 beside one at 1000: what is left of it?"
)
def one_maximum(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    def shifted(logits: Any) -> Any:
        e = np.exp(logits - logits.max())
        return np.log(e / e.sum(axis=1, keepdims=True))

    return _both(Z, Y, Z_large, log_p=shifted)


@soft_cross_entropy.convention(
    "this is the KL divergence: the entropy of the label is subtracted, and the gradient is the same",
    ask="Which of the two is 0 when the prediction equals the soft label?",
)
def divergence(Z: Any, Y: Any, Z_large: Any) -> Arrays:
    entropy = -(Y * np.log(np.where(Y > 0, Y, 1))).sum(axis=1).mean()
    return _both(Z, Y, Z_large, cost=lambda log_p, labels: _cost(log_p, labels) - entropy)


QUESTIONS = (mixup, soft_cross_entropy)
