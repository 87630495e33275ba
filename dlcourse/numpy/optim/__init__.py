"""Optimizers in torch's names, argument order and defaults; one class per file of formulas, the machinery in `base`."""

from dlcourse.numpy.optim.base import Optimizer
from dlcourse.numpy.optim.sgd import SGD

__all__ = ["SGD", "Optimizer"]
