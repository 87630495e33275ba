"""A generated class: right answers, the mistakes that the questions know, broken files, and hostile code."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import nbformat
from nbformat import NotebookNode

from dlcourse.checks.bank import load
from tests.grading.attacks import CHANNEL, CHEATS, ESCAPES, STOPPERS, STOPPERS_THAT_END_THE_RUN
from tests.grading.mini import RIGHT_GATE, RIGHT_RELU, STUB_GATE, answered, released

__all__ = ["Expected", "generate", "known_mistakes"]

GATE, RELU = "01.multiply_gate", "01.relu_gate"
Item = TypeVar("Item")
BOTH = {GATE: load(GATE).points, RELU: load(RELU).points}

RIGHT = {
    GATE: (RIGHT_GATE, "return self.y * dz, self.x * dz", "return x * y"),
    RELU: (RIGHT_RELU, "return dz * (self.x > 0)", "return np.maximum(x, 0)"),
}
BACKWARD = {
    (GATE, "own_value"): "return self.x * dz, self.y * dz",
    (GATE, "product_without_upstream"): "return self.y, self.x",
    (GATE, "add_rule"): "return dz, dz",
    (GATE, "own_output"): "return self.x * self.y * dz, self.x * self.y * dz",
    (GATE, "overwritten"): "x = self.y * dz\n        return x, x * dz",
    (GATE, "backward_writes"): "dx, dy = self.y * dz, self.x * dz\n        dz *= 2\n        return dx, dy",
    (RELU, "mask_from_upstream"): "return dz * (dz > 0)",
    (RELU, "both_masks"): "return dz * (self.x > 0) * (dz > 0)",
    (RELU, "output_as_slope"): "return dz * np.maximum(self.x, 0)",
    (RELU, "relu_input_as_slope"): "return dz * self.x",
    (RELU, "inverted"): "return dz * (self.x < 0)",
    (RELU, "no_mask"): "return dz",
    (RELU, "relu_without_upstream"): "return (self.x > 0) * 1.0",
    (RELU, "backward_writes"): "dz[self.x <= 0] = 0\n        return dz",
}
FORWARD = {
    (GATE, "adds"): "return x + y",
    (GATE, "forward_writes"): "z = x * y\n        x += 1\n        return z",
    (RELU, "forward_writes"): "x[x < 0] = 0\n        return x",
}
SHARED_CACHE = {(GATE, "product_shared_cache"), (RELU, "relu_shared_cache")}

BROKEN: dict[str, tuple[Callable[[], NotebookNode | bytes], float]] = {
    "syntax": (lambda: answered(gate="class MultiplyGate\n    pass"), BOTH[RELU]),
    "stub": (lambda: answered(gate=STUB_GATE), BOTH[RELU]),
    "no-json": (lambda: b"PK\x03\x04 a zip with the wrong name", 0),
    "empty-file": (lambda: b"", 0),
    "no-text": (lambda: b"\xff\xfe\x00" * 99, 0),
    "no-cells": (nbformat.v4.new_notebook, 0),
    "as-released": (released, 0),
    "raises": (lambda: answered(gate=RIGHT_GATE + "\n1 / 0"), sum(BOTH.values())),
    "another-name": (lambda: answered(gate=RIGHT_GATE.replace("MultiplyGate", "Multiply")), BOTH[RELU]),
    "no-return": (lambda: answered(gate=RIGHT_GATE.replace("return x * y", "pass")), BOTH[RELU]),
}
HOSTILE = CHEATS | CHANNEL | ESCAPES
HOSTILE |= {name: STOPPERS[name] for name in ("endless", "endless-call", "disk-bomb", "output-flood")}
HOSTILE |= {name: STOPPERS_THAT_END_THE_RUN[name] for name in ("exit", "crash", "memory-bomb", "stubborn-loop")}


@dataclass(frozen=True)
class Expected:
    """What a submission of the class must come to.

    Attributes:
        at_least: points that it may not lose; for hostile code nothing, since it may end its own run.
        at_most: points that it may not exceed.
        says: what the feedback says; empty where no mistake is named.
    """

    kind: str
    at_least: float
    at_most: float
    says: str = ""


def known_mistakes() -> Iterator[tuple[str, str, str, str]]:
    """Yield every wrong variant of the two questions: question, name, the student's code, the diagnosis."""
    for question, (code, backward, forward) in RIGHT.items():
        for variant in load(question).variants:
            key = question, variant.name
            if key in BACKWARD:
                wrong = code.replace(backward, BACKWARD[key])
            elif key in FORWARD:
                wrong = code.replace(forward, FORWARD[key])
            elif key in SHARED_CACHE:
                wrong = code.replace("self.", "type(self).").replace("self.x, self.y =", "type(self).x, type(self).y =")
            elif variant.kind == "wrong":
                raise KeyError(f"{question}: no student's code for the mistake {variant.name}")
            else:
                continue
            yield question, variant.name, wrong, variant.says


def generate(size: int) -> dict[str, tuple[NotebookNode | bytes, Expected]]:
    """Return a class of `size`: a third each known mistakes and right answers, a quarter hostile, the rest broken."""
    everything = float(sum(BOTH.values()))
    found: dict[str, tuple[NotebookNode | bytes, Expected]] = {}
    for index, (question, name, code, says) in enumerate(_cycle(list(known_mistakes()), size // 3)):
        notebook = answered(**{"gate" if question == GATE else "relu": code})
        rest = everything - BOTH[question]
        found[f"{index:03}-{name}"] = notebook, Expected("mistake", rest, rest, says)
    for index, (name, code) in enumerate(_cycle(list(HOSTILE.items()), size // 4)):
        code = code.replace("{secret!r}", "'/var/secret'").replace("{out!r}", "'/var/out'").replace("{port}", "9")
        found[f"{index:03}-hostile-{name}"] = answered(gate=code), Expected("hostile", 0.0, float(BOTH[RELU]))
    for index, (name, (make, points)) in enumerate(_cycle(list(BROKEN.items()), size // 12)):
        found[f"{index:03}-broken-{name}"] = make(), Expected("broken", points, points)
    for index in range(size - len(found)):
        found[f"{index:03}-right"] = answered(), Expected("right", everything, everything)
    return found


def _cycle(items: list[Item], count: int) -> Iterator[Item]:
    """Take `count` items, spread evenly over the list when they are fewer and beginning again when they are more."""
    step = max(1, len(items) // count)
    return itertools.islice(itertools.cycle(items[::step]), count)
