"""The gradient-flow explorer: activation, depth, initialisation and skip connections, and what reaches each layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlcourse.diagnostics import dead_units, saturation_share
from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Slider
from dlcourse.widgets.explorer import Explorer, Question
from dlcourse.widgets.gradient_flow_figure import draw
from dlcourse.widgets.gradient_flow_run import BATCH, INITS, SEED, WIDTH, LayerRun, histogram, run, shown_layers
from dlcourse.widgets.numbers import short

__all__ = ["GradientFlow"]

RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU", "selu": "SELU"}
INIT_NAMES = {"xavier": "Xavier = LeCun", "he": "He", "small": "std 0.01", "large": "std 1", "zero": "all zero"}
SKIP_NAMES = {"none": "none", "add": "a + f(Wa)", "scaled": "a + f(Wa)/√depth"}


class GradientFlow(Explorer):
    """Histograms of activations and of dL/da along a deep network, and how their sizes change.

    Keywords: ``activation`` ("sigmoid", "tanh", "relu", "leaky_relu", "selu"), ``depth`` (10 to 50
    in tens), ``init`` ("xavier", "he", "small", "large", "zero"), ``skip`` ("none", "add", "scaled")
    and ``predict`` (True asks for the gradient's size before it is shown).
    """

    title = "How signals and gradients travel through a deep network"
    drawing = FOLDER / "gradient_flow.js"
    predicts = True
    controls = (
        Choice("activation", label="Activation", values=NAMES),
        Slider("depth", label="Layers", low=10, high=50, steps=4, start=20),
        Choice("init", label="Weights", values=INIT_NAMES),
        Choice("skip", label="Skip connection", values=SKIP_NAMES),
    )

    def compute(self, activation: str, depth: float, init: str, skip: str) -> dict[str, Any]:
        """Histograms (8 layers, 17 bins) and sizes of activations and gradients. Keys with _ stay in Python."""
        every = run(activation, int(depth), init, skip)
        layers = [every[number - 1] for number in shown_layers(int(depth))]
        limits = RANGES.get(activation) if skip == "none" else None
        rows = [
            _row("activations a", [layer.activations for layer in layers], limits),
            _row("gradients ∂L/∂a", [layer.gradients for layer in layers], None),
        ]
        return {
            "label": self.heading(activation, depth, init, skip),
            "layers": [layer.number for layer in layers],
            "rows": rows,
            "scale": _scale([x for row in rows for x in row["sizes"] if x is not None]),
            "_layers": layers,
        }

    def describe(self, result: dict[str, Any], activation: str, skip: str, **_: Any) -> str:
        """What becomes of the gradient, the sizes at both ends, and the state of the last layer's units."""
        first, last = result["_layers"][0], result["_layers"][-1]
        sizes = [float(getattr(x, kind).std()) for kind in ("gradients", "activations") for x in (first, last)]
        return (
            f"{_headline(sizes[0], sizes[1], last.number)}\n"
            f"Std of ∂L/∂a: {short(_two(sizes[1]))} at layer {last.number}, {short(_two(sizes[0]))} at layer 1. "
            f"Std of a: {short(_two(sizes[2]))} at layer 1, {short(_two(sizes[3]))} at layer {last.number}.\n"
            f"{_units(activation, skip, last)}"
        )

    def heading(self, activation: str, depth: float, init: str, skip: str, **_: Any) -> str:
        """The network in a few words."""
        path = "" if skip == "none" else f", skip connections {SKIP_NAMES[skip]}"
        return f"{int(depth)} layers of {WIDTH} units, {NAMES[activation]}, weights {INIT_NAMES[init]}{path}"

    def question(self, result: dict[str, Any], **_: Any) -> Question | None:
        """The gradient's size at the first layer, as a power of ten."""
        power = result["rows"][1]["sizes"][0]
        if power is None:
            return None
        last = result["layers"][-1]
        text = f"∂L/∂a has std 1 at layer {last}. Which power of ten is it at layer 1? (−3 stands for 0.001)"
        return Question(text, short(power), power - 1, power + 1)

    def code(self, activation: str, depth: float, init: str, skip: str) -> str:
        """The same network in ``dlcourse.numpy``; prints both sizes for the layers of the picture."""
        return code_for(activation, int(depth), init, skip)

    def figure(self, result: dict[str, Any], **_: Any) -> Figure:
        """Both rows of histograms, and the sizes over the layers."""
        return draw(result)


def code_for(activation: str, depth: int, init: str, skip: str) -> str:
    """A cell of Python that prints the standard deviations of the picture."""
    out = {"none": "out", "add": "a + out", "scaled": f"a + out / {depth}**0.5"}[skip]
    std = {"xavier": f"(1 / {WIDTH}) ** 0.5", "he": f"(2 / {WIDTH}) ** 0.5"}.get(init, repr(INITS[init]))
    return f"""\
import numpy as np
import dlcourse.numpy as dl

F = dl.functional
rng = np.random.default_rng({SEED})
a = dl.tensor(rng.normal(size=({BATCH}, {WIDTH})), requires_grad=True)
upstream = rng.normal(size=({BATCH}, {WIDTH}))
std = {std}
layers = []
for _ in range({depth}):
    W = dl.tensor(std * rng.normal(size=({WIDTH}, {WIDTH})))
    out = F.{activation}(F.linear(a, W))
    a = {out}
    a.retain_grad()
    layers.append(a)
a.backward(upstream)
for n in {shown_layers(depth)}:
    layer = layers[n - 1]
    print(f"layer {{n}}: std of a {{dl.to_numpy(layer).std():.6e}}, std of dL/da {{layer.grad.std():.6e}}")
"""


def _row(name: str, values: list[Any], limits: tuple[float, float] | None) -> dict[str, Any]:
    """One kind of number along the layers: its histograms, its sizes as powers of ten, and the texts below."""
    deviations = [float(x.std()) for x in values]
    return {
        "name": name,
        "bars": np.array([histogram(x, limits)[0] for x in values]),
        "sizes": [round(float(np.log10(s)), 2) if s > 0 else None for s in deviations],
        "texts": [short(_two(s)) for s in deviations],
    }


def _scale(powers: list[float]) -> dict[str, Any]:
    """The axis of the sizes: whole powers of ten around all of them, with at most six labels."""
    low, high = min([*powers, -1.0]), max([*powers, 1.0])
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if (high - low) / s <= 5)
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    return {"low": first * step, "high": last * step, "ticks": [k * step for k in range(first, last + 1)]}


def _headline(first: float, last: float, depth: int) -> str:
    """What becomes of the gradient between the last layer and the first."""
    ratio = first / last
    if ratio == 0:
        return "No gradient at all reaches the first layer."
    if ratio < 1e-2:
        return f"The gradient vanishes: at layer 1, {short(_two(ratio))} of it is left."
    if ratio > 1e2:
        return f"The gradient explodes: it is {short(_two(ratio))} times larger when it reaches layer 1."
    return f"The gradient arrives: at layer 1 it is {short(_two(ratio))} times as large as at layer {depth}."


def _units(activation: str, skip: str, last: LayerRun) -> str:
    if skip == "none" and activation in RANGES:
        share = 100 * saturation_share(last.activations, *RANGES[activation])
        return f"In layer {last.number}, {share:.0f} % of the activations are within 5 % of an end of their range."
    if skip == "none" and activation == "relu":
        dead = dead_units(last.activations).sum()
        return f"In layer {last.number}, {dead} of {WIDTH} units are 0 for the whole batch."
    mean = float(last.activations.mean())
    return f"In layer {last.number} the mean activation is {short(_two(mean))}."


def _two(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.2g}")
