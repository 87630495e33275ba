"""VGG16, in torch."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["VGG", "vgg16"]

# Output channels of the 3×3 convolutions of each stage; a 2×2 max pooling ends a stage.
VGG16_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG(nn.Module):
    """Stages of 3×3 convolutions, then three dense layers (Simonyan & Zisserman, 2015).

    For images (N, 3, 224, 224), with torchvision's parameter names, so published weights load.
    """

    def __init__(
        self, stages: tuple[tuple[int, ...], ...] = VGG16_STAGES, classes: int = 1000, dropout: float = 0.5
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for stage in stages:
            for width in stage:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2, stride=2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(channels * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to logits (N, classes)."""
        x = self.avgpool(self.features(x))
        logits: torch.Tensor = self.classifier(x.flatten(1))
        return logits


def vgg16(classes: int = 1000) -> VGG:
    """VGG16 with random weights: 138,357,544 parameters for 1000 classes, 553 MB in float32."""
    return VGG(VGG16_STAGES, classes)
