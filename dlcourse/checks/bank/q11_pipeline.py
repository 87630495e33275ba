"""Exercise 11: brightness, contrast and saturation, and a pipeline with a chance for each step."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import augmentation
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]
_LIBRARY = ("dlcourse.data.augment", "torch", "scipy")
_KEPT = augmentation.LEFT_ALONE
_LUMA = np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)


def _wide(factors: Any) -> Any:
    return factors[:, None, None, None]


def _grey(images: Any, luma: Any = _LUMA) -> Any:
    return (images * luma).sum(axis=1, keepdims=True)


def _image_mean(images: Any) -> Any:
    return _grey(images).mean(axis=(1, 2, 3), keepdims=True)


def _clip(images: Any) -> Any:
    return images.clip(0, 1)


def _as_is(images: Any) -> Any:
    return images


def _jitter(
    images: Any,
    brightness: Any,
    contrast: Any,
    saturation: Any,
    clip: Any = _clip,
    middle: Any = _image_mean,
    grey: Any = _grey,
) -> Arrays:
    """The three steps; ``middle(image)`` is what contrast stretches about, ``grey`` what saturation does."""
    bright = clip(_wide(brightness) * images)
    m = middle(bright)
    stretched = clip(m + _wide(contrast) * (bright - m))
    g = grey(stretched)
    return {"jittered": clip(g + _wide(saturation) * (stretched - g))}


def _jitter_inputs(rng: np.random.Generator) -> Arrays:
    return {
        "images": rng.uniform(0, 1, size=(4, 3, 5, 6)),
        "brightness": rng.permutation([0.6, 0.8, 1.3, 1.5]) + rng.uniform(-0.05, 0.05, 4),
        "contrast": rng.permutation([0.5, 0.7, 1.4, 1.8]) + rng.uniform(-0.05, 0.05, 4),
        "saturation": rng.permutation([0.3, 0.6, 1.3, 1.7]) + rng.uniform(-0.05, 0.05, 4),
    }


jitter = Question(
    "11.jitter",
    points=4,
    minutes=15,
    title="Brightness, contrast, saturation",
    called_as="jittered = jitter(images, brightness, contrast, saturation)",
    tested="four colour images of 5 × 6 pixels, each with its own three factors, below and above 1",
    inputs=_jitter_inputs,
    drive=augmentation.jitter,
    answer=lambda **inputs: {_KEPT: True, **_jitter(**inputs)},
    axes={"jittered": ("image", "channel", "row", "column")},
    invariants=(
        Invariant(
            "all pixels lie in [0, 1]",
            lambda out, _: bool((out["jittered"] >= 0).all() and (out["jittered"] <= 1).all()),
        ),
    ),
    off_limits=_LIBRARY,
)
jitter.hint("brightness[:, None, None, None] has one factor for each image and fits (N, 3, H, W).")
jitter.hint("The mean grey is one number for each image, of the image that comes out of the first step.")
jitter.hint("The grey of a pixel keeps rows and columns: sum over axis 1 with keepdims=True.")


@jitter.wrong("nothing is clipped", ask="Is there a brighter white than 1?")
def not_clipped(**inputs: Any) -> Arrays:
    return _jitter(**inputs, clip=_as_is)


@jitter.wrong(
    "it is clipped once, at the end", ask="A pixel of 1.4 after the first step: what does the mean grey see of it?"
)
def clipped_at_the_end(**inputs: Any) -> Arrays:
    return {"jittered": _clip(_jitter(**inputs, clip=_as_is)["jittered"])}


@jitter.wrong(
    "contrast stretches about the mean of the original image", ask="Which image does the second step get to work on?"
)
def mean_of_the_original(**inputs: Any) -> Arrays:
    return _jitter(**inputs, middle=lambda _: _image_mean(inputs["images"]))


@jitter.wrong("contrast stretches about one mean for all images", ask="Should a dark image know of its neighbours?")
def mean_of_the_batch(**inputs: Any) -> Arrays:
    return _jitter(**inputs, middle=lambda images: _grey(images).mean())


@jitter.wrong("contrast stretches about 0.5", ask="A dark image is stretched about 0.5: what becomes of its mean?")
def about_one_half(**inputs: Any) -> Arrays:
    return _jitter(**inputs, middle=lambda _: 0.5)


@jitter.wrong(
    "contrast stretches each channel about its own mean", ask="How many numbers is the mean grey of one image?"
)
def mean_of_each_channel(**inputs: Any) -> Arrays:
    return _jitter(**inputs, middle=lambda images: images.mean(axis=(2, 3), keepdims=True))


@jitter.wrong("the grey is the plain mean of the three channels", ask="Which looks brighter, pure green or pure blue?")
def plain_grey(**inputs: Any) -> Arrays:
    def plain(images: Any) -> Any:
        return images.mean(axis=1, keepdims=True)

    return _jitter(**inputs, middle=lambda images: images.mean(axis=(1, 2, 3), keepdims=True), grey=plain)


@jitter.wrong(
    "saturation pulls towards the image's mean grey", ask="With saturation 0, should all pixels become the same grey?"
)
def saturation_about_the_mean(**inputs: Any) -> Arrays:
    return _jitter(**inputs, grey=_image_mean)


@jitter.wrong("all images get the factors of the first", ask="How many factors are in brightness?")
def factors_of_the_first(**inputs: Any) -> Arrays:
    first = {name: np.full(4, inputs[name][0]) for name in ("brightness", "contrast", "saturation")}
    return _jitter(inputs["images"], **first)


@jitter.wrong("contrast comes before brightness", ask="In which order are the three steps asked for?")
def contrast_first(images: Any, brightness: Any, contrast: Any, saturation: Any) -> Arrays:
    m = _image_mean(images)
    bright = _clip(_wide(brightness) * _clip(m + _wide(contrast) * (images - m)))
    g = _grey(bright)
    return {"jittered": _clip(g + _wide(saturation) * (bright - g))}


@jitter.wrong(
    "the images given are changed",
    ask="The next epoch starts from the same array. `images *= a` changes it; what does `images * a` do?",
)
def changed_in_place() -> Arrays:
    return {_KEPT: False}


# ---- a pipeline


def _pipeline(images: Any, chosen: Any, order: Any = (0, 1, 2, 3), chained: bool = True) -> Arrays:
    """Apply step k of the drive where ``chosen[k]``; without ``chained`` each starts from the original images."""
    out = images.copy()
    for k in order:
        source = out if chained else images
        out = np.where(_wide(chosen[k]), augmentation.STEPS[k](source), out)
    return {"images after the pipeline": out}


def _pipeline_inputs(rng: np.random.Generator) -> Arrays:
    """Coins such that each step has takers and others, and the first image takes two of the four."""
    p = rng.permutation([0.3, 0.45, 0.6, 0.75])
    chosen = np.array([rng.permutation([True, True, True, False, False, False]) for _ in p])
    chosen[:, 0] = rng.permutation([True, True, False, False])
    chosen[:, 1], chosen[:, 2] = True, False
    u, chance = rng.random(chosen.shape), p[:, None]
    u = np.where(chosen, chance * u, chance + (1 - chance) * u)
    return {"images": rng.uniform(0.1, 0.9, size=(6, 2, 3, 4)), "p": p, "u": u}


compose = Question(
    "11.compose",
    points=3,
    minutes=12,
    title="A pipeline with a chance for each step",
    called_as="result = compose(steps, images, u)",
    tested="four steps that cannot be exchanged, six images, coins of which each image has its own",
    inputs=_pipeline_inputs,
    drive=augmentation.compose,
    answer=lambda images, p, u: {_KEPT: True, **_pipeline(images, u < p[:, None])},
    axes={"images after the pipeline": ("image", "channel", "row", "column")},
    off_limits=_LIBRARY,
)
compose.hint("u[k] are the coins of step k, one for each image: u[k] < p is a mask over the images.")
compose.hint("Step k works on what step k - 1 left. Start with a copy of images.")


@compose.wrong("the steps are applied in reverse order", ask="Which step should see the images as they came?")
def reversed_steps(images: Any, p: Any, u: Any) -> Arrays:
    return _pipeline(images, u < p[:, None], order=(3, 2, 1, 0))


@compose.wrong(
    "each step starts from the original images, so only the last one counts",
    ask="What does the second step get: what came in, or what the first step left?",
)
def not_chained(images: Any, p: Any, u: Any) -> Arrays:
    return _pipeline(images, u < p[:, None], chained=False)


@compose.wrong("every step is applied to every image", ask="What is p for?")
def always_applied(images: Any, u: Any) -> Arrays:
    return _pipeline(images, np.ones_like(u, dtype=bool))


@compose.wrong("one coin decides for the whole batch", ask="How many coins does u[k] hold?")
def one_coin(images: Any, p: Any, u: Any) -> Arrays:
    return _pipeline(images, np.repeat(u[:, :1] < p[:, None], u.shape[1], axis=1))


@compose.wrong("steps are applied where u >= p", ask="For p = 0.75, how many of a hundred images take the step?")
def inverted_coins(images: Any, p: Any, u: Any) -> Arrays:
    return _pipeline(images, u >= p[:, None])


@compose.wrong("all steps use the coins of the first", ask="Should an image that is mirrored always be darkened, too?")
def same_coins(images: Any, p: Any, u: Any) -> Arrays:
    return _pipeline(images, u[:1] < p[:, None])


@compose.wrong("all steps use the chance of the first", ask="Each step comes with its own p. Which one do you read?")
def same_chance(images: Any, p: Any, u: Any) -> Arrays:
    return _pipeline(images, u < p[0])


@compose.wrong(
    "the images given are changed",
    ask="The next epoch starts from the same array. What does it find there? And what would images.copy() do?",
)
def pipeline_in_place() -> Arrays:
    return {_KEPT: False}


QUESTIONS = (jitter, compose)
