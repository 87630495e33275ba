"""The dropout explorer: one mask after the other on a small network, and what its sub-networks say together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Player
from dlcourse.widgets.dropout_code import code_for
from dlcourse.widgets.dropout_figure import draw
from dlcourse.widgets.dropout_run import (
    ALL_MASKS,
    TEST,
    TRAINING,
    UNITS,
    Network,
    cell_centres,
    chances,
    draw_masks,
    moons,
    train,
)
from dlcourse.widgets.explorer import Explorer, Question

__all__ = ["EXTENT", "SIDE", "VIEWS", "DropoutExplorer"]

Array = NDArray[Any]

SIDE = 24  # values along a side of a map
EXTENT = 1.5  # the maps show the square from -EXTENT to EXTENT
SPREAD = 0.4  # the standard deviation that is drawn in full colour
VIEWS = {
    "draws": "average so far",
    "all": f"all {2**UNITS}, exactly",
    "test": "test: one pass",
    "bug": "bug: nothing divided",
    "spread": "spread so far (Monte Carlo)",
}


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities of class 1 at some points, from every source that the explorer compares."""

    draws: Array  # (24, N), one row for each mask that is stepped through
    all: Array  # (N,), the mean over all 256 masks with their probabilities
    spread: Array  # (N,), the standard deviation over them
    one_pass: Array
    not_divided: Array

    def so_far(self, view: str, place: int) -> Array:
        """What the map at the right shows after ``place`` + 1 draws."""
        if view == "draws":
            return np.asarray(self.draws[: place + 1].mean(axis=0))
        if view == "spread":
            return np.asarray(self.draws[: place + 1].std(axis=0))
        return {"all": self.all, "test": self.one_pass, "bug": self.not_divided}[view]


class DropoutExplorer(Explorer):
    """Step through random masks of a network with eight hidden units, and compare their answers.

    Keywords: ``p`` ("0.2", "0.5", "0.8"), the share that is dropped; ``view`` (a name in ``VIEWS``), what
    stands beside the sub-network; ``mask`` (0 to 23), which draw is shown.
    """

    title = "Dropout: sub-networks and what they say together"
    drawing = FOLDER / "dropout.js"
    predicts = True
    controls = (
        Choice("p", label="Dropped", values={"0.5": "p = 0.5", "0.2": "p = 0.2", "0.8": "p = 0.8"}),
        Choice("view", label="Beside it", values=VIEWS),
        Player("mask", label="Mask", seconds=0.8),
    )

    def compute(self, p: str, view: str) -> dict[str, Any]:
        """For each draw its mask and maps, -1 to 1 for the classes; ``beside`` where the right map stays as it is."""
        maps = answers(p)[0]
        X, y = moons(*TRAINING)
        changes = view in ("draws", "spread")
        frames = []
        for place, mask in enumerate(draw_masks(float(p))):
            frame: dict[str, Any] = {"mask": mask.tolist(), "member": _map(maps.draws[place], "draws")}
            if changes:
                frame["beside"] = _map(maps.so_far(view, place), view)
            frames.append(frame)
        return {
            "label": self.heading(p, view),
            "side": SIDE,
            "extent": EXTENT,
            "points": X,
            "labels": y.astype(int).tolist(),
            "title": VIEWS[view],
            "is_spread": view == "spread",
            "beside": None if changes else _map(maps.so_far(view, 0), view),
            "frames": frames,
        }

    def describe(self, result: dict[str, Any], p: str, view: str, mask: int) -> str:
        """Single sub-networks against their average, the mask in words, and what the map at the right says."""
        answer, y = answers(p)[1], moons(*TEST)[1]
        members = [_right(row, y) for row in answer.draws[: mask + 1]]
        together = _right(answer.so_far("draws", mask), y)
        dropped = [str(unit + 1) for unit, keeps in enumerate(result["frames"][mask]["mask"]) if not keeps]
        lines = [
            f"After {_count(mask + 1, 'mask')}: a single sub-network is right on {np.mean(members):.0f} % of the "
            f"test points, their average on {together:.0f} %",
            f"Mask {mask + 1} drops {_listed(dropped)}; this sub-network is right on {members[-1]:.0f} %.",
            _beside(view, p, answer, y, mask),
        ]
        return "\n".join(lines)

    def heading(self, p: str, view: str, **_: Any) -> str:
        """The network and what it is compared with."""
        return f"{UNITS} hidden units, dropout p = {p}; beside a sub-network: {VIEWS[view]}"

    def question(self, result: dict[str, Any], p: str, view: str, mask: int) -> Question | None:
        """How often the average of the draws is right, before it is shown."""
        if view != "draws" or mask < 3:
            return None
        answer, y = answers(p)[1], moons(*TEST)[1]
        single = np.mean([_right(row, y) for row in answer.draws[: mask + 1]])
        together = _right(answer.so_far("draws", mask), y)
        text = (
            f"So far {len(result['frames'][: mask + 1])} masks, and a single sub-network is right on {single:.0f} % of "
            "the test points. On how many per cent is their average right?"
        )
        return Question(text, f"{together:.0f} %", together - 2, together + 2)

    def code(self, p: str, view: str) -> str:  # noqa: ARG002  # the code compares all views
        """The same network with ``dlcourse.numpy``, all of its sub-networks, and one pass."""
        return code_for(p)

    def figure(self, result: dict[str, Any], mask: int, **_: Any) -> Figure:
        """The network with its mask, the sub-network's map and the map beside it."""
        return draw(result, mask)


@lru_cache(maxsize=8)
def answers(p: str) -> tuple[Answers, Answers]:
    """What the network trained with ``p`` says on the cells of the maps, and at the test points."""
    network = train(float(p))
    return _answers(network, cell_centres(SIDE, EXTENT)), _answers(network, moons(*TEST)[0])


def _answers(network: Network, X: Array) -> Answers:
    everyone, chance = _sigmoid(network.logits(X, ALL_MASKS)), chances(network.p)
    mean = chance @ everyone
    return Answers(
        draws=_sigmoid(network.logits(X, draw_masks(network.p))),
        all=mean,
        spread=np.sqrt(chance @ (everyone - mean) ** 2),
        one_pass=_sigmoid(network.one_pass(X)),
        not_divided=_sigmoid(network.one_pass(X, scale=1 / (1 - network.p))),
    )


def _beside(view: str, p: str, answer: Answers, y: Array, mask: int) -> str:
    """What the map at the right says, in a sentence."""
    one, both = answer.one_pass, f"{_right(answer.all, y):.0f} % right, cost {_cost(answer.all, y):.2f}"
    if view == "bug":
        factor = f"{1 / (1 - float(p)):.3g}"
        return (
            f"If training divides nothing, the sum of all units is {factor} times too large at test time: "
            f"{_right(answer.not_divided, y):.0f} % right, but cost {_cost(answer.not_divided, y):.2f} instead of "
            f"{_cost(one, y):.2f}: too sure."
        )
    if view == "spread":
        now = answer.so_far("spread", mask)
        return (
            f"The probabilities of these draws differ by a standard deviation of {now.mean():.2f} on average, "
            f"{now.max():.2f} where they differ most; over all {2**UNITS} it is {answer.spread.mean():.2f} on average."
        )
    if view == "all":
        return f"All {2**UNITS} sub-networks, weighted by their probability: {both}."
    return f"One pass with all units: {_right(one, y):.0f} % right, cost {_cost(one, y):.2f}; all {2**UNITS}: {both}."


def _map(values: Array, view: str) -> Array:
    """A map as it is drawn: probabilities from -1 to 1, a spread in shares of :data:`SPREAD`. Two decimals suffice."""
    return np.round(values / SPREAD if view == "spread" else 2 * values - 1, 2)


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _right(P: Array, y: Array) -> float:
    return float(100 * ((P > 0.5) == y).mean())


def _cost(P: Array, y: Array) -> float:
    return float(-np.log(np.where(y, P, 1 - P)).mean())


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _listed(names: list[str]) -> str:
    if not names:
        return "no unit"
    if len(names) == UNITS:
        return "all units"
    return "unit " + names[0] if len(names) == 1 else f"units {', '.join(names[:-1])} and {names[-1]}"
