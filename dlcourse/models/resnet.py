"""Residual networks for ImageNet and CIFAR-10, in torch (He, Zhang, Ren & Sun, 2016).

The names of parameters are torchvision's, so published ImageNet weights load into
:func:`resnet18`, :func:`resnet34` and :func:`resnet50`. A residual network for digits that runs on
both backends is in ``digit_resnet.py``.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "cifar_resnet", "resnet18", "resnet34", "resnet50"]


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """A 1×1 convolution where the shape changes; None stands for the identity."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    """relu(x + F(x)), where F is two 3×3 convolutions with batch norm. ``residual=False`` leaves out x."""

    expansion: ClassVar[int] = 1

    def __init__(self, inputs: int, width: int, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride) if residual else None
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) to (N, width, H/stride, W/stride)."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.residual:
            out = out + (x if self.downsample is None else self.downsample(x))
        activated: torch.Tensor = self.relu(out)
        return activated


class Bottleneck(nn.Module):
    """relu(x + F(x)), where F is 1×1, 3×3 and 1×1 convolutions; the last one widens by 4.

    The stride is in the 3×3 convolution, as in torchvision and its weights (the paper has it in the first).
    """

    expansion: ClassVar[int] = 4

    def __init__(self, inputs: int, width: int, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, outputs, stride) if residual else None
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) to (N, 4·width, H/stride, W/stride)."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.residual:
            out = out + (x if self.downsample is None else self.downsample(x))
        activated: torch.Tensor = self.relu(out)
        return activated


class ResNet(nn.Module):
    """The ImageNet form: a 7×7/2 convolution, 3×3/2 max pooling, four stages, global average pooling, linear.

    ``blocks`` is the number of blocks in each of the four stages of width 64, 128, 256 and 512.
    """

    def __init__(self, block: type[BasicBlock] | type[Bottleneck], blocks: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = 64
        for number, count in enumerate(blocks, start=1):
            stage, channels = _stage(block, count, channels, 32 * 2**number, stride=1 if number == 1 else 2)
            self.add_module(f"layer{number}", stage)
        self.stages = len(blocks)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)
        _initialise(self)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to the inputs of the last layer, (N, 512 or 2048): for transfer learning."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for number in range(1, self.stages + 1):
            x = self.get_submodule(f"layer{number}")(x)
        pooled: torch.Tensor = self.avgpool(x)
        return pooled.flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to logits (N, classes)."""
        logits: torch.Tensor = self.fc(self.features(x))
        return logits


def resnet18(classes: int = 1000) -> ResNet:
    """ResNet-18 with random weights: 11,689,512 parameters for 1000 classes."""
    return ResNet(BasicBlock, (2, 2, 2, 2), classes)


def resnet34(classes: int = 1000) -> ResNet:
    """ResNet-34 with random weights: 21,797,672 parameters for 1000 classes."""
    return ResNet(BasicBlock, (3, 4, 6, 3), classes)


def resnet50(classes: int = 1000) -> ResNet:
    """ResNet-50 with random weights: 25,557,032 parameters for 1000 classes."""
    return ResNet(Bottleneck, (3, 4, 6, 3), classes)


def cifar_resnet(depth: int = 20, classes: int = 10, channels: int = 3, residual: bool = True) -> nn.Sequential:
    """The residual network of the paper's CIFAR-10 section, for images (N, channels, 32, 32).

    ``depth`` is 6n + 2: 20 has 272,474 parameters. Shortcuts that change shape are 1×1
    convolutions. ``residual=False`` gives the plain network of the same depth to compare with.
    Raises ``ValueError`` for a depth that is not 6n + 2.
    """
    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"cifar_resnet: depth is {depth}, expected 6n + 2: 8, 14, 20, 32, 44, 56 or 110")
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(channels, 16, 3, padding=1, bias=False))
    model.add_module("bn1", nn.BatchNorm2d(16))
    model.add_module("relu", nn.ReLU(inplace=True))
    inputs = 16
    for number, width in enumerate((16, 32, 64), start=1):
        stride = 1 if number == 1 else 2
        stage, inputs = _stage(BasicBlock, (depth - 2) // 6, inputs, width, stride, residual)
        model.add_module(f"layer{number}", stage)
    model.add_module("avgpool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("fc", nn.Linear(inputs, classes))
    _initialise(model)
    return model


def _stage(
    block: type[BasicBlock] | type[Bottleneck],
    count: int,
    inputs: int,
    width: int,
    stride: int,
    residual: bool = True,
) -> tuple[nn.Sequential, int]:
    """``count`` blocks, the first with ``stride``; also says how many channels come out."""
    outputs = width * block.expansion
    first = block(inputs, width, stride, residual)
    return nn.Sequential(first, *[block(outputs, width, 1, residual) for _ in range(count - 1)]), outputs


def _initialise(model: nn.Module) -> None:
    """He initialisation of the convolutions, by the outputs, as in the paper."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
