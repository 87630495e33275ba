"""Exercise 11: a training set that is augmented and a validation set that is not, in PyTorch.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_sets
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]
Student = Callable[[Any, Any, Any, float, int], Any]

_ONCE = "every example is in exactly one of the two sets"
_SIZE = "examples in the training set"
_LABELS = "each image has its own label"
_AUGMENTED = "training images are augmented"
_ANEW = "and anew each time they are read"
_AS_THEY_ARE = "validation images are as they are, each time"
_SAME = "the same seed gives the same split"
_OTHER = "another seed gives another split"


def _facts(raw: Mapping[str, Any], inputs: Mapping[str, Any]) -> Arrays:
    """What the two sets are like. An image tells by its values which example it is, and from which call it comes."""
    X, y = inputs["X"], inputs["y"]
    for name in ("training images", "training images again", "validation images", "validation images again"):
        if raw[name].shape[1:] != X.shape[1:]:
            raise Unusable(f"make_sets: an image has shape {raw[name].shape[1:]}, expected {X.shape[1:]}")
    learn, judge = _numbers(raw["training images"], X), _numbers(raw["validation images"], X)
    labels = [raw["training labels"], raw["validation labels"]]
    everyone = np.concatenate([learn, judge])
    original = X[judge] if (judge >= 0).all() else None
    return {
        _ONCE: sorted(everyone.tolist()) == list(range(len(X))),
        _SIZE: len(learn),
        _LABELS: all(
            len(found) == len(who) and bool((found == y[who]).all())
            for found, who in zip(labels, (learn, judge), strict=True)
        ),
        _AUGMENTED: bool((raw["training images"] > torch_sets.SHIFT / 2).all()),
        _ANEW: not (raw["training images"] == raw["training images again"]).all((1, 2, 3)).any(),
        _AS_THEY_ARE: original is not None
        and np.array_equal(raw["validation images"], original)
        and np.array_equal(raw["validation images again"], original),
        _SAME: set(judge) == set(_numbers(raw["validation images, same seed"], X)),
        _OTHER: set(judge) != set(_numbers(raw["validation images, other seed"], X)),
    }


def _numbers(images: Any, X: Any) -> Any:
    """Which example each image is, whatever the augmentation added; −1 for none."""
    plain = np.mod(images.reshape(len(images), -1), torch_sets.SHIFT)
    distance = np.abs(plain[:, None] - X.reshape(1, len(X), -1)).max(axis=2)
    return np.where(distance.min(axis=1) < 1e-3, distance.argmin(axis=1), -1)


def _inputs(rng: np.random.Generator) -> Arrays:
    """24 images of which no two are alike; the labels do not follow their order."""
    base = rng.permutation(24).reshape(24, 1, 1, 1)
    return {
        "X": base + rng.uniform(0.2, 0.6, size=(24, 1, 3, 4)),
        "y": rng.permutation(np.repeat(np.arange(6), 4)),
        "share": 0.75,
        "seed": rng.integers(1000),
    }


make_sets = Question(
    "11.make_sets",
    points=4,
    minutes=18,
    title="Augment the training set, and nothing else, in PyTorch",
    called_as="learn, judge = make_sets(X, y, augment, share, seed)",
    tested="24 images, of which three quarters are for training; all items read twice, and the split made three times",
    inputs=_inputs,
    drive=torch_sets.make_sets,
    judge=Judge(
        reads=(
            "training images",
            "training images again",
            "validation images",
            "validation images again",
            "training labels",
            "validation labels",
            "validation images, same seed",
            "validation images, other seed",
        ),
        facts=_facts,
    ),
    answer=lambda X, share: {
        _ONCE: True,
        _SIZE: round(len(X) * float(share)),
        _LABELS: True,
        _AUGMENTED: True,
        _ANEW: True,
        _AS_THEY_ARE: True,
        _SAME: True,
        _OTHER: True,
    },
)
make_sets.hint("torch.randperm(len(X), generator=torch.Generator().manual_seed(seed)) mixes the positions.")
make_sets.hint("Write one class of data set that may have a transform or None, and make two objects of it.")
make_sets.hint("The transform belongs into __getitem__: it is called each time that an item is read.")


@cache
def _set_class() -> Any:
    import torch

    class Pages(torch.utils.data.Dataset[Any]):
        """Images with labels; ``augment`` is called for each item that is read."""

        def __init__(self, X: Any, y: Any, augment: Any = None) -> None:
            self.X, self.y, self.augment = X, y, augment

        def __len__(self) -> int:
            return len(self.X)

        def __getitem__(self, i: int) -> tuple[Any, Any]:
            image = self.X[i : i + 1]
            return (self.augment(image) if self.augment else image)[0], self.y[i]

    return Pages


def _pages(X: Any, y: Any, augment: Any = None) -> Any:
    return _set_class()(X, y, augment)


def _order(n: int, seed: Any) -> Any:
    import torch

    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def _split(n: int, share: float, seed: Any) -> tuple[Any, Any]:
    order = _order(n, seed)
    return order[: round(n * share)], order[round(n * share) :]


def _wrong(says: str, ask: str) -> Callable[[Student], Student]:
    """Register what a student would write."""
    return make_sets.wrong(says, ask=ask, as_student=True)


@_wrong(
    "the validation images are augmented too: both subsets look into one data set",
    "random_split gives two views of one object. Whose transform do they use?",
)
def one_object(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    import torch

    learn, judge = _split(len(X), share, seed)
    pages = _pages(X, y, augment)
    return torch.utils.data.Subset(pages, learn.tolist()), torch.utils.data.Subset(pages, judge.tolist())


@_wrong(
    "the training images are augmented once, when the set is made",
    "How many variants of an image does the network see in a hundred epochs?",
)
def augmented_once(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    learn, judge = _split(len(X), share, seed)
    return _pages(augment(X[learn]), y[learn]), _pages(X[judge], y[judge])


@_wrong(
    "copies are made first and split later, so one original is on both sides",
    "Can validation ask for an image whose sister was in training?",
)
def copies_first(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    import torch

    X, y = torch.cat([X, augment(X)]), torch.cat([y, y])
    learn, judge = _split(len(X), share, seed)
    return _pages(X[learn], y[learn]), _pages(X[judge], y[judge])


@_wrong("nothing is augmented", "Where is augment called?")
def never_augmented(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:  # noqa: ARG001
    learn, judge = _split(len(X), share, seed)
    return _pages(X[learn], y[learn]), _pages(X[judge], y[judge])


@_wrong("the validation set is augmented instead of the training set", "Which of the two should stay quiet?")
def wrong_one(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    learn, judge = _split(len(X), share, seed)
    return _pages(X[learn], y[learn]), _pages(X[judge], y[judge], augment)


@_wrong("the split does not follow the seed", "Call it twice with one seed: are both splits the same?")
def seed_ignored(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:  # noqa: ARG001
    import torch

    return never_mixed(X[order := torch.randperm(len(X))], y[order], augment, share, 0)


@_wrong(
    "the first examples train and the last ones validate, whatever the seed",
    "What if the images are sorted by class?",
)
def never_mixed(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:  # noqa: ARG001
    cut = round(len(X) * share)
    return _pages(X[:cut], y[:cut], augment), _pages(X[cut:], y[cut:])


@_wrong("the images are mixed, the labels are not", "Does y[i] still belong to X[i] after the shuffle?")
def labels_left_behind(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    return never_mixed(X[_order(len(X), seed)], y, augment, share, seed)


@_wrong("the training images are in the validation set as well", "Which examples has the network never seen?")
def all_validate(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    learn, _ = _split(len(X), share, seed)
    return _pages(X[learn], y[learn], augment), _pages(X, y)


@_wrong("share is taken for the validation set", "For a share of 0.75, how many of 24 images train?")
def share_exchanged(X: Any, y: Any, augment: Any, share: float, seed: int) -> Any:
    learn, judge = _split(len(X), 1 - share, seed)
    return _pages(X[learn], y[learn], augment), _pages(X[judge], y[judge])


QUESTIONS = (make_sets,)
