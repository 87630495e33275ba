"""Layers: functions that own their weights, under the names of ``torch.nn``."""

from dlcourse.numpy.nn.activation import (
    ELU,
    GELU,
    SELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    Softmax,
    Step,
    Tanh,
)
from dlcourse.numpy.nn.batch_renorm import BatchRenorm1d, BatchRenorm2d
from dlcourse.numpy.nn.blocks import DenseBlock, Maxout, Residual
from dlcourse.numpy.nn.container import ModuleList, Sequential
from dlcourse.numpy.nn.conv import AdaptiveAvgPool2d, AvgPool2d, Conv2d, MaxPool2d
from dlcourse.numpy.nn.dropout import DropBlock2d, Dropout, Dropout2d
from dlcourse.numpy.nn.linear import Flatten, Identity, Linear
from dlcourse.numpy.nn.loss import BCEWithLogitsLoss, CrossEntropyLoss, DistillationLoss, MSELoss, MultiTaskLoss
from dlcourse.numpy.nn.module import Module
from dlcourse.numpy.nn.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm2d, LayerNorm
from dlcourse.numpy.nn.parameter import Parameter
from dlcourse.numpy.nn.parametrizations import spectral_norm, weight_norm

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchRenorm1d",
    "BatchRenorm2d",
    "Conv2d",
    "CrossEntropyLoss",
    "DenseBlock",
    "DistillationLoss",
    "DropBlock2d",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "GroupNorm",
    "Identity",
    "InstanceNorm2d",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Maxout",
    "Module",
    "ModuleList",
    "MultiTaskLoss",
    "Parameter",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Step",
    "Tanh",
    "spectral_norm",
    "weight_norm",
]
