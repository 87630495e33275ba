"""Exercise 14: successive halving."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import search
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 2

Arrays = dict[str, Any]
_COUNT, _LONGEST = 20, 200


def _curves(rng: np.random.Generator) -> Arrays:
    """Learning curves that cross: some start fast and end low, others the other way round."""
    while True:
        ends, speeds = rng.uniform(0.4, 0.95, _COUNT), rng.uniform(2, 40, _COUNT)
        epochs = np.arange(1, _LONGEST + 1)
        scores = 0.1 + (ends[:, None] - 0.1) * (1 - np.exp(-epochs / speeds[:, None]))
        dip = rng.integers(_COUNT)  # one that is best for a while and then gets worse
        scores[dip] = 0.97 * np.exp(-((epochs - 2) ** 2) / 18.0) + 0.05
        eta, budget = int(rng.choice([2, 3])), int(rng.choice([2, 3]))
        inputs = {"scores": scores, "budget": np.array(budget), "eta": np.array(eta)}
        if _tells_apart(inputs):
            return inputs


def _halve(scores: Any, budget: Any, eta: Any, keep: Any = None, grow: Any = None, best_first: bool = True) -> Any:
    """The rungs, as (epochs, configurations), down to one configuration."""
    alive, epochs, rungs = np.arange(len(scores)), int(budget), []
    keep = keep or (lambda left: max(1, left // int(eta)))
    grow = grow or (lambda now: now * int(eta))
    while True:
        rungs.append((epochs, alive))
        if len(alive) == 1:
            return rungs
        reached = scores[alive, min(epochs, _LONGEST) - 1]
        order = np.argsort(-reached if best_first else reached, kind="stable")
        alive = alive[order[: keep(len(alive))]]
        epochs = grow(epochs)


def _outputs(scores: Any, rungs: Any, winner: Any = None, score: Any = None) -> Arrays:
    longest = np.zeros(len(scores))
    for epochs, alive in rungs:
        longest[alive] = epochs
    last = int(rungs[-1][1][0]) if winner is None else winner
    return {
        "longest training of each configuration": longest,
        "epochs in all": float(sum(epochs * len(alive) for epochs, alive in rungs)),
        "winner": float(last),
        "its score": scores[last, rungs[-1][0] - 1] if score is None else score,
    }


def _answer(scores: Any, budget: Any, eta: Any) -> Arrays:
    return _outputs(scores, _halve(scores, budget, eta))


def _any_length(scores: Any, budget: Any, eta: Any) -> tuple[int, float]:
    """The best score that was seen in any rung, and whose it is."""
    seen = [
        (float(scores[run, epochs - 1]), int(run)) for epochs, alive in _halve(scores, budget, eta) for run in alive
    ]
    score, run = max(seen)
    return run, score


def _tells_apart(inputs: Arrays) -> bool:
    """Whether rankings change between the rungs, so that wrong searches end elsewhere."""
    scores, budget, eta = inputs["scores"], inputs["budget"], inputs["eta"]
    rungs = _halve(scores, budget, eta)
    winner = int(rungs[-1][1][0])
    first = int(np.argmax(scores[:, int(budget) - 1]))
    second = rungs[1]
    at_first = scores[second[1], int(budget) - 1]
    at_second = scores[second[1], second[0] - 1]
    kept = max(1, len(second[1]) // int(eta))
    changed = set(np.argsort(-at_first)[:kept]) != set(np.argsort(-at_second)[:kept])
    return winner != first and changed and _any_length(scores, budget, eta)[0] != winner


successive_halving = Question(
    "14.successive_halving",
    points=4,
    minutes=18,
    title="Successive halving",
    called_as="winner, score = successive_halving(train, count, budget, eta)",
    tested="20 configurations whose learning curves cross, a first budget of 2 or 3 epochs, eta 2 or 3",
    inputs=_curves,
    drive=search.successive_halving,
    answer=_answer,
    axes={"longest training of each configuration": ("configuration",)},
    off_limits=("dlcourse.training",),
)
successive_halving.hint("Keep a list of the numbers that are left; train them all; sort the list by what they reached.")
successive_halving.hint("sorted(left, key=..., reverse=True)[: max(1, len(left) // eta)] is the next list.")
successive_halving.hint("The loop ends after the training of the rung that has a single configuration.")


@successive_halving.wrong("the worst are kept", ask="Scores are accuracies: which end of the sorted list survives?")
def worst_kept(scores: Any, budget: Any, eta: Any) -> Arrays:
    return _outputs(scores, _halve(scores, budget, eta, best_first=False))


@successive_halving.wrong(
    "the budget stays the same in every rung", ask="What do the survivors get that the others did not?"
)
def no_growth(scores: Any, budget: Any, eta: Any) -> Arrays:
    return _outputs(scores, _halve(scores, budget, eta, grow=lambda now: now))


@successive_halving.wrong(
    "the budget grows by addition", ask="With eta 3 the budgets are 1, 3, 9. What are they in yours?"
)
def added_budget(scores: Any, budget: Any, eta: Any) -> Arrays:
    return _outputs(scores, _halve(scores, budget, eta, grow=lambda now: now + int(budget)))


@successive_halving.wrong(
    "the winner is the best score of any rung: runs of different length are compared",
    ask="A run of 2 epochs is ahead of one of 54. Is that a fair comparison?",
)
def lengths_mixed(scores: Any, budget: Any, eta: Any) -> Arrays:
    winner, score = _any_length(scores, budget, eta)
    return {"winner": float(winner), "its score": score}


@successive_halving.wrong(
    "the search ends when one configuration is left, before it has been trained with the last budget",
    ask="How many epochs has your winner had?",
)
def last_rung_missing(scores: Any, budget: Any, eta: Any) -> Arrays:
    rungs = _halve(scores, budget, eta)
    winner = int(rungs[-1][1][0])
    return _outputs(scores, rungs[:-1], winner, scores[winner, rungs[-2][0] - 1])


@successive_halving.wrong(
    "the configurations are ranked once, after the first rung", ask="Which scores did you sort by in the second rung?"
)
def ranked_once(scores: Any, budget: Any, eta: Any) -> Arrays:
    order = np.argsort(-scores[:, int(budget) - 1], kind="stable")
    rungs = [(epochs, order[: len(alive)]) for epochs, alive in _halve(scores, budget, eta)]
    rungs[0] = (rungs[0][0], np.arange(len(scores)))
    return _outputs(scores, rungs)


@successive_halving.wrong(
    "one configuration is dropped in each rung", ask="How many of 20 are left after a rung with eta 3?"
)
def one_by_one(scores: Any, budget: Any, eta: Any) -> Arrays:
    rungs = _halve(scores, budget, eta, keep=lambda left: left - 1, grow=lambda now: now)
    return _outputs(scores, rungs)


@successive_halving.convention("what is kept is rounded up", ask="20 // 3 is 6. How many did you keep?")
def rounded_up(scores: Any, budget: Any, eta: Any) -> Arrays:
    return _outputs(scores, _halve(scores, budget, eta, keep=lambda left: -(-left // int(eta)) if left > 1 else 1))


QUESTIONS = (successive_halving,)
