"""Ways to use a pretrained network, each a few settings: what starts pretrained, what learns, how fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlcourse.data.augment import Affine, Compose
from dlcourse.data.batches import Batches
from dlcourse.models import zoo
from dlcourse.training import Callback, Schedule, Trainer
from dlcourse.transfer.parts import FrozenStatistics, freeze, parameter_groups

__all__ = ["PLANS", "Plan", "Steps", "accuracy", "augmentation", "logits", "start", "train"]

Array = NDArray[Any]
_BATCH = 500


@dataclass(frozen=True)
class Plan:
    """How a network is trained on a new task.

    ``source`` is a network of the zoo, or "" for random weights. ``frozen`` parts keep their weights and statistics.
    ``lr`` is the rate of the body, ``head_lr`` that of the new head, ``factor`` what each part below multiplies it by.
    ``optimizer`` "AdamW" goes through one cycle of each group's rate; "SGD" has momentum 0.9 and constant rates.
    """

    source: str = "glyph_resnet"
    frozen: tuple[str, ...] = ()
    lr: float = 1e-3
    head_lr: float = 1e-2
    factor: float = 1.0
    statistics_frozen: bool = False
    augment: bool = False
    steps: int = 200
    batch_size: int = 64
    weight_decay: float = 0.01
    optimizer: str = "AdamW"


PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        "fine-tune last block": Plan(frozen=("stem", "block1", "block2")),
        "fine-tune all": Plan(),
        "discriminative rates": Plan(factor=0.5),
        "frozen statistics": Plan(statistics_frozen=True),
        "scratch": Plan(source="", lr=3e-3, head_lr=3e-3, steps=300),
        "scratch + augment": Plan(source="", lr=3e-3, head_lr=3e-3, steps=600, augment=True),
        "fine-tune + augment": Plan(steps=400, augment=True),
    }
)


def augmentation(seed: int) -> Callable[[Any], Any]:
    """Small turns, shifts, changes of size and slants: what leaves a digit the same digit."""
    return Compose([Affine(degrees=12, shift=0.08, scale=(0.85, 1.15), shear=12)], seed=seed)


def start(plan: Plan, classes: int, seed: int) -> Any:
    """The network before its first step; the head, or all of it, is random with ``seed``."""
    import dlcourse.torch as dl

    dl.manual_seed(seed)
    if plan.source:
        model = zoo.load(plan.source, dl, classes)
    else:
        from dlcourse.models import digit_resnet

        model = digit_resnet(dl, classes)
    freeze(model, *plan.frozen)
    return model


def train(plan: Plan, X: Array, y: Array, classes: int, seed: int = 0, model: Any = None) -> Any:
    """Train a network by ``plan`` on images (N, 1, 32, 32) and labels (N,); ``model`` continues with a given one."""
    import dlcourse.torch as dl

    model = start(plan, classes, seed) if model is None else model
    images, labels = dl.tensor(X), dl.tensor(y)
    size = min(plan.batch_size, len(X))
    transform = augmentation(seed) if plan.augment else None
    batches = Batches(images, labels, size, drop_last=True, seed=seed, transform=transform)
    groups = parameter_groups(model, plan.lr, plan.head_lr, plan.factor)
    optimizer, callbacks = _optimizer(plan, groups)
    if plan.statistics_frozen:
        callbacks.append(FrozenStatistics())
    elif plan.frozen:
        callbacks.append(FrozenStatistics(*plan.frozen))
    Trainer(model, optimizer, dl.nn.CrossEntropyLoss(), callbacks=callbacks).fit(Steps(batches, plan.steps), 1)
    model.eval()
    return model


def logits(model: Any, X: Array) -> NDArray[np.float32]:
    """The network's outputs (N, C) for images (N, 1, 32, 32), without gradients and in the mode it is in."""
    import dlcourse.torch as dl

    with dl.no_grad():
        parts = [dl.to_numpy(model(dl.tensor(X[i : i + _BATCH]))) for i in range(0, len(X), _BATCH)]
    outputs: NDArray[np.float32] = np.concatenate(parts)
    return outputs


def accuracy(model: Any, X: Array, y: Array) -> float:
    """The share of right answers, in percent."""
    return float(100 * (logits(model, X).argmax(axis=1) == y).mean())


def _optimizer(plan: Plan, groups: list[dict[str, Any]]) -> tuple[Any, list[Callback]]:
    import dlcourse.torch as dl

    if plan.optimizer == "SGD":
        return dl.optim.SGD(groups, lr=plan.lr, momentum=0.9), []
    optimizer = dl.optim.AdamW(groups, weight_decay=plan.weight_decay)
    cycle = dl.schedule.OneCycleLR(optimizer, [group["lr"] for group in groups], total_steps=plan.steps)
    return optimizer, [Schedule(cycle, every="batch")]


class Steps:
    """``batches`` over and over, until ``steps`` of them have been given: one long epoch."""

    def __init__(self, batches: Batches, steps: int) -> None:
        self.batches, self.steps = batches, steps

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        given = 0
        while given < self.steps:
            for batch in self.batches:
                yield batch
                given += 1
                if given == self.steps:
                    return
