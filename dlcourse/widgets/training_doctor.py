"""The training doctor: read a loss curve, name the cause, try a remedy on the same run, see whether it helps."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dlcourse.diagnostics import Report, diagnose_curve
from dlcourse.plots import PALETTE
from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Text
from dlcourse.widgets.explorer import Explorer, InputError, Question
from dlcourse.widgets.numbers import short
from dlcourse.widgets.training_runs import PATIENTS, TREATMENTS, Run, Setting, learns_20_by_heart, train, treated

__all__ = ["TrainingDoctor"]

CHANCE = float(np.log(10))
HIGHEST = 3.0  # times the first cost: the picture ends there
FEWEST_OWN = 5
_NUMBER = re.compile(r"[^\s,;]+")


class TrainingDoctor(Explorer):
    """Fourteen real runs on digits: most are ill. ``TrainingDoctor(patient="C", treatment="rate ÷ 10")``.

    ``losses`` takes losses of the reader's own, one for each step or epoch, instead of a patient.
    """

    title = "Training doctor"
    drawing = FOLDER / "training_doctor.js"
    predicts = True
    controls = (
        Choice("patient", label="Patient", values=tuple(PATIENTS)),
        Choice("treatment", label="Treatment", values=tuple(TREATMENTS)),
        Text("losses", label="your own losses", limit=4000),
    )

    def compute(self, patient: str, treatment: str, losses: str) -> dict[str, Any]:
        """Both curves before and after the treatment, three checks of the network, and the diagnoses."""
        if losses.strip():
            return _own_losses(_numbers(losses))
        setting = PATIENTS[patient]
        before, changed = train(setting), treated(setting, treatment)
        after = train(changed) if treatment != "none" else None
        shown = after or before
        highest = float(np.nanmax([*before.train, *before.val]))
        top = 1.05 * min(highest, HIGHEST * float(before.val[0]))
        return {
            "label": self.heading(patient, treatment),
            "top": top,
            "steps": setting.steps,
            "curves": _curves(before, after, top),
            "checks": _checks(changed, shown),
            "_before": diagnosis(before),
            "_after": diagnosis(after) if after else None,
            "_ends": [float(before.train[-1]), float(shown.train[-1])],
        }

    def describe(self, result: dict[str, Any], treatment: str, **_: Any) -> str:
        """The diagnosis, what it was seen by, and what to try; after a treatment, what became of it."""
        before, after = result["_before"], result["_after"]
        if after is None:
            return "\n".join(_in_words(before))
        first, last = result["_ends"]
        same = before.names == after.names
        headline = f"After “{treatment}”: {'still ' if same else ''}{after.names[0]}"
        ends = f"The training cost ends at {_cost(last)}; without treatment at {_cost(first)}"
        return "\n".join([headline, ends, *_in_words(after)[1:]])

    def heading(self, patient: str, treatment: str, losses: str = "", **_: Any) -> str:
        """Whose curve it is."""
        if losses.strip():
            return "Losses of your own"
        return f"Patient {patient}" + ("" if treatment == "none" else f", treated: {treatment}")

    def question(self, result: dict[str, Any], treatment: str, losses: str, **_: Any) -> Question | None:
        """Where the training cost ends after the treatment, or whether anything is wrong at all."""
        if losses.strip():
            return None
        if treatment == "none":
            wrong = [finding.name for finding in result["_before"].findings if not finding.ok]
            answer = f"{len(wrong)}: {', '.join(wrong)}" if wrong else "0: healthy"
            return Question(
                "how many things are wrong, 0, 1 or 2? And what is the cause?", answer, len(wrong), len(wrong)
            )
        end = result["_ends"][1]
        if not isfinite(end) or end > result["top"]:
            return None
        return Question("where will the training cost end?", _cost(end), 0.5 * end, 2 * end)

    def code(self, patient: str, treatment: str, losses: str, **_: Any) -> str:
        """The same run and its diagnosis."""
        if losses.strip():
            values = ", ".join(repr(value) for value in _numbers(losses))
            return (
                "from dlcourse.diagnostics import diagnose_curve\n\n"
                f'nan, inf = float("nan"), float("inf")\nprint(diagnose_curve([{values}]))'
            )
        setting = treated(PATIENTS[patient], treatment)
        return (
            "from dlcourse.diagnostics import diagnose_curve\n"
            "from dlcourse.widgets.training_runs import Setting, train\n\n"
            f"run = train({_written(setting)})\n"
            f"print(diagnose_curve(run.train, {'run.val' if len(train(setting).val) > 2 else 'None'}))"
        )

    def figure(self, result: dict[str, Any], **_: Any) -> Figure:
        """The curves; in a treated run the earlier ones are grey."""
        figure = Figure(figsize=(9, 3.5), facecolor="white", layout="constrained")
        axes = figure.subplots(1, 2, width_ratios=[3, 1.15])
        _draw_curves(axes[0], result)
        axes[1].axis("off")
        for row, (name, seen, _ok) in enumerate(result["checks"]):
            axes[1].text(0, 0.92 - 0.3 * row, name, fontsize=10, color="#444444", va="top")
            axes[1].text(0, 0.81 - 0.3 * row, seen, fontsize=12, va="top")
        return figure


def diagnosis(run: Run) -> Report:
    """What the library's doctor says about a run."""
    return diagnose_curve(run.train, run.val if len(run.val) > 2 else None)


def _own_losses(losses: list[float]) -> dict[str, Any]:
    values = np.array(losses)
    try:
        report = diagnose_curve(values)
    except ValueError as error:
        raise InputError(str(error).removeprefix("diagnose_curve: "), "losses") from None
    finite = values[np.isfinite(values)]
    top = 1.05 * min(float(finite.max()), HIGHEST * losses[0]) if len(finite) else 1.0
    return {
        "label": "Losses of your own",
        "top": top,
        "steps": len(values),
        "curves": [_curve("training", values, top)],
        "checks": [],
        "_before": report,
        "_after": None,
        "_ends": [losses[-1], losses[-1]],
    }


def _numbers(text: str) -> list[float]:
    """The numbers in a text, separated by blanks or commas; the position of the first that is none is reported."""
    numbers = []
    for word in _NUMBER.finditer(text):
        try:
            numbers.append(float(word.group()))
        except ValueError:
            raise InputError(f"{word.group()!r} is no number", "losses", word.start(), word.end()) from None
    if len(numbers) < FEWEST_OWN:
        raise InputError(f"{len(numbers)} losses are too few, {FEWEST_OWN} or more are needed", "losses", 0, len(text))
    return numbers


def _curves(before: Run, after: Run | None, top: float) -> list[dict[str, Any]]:
    if after is None:
        return [_curve("training", before.train, top), _curve("validation", before.val, top)]
    return [
        _curve("training before", before.train, top),
        _curve("validation before", before.val, top),
        _curve("training after", after.train, top),
        _curve("validation after", after.val, top),
    ]


def _curve(name: str, values: NDArray[np.float64], top: float) -> dict[str, Any]:
    """A curve that leaves the picture at its top; a number that is not finite ends it."""
    finite = np.isfinite(values)
    end = len(values) if finite.all() else int(finite.argmin())
    return {
        "name": name,
        "values": np.minimum(values[:end], 1.2 * top),
        "breaks": end < len(values),
        "count": len(values),
    }


def _checks(setting: Setting, run: Run) -> list[list[Any]]:
    """First cost, 20 images by heart, and the ratio of update to weight: name, what was seen, whether it is fine."""
    first, by_heart, ratio = float(run.val[0]), learns_20_by_heart(setting), run.update_ratio
    return [
        ["first cost (chance: 2.303)", short(first), abs(first - CHANCE) < 0.1 * CHANCE],
        ["20 images by heart", f"{100 * by_heart:.0f} %", by_heart == 1],
        ["update / weight", f"{ratio:.0e}" if isfinite(ratio) else "none: weights are 0", 3e-4 < ratio < 3e-2],
    ]


def _in_words(report: Report) -> list[str]:
    """The first finding in three lines, each further one in one."""
    first, *others = report.findings
    lines = [_capital(first.name), _capital(first.seen)]
    lines += [f"Try: {first.advice}"] if first.advice else []
    return lines + [f"Also {finding.name}: {finding.seen}" for finding in others]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _cost(value: float) -> str:
    return short(float(f"{value:.2g}")) if isfinite(value) else "no number"


def _written(setting: Setting) -> str:
    """The setting as code, without what is as usual."""
    usual = Setting()
    parts = [f"{name}={value!r}" for name, value in vars(setting).items() if value != getattr(usual, name)]
    return f"Setting({', '.join(parts)})"


def _draw_curves(axes: Axes, result: dict[str, Any]) -> None:
    for curve in result["curves"]:
        values, training = curve["values"], curve["name"].startswith("training")
        if len(values) == 0:
            continue
        old = curve["name"].endswith("before")
        colour = "#999999" if old else PALETTE["blue" if training else "vermillion"]
        x = np.linspace(0, result["steps"], curve["count"])[: len(values)]
        style: dict[str, Any] = {"linestyle": "-" if training else "--", "linewidth": 1.1 if old else 1.9}
        axes.plot(x, values, color=colour, label=curve["name"], **style)
        if curve["breaks"]:
            axes.plot(x[-1], min(values[-1], result["top"]), "X", color=colour, markersize=10, clip_on=False)
    axes.set(xlabel="step", ylabel="cost", ylim=(0, result["top"]), xlim=(0, result["steps"]))
    axes.legend(fontsize=9, frameon=False, loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)
