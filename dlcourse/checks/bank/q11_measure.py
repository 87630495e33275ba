"""Exercise 11: compare two arms at equal budgets, with seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import augmentation
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5

Arrays = dict[str, Any]
_BEHIND, _ALWAYS = "update when it ends behind", "update when it always leads"


def _lead(plain: Any, augmented: Any) -> Any:
    return augmented.mean(axis=0) > plain.mean(axis=0)


def _for_good(lead: Any, every: Any) -> float:
    """The first of the checkpoints from which on the lead is never lost, in updates; −1 for none."""
    behind = np.flatnonzero(~lead)
    first = behind[-1] + 1 if len(behind) else 0
    return float((first + 1) * every) if first < len(lead) else -1.0


def _inputs(rng: np.random.Generator) -> Arrays:
    """Four paired runs, eight checkpoints: a lucky lead, a long way behind, then ahead, not for all seeds at once."""
    crossing = int(rng.integers(4, 7))  # the first checkpoint that is ahead for good
    mean = np.full(8, -4.0)
    mean[1] = 3.0
    mean[crossing], mean[crossing + 1 :] = 1.5, 6.0
    seeds = rng.permutation([-3.0, -1.0, 1.0, 3.0])[:, None] + rng.uniform(-0.3, 0.3, size=(4, 8))
    seeds -= seeds.mean(axis=0)
    rise = 90 - 40 * np.exp(-np.arange(8) / 2)
    plain = rise + rng.permutation([-6.0, -2.0, 3.0, 5.0])[:, None] + rng.uniform(-0.5, 0.5, size=(4, 8))
    growth = rng.uniform(0, 0.5, size=8)
    return {
        "plain": plain,
        "augmented": plain + mean + growth + seeds,
        "never": plain + np.where(np.arange(8) < crossing, 2.0, -2.0) + 0.3 * seeds,
        "always": plain + 2 + growth + 0.3 * seeds,
        "every": rng.choice([20, 50, 100]),
    }


def _updates(lead_of: Any, inputs: Arrays, count: Any = _for_good) -> Arrays:
    plain, every = inputs["plain"], int(inputs["every"])
    arms = (("update", "augmented"), (_BEHIND, "never"), (_ALWAYS, "always"))
    return {name: count(lead_of(plain, inputs[arm]), every) for name, arm in arms}


def _last(inputs: Arrays) -> Any:
    return inputs["augmented"][:, -1] - inputs["plain"][:, -1]


def _answer(plain: Any, augmented: Any, never: Any, always: Any, every: Any) -> Arrays:
    inputs = {"plain": plain, "augmented": augmented, "never": never, "always": always, "every": every}
    updates = _updates(_lead, inputs)
    gains = _last(inputs)
    return {
        "update": updates["update"],
        "gain": gains.mean(),
        "spread": gains.std(ddof=1),
        _BEHIND: updates[_BEHIND],
        _ALWAYS: updates[_ALWAYS],
    }


compare = Question(
    "11.compare",
    points=3,
    minutes=15,
    title="Does it speed up training?",
    called_as="update, gain, spread = compare(plain, augmented, every)",
    tested="four paired seeds, eight checkpoints; one arm has a lucky early lead, one ends behind, one always leads",
    inputs=_inputs,
    drive=augmentation.compare,
    answer=_answer,
    scales=lambda every: {"every": float(every)},
)
compare.hint("Average over the seeds first: axis 0. At which checkpoints is the augmented mean ahead?")
compare.hint("Look from the end: behind which checkpoint is it never behind again? Checkpoint 0 is update `every`.")
compare.hint("The seeds are paired, so take the difference of each pair first, then mean and deviation.")


@compare.wrong(
    "the first lead counts, even if it is lost again", ask="Is it still ahead at the checkpoints that follow?"
)
def first_lead(**inputs: Any) -> Arrays:
    def first(lead: Any, every: int) -> float:
        return float((lead.argmax() + 1) * every) if lead.any() else -1.0

    return _updates(_lead, inputs, first)


@compare.wrong("checkpoints are counted, not updates", ask="How many updates lie between two checkpoints?")
def in_checkpoints(**inputs: Any) -> Arrays:
    found = _updates(_lead, {**inputs, "every": 1})
    return {name: value - 1 if value > 0 else value for name, value in found.items()}


@compare.wrong("every answer is one checkpoint early", ask="After how many updates was checkpoint 0 measured?")
def one_early(**inputs: Any) -> Arrays:
    found = _updates(_lead, inputs)
    return {name: value - float(inputs["every"]) if value > 0 else value for name, value in found.items()}


@compare.wrong("one seed decides", ask="What would another seed have said? Over which axis is the mean?")
def first_seed(**inputs: Any) -> Arrays:
    return _updates(lambda plain, arm: arm[int(_last(inputs).argmin())] > plain[int(_last(inputs).argmin())], inputs)


@compare.wrong("an arm that ends behind gets a number", ask="What is asked for when it is not ahead at the end?")
def never_is_the_end(**inputs: Any) -> Arrays:
    return {_BEHIND: 9.0 * float(inputs["every"])}


@compare.wrong("the differences are taken the wrong way round", ask="What does a positive gain say?")
def turned(**inputs: Any) -> Arrays:
    return {"gain": -_last(inputs).mean()}


@compare.wrong("the gain is averaged over all checkpoints", ask="At which budget is the gain asked for?")
def gain_of_all(**inputs: Any) -> Arrays:
    differences = (inputs["augmented"] - inputs["plain"]).mean(axis=1)
    return {"gain": differences.mean(), "spread": differences.std(ddof=1)}


@compare.wrong(
    "the spread is not that of the paired differences",
    ask="Both arms had an easy and a hard seed. Does that part of the spread belong to the gain?",
)
def unpaired(**inputs: Any) -> Arrays:
    variances = [inputs[arm][:, -1].var(ddof=1) for arm in ("plain", "augmented")]
    return {"spread": np.sqrt(sum(variances))}


@compare.convention(
    "the spread divides by S, not by S - 1",
    ask="Which of the two does a sample of four seeds call for?",
)
def divided_by_all(**inputs: Any) -> Arrays:
    return {"spread": _last(inputs).std()}


@compare.convention(
    "this is the standard error, the deviation of the mean", ask="What does it tell, and what was asked for?"
)
def standard_error(**inputs: Any) -> Arrays:
    return {"spread": _last(inputs).std(ddof=1) / 2}


QUESTIONS = (compare,)
