"""Exercise 12: LeNet-5 and a residual block, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from dlcourse.checks.bank.q12_conv_backward import input_gradient
from dlcourse.checks.bank.q12_conv_forward import convolve
from dlcourse.checks.bank.q12_pooling import cells
from dlcourse.checks.drives import torch_images
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]
Function = Callable[[Any], Any]


def _relu(z: Any) -> Any:
    return np.maximum(z, 0)


def _same(z: Any) -> Any:
    return z


class Weights:
    """Cuts a flat array of numbers into parameters, as the drive does."""

    def __init__(self, flat: Any) -> None:
        self.flat, self.place = flat, 0

    def take(self, *shape: int) -> Any:
        """The next parameter."""
        count = int(np.prod(shape))
        values = np.resize(np.roll(self.flat, -self.place), count)
        self.place += count
        return values.reshape(shape)


# ---- LeNet-5

SIDE, CLASSES = 20, 7


def _lenet_shapes(side: int, padding: int = 2) -> list[tuple[int, int, int, int]]:
    flat = 16 * (((side + 2 * padding - 4) // 2 - 4) // 2) ** 2
    dense = [(m, n, 0, 0) for n, m in pairwise((flat, 120, 84, CLASSES))]
    return [(6, 1, 5, 5), (16, 6, 5, 5), *dense]


def _lenet(
    images: Any,
    flat: Any,
    padding: int = 2,
    after_conv: Function = _relu,
    after_dense: Function = _relu,
    at_the_end: Function = _same,
    pool: Function = lambda z: cells(z, 2).max(axis=-1),
    flatten: Function = lambda a: a.reshape(len(a), -1),
) -> Any:
    """The logits in NumPy, each part exchangeable."""
    weights, a = Weights(flat), images
    for (K, C, R, S), p in zip(_lenet_shapes(SIDE)[:2], (padding, 0), strict=True):
        a = pool(after_conv(convolve(a, weights.take(K, C, R, S), weights.take(K), 1, p)))
    a = flatten(a)
    for layer, (n, m) in enumerate(pairwise((a.shape[1], 120, 84, CLASSES))):
        z = a @ weights.take(m, n).T + weights.take(m)
        a = after_dense(z) if layer < 2 else at_the_end(z)
    return a


lenet = Question(
    "12.lenet",
    points=4,
    minutes=15,
    title="LeNet-5 for any image size",
    called_as="model = LeNet(side, classes); logits = model(images)",
    tested="the parameters for 28 × 28 pixels; then images of 20 × 20, 7 classes, with weights that the check puts in",
    inputs=lambda rng: {
        "images": rng.normal(size=(3, 1, SIDE, SIDE)),
        "flat": rng.normal(0.0, 0.15, size=5003),
        "classes": np.array(CLASSES),
    },
    drive=torch_images.lenet,
    answer=lambda images, flat: {
        "parameters for 28 × 28 pixels and 10 classes": 61_706,
        "shapes of the weights": np.array(_lenet_shapes(SIDE)),
        "logits": _lenet(images, flat),
    },
    axes={"shapes of the weights": ("layer", "out, in, height, width"), "logits": ("image", "class")},
)
lenet.hint("nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), … in an nn.Sequential.")
lenet.hint(
    "The padding keeps the side; each pooling halves it, and the second convolution takes 4. Then flatten 16 maps."
)


@lenet.wrong("the first convolution has no padding", ask="How large are its maps meant to be for 28 × 28 pixels?")
def no_padding(images: Any, flat: Any) -> Arrays:
    return {
        "parameters for 28 × 28 pixels and 10 classes": 61_706 - (16 * 25 - 16 * 16) * 120,
        "shapes of the weights": np.array(_lenet_shapes(SIDE, padding=0)),
        "logits": _lenet(images, flat, padding=0),
    }


@lenet.wrong(
    "there is a softmax at the end: the outputs are probabilities, not logits",
    ask="CrossEntropyLoss applies a softmax itself. What happens to a softmax of a softmax?",
)
def with_softmax(images: Any, flat: Any) -> Arrays:
    e = np.exp(_lenet(images, flat))
    return {"logits": e / e.sum(axis=1, keepdims=True)}


@lenet.wrong("a ReLU follows the last layer too", ask="Can a logit be negative?")
def relu_at_the_end(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, at_the_end=_relu)}


@lenet.wrong(
    "there is no ReLU after the convolutions", ask="What is a convolution of a convolution without anything between?"
)
def no_relu_after_conv(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, after_conv=_same)}


@lenet.wrong("there is no ReLU between the dense layers", ask="What are three dense layers without anything between?")
def no_relu_after_dense(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, after_dense=_same)}


@lenet.wrong("there is no ReLU at all", ask="What is a linear map of a linear map?")
def no_relu(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, after_conv=_same, after_dense=_same)}


@lenet.wrong(
    "the maps are flattened with the channel last",
    ask="flatten(1) runs over channel, row, column. Did you move an axis?",
)
def channel_last(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, flatten=lambda a: a.transpose(0, 2, 3, 1).reshape(len(a), -1))}


@lenet.convention(
    "average pooling: nearer to the original of 1998; this question asks for max pooling",
    ask="Which of the two keeps a weak background from diluting a strong answer?",
)
def average_pooling(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, pool=lambda z: cells(z, 2).mean(axis=-1))}


@lenet.convention(
    "tanh instead of ReLU: nearer to the original of 1998", ask="Which activation does the question ask for?"
)
def with_tanh(images: Any, flat: Any) -> Arrays:
    return {"logits": _lenet(images, flat, after_conv=np.tanh, after_dense=np.tanh)}


# ---- a residual block

CHANNELS, WIDE = 3, 4


def _inputs(rng: np.random.Generator) -> Arrays:
    return {
        "x": rng.normal(size=(2, CHANNELS, 5, 6)),
        "flat": rng.normal(0.0, 0.4, size=179),
        "small": rng.normal(size=(2, CHANNELS, 6, 8)),
        "wide_flat": rng.normal(0.0, 0.4, size=283),
        "dout": rng.normal(size=(2, CHANNELS, 5, 6)),
    }


def _kernels(flat: Any, outputs: int, shortcut: bool) -> list[Any]:
    """Both 3 × 3 convolutions and, where the shape changes, the 1 × 1 one, each with its bias."""
    weights = Weights(flat)
    shapes = [(outputs, CHANNELS, 3, 3), (outputs,), (outputs, outputs, 3, 3), (outputs,)]
    if shortcut:
        shapes += [(outputs, CHANNELS, 1, 1), (outputs,)]
    return [weights.take(*shape) for shape in shapes]


def _block(
    x: Any,
    flat: Any,
    inside: Function = _relu,
    before_sum: Function = _same,
    at_the_end: Function = _relu,
    path: Callable[[Any, Any], Any] = lambda x, _: x,
) -> Any:
    """The block that keeps the shape; ``path`` chooses what is added, from x and the hidden maps."""
    W1, b1, W2, b2 = _kernels(flat, CHANNELS, shortcut=False)
    hidden = inside(convolve(x, W1, b1, 1, 1))
    return at_the_end(path(x, hidden) + before_sum(convolve(hidden, W2, b2, 1, 1)))


def _wide_block(
    x: Any, flat: Any, inside: Function = _relu, before_sum: Function = _same, at_the_end: Function = _relu
) -> Any:
    W1, b1, W2, b2, W3, b3 = _kernels(flat, WIDE, shortcut=True)
    hidden = inside(convolve(x, W1, b1, 2, 1))
    return at_the_end(convolve(x, W3, b3, 2, 0) + before_sum(convolve(hidden, W2, b2, 1, 1)))


def _gradient(x: Any, flat: Any, dout: Any, skip: bool = True, branch: bool = True) -> Any:
    W1, b1, W2, _ = _kernels(flat, CHANNELS, shortcut=False)
    z = convolve(x, W1, b1, 1, 1)
    dsum = dout * (_block(x, flat) > 0)
    through = input_gradient(input_gradient(dsum, z, W2, 1, 1) * (z > 0), x, W1, 1, 1)
    return skip * dsum + branch * through


_SHAPES = [(CHANNELS, CHANNELS, 3, 3)] * 2
_WIDE_SHAPES = [(WIDE, CHANNELS, 3, 3), (WIDE, WIDE, 3, 3), (WIDE, CHANNELS, 1, 1)]
_WIDE_OUT = "out with more maps and stride 2"

residual_block = Question(
    "12.residual_block",
    points=5,
    minutes=20,
    title="A residual block",
    called_as="block = ResidualBlock(inputs, outputs, stride); out = block(x)",
    tested=(
        "3 maps to 3 with stride 1, as the block is made; then, with weights that the check puts in, out and the "
        "gradient by x, and out for 3 maps to 4 with stride 2"
    ),
    inputs=_inputs,
    drive=torch_images.residual_block,
    answer=lambda x, flat, small, wide_flat, dout: {
        "shapes of the weights": np.array(_SHAPES),
        "the block starts as the identity": True,
        "out": _block(x, flat),
        "dx": _gradient(x, flat, dout),
        "shapes of the weights with more maps": np.array(_WIDE_SHAPES),
        _WIDE_OUT: _wide_block(small, wide_flat),
    },
    axes={
        **dict.fromkeys(("out", "dx", _WIDE_OUT), ("image", "map", "row", "column")),
        **dict.fromkeys(
            ("shapes of the weights", "shapes of the weights with more maps"), ("layer", "out, in, height, width")
        ),
    },
)
residual_block.hint(
    "In forward: h = self.conv2(torch.relu(self.conv1(x))), then the sum with the shortcut, then a ReLU."
)
residual_block.hint("nn.init.zeros_(self.conv2.weight) makes F = 0. nn.Identity() is a shortcut without weights.")


def _outputs(x: Any, flat: Any, small: Any, wide_flat: Any, **parts: Any) -> Arrays:
    return {"out": _block(x, flat, **parts), _WIDE_OUT: _wide_block(small, wide_flat, **parts)}


def _dx(x: Any, flat: Any, dout: Any, **parts: Any) -> Any:
    """The gradient of a changed block, by autograd."""
    import torch

    W1, b1, W2, b2 = (torch.from_numpy(w.copy()) for w in _kernels(flat, CHANNELS, shortcut=False))
    functions = {
        "inside": torch.relu,
        "before_sum": _same,
        "at_the_end": torch.relu,
        "path": lambda x, _: x,
        **parts,
    }
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    hidden = functions["inside"](torch.nn.functional.conv2d(leaf, W1, b1, padding=1))
    F = functions["before_sum"](torch.nn.functional.conv2d(hidden, W2, b2, padding=1))
    out = functions["at_the_end"](functions["path"](leaf, hidden) + F)
    out.backward(torch.from_numpy(dout))
    return None if leaf.grad is None else leaf.grad.numpy()


def _torch_relu(z: Any) -> Any:
    import torch

    return torch.relu(z)


@residual_block.wrong("there is no path around the layers", ask="What comes out when both kernels are 0?")
def no_skip(x: Any, flat: Any, small: Any, wide_flat: Any, dout: Any) -> Arrays:
    W1, b1, W2, b2, _, _ = _kernels(wide_flat, WIDE, shortcut=True)
    wide = _relu(convolve(_relu(convolve(small, W1, b1, 2, 1)), W2, b2, 1, 1))
    zero: dict[str, Any] = {"path": lambda x, _: 0 * x}
    return {
        "the block starts as the identity": False,
        "out": _block(x, flat, **zero),
        "dx": _dx(x, flat, dout, **zero),
        _WIDE_OUT: wide,
    }


@residual_block.wrong("the ReLU comes before the sum: x + ReLU(F(x))", ask="Can F then ever make a number smaller?")
def relu_before_the_sum(x: Any, flat: Any, small: Any, wide_flat: Any, dout: Any) -> Arrays:
    parts = {"before_sum": _relu, "at_the_end": _same}
    dx = _dx(x, flat, dout, before_sum=_torch_relu, at_the_end=_same)
    return {**_outputs(x, flat, small, wide_flat, **parts), "dx": dx}


@residual_block.wrong("there is a ReLU before the sum and one after it", ask="Can F then ever make a number smaller?")
def relu_before_and_after(x: Any, flat: Any, small: Any, wide_flat: Any, dout: Any) -> Arrays:
    dx = _dx(x, flat, dout, before_sum=_torch_relu)
    return {**_outputs(x, flat, small, wide_flat, before_sum=_relu), "dx": dx}


@residual_block.wrong(
    "the ReLU between the two convolutions is missing", ask="What are two convolutions without anything between?"
)
def no_relu_inside(x: Any, flat: Any, small: Any, wide_flat: Any, dout: Any) -> Arrays:
    return {**_outputs(x, flat, small, wide_flat, inside=_same), "dx": _dx(x, flat, dout, inside=_same)}


@residual_block.convention(
    "no ReLU after the sum, as in the later form with ReLU first; this question asks for ReLU(x + F(x))",
    ask="Which numbers may leave this block?",
)
def no_relu_at_the_end(x: Any, flat: Any, small: Any, wide_flat: Any, dout: Any) -> Arrays:
    return {**_outputs(x, flat, small, wide_flat, at_the_end=_same), "dx": _dx(x, flat, dout, at_the_end=_same)}


@residual_block.wrong(
    "what is added is the output of the first convolution, not x",
    ask="What comes out of the block when both kernels are 0?",
)
def adds_the_hidden_maps(x: Any, flat: Any, small: Any, wide_flat: Any, dout: Any) -> Arrays:
    W1, b1, W2, b2, _, _ = _kernels(wide_flat, WIDE, shortcut=True)
    hidden = _relu(convolve(small, W1, b1, 2, 1))
    parts: dict[str, Any] = {"path": lambda _, hidden: hidden}
    return {
        "the block starts as the identity": False,
        "out": _block(x, flat, **parts),
        "dx": _dx(x, flat, dout, **parts),
        _WIDE_OUT: _relu(hidden + convolve(hidden, W2, b2, 1, 1)),
    }


@residual_block.wrong(
    "the path around is cut off from the gradient, by detach() or .data",
    ask="out is right. Which of the two paths from x to out is missing in dx?",
)
def detached(x: Any, flat: Any, dout: Any) -> Arrays:
    return {"dx": _gradient(x, flat, dout, skip=False)}


@residual_block.wrong(
    "the block does not start as the identity: the last convolution is not 0",
    ask="F should be 0 at the start. Which kernel, and which bias, must be 0 for that?",
)
def not_zero_at_start() -> Arrays:
    return {"the block starts as the identity": False}


@residual_block.wrong(
    "the shortcut has a 1 × 1 convolution even where the shape stays",
    ask="Where the shapes agree, what has the shortcut to learn?",
)
def always_converts(x: Any, flat: Any, dout: Any) -> Arrays:
    W1, b1, W2, b2, W3, b3 = _kernels(flat, CHANNELS, shortcut=True)
    z = convolve(x, W1, b1, 1, 1)
    total = convolve(x, W3, b3, 1, 0) + convolve(_relu(z), W2, b2, 1, 1)
    dsum = dout * (total > 0)
    dx = input_gradient(input_gradient(dsum, z, W2, 1, 1) * (z > 0), x, W1, 1, 1)
    return {
        "shapes of the weights": np.array([*_SHAPES, (CHANNELS, CHANNELS, 1, 1)]),
        "the block starts as the identity": False,
        "out": _relu(total),
        "dx": dx + input_gradient(dsum, x, W3, 1, 0),
    }


QUESTIONS = (lenet, residual_block)
