"""Exercise 12: the convolution, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.bank.limits import AUTOGRAD, LINEAR
from dlcourse.checks.drives import images
from dlcourse.checks.drives.values import UNCHANGED_BY_FORWARD
from dlcourse.checks.question import Question

__all__ = ["CONVOLUTIONS", "QUESTIONS", "convolve", "windows"]

ORDER = 2

Arrays = dict[str, Any]
CONVOLUTIONS = (
    *AUTOGRAD,
    *LINEAR,
    "torch.conv2d",
    "torch.nn.functional",
    "scipy.signal",
    "scipy.ndimage",
    "dlcourse.torch.functional",
)


def pad(x: Any, padding: int, **how: Any) -> Any:
    """Rows and columns around every image: zeros unless ``how`` says otherwise."""
    return np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)], **how)


def windows(x: Any, R: int, S: int, stride: int) -> Any:
    """What each output sees, (N, C, OH, OW, R, S)."""
    seen = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))
    return seen[:, :, ::stride, ::stride]


def convolve(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    """(N, C, H, W) to (N, K, OH, OW)."""
    seen = windows(pad(x, padding), W.shape[2], W.shape[3], stride)
    return np.einsum("ncijrs,kcrs->nkij", seen, W) + b[:, None, None]


def _inputs(rng: np.random.Generator) -> Arrays:
    return {
        "x": rng.normal(size=(2, 3, 6, 9)),
        "W": rng.normal(size=(4, 3, 3, 3)),
        "b": rng.normal(size=4),
        "wide": rng.normal(size=(4, 3, 2, 3)),
    }


conv_forward = Question(
    "12.conv_forward",
    points=5,
    minutes=25,
    title="The convolution, forward",
    called_as="z = conv_forward(x, W, b, stride, padding)",
    tested=(
        "2 images of 3 × 6 × 9 and 4 kernels of 3 × 3, stride 2, padding 1; then kernels of 2 × 3, "
        "stride 1, no padding; no array may change"
    ),
    inputs=_inputs,
    drive=images.conv_forward,
    answer=lambda x, W, b, wide: {
        "z": convolve(x, W, b, 2, 1),
        "z of 2 × 3 kernels": convolve(x, wide, b, 1, 0),
        UNCHANGED_BY_FORWARD: True,
    },
    axes=dict.fromkeys(("z", "z of 2 × 3 kernels"), ("image", "map", "row", "column")),
    off_limits=CONVOLUTIONS,
)
conv_forward.hint("np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)]) puts zeros around the images, and only there.")
conv_forward.hint(
    "Output (i, j) sees x[n, :, i*s : i*s + R, j*s : j*s + S]: all channels. Times W[k], summed, plus b[k]."
)


@conv_forward.wrong(
    "the window of output (i, j) begins at pixel (i, j), whatever the stride",
    ask="Where does output column 2 begin to read when the stride is 2?",
    as_student=True,
)
def window_at_output(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    right = convolve(x, W, b, stride, padding)
    return convolve(x, W, b, 1, padding)[:, :, : right.shape[2], : right.shape[3]]


@conv_forward.wrong(
    "the stride is ignored: every position has an output", ask="What does stride 2 leave out?", as_student=True
)
def stride_ignored(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:  # noqa: ARG001
    return convolve(x, W, b, 1, padding)


@conv_forward.wrong(
    "the stride is used down the rows only", ask="In how many directions does the window move?", as_student=True
)
def stride_of_rows(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x, W, b, 1, padding)[:, :, ::stride]


@conv_forward.wrong(
    "the zeros are added above and on the left only",
    ask="On how many sides of the image does the padding lie?",
    as_student=True,
)
def padded_before(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(pad(x, padding)[:, :, : -padding or None, : -padding or None], W, b, stride, 0)


@conv_forward.wrong(
    "the zeros are added below and on the right only",
    ask="On how many sides of the image does the padding lie?",
    as_student=True,
)
def padded_after(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(pad(x, padding)[:, :, padding:, padding:], W, b, stride, 0)


@conv_forward.wrong(
    "the padding is ignored", ask="What stands around the image before the kernel comes?", as_student=True
)
def not_padded(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:  # noqa: ARG001
    return convolve(x, W, b, stride, 0)


@conv_forward.wrong(
    "the border pixels are repeated around the image instead of zeros", ask="Which number pads?", as_student=True
)
def padded_with_edge(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(pad(x, padding, mode="edge"), W, b, stride, 0)


@conv_forward.wrong(
    "the image is mirrored around its border instead of padded with zeros", ask="Which number pads?", as_student=True
)
def padded_with_mirror(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(pad(x, padding, mode="reflect"), W, b, stride, 0)


@conv_forward.wrong(
    "only the first input channel is used", ask="How many channels does a kernel of W have?", as_student=True
)
def first_channel(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x[:, :1], W[:, :1], b, stride, padding)


@conv_forward.wrong(
    "every channel is weighted by the kernel of the first one",
    ask="Which axis of W belongs to the input channels?",
    as_student=True,
)
def one_kernel_for_all_channels(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x, np.repeat(W[:, :1], W.shape[1], axis=1), b, stride, padding)


@conv_forward.wrong(
    "the mean over the channels is taken instead of the sum",
    ask="What does the definition do over c: add, or average?",
    as_student=True,
)
def mean_over_channels(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x, W / W.shape[1], b, stride, padding)


@conv_forward.wrong("the bias is missing", ask="What comes out for an image of zeros?", as_student=True)
def no_bias(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x, W, 0 * b, stride, padding)


@conv_forward.wrong(
    "the bias is added once for each input channel",
    ask="Is the bias inside or outside of the sum over the channels?",
    as_student=True,
)
def bias_inside(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x, W, W.shape[1] * b, stride, padding)


@conv_forward.wrong(
    "the outputs have the right numbers in the wrong places: positions and maps are mixed by a reshape",
    ask="Your product has the map last. Which axes must trade places before you reshape?",
    as_student=True,
)
def reshaped_without_transpose(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    z = convolve(x, W, b, stride, padding)
    return z.transpose(0, 2, 3, 1).reshape(z.shape)


@conv_forward.wrong(
    "images and positions are mixed by a reshape",
    ask="In which order do your columns run: image by image, or position by position?",
    as_student=True,
)
def images_interleaved(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    z = convolve(x, W, b, stride, padding)
    return z.transpose(1, 2, 3, 0).reshape(z.shape[1], z.shape[0], *z.shape[2:]).transpose(1, 0, 2, 3)


@conv_forward.wrong(
    "patches and kernels are flattened in different orders",
    ask="A flattened kernel runs over channel, row, column. Does your flattened window, too?",
    as_student=True,
)
def flattened_differently(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    kernels = W.transpose(0, 2, 3, 1).reshape(W.shape)
    return convolve(x, kernels, b, stride, padding)


@conv_forward.convention(
    "the kernel is turned by 180°: convolution as mathematicians define it; here, as in every deep-learning library, "
    "it is not turned",
    ask="Which pixel of the window does W[k, c, 0, 0] meet?",
    as_student=True,
)
def turned(x: Any, W: Any, b: Any, stride: int, padding: int) -> Any:
    return convolve(x, W[:, :, ::-1, ::-1], b, stride, padding)


@conv_forward.wrong(
    "the inputs are changed", ask="Somebody else may still need x and W. What does `a += b` do to them?"
)
def writes() -> Arrays:
    return {UNCHANGED_BY_FORWARD: False}


QUESTIONS = (conv_forward,)
