"""A small residual network for 32×32 grey images, for either backend."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

__all__ = ["digit_resnet"]


def digit_resnet(dl: Any, classes: int = 10, width: int = 16) -> Any:
    """A strided 3×3 stem, three residual blocks of width 1, 2 and 4 × ``width``, global average pooling, linear.

    ``dl`` is the backend, ``dlcourse.numpy`` or ``dlcourse.torch``; images are (N, 1, 32, 32).
    With width 16 it has 79,899 parameters for 43 classes and 77,754 for 10. The last part is
    called ``head``; ``model[:-1]`` gives the features (N, 4·width) that it sees.
    """
    nn = dl.nn
    parts = [
        ("stem", nn.Sequential(*_convolution(nn, 1, width, stride=2), nn.ReLU())),
        ("block1", _block(nn, width, width, stride=1)),
        ("block2", _block(nn, width, 2 * width, stride=2)),
        ("block3", _block(nn, 2 * width, 4 * width, stride=2)),
        ("pool", nn.AdaptiveAvgPool2d(1)),
        ("flatten", nn.Flatten()),
        ("head", nn.Linear(4 * width, classes)),
    ]
    return nn.Sequential(OrderedDict(parts))


def _block(nn: Any, inputs: int, outputs: int, stride: int) -> Any:
    """relu(shortcut(x) + F(x)) with two 3×3 convolutions in F; the shortcut converts where the shape changes."""
    shortcut = None
    if stride != 1 or inputs != outputs:
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
    body = [*_convolution(nn, inputs, outputs, stride), nn.ReLU(), *_convolution(nn, outputs, outputs, stride=1)]
    return nn.Sequential(nn.Residual(*body, shortcut=shortcut), nn.ReLU())


def _convolution(nn: Any, inputs: int, outputs: int, stride: int) -> list[Any]:
    """A 3×3 convolution and its batch norm, which makes a bias superfluous."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]
