"""Exercise 12: the convolution, backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.q12_conv_forward import CONVOLUTIONS, pad, windows
from dlcourse.checks.drives import images
from dlcourse.checks.drives.values import UNCHANGED_BY_BACKWARD
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS", "input_gradient"]

ORDER = 3

Arrays = dict[str, Any]
Three = tuple[Any, Any, Any]


def _spread(copies: Any, shape: tuple[int, ...], stride: int, add: bool = True) -> Any:
    """Give each copy (N, C, OH, OW, R, S) back to the pixel of a padded image that it came from."""
    dx = np.zeros(shape)
    for i in range(copies.shape[2]):
        for j in range(copies.shape[3]):
            rows = slice(i * stride, i * stride + copies.shape[4])
            cols = slice(j * stride, j * stride + copies.shape[5])
            dx[:, :, rows, cols] = copies[:, :, i, j] + (dx[:, :, rows, cols] if add else 0)
    return dx


def _copies(dz: Any, W: Any) -> Any:
    return np.einsum("nkij,kcrs->ncijrs", dz, W)


def _inside(dx: Any, x: Any, padding: int) -> Any:
    return dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def input_gradient(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Any:
    """Dx of a convolution, (N, C, H, W)."""
    return _inside(_spread(_copies(dz, W), pad(x, padding).shape, stride), x, padding)


def kernel_gradient(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Any:
    """DW of a convolution, (K, C, R, S)."""
    seen = windows(pad(x, padding), W.shape[2], W.shape[3], stride)[:, :, : dz.shape[2], : dz.shape[3]]
    return np.einsum("ncijrs,nkij->kcrs", seen, dz)


def _backward(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    return input_gradient(dz, x, W, stride, padding), kernel_gradient(dz, x, W, stride, padding), dz.sum(axis=(0, 2, 3))


def _inputs(rng: np.random.Generator) -> Arrays:
    return {
        "x": rng.normal(size=(2, 3, 6, 9)),
        "W": rng.normal(size=(4, 3, 3, 3)),
        "dz": rng.normal(size=(2, 4, 3, 5)),
        "wide": rng.normal(size=(4, 3, 2, 3)),
        "dz_wide": rng.normal(size=(2, 4, 5, 7)),
    }


def _answer(x: Any, W: Any, dz: Any, wide: Any, dz_wide: Any) -> Arrays:
    dx, dW, db = _backward(dz, x, W, 2, 1)
    dx_wide, dW_wide, _ = _backward(dz_wide, x, wide, 1, 0)
    return {
        "db": db,
        "dW": dW,
        "dx": dx,
        "dW of 2 × 3 kernels": dW_wide,
        "dx of 2 × 3 kernels": dx_wide,
        UNCHANGED_BY_BACKWARD: True,
    }


conv_backward = Question(
    "12.conv_backward",
    points=6,
    minutes=30,
    title="The convolution, backward",
    called_as="dx, dW, db = conv_backward(dz, x, W, stride, padding)",
    tested=(
        "2 images of 3 × 6 × 9 and 4 kernels of 3 × 3, stride 2, padding 1; then kernels of 2 × 3, "
        "stride 1, no padding; dz random; no array may change"
    ),
    inputs=_inputs,
    drive=images.conv_backward,
    answer=_answer,
    scales=lambda x, dz: {"N": len(x), "O·O": dz.shape[2] * dz.shape[3], "N·O·O": dz[:, 0].size},
    axes={
        "db": ("map",),
        **dict.fromkeys(("dW", "dW of 2 × 3 kernels"), ("map", "channel", "row", "column")),
        **dict.fromkeys(("dx", "dx of 2 × 3 kernels"), ("image", "channel", "row", "column")),
    },
    off_limits=CONVOLUTIONS,
)
conv_backward.hint(
    "Start from z[n, k, i, j] = Σ window·W[k] + b[k]. What does one number of dz add to db, to dW and to dx?"
)
conv_backward.hint(
    "db[k] += dz, dW[k] += dz·window, window of dx += dz·W[k]. Work on padded arrays and cut dx at the end."
)


@conv_backward.wrong(
    "overlapping windows overwrite each other in dx instead of adding up",
    ask="A pixel lies in several windows. Which of their gradients does it get: = or +=?",
    as_student=True,
)
def overwritten(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx = _spread(_copies(dz, W), pad(x, padding).shape, stride, add=False)
    return _inside(dx, x, padding), *_backward(dz, x, W, stride, padding)[1:]


@conv_backward.wrong(
    "dx holds the contribution of the last map only",
    ask="Every map reads the image. Do the contributions of all K maps add up?",
    as_student=True,
)
def last_map(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    return input_gradient(dz[:, -1:], x, W[-1:], stride, padding), *_backward(dz, x, W, stride, padding)[1:]


@conv_backward.wrong(
    "dx is spread with the turned kernel",
    ask="z at (i, j) read pixel (i·s + r, j·s + q) with W[r, q]. With which weight does the gradient go back there?",
    as_student=True,
)
def turned_kernel(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    return input_gradient(dz, x, W[:, :, ::-1, ::-1], stride, padding), *_backward(dz, x, W, stride, padding)[1:]


@conv_backward.wrong(
    "dx is cut from the corner of the padded array, not from its middle",
    ask="Where in the padded array does pixel (0, 0) of the image lie?",
    as_student=True,
)
def cut_at_corner(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx = _spread(_copies(dz, W), pad(x, padding).shape, stride)
    return dx[:, :, : x.shape[2], : x.shape[3]], *_backward(dz, x, W, stride, padding)[1:]


@conv_backward.wrong("dx still has the padding around it", ask="Which shape must dx have?", as_student=True)
def not_cut(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx = _spread(_copies(dz, W), pad(x, padding).shape, stride)
    return dx, *_backward(dz, x, W, stride, padding)[1:]


@conv_backward.wrong(
    "the stride is ignored in dx", ask="Which pixels did output (1, 1) read when the stride is 2?", as_student=True
)
def dx_without_stride(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    return input_gradient(dz, x, W, 1, padding), *_backward(dz, x, W, stride, padding)[1:]


@conv_backward.wrong(
    "the stride is ignored in dW", ask="Which window did output (1, 1) see when the stride is 2?", as_student=True
)
def dW_without_stride(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:  # noqa: N802
    dx, _, db = _backward(dz, x, W, stride, padding)
    return dx, kernel_gradient(dz, x, W, 1, padding), db


@conv_backward.wrong(
    "dW comes from the last position only",
    ask="The same kernel worked at every position. How do its gradients come together?",
    as_student=True,
)
def last_position(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    only = np.zeros_like(dz)
    only[:, :, -1, -1] = dz[:, :, -1, -1]
    dx, _, db = _backward(dz, x, W, stride, padding)
    return dx, kernel_gradient(only, x, W, stride, padding), db


@conv_backward.wrong(
    "dW comes from the last image only",
    ask="One kernel served the whole batch. How do the gradients of the images come together?",
    as_student=True,
)
def last_image(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx, _, db = _backward(dz, x, W, stride, padding)
    return dx, kernel_gradient(dz[-1:], x[-1:], W, stride, padding), db


@conv_backward.wrong(
    "dW is turned by 180°", ask="dW[0, 0] belongs to the weight that met which corner of each window?", as_student=True
)
def turned_dW(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:  # noqa: N802
    dx, dW, db = _backward(dz, x, W, stride, padding)
    return dx, dW[:, :, ::-1, ::-1], db


@conv_backward.wrong(
    "dW is averaged over the batch, although dz already holds the 1/N of the cost",
    ask="Who owns the 1/N: the loss, or each layer again?",
    as_student=True,
)
def averaged_over_batch(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx, dW, db = _backward(dz, x, W, stride, padding)
    return dx, dW / len(x), db


@conv_backward.wrong(
    "db is averaged over the positions",
    ask="The bias was added at every position. Do its contributions add up, or average?",
    as_student=True,
)
def averaged_over_positions(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx, dW, _ = _backward(dz, x, W, stride, padding)
    return dx, dW, dz.mean(axis=(2, 3)).sum(axis=0)


@conv_backward.wrong(
    "db is summed over the images only: one bias for each position",
    ask="db must have the shape of b. How many numbers has b?",
    as_student=True,
)
def not_summed_over_positions(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx, dW, _ = _backward(dz, x, W, stride, padding)
    return dx, dW, dz.sum(axis=0)


@conv_backward.wrong(
    "dx and dW are returned in the wrong order", ask="In which order does the question ask for them?", as_student=True
)
def order_changed(dz: Any, x: Any, W: Any, stride: int, padding: int) -> Three:
    dx, dW, db = _backward(dz, x, W, stride, padding)
    return dW, dx, db


@conv_backward.wrong("an input is changed", ask="Somebody else may still need dz and x. What does `a += b` do to them?")
def writes() -> Arrays:
    return {UNCHANGED_BY_BACKWARD: False}


QUESTIONS = (conv_backward,)
