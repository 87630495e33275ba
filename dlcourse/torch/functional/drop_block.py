"""DropBlock, which torch does not have."""

from __future__ import annotations

import torch
from torch.nn import functional as F

__all__ = ["drop_block2d"]


def drop_block2d(input: torch.Tensor, p: float = 0.1, block_size: int = 7, training: bool = True) -> torch.Tensor:
    """Drop squares of ``block_size`` pixels in each channel of images (N, C, H, W) (Ghiasi et al., 2018).

    Corners of squares are drawn so often that about a share ``p`` of the pixels is dropped; squares
    may overlap, so it is a little less. What is left of an image is scaled up to keep the mean of
    the mask at 1. Raises ``ValueError`` for a p outside [0, 1] and a block larger than the image.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"drop_block2d: p is {p}, expected a probability from 0 to 1")
    if input.ndim != 4 or not 1 <= block_size <= min(input.shape[2:]):
        raise ValueError(
            f"drop_block2d: input has shape {tuple(input.shape)} and block_size is {block_size}, expected images "
            f"(N, C, H, W) and a block from 1 to the smaller of H and W"
        )
    if not training or p == 0 or input.numel() == 0:
        return input
    n, channels, height, width = input.shape
    rows, cols = height - block_size + 1, width - block_size + 1
    rate = p / block_size**2 * (height * width) / (rows * cols)
    # Drawn in float32: a bfloat16 number between 0 and 1 has too few digits for a small rate.
    corners = (torch.rand(n, channels, rows, cols, device=input.device) < rate).to(torch.float32)
    edge = block_size - 1
    dropped = F.max_pool2d(F.pad(corners, (edge, edge, edge, edge)), block_size, stride=1)
    kept = 1 - dropped
    share = kept.mean().clamp(min=1 / kept.numel())
    return input * (kept / share).to(input.dtype)
