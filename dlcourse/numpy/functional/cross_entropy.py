"""Cross-entropy: softmax and negative log-likelihood in one, from logits straight to the cost.

Two operations, one for class numbers and one for target probabilities, and the function that picks
between them. In one step, log p = z - log Σ e^z needs no p that could round to 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.numpy.functional.checks import require_floating
from dlcourse.numpy.functional.loss import Loss
from dlcourse.numpy.graph import Array, Tensor

__all__ = ["cross_entropy"]


class CrossEntropy(Loss):
    """ℓ_n = -log p_n[y_n], with p = softmax(z).

        dz = (p - onehot(y)) · dℓ

    logits z: (N, C), class numbers y: (N,).
    """

    def forward(self, logits: Array, target: Array, reduction: str) -> Any:
        self.target, self.rows = target, np.arange(len(target))
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.exp = np.exp(shifted)
        self.total = self.exp.sum(axis=1, keepdims=True)
        return self.reduce(np.log(self.total[:, 0]) - shifted[self.rows, target], reduction)

    def backward(self, grad: Array) -> Any:
        dz = self.exp / self.total
        dz[self.rows, self.target] -= 1
        return dz * self.spread(grad)[..., np.newaxis]


class SoftCrossEntropy(Loss):
    """ℓ_n = -Σ_c q_nc log p_nc for targets q that are spread over the classes, with p = softmax(z).

        dz = (p · Σ_c q_c - q) · dℓ        dq = -log p · dℓ

    logits z and targets q: (N, C). The rows of q need not sum to 1: class weights are part of q.
    """

    def forward(self, logits: Array, target: Array, reduction: str, count: float) -> Any:
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.target = target
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return self.reduce(-(target * self.log_p).sum(axis=1), reduction, count)

    def backward(self, grad: Array) -> Any:
        total = self.target.sum(axis=1, keepdims=True)
        # A row without a target does not count, also where no row counts and the mean is 0/0.
        dl = np.where(total == 0, 0, self.spread(grad)[..., np.newaxis])
        return (np.exp(self.log_p) * total - self.target) * dl, -self.log_p * dl


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of softmax(input) with the target, as in torch.

    ``input`` holds logits: (C,), (N, C), or (N, C, ...) with further axes such as pixels.
    ``target`` holds class numbers (the shape of input without C), or probabilities (the shape of
    input). ``weight`` (C,) weighs the classes; "mean" is then the weighted mean, over Σ weight[y].
    Class numbers equal to ``ignore_index`` do not count. ``label_smoothing`` ε replaces the target
    by (1 - ε) · target + ε / C (Szegedy et al., 2016).

    Raises ``ValueError`` for shapes, class numbers or options that do not fit, and ``TypeError``
    for a target that is neither integers nor of input's dtype.
    """
    if input.ndim == 0:
        raise ValueError("cross_entropy: input is a single number, expected logits (C,), (N, C) or (N, C, ...)")
    require_floating("cross_entropy", input)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is {label_smoothing}, expected a number from 0 to 1")
    classes = input.shape[min(1, input.ndim - 1)]
    if weight is not None and not isinstance(weight, Tensor):
        raise TypeError(f"cross_entropy: weight is a {type(weight).__name__}, expected a tensor: dl.tensor(weight)")
    if weight is not None and weight.shape != (classes,):
        raise ValueError(f"cross_entropy: weight has shape {weight.shape}, expected ({classes},): one for each class")
    example_shape = input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()
    logits = _as_rows(input)
    if target.dtype.kind == "f":
        _check_probabilities(input, target)
        q, count = _as_rows(target), float(np.prod(example_shape))
        if label_smoothing:
            q = (1 - label_smoothing) * q + label_smoothing / classes
        if weight is not None:
            q = q * weight.detach()
        losses = SoftCrossEntropy.apply(logits, q, reduction=reduction, count=count)
        return losses.reshape(example_shape) if reduction == "none" else losses
    y, ignored = _class_numbers(input, target, example_shape, classes, ignore_index)
    if weight is None and label_smoothing == 0 and not ignored:
        losses = CrossEntropy.apply(logits, target=y, reduction=reduction)
    else:
        w = np.ones(classes, input.dtype) if weight is None else weight.data
        matrix, count = _target_matrix(y, w, ignore_index, label_smoothing)
        losses = SoftCrossEntropy.apply(logits, Tensor(matrix), reduction=reduction, count=count)
    return losses.reshape(example_shape) if reduction == "none" else losses


def _as_rows(x: Tensor) -> Tensor:
    """(C,), (N, C) or (N, C, ...) as rows of C numbers."""
    if x.ndim == 2:
        return x
    if x.ndim > 2:
        x = x.permute(0, *range(2, x.ndim), 1)
    return x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])


def _check_probabilities(input: Tensor, target: Tensor) -> None:
    if target.shape != input.shape:
        raise ValueError(
            f"cross_entropy: target has shape {target.shape}, expected {input.shape} because it holds probabilities"
        )
    if target.dtype != input.dtype:
        raise TypeError(f"cross_entropy: target is {target.dtype} and input is {input.dtype}, expected the same dtype")


def _class_numbers(
    input: Tensor, target: Tensor, example_shape: tuple[int, ...], classes: int, ignore_index: int
) -> tuple[Array, bool]:
    """The class numbers as a vector, after checking them, and whether some are to be ignored."""
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: target is {target.dtype}, expected integers (class numbers from 0 to {classes - 1}) or "
            f"probabilities in {input.dtype}"
        )
    if target.shape != example_shape:
        raise ValueError(
            f"cross_entropy: target has shape {target.shape}, expected {example_shape} because input is {input.shape}"
        )
    y = target.data.reshape(-1)
    in_range = y.size == 0 or (y.min() >= 0 and y.max() < classes)
    if in_range and not 0 <= ignore_index < classes:
        return y, False
    ignored = y == ignore_index
    outside = y[((y < 0) | (y >= classes)) & ~ignored]
    if outside.size:
        raise ValueError(f"cross_entropy: target holds {outside[0]}, expected class numbers from 0 to {classes - 1}")
    return y, bool(ignored.any())


def _target_matrix(y: Array, weight: Array, ignore_index: int, label_smoothing: float) -> tuple[Array, float]:
    """Class numbers as a matrix of weighted targets (N, C), and the number that "mean" divides by."""
    counted = y != ignore_index
    q = np.full((len(y), len(weight)), label_smoothing / len(weight), weight.dtype)
    q[np.flatnonzero(counted), y[counted]] += 1 - label_smoothing
    q[~counted] = 0
    return q * weight, float(weight[y[counted]].sum())
