"""A small explorer that uses every kind of control, an array, a player and a setting that leads to NaN."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dlcourse.widgets.controls import Choice, Numbers, Player, Presets, Slider, Text, Toggle
from dlcourse.widgets.explorer import Explorer, InputError, Question

DRAWING = """\
import { element } from "./dom.js";

export function createDrawing(figure) {
  const shown = element("p", { class: "demo" });
  figure.append(shown);
  return {
    update({ picture, place, hidden }) {
      shown.textContent = hidden ? "hidden" : `${picture.frames[place].loss}`;
      shown.dataset.path = Array.from(picture.path.data).join(" ");
      shown.dataset.shape = picture.path.shape.join(" ");
    },
  };
}
"""


class DemoExplorer(Explorer):
    """Gradient descent on x²: diverges to infinity for a rate above 1."""

    title = "Demo"
    drawing = Path("demo.js")  # the tests set a real one
    predicts = True
    controls = (
        Presets("preset", sets={"calm": {"rate": 0.1, "note": ""}, "wild": {"rate": 10.0, "note": "!"}}),
        Slider("rate", low=0.01, high=10.0, steps=3, start=0.1, log=True, label="Rate"),
        Slider("start", low=0.0, high=4.0, steps=4, start=3.0),
        Toggle("sign", label="Sign"),
        Choice("kind", values={"plain": "Plain", "twice": "Twice"}),
        Text("note"),
        Numbers("offsets", start={"a": 1.0}),
        Player("step"),
    )

    def compute(self, rate, start, sign, kind, note, offsets):
        if note == "bad":
            raise InputError("no such note", "note", 0, 3)
        x = (-start if sign else start) + offsets.get("a", 0.0)
        path = [x]
        for _ in range(8):
            x -= rate * 2 * x * (1e300 if rate == 10 else 1) * (2 if kind == "twice" else 1)
            path.append(x)
        with np.errstate(over="ignore"):
            frames = [{"loss": float(np.float64(x) ** 2)} for x in path]
        return {"path": np.array(path), "frames": frames, "_secret": object()}

    def describe(self, result, step, **_):
        return f"Step {step}\nloss {result['frames'][step]['loss']:.4g}"

    def question(self, result, step, **_):
        loss = result["frames"][step]["loss"]
        return Question("the loss?", f"{loss:.3g}", loss - 0.1, loss + 0.1) if step else None

    def code(self, rate, **_):
        return f"rate = {rate}\n"

    def figure(self, result, step, **_):
        figure = Figure(figsize=(2, 1))
        figure.add_subplot().plot(result["path"][: step + 1])
        return figure
