"""The linear layer as one operation: z = XWᵀ + b."""

from __future__ import annotations

from typing import Any

from dlcourse.numpy.graph import Array, Operation, Tensor

__all__ = ["linear"]


class Linear(Operation):
    """z = XWᵀ + b.

        dX = dz W        dW = dzᵀ X        db = Σ_n dz_n

        X: (..., D)   W: (M, D)   b: (M,)   z: (..., M)

    The shapes alone decide where a transpose belongs. One bias serves all N examples, so its
    gradient is the sum over them.
    """

    def forward(self, x: Array, weight: Array, bias: Array | None = None) -> Any:
        _check_linear(x, weight, bias)
        self.x, self.weight = x, weight
        z = x @ weight.T
        if bias is not None:
            z += bias
        return z

    def backward(self, grad: Array) -> Any:
        dx = grad @ self.weight if self.needs[0] else None
        dz, x = grad, self.x
        if x.ndim != 2:  # the formulas want one row for each example
            dz, x = grad.reshape(-1, grad.shape[-1]), x.reshape(-1, x.shape[-1])
        dw = dz.T @ x if self.needs[1] else None
        return (dx, dw, dz.sum(0)) if len(self.inputs) == 3 else (dx, dw)


def _check_linear(x: Array, weight: Array, bias: Array | None) -> None:
    if x.ndim == 0 or weight.ndim != 2 or weight.shape[1] != x.shape[-1]:
        expected = f"(out, {x.shape[-1]})" if x.shape else "(out, in)"
        raise ValueError(f"linear: weight has shape {weight.shape}, expected {expected} because input is {x.shape}")
    if weight.dtype != x.dtype:
        raise TypeError(f"linear: weight is {weight.dtype} and input is {x.dtype}, expected the same dtype")
    if bias is None:
        return
    if bias.shape != weight.shape[:1]:
        raise ValueError(
            f"linear: bias has shape {bias.shape}, expected {weight.shape[:1]} because weight is {weight.shape}"
        )
    if bias.dtype != x.dtype:
        raise TypeError(f"linear: bias is {bias.dtype} and input is {x.dtype}, expected the same dtype")


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Input @ weightᵀ + bias for input (..., in), weight (out, in), bias (out,).

    Raises ``ValueError`` when the shapes do not fit and ``TypeError`` when the dtypes differ.
    """
    return Linear.apply(input, weight) if bias is None else Linear.apply(input, weight, bias)
