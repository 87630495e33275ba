"""The network graph: a whole two-layer network, matrix by matrix, forward and backward."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.controls import Choice, Menu, Player, Toggle
from dlcourse.widgets.explorer import Explorer, Question
from dlcourse.widgets.network_graph_code import code_for
from dlcourse.widgets.network_graph_figure import draw
from dlcourse.widgets.network_graph_run import ACTIVATIONS, BUGS, RIGHT, NetworkRun, torch_beside
from dlcourse.widgets.network_graph_steps import NAMES, walk
from dlcourse.widgets.numbers import short

__all__ = ["NetworkGraph"]

CELL, LINE, HEAD = 58, 17, 22  # the size of a number's cell, and the height of a node's title, in pixels
PLACES = {  # the left end of each node, and whether it stands above (the parameters) or below (the data's way)
    "X": (12, False),
    "z1": (176, False),
    "a1": (412, False),
    "z2": (648, False),
    "p": (826, False),
    "L": (988, False),
    "W1": (112, True),
    "b1": (248, True),
    "W2": (536, True),
    "b2": (730, True),
}
EDGES = [("X", "z1"), ("W1", "z1"), ("b1", "z1"), ("z1", "a1"), ("a1", "z2"), ("W2", "z2"), ("b2", "z2"), ("z2", "p")]
EDGES.append(("p", "L"))
WIDTH, BELOW = 1060, 182


class NetworkGraph(Explorer):
    """Step through a two-layer network: every matrix with its shape, its numbers and its gradient.

    Keywords: ``samples`` ("1", "2" or "3" in the batch), ``activation`` ("relu", "tanh", "sigmoid"), ``backward``
    ("right", or one of three bugs: "no mean", "no slope", "last sample"), ``torch`` (True puts torch's graph
    and its gradients beside, where torch is installed) and ``step`` (the place, from 0).
    """

    title = "Forward and backward through a two-layer network"
    drawing = FOLDER / "network_graph.js"
    predicts = True
    controls = (
        Menu("samples", label="Samples N", values=("1", "2", "3"), start="2"),
        Choice("activation", label="f", values={name: name.replace("relu", "ReLU") for name in ACTIVATIONS}),
        Choice("backward", label="Backward pass", values=BUGS),
        Toggle("torch", label="torch beside"),
        Player("step", label="Step"),
    )

    def compute(self, samples: str, activation: str, backward: str, torch: bool) -> dict[str, Any]:
        """Where each matrix stands, and which numbers each step writes. Keys with _ stay in Python."""
        run = NetworkRun.of(int(samples), activation, backward)
        right = run if backward == RIGHT else NetworkRun.of(int(samples), activation, RIGHT)
        beside = torch_beside(run) if torch else None
        steps = walk(run, right, beside, asked=torch)
        return {
            "label": self.heading(samples=samples, activation=activation),
            "width": WIDTH,
            "height": BELOW + HEAD + 2 * LINE * run.samples + 6,
            "cell": CELL,
            "line": LINE,
            "head": HEAD,
            "nodes": [_node(name, run, beside) for name in PLACES],
            "edges": EDGES,
            "frames": [
                {
                    "active": step.active,
                    "values": {name: _texts(run.values[name]) for name in step.values},
                    "gradients": {name: _texts(run.gradients[name]) for name in step.gradients},
                    "numbers": [float(run.gradients[name].sum()) for name in step.gradients],
                }
                for step in steps
            ],
            "_steps": steps,
        }

    def describe(self, result: dict[str, Any], step: int, **_: Any) -> str:
        """What happens in this step: the formula, its shapes, and one entry worked out."""
        return "\n".join(result["_steps"][step].lines)

    def heading(self, samples: str, activation: str, **_: Any) -> str:
        """The network in a few words."""
        return f"Two-layer network with {activation}, batch of {samples}"

    def question(self, result: dict[str, Any], step: int, **_: Any) -> Question | None:
        """The first entry of the matrix that this step computes."""
        at = result["_steps"][step]
        if at.answer is None:
            return None
        slack = 0.01 * abs(at.answer) + 0.5e-3
        return Question(f"{at.entry} = ?", short(at.answer), at.answer - slack, at.answer + slack)

    def code(self, samples: str, activation: str, backward: str, **_: Any) -> str:
        """The same network with ``dlcourse.numpy``, and its gradients."""
        return code_for(int(samples), activation, backward)

    def figure(self, result: dict[str, Any], step: int, **_: Any) -> Figure:
        """All matrices with what has been computed up to this step."""
        return draw(result, step)


def _rows(values: Any) -> Any:
    return values.reshape(1, -1) if values.ndim < 2 else values


def _texts(values: Any) -> list[list[str]]:
    return [[_three_decimals(float(value)) for value in row] for row in _rows(values)]


def _three_decimals(value: float) -> str:
    """Narrow enough for a cell; what would round to 0 keeps its one digit: ``−2e−4``."""
    if 0 < abs(value) < 0.0005:
        digit, _, power = f"{value:.0e}".partition("e")
        return f"{digit}e{int(power)}".replace("-", "−")
    return short(round(value, 3))


def _node(name: str, run: NetworkRun, beside: Any) -> dict[str, Any]:
    rows, columns = _rows(run.values[name]).shape
    x, above = PLACES[name]
    shape = run.values[name].shape
    height = HEAD + 2 * LINE * rows + 4
    return {
        "key": name,
        "name": NAMES[name],
        "shape": f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" if shape else "",
        "made_by": beside.made_by.get(name, "") if beside else "",
        "made_at": min(x + columns * CELL / 2, WIDTH - 66),  # the middle of that name: the last box is narrower than it
        "x": x,
        "y": 150 - height if above else BELOW,
        "rows": rows,
        "columns": columns,
        "width": columns * CELL + 8,
        "height": height,
        "leaf": name in ("X", "W1", "b1", "W2", "b2"),
    }
