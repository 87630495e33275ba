"""Exercise 14: the average of the best networks, and the schedule that makes several of one run."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import search
from dlcourse.checks.question import Invariant, Question

__all__ = ["QUESTIONS"]

ORDER = 3

Arrays = dict[str, Any]
_ROWS = Invariant(
    "each row of the probabilities adds up to 1",
    lambda out, _: bool(np.allclose(out["probabilities"].sum(axis=-1), 1)),
)


def _softmax(z: Any, axis: int = -1) -> Any:
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _top(logits: Any, scores: Any, k: Any) -> Any:
    return logits[np.argsort(-scores)[: int(k)]]


def _vote(members: Any) -> Any:
    """The shares of the votes, (N, C)."""
    classes = members.shape[-1]
    return np.eye(classes)[members.argmax(axis=-1)].mean(axis=0)


def _mean(members: Any) -> Any:
    return _softmax(members).mean(axis=0)


def _geometric(members: Any) -> Any:
    return _softmax(members.mean(axis=0))


def _six_networks(rng: np.random.Generator) -> Arrays:
    """Logits of six networks on ten examples of four classes; the ways of averaging give different answers."""
    while True:
        scale = rng.uniform(0.5, 4, (6, 1, 1))  # some networks are surer than others
        logits, scores, k = scale * rng.normal(size=(6, 10, 4)), rng.permutation(np.linspace(0.6, 0.9, 6)), 4
        if set(np.argsort(scores)[:k]) == set(range(k)):
            continue  # the worst are the first
        members = _top(logits, scores, k)
        answers = [way(members).argmax(axis=-1) for way in (_mean, _geometric, _vote)]
        sets = [_top(logits, -scores, k), logits[:k], logits]
        answers += [_mean(other).argmax(axis=-1) for other in sets]
        if all((answers[0] != other).any() for other in answers[1:]) and (answers[1] != answers[2]).any():
            large = logits + 1000 * rng.choice([-1.0, 1.0], (6, 10, 1))
            return {"logits": logits, "large": large, "scores": scores, "k": np.array(k)}


def _outputs(logits: Any, large: Any, scores: Any, k: Any, way: Any, pick: Any = _top) -> Arrays:
    probabilities = way(pick(logits, scores, k))
    return {
        "probabilities": probabilities,
        "labels": probabilities.argmax(axis=-1),
        "probabilities of large logits": way(pick(large, scores, k)),
    }


ensemble = Question(
    "14.ensemble",
    points=4,
    minutes=15,
    title="The average of the best k networks",
    called_as="probabilities, labels = ensemble(logits, scores, k)",
    tested="six networks, ten examples, four classes, k = 4; then the same with 1000 added to some logits",
    inputs=_six_networks,
    drive=search.ensemble,
    answer=lambda logits, large, scores, k: _outputs(logits, large, scores, k, _mean),
    axes=dict.fromkeys(("probabilities", "probabilities of large logits"), ("example", "class")),
    invariants=(_ROWS,),
    off_limits=("torch", "scipy", "dlcourse.training", "dlcourse.numpy.functional"),
)
ensemble.hint("np.argsort sorts upwards. Which end of it holds the best scores?")
ensemble.hint("First a softmax for each network, over the classes; then the mean over the networks.")
ensemble.hint("exp(1000) is inf. Subtract each row's largest logit first: the softmax does not change.")


@ensemble.convention(
    "the logits are averaged: a geometric mean of the probabilities, which lets one sure network outweigh the others",
    ask="Which comes first in the question: the softmax or the mean?",
)
def mean_of_logits(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, _geometric)


@ensemble.wrong(
    "the logits are added up: far too sure", ask="How sure is a sum of ten equal logits, compared with one?"
)
def sum_of_logits(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, lambda members: _softmax(members.sum(axis=0)))


@ensemble.wrong("a softmax is taken of the averaged probabilities", ask="Do your averages not add up to 1 already?")
def softmax_twice(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, lambda members: _softmax(_mean(members)))


@ensemble.wrong(
    "the networks vote", ask="One network is 99 % sure, two are 40 % sure of something else. Who should win?"
)
def voting(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, _vote)


@ensemble.wrong(
    "the labels are a vote, although the probabilities are averaged",
    ask="Where are the probabilities' largest entries?",
)
def labels_by_vote(logits: Any, scores: Any, k: Any) -> Arrays:
    return {"labels": _vote(_top(logits, scores, k)).argmax(axis=-1)}


@ensemble.wrong("the k worst networks are averaged", ask="Which end of np.argsort(scores) is the best?")
def worst_networks(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, _mean, lambda z, s, n: _top(z, -s, n))


@ensemble.wrong("the first k networks are averaged", ask="What are the scores for?")
def first_networks(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, _mean, lambda z, _, n: z[: int(n)])


@ensemble.wrong("all networks are averaged", ask="How many networks does k name?")
def all_networks(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, _mean, lambda z, *_: z)


@ensemble.wrong(
    "the softmax runs over the networks instead of the classes", ask="Which axis of logits holds the classes?"
)
def wrong_axis(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, lambda members: _softmax(members, axis=0).mean(axis=0))


@ensemble.wrong("the sum is returned instead of the mean", ask="What does each row of your probabilities add up to?")
def sum_of_probabilities(logits: Any, large: Any, scores: Any, k: Any) -> Arrays:
    return _outputs(logits, large, scores, k, lambda members: _softmax(members).sum(axis=0))


@ensemble.wrong("exp overflows for large logits", ask="What is np.exp(1000), and what is inf / inf?")
def overflow(large: Any, scores: Any, k: Any) -> Arrays:
    powers = np.exp(_top(large, scores, k))
    return {"probabilities of large logits": (powers / powers.sum(axis=-1, keepdims=True)).mean(axis=0)}


# ---- snapshots


def _run(rng: np.random.Generator) -> Arrays:
    steps, cycles = ((23, 4), (17, 3), (29, 5), (31, 4), (38, 5))[rng.integers(5)]
    return {"steps": np.array(steps), "cycles": np.array(cycles), "lr": rng.uniform(0.05, 0.4)}


def _waves(steps: Any, length: Any, lr: Any, last: Any = None) -> Any:
    t = np.arange(int(steps))
    return lr / 2 * (np.cos(np.pi * (t % length) / (last or length)) + 1)


def _length(steps: Any, cycles: Any) -> int:
    return -(-int(steps) // int(cycles))


def _kept(steps: Any, length: Any) -> Any:
    ends = np.arange(length - 1, int(steps), length)
    return ends if ends[-1] == steps - 1 else np.append(ends, int(steps) - 1)


def _schedule(steps: Any, cycles: Any, lr: Any) -> Arrays:
    length = _length(steps, cycles)
    return {"rates": _waves(steps, length, lr), "kept": _kept(steps, length)}


snapshot_schedule = Question(
    "14.snapshot_schedule",
    points=3,
    minutes=10,
    title="The schedule of a snapshot run",
    called_as="rates, kept = snapshot_schedule(steps, cycles, lr)",
    tested="between 17 and 38 steps in 3 to 5 cycles, where steps is no multiple of cycles",
    inputs=_run,
    drive=search.snapshot_schedule,
    answer=_schedule,
    axes={"rates": ("step",)},
    off_limits=("torch", "dlcourse.training", "dlcourse.numpy.schedule", "dlcourse.torch.schedule"),
)
snapshot_schedule.hint("L = math.ceil(steps / cycles). Inside a cycle the step is t % L.")
snapshot_schedule.hint("A copy is kept where (t + 1) % L is 0, and after the very last step.")


@snapshot_schedule.wrong(
    "the rate falls once and never restarts", ask="What is t % L at the first step of the second cycle?"
)
def no_restart(steps: Any, lr: Any) -> Arrays:
    return {"rates": _waves(steps, int(steps), lr)}


@snapshot_schedule.wrong("the length of a cycle is rounded down", ask="How many cycles does your schedule begin?")
def rounded_down(steps: Any, cycles: Any, lr: Any) -> Arrays:
    length = int(steps) // int(cycles)
    return {"rates": _waves(steps, length, lr), "kept": _kept(steps, length)}


@snapshot_schedule.wrong("copies are kept at the start of a cycle", ask="Where in a cycle is the network at its best?")
def kept_at_start(steps: Any, cycles: Any) -> Arrays:
    return {"kept": np.arange(0, int(steps), _length(steps, cycles))}


@snapshot_schedule.wrong("the network at the very end is not kept", ask="What becomes of the last, shorter cycle?")
def last_not_kept(steps: Any, cycles: Any) -> Arrays:
    return {"kept": _kept(steps, _length(steps, cycles))[:-1]}


@snapshot_schedule.wrong(
    "the steps after which copies are kept are counted from 1", ask="What is the number of the first step?"
)
def counted_from_one(steps: Any, cycles: Any) -> Arrays:
    return {"kept": _kept(steps, _length(steps, cycles)) + 1}


@snapshot_schedule.wrong("the rates begin at twice lr", ask="What is cos(0) + 1?")
def half_missing(steps: Any, cycles: Any, lr: Any) -> Arrays:
    return {"rates": 2 * _waves(steps, _length(steps, cycles), lr)}


@snapshot_schedule.wrong(
    "the wave goes down and up again within a cycle", ask="Where does cos(2πt/L) lie at the end of a cycle?"
)
def whole_wave(steps: Any, cycles: Any, lr: Any) -> Arrays:
    length = _length(steps, cycles)
    t = np.arange(int(steps))
    return {"rates": lr / 2 * (np.cos(2 * np.pi * (t % length) / length) + 1)}


@snapshot_schedule.convention(
    "each cycle ends at a rate of exactly 0, one step earlier than in the formula",
    ask="By which number does the formula divide t mod L?",
)
def ends_at_zero(steps: Any, cycles: Any, lr: Any) -> Arrays:
    length = _length(steps, cycles)
    return {"rates": _waves(steps, length, lr, length - 1)}


QUESTIONS = (ensemble, snapshot_schedule)
