"""Layers: functions that own their weights, under the names of ``torch.nn``."""

from dlcourse.numpy.nn.activation import ReLU, Sigmoid, Tanh
from dlcourse.numpy.nn.container import ModuleList, Sequential
from dlcourse.numpy.nn.linear import Flatten, Identity, Linear
from dlcourse.numpy.nn.loss import CrossEntropyLoss, MSELoss
from dlcourse.numpy.nn.module import Module
from dlcourse.numpy.nn.parameter import Parameter

__all__ = [
    "CrossEntropyLoss",
    "Flatten",
    "Identity",
    "Linear",
    "MSELoss",
    "Module",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
]
