"""LeNet-5, for either backend."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

__all__ = ["lenet5"]


def lenet5(dl: Any, classes: int = 10, size: int = 28) -> Any:
    """LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998): 61,706 parameters for ten classes.

    ``dl`` is the backend, ``dlcourse.numpy`` or ``dlcourse.torch``. Images are (N, 1, size, size)
    with ``size`` 28, padded by 2, or 32. This is the modern reading: ReLU and max pooling stand
    where the original has scaled tanh and trainable sub-sampling, and every map of the second
    stage sees all maps of the first. Raises ``ValueError`` for another size.
    """
    if size not in (28, 32):
        raise ValueError(f"lenet5: size is {size}, expected 28 or 32")
    nn = dl.nn
    layers = [
        ("conv1", nn.Conv2d(1, 6, 5, padding=(32 - size) // 2)),
        ("relu1", nn.ReLU()),
        ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(6, 16, 5)),
        ("relu2", nn.ReLU()),
        ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(16 * 5 * 5, 120)),
        ("relu3", nn.ReLU()),
        ("fc2", nn.Linear(120, 84)),
        ("relu4", nn.ReLU()),
        ("fc3", nn.Linear(84, classes)),
    ]
    return nn.Sequential(OrderedDict(layers))
