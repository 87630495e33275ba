"""The explorer of a convolutional network in training: its kernels, gradients, maps and confusions, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Player, Toggle
from dlcourse.widgets.convolution_run import LETTERS
from dlcourse.widgets.convolution_training_code import code_for
from dlcourse.widgets.convolution_training_figure import draw
from dlcourse.widgets.convolution_training_run import MOMENTS, SAMPLES, Array, Moment, Run, held, sample_rows, train
from dlcourse.widgets.convolution_training_words import answers_in_words, most_confused, of_the_kind, score
from dlcourse.widgets.explorer import Explorer, Question
from dlcourse.widgets.numbers import short

__all__ = ["ConvolutionTraining"]

SHADES = 50
"""Steps from 0 to full colour: an image is drawn, and exported, to a fiftieth of its scale."""
KINDS = {"activations": "activations", "weights": "weights", "gradients": "gradients"}
RATES = {"0.05": "0.05", "0.01": "0.01", "0.5": "0.5"}
SEEDS = ("0", "1", "2", "3", "4")
MARGIN = 6.0  # points by which a prediction of an accuracy may miss


class ConvolutionTraining(Explorer):
    """Train a small convolutional network on letters: every kernel, its gradient and its map, and what is confused.

    Keywords: ``rate`` ("0.05", "0.01", "0.5"), ``sample`` (a letter in ``convolution_training_run.SAMPLES``), ``shown``
    ("activations", "weights", "gradients"), ``equal`` (the bug: all kernels of a layer start with the same numbers),
    ``seed`` ("0" to "4") of the start and of the batches, and ``step``, the place in
    ``convolution_training_run.MOMENTS``.
    """

    title = "A convolutional network learns letters"
    drawing = FOLDER / "convolution_training.js"
    predicts = True
    controls = (
        Choice("shown", label="Shown", values=KINDS),
        Choice("rate", label="Rate", values=RATES),
        Choice("sample", label="Letter", values=tuple(SAMPLES)),
        Toggle("equal", label="bug: equal start"),
        Menu("seed", label="Seed", values=SEEDS, export="off"),
        Player("step", label="Step", seconds=0.6),
    )

    def compute(self, shown: str, rate: str, sample: str, equal: bool, seed: str) -> dict[str, Any]:
        """Images in whole ``SHADES`` of full colour, answers in tenths of a percent. Keys with _ stay in Python."""
        run, place = train(float(rate), int(seed), equal), list(SAMPLES).index(sample)
        limits = run.limits(shown)
        X, y = held()
        return {
            "label": self.heading(shown, rate, sample, equal, seed),
            "letters": LETTERS,
            "full": SHADES,
            "kernels": shown != "activations",
            "image": _whole(X[sample_rows()[place]], 1.0),
            "truth": LETTERS.index(sample),
            "scales": [short(float(f"{limit:.2g}")) for limit in limits],
            "steps": list(MOMENTS),
            "costs": run.costs,
            "held_costs": np.array([moment.held_cost for moment in run.moments]),
            "new": ["".join(f"{shade:x}" for shade in np.rint(15 * image).astype(int).ravel()) for image in X],
            "truths": y.tolist(),
            "cell": list(most_confused(run.moments[-1])),
            "frames": [_frame(moment, shown, place, limits) for moment in run.moments],
            "_run": run,
        }

    def describe(self, result: dict[str, Any], shown: str, sample: str, step: int, **_: Any) -> str:
        """Cost and accuracy, the answer to the letter, what the images show, and the commonest confusion."""
        run: Run = result["_run"]
        now, letter = run.moments[step], list(SAMPLES).index(sample)
        true, said = most_confused(now)
        count = int(((held()[1] == true) & (now.guesses == said)).sum())
        confused = f"Most often confused: {LETTERS[true]} called {LETTERS[said]}, {count} {_times(count)}."
        return "\n".join(
            [
                f"After step {MOMENTS[step]}: cost {_cost(run, step)}; {score(now):.0f} % of {len(held()[1])} new "
                "letters right",
                f"{of_the_kind(run, shown, letter, step)} {answers_in_words(now, letter)} {confused}",
            ]
        )

    def heading(self, shown: str, rate: str, sample: str, equal: bool, seed: str, **_: Any) -> str:
        """What is shown of which training."""
        of = f" for the letter {sample}" if shown == "activations" else ""
        start = ", kernels equal at the start" if equal else ""
        return f"{KINDS[shown].capitalize()}{of}, rate {rate}{start}{f', seed {seed}' if seed != '0' else ''}"

    def question(self, result: dict[str, Any], step: int, **_: Any) -> Question | None:
        """The cost before anything is learned, and the accuracy at the end."""
        run: Run = result["_run"]
        if step == 0:
            text = "Ten letters, nothing learned yet: about which cross-entropy does it begin with?"
            return Question(text, _cost(run, 0), round(np.log(10) - 0.15, 2), round(np.log(10) + 0.15, 2))
        if step < len(MOMENTS) - 1:
            return None
        end = score(run.moments[-1])
        text = (
            f"After step {MOMENTS[-2]} it named {score(run.moments[-2]):.0f} % of the new letters correctly. "
            f"How many after step {MOMENTS[-1]}?"
        )
        return Question(text, f"{end:.0f} %", end - MARGIN, end + MARGIN)

    def code(self, shown: str, rate: str, sample: str, equal: bool, seed: str) -> str:  # noqa: ARG002  # prints all kinds
        """The same training as a loop with ``dlcourse.numpy``."""
        return code_for(rate, sample, equal, seed)

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """The letter, both layers' images, the answers, the costs and the confusions."""
        return draw(result, step)


def _frame(moment: Moment, shown: str, place: int, limits: tuple[float, float]) -> dict[str, Any]:
    first, second = moment.shown(shown, place)
    y = held()[1]
    counts = np.zeros((len(LETTERS), len(LETTERS)), dtype=int)
    np.add.at(counts, (y, moment.guesses), 1)
    return {
        "first": [_whole(image, limits[0]) for image in first],
        "second": [_whole(image, limits[1]) for image in second],
        "P": np.rint(1000 * moment.P[place]).astype(int).tolist(),
        "guesses": moment.guesses.tolist(),
        "counts": counts.ravel().tolist(),
    }


def _whole(image: Array, limit: float) -> list[int]:
    """Shares of ``limit`` in whole ``SHADES``, row by row; what is larger than the limit is drawn as the limit."""
    shades: list[int] = np.rint(SHADES * np.clip(image / limit, -1, 1)).astype(int).ravel().tolist()
    return shades


def _cost(run: Run, step: int) -> str:
    return f"{run.costs[MOMENTS[step]]:.2f}"


def _times(count: int) -> str:
    return "time" if count == 1 else "times"
