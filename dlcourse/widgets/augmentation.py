"""The augmentation composer: build a pipeline, see its samples, mix two of them, and see what training gains."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.data.augment import Compose
from dlcourse.widgets.augmentation_code import code_for
from dlcourse.widgets.augmentation_figure import draw
from dlcourse.widgets.augmentation_run import (
    STRENGTHS,
    UPDATES,
    Setting,
    accuracies,
    in_order,
    pages,
    statistics,
    transforms,
)
from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Player, Toggle
from dlcourse.widgets.explorer import Explorer

__all__ = ["AugmentationComposer"]

DIGITS = (2, 6)  # whose samples are shown, and mixed
SAMPLES = 5  # of each
SHARES = tuple(float(share) for share in np.round(np.linspace(1, 0, 11), 1))
ORDERS = {"right": "augment, then standardise", "too early": "bug: standardise first"}
_STEPS = ("turn", "mirror", "move", "jitter", "noise")


class AugmentationComposer(Explorer):
    """Switch transformations on and off, and see ten samples, a mixture, and the accuracy of three real runs.

    Keywords: ``turn``, ``mirror``, ``move``, ``jitter``, ``noise`` (on or off), ``order`` ("right", "too early"),
    ``strength`` ("mild", "medium", "strong"), ``draw`` ("1" to "5") and ``share``, from 0 (all of the first image)
    to 10 (all of the second).
    """

    title = "Augmentation composer"
    drawing = FOLDER / "augmentation.js"
    controls = (
        *(Toggle(name, label=name) for name in _STEPS),
        Choice("order", label="Order", values=ORDERS),
        Menu("strength", label="Strength", values=tuple(STRENGTHS), start="medium", export="off"),
        Menu("draw", label="Draw", values=("1", "2", "3", "4", "5"), export="off"),
        Player("share", label="Share λ of the mixture", seconds=0.7),
    )

    def compute(
        self, turn: bool, mirror: bool, move: bool, jitter: bool, noise: bool, order: str, strength: str, draw: str
    ) -> dict[str, Any]:
        """Pixels between 0 and 1, what was drawn for each sample, soft labels, and accuracies in %."""
        setting = Setting(turn, mirror, move, jitter, noise, strength, order == "too early")
        samples, drawn = _samples(setting, int(draw))
        return {
            "label": self.heading(turn, mirror, move, jitter, noise, order, strength),
            "digits": list(DIGITS),
            "originals": _originals(),
            "samples": samples,
            "drawn": drawn,
            "accuracy": {"without": list(accuracies(Setting())), "with": list(accuracies(setting))},
            "frames": [{"share": share, "soft": [share, round(1 - share, 1)]} for share in SHARES],
            "_setting": setting,
        }

    def describe(self, result: dict[str, Any], share: int, **_: Any) -> str:
        """What training gains, what is wrong with a pipeline, and the label of the mixture."""
        setting: Setting = result["_setting"]
        runs, base = result["accuracy"]["with"], np.mean(result["accuracy"]["without"])
        gained = f"{np.mean(runs):.0f} % of new pages are read; without augmentation {base:.0f} %"
        spread = f"three runs of {UPDATES} updates on 100 pages: {', '.join(f'{run:.0f}' for run in runs)} %"
        lines = [f"{_named(setting)}: {gained}", f"{spread[0].upper()}{spread[1:]}. {_comment(setting)}".strip()]
        mixture = result["frames"][share]
        first, second = (f"{part:g} of {digit}" for part, digit in zip(mixture["soft"], DIGITS, strict=True))
        lines.append(f"Mixup with λ = {mixture['share']:g}: pixels and label are {first} and {second}.")
        return "\n".join(lines)

    def heading(
        self,
        turn: bool,
        mirror: bool,
        move: bool,
        jitter: bool,
        noise: bool,
        order: str,
        strength: str,
        **_: Any,
    ) -> str:
        """The pipeline in a few words."""
        setting = Setting(turn, mirror, move, jitter, noise, strength, order == "too early")
        wrong = ", standardised first" if setting.too_early else ""
        return f"Pipeline: {_named(setting).lower()}, {strength}{wrong}"

    def code(
        self, turn: bool, mirror: bool, move: bool, jitter: bool, noise: bool, order: str, strength: str, **_: Any
    ) -> str:
        """The same three runs as a cell of plain Python."""
        return code_for(Setting(turn, mirror, move, jitter, noise, strength, order == "too early"))

    def figure(self, result: dict[str, Any], share: int, **_: Any) -> Figure:
        """Samples, mixture and accuracies side by side."""
        return draw(result, share)


def _named(setting: Setting) -> str:
    names = [name for name in _STEPS if getattr(setting, name)]
    return " + ".join(names).capitalize() if names else "As they are"


def _originals() -> NDArray[np.float32]:
    """For each digit the training page whose ink lies nearest to the middle, (2, 12, 12)."""
    train, _ = pages()
    return np.stack([_most_central(train.X[train.y == digit][:, 0]) for digit in DIGITS])


def _most_central(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """The image (side, side), among (N, side, side), with its centre of mass nearest to the middle."""
    place = np.arange(images.shape[-1]) - (images.shape[-1] - 1) / 2
    ink = images.sum(axis=(1, 2))
    rows, columns = images.sum(axis=2) @ place / ink, images.sum(axis=1) @ place / ink
    nearest: NDArray[np.float32] = images[np.argmin(np.hypot(rows, columns))]
    return nearest


def _samples(setting: Setting, draw: int) -> tuple[NDArray[np.float32], list[list[str]]]:
    """What the network sees, as pixels, (2, samples, 12, 12), and what was drawn for each sample."""
    pipeline = Compose(transforms(setting), seed=draw)
    images = np.repeat(_originals()[:, None], SAMPLES, axis=0)
    seen = statistics().as_pixels(in_order(setting, pipeline)(images))
    drawn = [_in_signs(pipeline, k) for k in range(len(images))]
    side = images.shape[-1]
    return seen.clip(0, 1).reshape(len(DIGITS), SAMPLES, side, side), [drawn[:SAMPLES], drawn[SAMPLES:]]


def _in_signs(pipeline: Compose, k: int) -> str:
    """Angle, flip and brightness of sample k; where it lies can be seen."""
    signs = []
    for name, values in pipeline.last:
        if name == "Rotate":
            signs.append(f"{values['angle'][k]:+.0f}°".replace("-", "−"))
        if name == "HorizontalFlip" and values["applied"][k]:
            signs.append("↔")
        if name == "ColorJitter":
            signs.append(f"×{values['brightness'][k]:.1f}")
    return " ".join(signs)


def _comment(setting: Setting) -> str:
    """One sentence on what matters most in this pipeline."""
    if setting.too_early and setting.jitter:
        return "Standardised first, so the jitter clips all that is darker than the mean."
    if setting.too_early and (setting.move or setting.turn):
        return "Standardised first, so what comes in from outside is grey, not black."
    if setting.too_early and setting.noise:
        return "Standardised first, so the noise is weak beside the ink."
    if setting.too_early:
        return "Here the order changes nothing."
    if setting.turn and STRENGTHS[setting.strength]["turn"] == 180:
        return "Turned that far, a 6 is a 9: the label is false."
    if setting.mirror:
        return "A mirrored 2 or 6 is no digit, yet it keeps its label."
    if setting.move and STRENGTHS[setting.strength]["move"] > 4:
        return "Some digits leave the page."
    if setting.move:
        return "A moved digit keeps its name, and new digits do lie anywhere."
    return ""
