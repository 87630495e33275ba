"""Learning-rate schedules under the names of torch; InverseTimeLR, LinearMomentum and preview are ours."""

from dlcourse.numpy.schedule.base import LRScheduler
from dlcourse.numpy.schedule.combine import ChainedScheduler, SequentialLR
from dlcourse.numpy.schedule.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from dlcourse.numpy.schedule.decay import (
    ConstantLR,
    ExponentialLR,
    InverseTimeLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from dlcourse.numpy.schedule.momentum import LinearMomentum
from dlcourse.numpy.schedule.onecycle import OneCycleLR
from dlcourse.numpy.schedule.plateau import ReduceLROnPlateau
from dlcourse.numpy.schedule.preview import preview

__all__ = [
    "LRScheduler",
    "LambdaLR",
    "ConstantLR",
    "LinearLR",
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "InverseTimeLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "ChainedScheduler",
    "LinearMomentum",
    "preview",
]
