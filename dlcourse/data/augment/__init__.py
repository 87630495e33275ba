"""Data augmentation: random changes that keep the label, on NumPy arrays and torch tensors (N, C, H, W)."""

from dlcourse.data.augment.base import Transform
from dlcourse.data.augment.compose import Compose
from dlcourse.data.augment.geometry import Affine, HorizontalFlip, RandomCrop, Rotate, VerticalFlip
from dlcourse.data.augment.mixup import MixedBatches, Mixup
from dlcourse.data.augment.pixels import ColorJitter, Cutout, GaussianNoise

__all__ = [
    "Affine",
    "ColorJitter",
    "Compose",
    "Cutout",
    "GaussianNoise",
    "HorizontalFlip",
    "MixedBatches",
    "Mixup",
    "RandomCrop",
    "Rotate",
    "Transform",
    "VerticalFlip",
]
