"""A residual network of the zoo, packed small enough to run inside an exported page (``js/page_network.js``)."""

from __future__ import annotations

import base64
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy as dl
from dlcourse.models import zoo
from dlcourse.transfer.probes import LinearProbe

__all__ = ["packed_body", "packed_head"]

_LEVELS = 32767  # of a weight's 16 bits


@cache
def packed_body(name: str) -> list[dict[str, Any]]:
    """The convolutions of a network from stem to last block: shape (out, in, k, k), stride, weights, scale and biases.

    In evaluation mode a batch norm is a factor and a shift for each channel, so it becomes part of its convolution:

        W' = W · gamma / √(var + eps)        b' = beta - mean · gamma / √(var + eps)

    Weights are rounded to 16 bits. Within a block the two convolutions come first, then the shortcut's, if it has one.
    """
    modules = [module for _, module in zoo.load(name, dl).named_modules()]
    packed = []
    for convolution, norm in pairwise(modules):
        if isinstance(convolution, dl.nn.Conv2d):
            factor = norm.weight.data / np.sqrt(norm.running_var + norm.eps)
            W = convolution.weight.data * factor[:, None, None, None]
            packed.append(_packed(W, norm.bias.data - norm.running_mean * factor, int(convolution.stride[0])))
    return packed


def packed_head(probe: LinearProbe) -> dict[str, Any]:
    """A probe of three or more classes, all with examples, as one linear layer of plain features: W (C, D), b (C,)."""
    W = probe.classifier.coef_ / probe.scaler.scale
    return {"W": W, "b": (probe.classifier.intercept_ - W @ probe.scaler.mean).tolist()}


def _packed(W: NDArray[Any], b: NDArray[Any], stride: int) -> dict[str, Any]:
    scale = float(np.abs(W).max()) / _LEVELS
    codes = np.rint(W / scale).astype("<i2")
    biases = [float(f"{value:.6g}") for value in b]
    text = base64.b64encode(codes.tobytes()).decode()
    return {"shape": list(W.shape), "stride": stride, "scale": scale, "int16": text, "b": biases}
