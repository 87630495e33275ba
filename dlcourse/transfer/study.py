"""The experiments behind the numbers of lecture 13. Each takes a seed, so that any of them can be checked live.

run("labels", "digits", "scratch", 50, seed=0)      # {"scratch": 77.9}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from dlcourse.models import zoo
from dlcourse.transfer.distilling import recalibrated, student
from dlcourse.transfer.parts import features
from dlcourse.transfer.plans import PLANS, Plan, accuracy, logits, start, train
from dlcourse.transfer.probes import linear_probe, nearest_neighbour
from dlcourse.transfer.propagation import propagate_labels
from dlcourse.transfer.rounds import pseudo_label_rounds, two_dimensions
from dlcourse.transfer.tasks import Task, few, load_task

__all__ = ["EXPERIMENTS", "Experiment", "run"]

Labels = NDArray[np.int64]
Percent = dict[str, float]
Case = tuple[str, str, int]  # task, case, number of labels

_BASELINES = ("1-NN on pixels", "linear on pixels", "linear probe", "linear probe, random weights")
_WAYS = ("linear probe", "fine-tune last block", "fine-tune all", "scratch")
_MANY_STEPS = 800
_MISSING = 3
_TEMPERATURES = (1, 2, 4, 8, 16)
_SPREAD = 20  # labels that are spread over the other 980


@dataclass(frozen=True)
class Experiment:
    """``measure(task, case, labels, seed)`` returns percentages by name; ``cases`` lists what it is called with."""

    cases: tuple[Case, ...]
    measure: Callable[[Task, str, int, int], Percent]


def run(experiment: str, task: str, case: str, labels: int, seed: int) -> Percent:
    """One measurement of the study. Raises ``ValueError`` for one that is not part of it."""
    if experiment not in EXPERIMENTS or (task, case, labels) not in EXPERIMENTS[experiment].cases:
        raise ValueError(f"run: the study has no {experiment!r} with {(task, case, labels)}")
    return EXPERIMENTS[experiment].measure(load_task(task), case, labels, seed)


def _share(answers: Labels, y: Labels) -> float:
    return float(100 * (answers == y).mean())


def _baseline(task: Task, case: str, labels: int, seed: int, source: str = "glyph_resnet") -> float:
    chosen = few(task, labels, seed)
    if case.endswith("on pixels"):
        F, F_test = task.X[chosen].reshape(labels, -1), task.X_test.reshape(len(task.y_test), -1)
    else:
        model = start(Plan(source="" if case.endswith("random weights") else source), task.classes, seed)
        F, F_test = features(model, task.X[chosen]), features(model, task.X_test)
    if case.startswith("1-NN"):
        return _share(nearest_neighbour(F, task.y[chosen], F_test), task.y_test)
    strength = 10.0 if case.endswith("on pixels") else 1.0  # 1024 pixels need more of it than 64 features
    return _share(linear_probe(F, task.y[chosen], F_test, strength), task.y_test)


def _trained(task: Task, plan: Plan, labels: int, seed: int) -> float:
    chosen = few(task, labels, seed)
    model = train(plan, task.X[chosen], task.y[chosen], task.classes, seed)
    return accuracy(model, task.X_test, task.y_test)


def _by_way(task: Task, case: str, labels: int, seed: int) -> Percent:
    """A baseline or a plan; with thousands of labels every plan gets as many steps."""
    if case not in PLANS:
        return {case: _baseline(task, case, labels, seed)}
    plan = PLANS[case]
    return {case: _trained(task, replace(plan, steps=_MANY_STEPS) if labels > 1000 else plan, labels, seed)}


def _small_batches(task: Task, case: str, labels: int, seed: int) -> Percent:
    plan = PLANS[case.removesuffix(", batches of 4")]
    return {case: _trained(task, replace(plan, batch_size=4), labels, seed)}


def _stages(task: Task, _case: str, labels: int, seed: int) -> Percent:
    chosen = few(task, labels, seed)
    model = start(Plan(), task.classes, seed)
    found = {}
    for part in ("stem", "block1", "block2", "block3"):
        F, F_test = features(model, task.X[chosen], part), features(model, task.X_test, part)
        found[part] = _share(linear_probe(F, task.y[chosen], F_test), task.y_test)
    return found


def _rates(task: Task, case: str, labels: int, seed: int) -> Percent:
    """Fine-tuning with the rates that ``case`` names, and what the body then still knows of its old task."""
    optimizer, body, head = case.split(" ")
    plan = replace(PLANS["fine-tune all"], optimizer=optimizer, lr=float(body), head_lr=float(head))
    chosen = few(task, labels, seed)
    model = train(plan, task.X[chosen], task.y[chosen], task.classes, seed)
    found = {case: accuracy(model, task.X_test, task.y_test)}
    model.head = zoo.load(plan.source).head
    letters = zoo.held_out(zoo.RECIPES[plan.source])
    return {**found, f"{case} old task": accuracy(model, letters.X[:1000], letters.y[:1000])}


def _sources(task: Task, case: str, labels: int, seed: int) -> Percent:
    return {
        f"{case}, linear probe": _baseline(task, "linear probe", labels, seed, case),
        f"{case}, fine-tune all": _trained(task, replace(PLANS["fine-tune all"], source=case), labels, seed),
    }


def _distillation(task: Task, _case: str, labels: int, seed: int) -> Percent:
    """A student with labels only, with the teacher's answers to all images, and with its softened probabilities."""
    chosen = few(task, labels, seed)
    teacher = train(PLANS["fine-tune + augment"], task.X[chosen], task.y[chosen], task.classes, seed)
    z = logits(teacher, task.X)
    students = {
        "student, labels only": student(task.X[chosen], task.y[chosen], seed=seed),
        "student, teacher's answers": student(task.X, z.argmax(axis=1), seed=seed),
        "student, all true labels": student(task.X, task.y, seed=seed),
    }
    students |= {f"student, T = {T}": student(task.X, z, T, seed) for T in _TEMPERATURES}
    return {name: accuracy(model, task.X_test, task.y_test) for name, model in {"teacher": teacher, **students}.items()}


def _missing_class(task: Task, _case: str, labels: int, seed: int) -> Percent:
    """Students that never see an image of a 3, only what the teacher thinks of other digits."""
    chosen = few(task, labels, seed)
    teacher = train(PLANS["fine-tune + augment"], task.X[chosen], task.y[chosen], task.classes, seed)
    seen = task.X[task.y != _MISSING]
    z, threes = logits(teacher, seen), task.y_test == _MISSING
    students = {"answers": student(seen, z.argmax(axis=1), seed=seed)}
    students |= {f"T = {T}": student(seen, z, T, seed) for T in _TEMPERATURES}
    found = {"teacher": accuracy(teacher, task.X_test, task.y_test)}
    for name, model in students.items():
        raw = logits(model, task.X_test)
        raised = recalibrated(raw, _MISSING, share=0.1)
        found[f"{name}, threes"] = _share(raw[threes].argmax(axis=1), task.y_test[threes])
        found[f"{name}, threes, bias raised"] = _share(raised[threes].argmax(axis=1), task.y_test[threes])
        found[f"{name}, all, bias raised"] = _share(raised.argmax(axis=1), task.y_test)
    return found


def _known(task: Task, labels: int, seed: int, wrong: int = 0) -> Labels:
    """The few labels, -1 for the rest; ``wrong`` of them are replaced by another class."""
    chosen = few(task, labels, seed)
    known = np.full(len(task.y), -1)
    known[chosen] = task.y[chosen]
    rng = np.random.default_rng([seed, wrong])
    spoilt = rng.choice(chosen, wrong, replace=False)
    known[spoilt] = (known[spoilt] + rng.integers(1, task.classes, wrong)) % task.classes
    return known


def _propagation(task: Task, _case: str, labels: int, seed: int) -> Percent:
    """Which share of the unlabelled images gets the right label, on graphs in five spaces."""
    from sklearn.decomposition import PCA

    known = _known(task, labels, seed)
    pixels, F = task.X.reshape(len(task.y), -1), features(start(Plan(), task.classes, seed), task.X)
    spaces = {
        "pixels": pixels,
        "features": F,
        "map of pixels": two_dimensions(pixels, seed),
        "map of features": two_dimensions(F, seed),
        "first two components": PCA(2).fit_transform(F),
    }
    unknown = known < 0
    shares = {name: propagate_labels(points, known, task.classes) for name, points in spaces.items()}
    return {name: _share(F.argmax(axis=1)[unknown], task.y[unknown]) for name, F in shares.items()}


def _rounds(task: Task, case: str, labels: int, seed: int) -> Percent:
    """Rounds of pseudo-labels with none, one or three of the known labels wrong."""
    wrong = int(case.split(" ")[0])
    known, chosen = _known(task, labels, seed, wrong), few(task, labels, seed)
    alone = train(PLANS["fine-tune + augment"], task.X[chosen], known[chosen], task.classes, seed)
    found = {f"{case}, labels alone": accuracy(alone, task.X_test, task.y_test)}
    for number, one in enumerate(pseudo_label_rounds(task.X, known, task.classes, 3, seed=seed), start=1):
        false = (known < 0) & (one.labels != task.y)
        repeated = logits(one.model, task.X[false]).argmax(axis=1) == one.labels[false]
        found |= {
            f"{case}, round {number}, pseudo-labels": _share(one.labels[known < 0], task.y[known < 0]),
            f"{case}, round {number}, sure": float(100 * one.sure.mean()),
            f"{case}, round {number}, errors repeated": float(100 * repeated.mean()),
            f"{case}, round {number}, network": accuracy(one.model, task.X_test, task.y_test),
        }
    return found


def _grid(tasks: tuple[str, ...], cases: tuple[str, ...], labels: tuple[int, ...]) -> tuple[Case, ...]:
    return tuple((task, case, n) for n in labels for task in tasks for case in cases)


_ADAM = tuple(f"AdamW {body:g} {head:g}" for body in (1e-4, 1e-3, 1e-2, 1e-1) for head in (1e-4, 1e-3, 1e-2, 1e-1))
_SGD = tuple(f"SGD {body:g} {head:g}" for body in (1e-3, 1e-2) for head in (1e-3, 1e-2))

EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        "table": Experiment(_grid(("printed digits", "textures"), _WAYS, (5000, 50)), _by_way),
        "rounds": Experiment(_grid(("digits",), ("0 wrong", "1 wrong", "3 wrong"), (_SPREAD,)), _rounds),
        "distillation": Experiment(_grid(("digits",), ("students",), (100,)), _distillation),
        "missing class": Experiment(_grid(("digits",), ("students",), (500,)), _missing_class),
        "labels": Experiment(_grid(("digits",), (*_BASELINES, *PLANS), (10, 20, 50, 100, 200, 500, 1000)), _by_way),
        "shuffled": Experiment(_grid(("shuffled digits",), _WAYS, (100, 1000)), _by_way),
        "propagation": Experiment(_grid(("digits",), ("spaces",), (10, 20, 50)), _propagation),
        "rates": Experiment(_grid(("digits",), (*_ADAM, *_SGD), (50,)), _rates),
        "sources": Experiment(_grid(("digits",), tuple(zoo.RECIPES), (10, 50)), _sources),
        "batches": Experiment(
            _grid(("digits",), ("fine-tune all, batches of 4", "frozen statistics, batches of 4"), (50,)),
            _small_batches,
        ),
        "stages": Experiment(_grid(("textures", "digits"), ("parts",), (50, 1000)), _stages),
    }
)
"""Long ones first, so that several workers end at the same time."""
