"""Exercise 11: flips, crops and shifts with given draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import augmentation
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
_LIBRARY = ("dlcourse.data.augment", "torch", "scipy")
_IMAGE_AXES = ("image", "channel", "row", "column")
_KEPT = augmentation.LEFT_ALONE


def _flip(images: Any, chosen: Any, axes: tuple[int, ...] = (3,)) -> Arrays:
    return {"flipped": np.where(chosen[:, None, None, None], np.flip(images, axes), images)}


flip = Question(
    "11.flip",
    points=2,
    minutes=6,
    title="Mirror the chosen images",
    called_as="flipped = flip(images, chosen)",
    tested="five images with two channels of 4 × 6 pixels, three of them chosen; those given must stay as they are",
    inputs=lambda rng: {
        "images": rng.normal(size=(5, 2, 4, 6)),
        "chosen": rng.permutation([True, True, True, False, False]),
    },
    drive=augmentation.flip,
    answer=lambda images, chosen: {_KEPT: True, **_flip(images, chosen)},
    axes={"flipped": _IMAGE_AXES},
    off_limits=_LIBRARY,
)
flip.hint("images[chosen] are the chosen images: a mask is an index.")
flip.hint("Which of the four axes (N, C, H, W) runs from left to right? [::-1] reads an axis backwards.")


@flip.wrong("every image is mirrored", ask="What does chosen say about the second image?")
def all_flipped(images: Any) -> Arrays:
    return {"flipped": images[:, :, :, ::-1]}


@flip.wrong("those that are not chosen are mirrored", ask="What does True stand for?")
def others_flipped(images: Any, chosen: Any) -> Arrays:
    return _flip(images, ~chosen)


@flip.wrong("top and bottom are exchanged, not left and right", ask="Is the third axis the rows or the columns?")
def upside_down(images: Any, chosen: Any) -> Arrays:
    return _flip(images, chosen, (2,))


@flip.wrong("the images are turned by 180 degrees", ask="How many axes does a mirror reverse?")
def turned(images: Any, chosen: Any) -> Arrays:
    return _flip(images, chosen, (2, 3))


@flip.wrong("the channels are reversed: red becomes blue", ask="Which axis is axis 1 of (N, C, H, W)?")
def channels_reversed(images: Any, chosen: Any) -> Arrays:
    return _flip(images, chosen, (1,))


@flip.wrong(
    "the images given are changed",
    ask="The next epoch starts from the same array. What does it find there? And what would images.copy() do?",
)
def changed_in_place() -> Arrays:
    return {_KEPT: False}


# ---- crops


def _crop(images: Any, top: Any, left: Any, size: Any, before: Any, after: Any, mode: Any = "constant") -> Arrays:
    """Windows of images that got ``before`` pixels above and to the left, ``after`` below and to the right."""
    padded = np.pad(images, ((0, 0), (0, 0), (before, after), (before, after)), mode)
    windows = [image[:, t : t + size, s : s + size] for image, t, s in zip(padded, top, left, strict=True)]
    return {"windows": np.stack(windows)}


def _crop_inputs(rng: np.random.Generator) -> Arrays:
    top = rng.permutation(6)[:4]
    return {
        "images": rng.uniform(0.1, 1, size=(4, 2, 6, 7)),
        "top": top,
        "left": (top + rng.integers(1, 6, size=4)) % 6,
        "size": 5,
        "padding": 2,
    }


crop = Question(
    "11.crop",
    points=3,
    minutes=10,
    title="Pad, then cut a window",
    called_as="windows = crop(images, top, left, size, padding)",
    tested="four images with two channels of 6 × 7 pixels, padding 2, windows of 5 × 5, each at a place of its own",
    inputs=_crop_inputs,
    drive=augmentation.crop,
    answer=lambda images, top, left, size, padding: _crop(images, top, left, size, padding, padding),
    axes={"windows": _IMAGE_AXES},
    off_limits=_LIBRARY,
)
crop.hint("np.pad wants a pair (before, after) for each axis; only rows and columns are padded.")
crop.hint("Each image has its own corner: a list of windows, then np.stack.")


@crop.wrong(
    "black comes in below and to the right only, as if top and left were counted from the image itself",
    ask="For top = 0, is the first row of the window ink or padding?",
)
def one_sided(images: Any, top: Any, left: Any, size: Any, padding: Any) -> Arrays:
    return _crop(images, top, left, size, 0, 2 * padding)


@crop.wrong("the pixels of the edge are repeated", ask="Which number is black? What does np.pad fill in by default?")
def edge_repeated(images: Any, top: Any, left: Any, size: Any, padding: Any) -> Arrays:
    return _crop(images, top, left, size, padding, padding, "edge")


@crop.wrong("top and left are exchanged", ask="top counts rows. Which axis of (N, C, H, W) are the rows?")
def exchanged(images: Any, top: Any, left: Any, size: Any, padding: Any) -> Arrays:
    return _crop(images, left, top, size, padding, padding)


@crop.wrong("all images get the window of the first", ask="How many corners are in top? And how many do you use?")
def same_window(images: Any, top: Any, left: Any, size: Any, padding: Any) -> Arrays:
    first = np.zeros(len(top), dtype=int)
    return _crop(images, top[first], left[first], size, padding, padding)


@crop.wrong("the channels are padded too", ask="Which axes are rows and columns? How many channels has a window?")
def channels_padded(images: Any, top: Any, left: Any, size: Any, padding: Any) -> Arrays:
    more = np.pad(images, ((0, 0), (padding, padding), (0, 0), (0, 0)))
    return _crop(more, top, left, size, padding, padding)


@crop.wrong("the windows begin one pixel late", ask="For top = 0, which row of the padded image comes first?")
def one_late(images: Any, top: Any, left: Any, size: Any, padding: Any) -> Arrays:
    return _crop(images, top + 1, left + 1, size, padding, padding + 1)


# ---- shifts by parts of pixels


def _weights(n: int, move: float) -> Any:
    """How much of pixel k (column) is in pixel r (row) after a movement."""
    return np.maximum(0, 1 - np.abs(np.arange(n)[:, None] - move - np.arange(n)))


def _shift(images: Any, down: Any, right: Any, weights: Any = _weights) -> Arrays:
    H, W = images.shape[2:]
    moved = [weights(H, d) @ image @ weights(W, r).T for image, d, r in zip(images, down, right, strict=True)]
    return {"shifted": np.stack(moved)}


def _looked_up(n: int, move: float, floor: Any = np.floor, exchange: bool = False, repeat: bool = False) -> Any:
    """The weights as one writes them with two neighbours, with places to go wrong."""
    weights = np.zeros((n, n))
    for r in range(n):
        place = r - move
        lower = int(floor(place))
        u = place - lower
        for k, share in ((lower, u if exchange else 1 - u), (lower + 1, 1 - u if exchange else u)):
            if repeat or 0 <= k < n:
                weights[r, min(max(k, 0), n - 1)] += share
    return weights


def _parts(rng: np.random.Generator) -> Any:
    """Three movements: a little, nearly a pixel back, and more than one; their parts lie on both sides of a half."""
    base = np.array([rng.uniform(0.1, 0.4), -rng.uniform(0.1, 0.4), 1 + rng.uniform(0.6, 0.9)])
    return rng.permutation(base)


def _shift_inputs(rng: np.random.Generator) -> Arrays:
    return {"images": rng.uniform(0.1, 1, size=(3, 2, 5, 6)), "down": _parts(rng), "right": _parts(rng)}


shift = Question(
    "11.shift",
    points=4,
    minutes=18,
    title="Move by parts of a pixel",
    called_as="shifted = shift(images, down, right)",
    tested="three images with two channels of 5 × 6 pixels; movements in all directions, none of them whole pixels",
    inputs=_shift_inputs,
    drive=augmentation.shift,
    answer=lambda images, down, right: _shift(images, down, right),
    axes={"shifted": _IMAGE_AXES},
    invariants=(
        Invariant(
            "no pixel is brighter than the brightest of its image",
            lambda out, given: bool((out["shifted"].max((2, 3)) <= given["images"].max((2, 3)) + 1e-9).all()),
        ),
    ),
    off_limits=_LIBRARY,
)
shift.hint("Look back: the output pixel in row r comes from the place r - down. Between which two rows is that?")
shift.hint("With u = place - floor(place), the lower row has the share 1 - u, the next one u. Outside is 0.")
shift.hint("Rows and columns are independent: move all rows first, then all columns.")


@shift.wrong("the image moves the other way", ask="For down = 1, is the new row 1 the old row 0 or the old row 2?")
def other_way(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, -down, -right)


@shift.wrong("down and right are exchanged", ask="down moves along which axis of (N, C, H, W)?")
def directions_exchanged(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, right, down)


@shift.wrong("the movement is rounded to whole pixels", ask="What becomes of a pixel that moves by 0.4?")
def rounded(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, np.rint(down), np.rint(right))


@shift.wrong("the lower neighbour alone is taken", ask="At place 2.9, should row 2 count more, or row 3?")
def lower_only(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, np.ceil(down), np.ceil(right))


@shift.wrong("the two shares are exchanged", ask="At place 2.9, which of the rows 2 and 3 is nearer?")
def shares_exchanged(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, down, right, lambda n, move: _looked_up(n, move, exchange=True))


@shift.wrong(
    "places just outside are cut towards zero, as int() does", ask="What is int(-0.3)? And what is np.floor(-0.3)?"
)
def cut_towards_zero(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, down, right, lambda n, move: _looked_up(n, move, floor=np.trunc))


@shift.wrong("the edge is repeated where black should come in", ask="What is outside of an image?")
def edge_comes_in(images: Any, down: Any, right: Any) -> Arrays:
    return _shift(images, down, right, lambda n, move: _looked_up(n, move, repeat=True))


@shift.wrong("what leaves on one side comes back on the other", ask="What does index -1 mean in Python?")
def wraps_around(images: Any, down: Any, right: Any) -> Arrays:
    def wrapped(n: int, move: float) -> Any:
        distance = (np.arange(n)[:, None] - move - np.arange(n)) % n
        return np.maximum(0, 1 - np.minimum(distance, n - distance))

    return _shift(images, down, right, wrapped)


@shift.wrong("all images move as the first does", ask="How many numbers are in down?")
def all_as_the_first(images: Any, down: Any, right: Any) -> Arrays:
    first = np.zeros(len(down), dtype=int)
    return _shift(images, down[first], right[first])


QUESTIONS = (flip, crop, shift)
