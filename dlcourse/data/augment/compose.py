"""A pipeline of random transformations with one seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcourse.data.augment.base import Images, Parameters, Transform

__all__ = ["Compose"]


class Compose:
    """Apply ``transforms`` one after the other to batches (N, C, H, W).

        augment = Compose([RandomCrop(32, padding=4), HorizontalFlip(p=0.5), Rotate(10, p=0.7)], seed=0)
        for X, y in Batches(train.X, train.y, transform=augment): ...

    Each call goes on with the same random numbers, so an epoch sees new variants and the same
    seed repeats the whole run. ``augment.last`` lists, for each transform, its name and the
    parameters it drew for every image of the last batch; ``applied`` says which images it changed.
    Augment training data only: a validation score on distorted images measures something else.
    """

    def __init__(self, transforms: Sequence[Transform], seed: int = 0) -> None:
        for transform in transforms:
            if not isinstance(transform, Transform):
                raise TypeError(f"Compose: {transform!r} is not a Transform; Mixup, which changes labels, comes after")
        self.transforms = list(transforms)
        self.rng = np.random.default_rng(seed)
        self.last: list[tuple[str, Parameters]] = []

    def state_dict(self) -> dict[str, Any]:
        """Where the random numbers stand."""
        return dict(self.rng.bit_generator.state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue the random numbers from ``state_dict``."""
        self.rng.bit_generator.state = state_dict

    def __call__(self, images: Images) -> Images:
        """Transform the images; labels stay as they are."""
        self.last = []
        for transform in self.transforms:
            images, parameters = transform.transform(images, self.rng)
            self.last.append((type(transform).__name__, parameters))
        return images
