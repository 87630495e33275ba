"""The graph explorer's picture as plain data: where nodes, edges and labels are, and what each step writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcourse.widgets.graph_run import GraphRun
from dlcourse.widgets.graph_steps import Step, edge_key
from dlcourse.widgets.layered import Box, Edge, place

__all__ = ["OUT", "picture_of"]

OUT = "out"  # the key of the line that leaves the output
CHARACTER = 7.8  # the width of a digit in pixels, at the picture's 14 px
LANE = 46
MARGIN = 12
INPUT_HEIGHT, OPERATION_HEIGHT = 30, 36
NAME_ROOM, TOTAL_ROOM = 14, 36  # for a node's name above it; for two lines below a shared node
ARROW = 24


def picture_of(run: GraphRun, steps: Sequence[Step]) -> dict[str, Any]:
    """Sizes, places, paths and frames. Nodes and edges are named by keys that the frames use too."""
    position = {n: place for place, n in enumerate(run.order)}
    boxes = [_box(run, n) for n in run.order]
    edges = [
        Edge(edge_key(n, slot), position[operand], position[n]) for n in run.order for slot, operand in run.edges(n)
    ]
    room = _label_room(run, steps)
    out = room[OUT] + ARROW + _width(run.names[run.output])
    layout = place(boxes, edges, [room[edge.key] for edge in edges], LANE, out)
    nodes = [
        {
            "key": str(n),
            "kind": "input" if n in run.inputs else "operation",
            "label": run.label(n),
            "name": run.names[n],
            "shared": run.is_shared(n),
            "x": round(x + MARGIN, 1),
            "y": round(y + MARGIN, 1),
            "width": box.width,
            "height": box.height,
            "low": round(y + MARGIN + LANE * len(run.consumers[n]) / 2 + 12, 1),
        }
        for n, box, (x, y) in zip(run.order, boxes, layout.centres)
    ]
    x, y = layout.centres[-1]
    start, end = x + boxes[-1].width / 2, layout.width
    tail = Edge(
        OUT, len(run.order) - 1, -1, [(start, y), (start, y), (end - out + room[OUT] + ARROW - 6, y)], (start, y)
    )
    tail.path.insert(2, tail.path[2])
    return {
        "width": round(layout.width + 2 * MARGIN, 1),
        "height": round(layout.height + 2 * MARGIN, 1),
        "nodes": nodes,
        "edges": [_edge(edge, str(run.order[edge.source]), room[edge.key]) for edge in [*layout.edges, tail]],
        "output": run.names[run.output],
        "frames": [
            {
                "phase": step.phase,
                "node": "" if step.node is None else str(step.node),
                "values": step.values,
                "gradients": step.gradients,
                "totals": step.totals,
                "numbers": step.numbers,
            }
            for step in steps
        ],
    }


def _width(text: str) -> float:
    return CHARACTER * len(text)


def _box(run: GraphRun, n: int) -> Box:
    foot = TOTAL_ROOM if run.is_shared(n) else 0
    if n in run.inputs:
        return Box(max(34.0, _width(run.label(n)) + 14), INPUT_HEIGHT, foot=foot)
    return Box(max(36.0, _width(run.label(n)) + 16), OPERATION_HEIGHT, head=NAME_ROOM, foot=foot)


def _label_room(run: GraphRun, steps: Sequence[Step]) -> dict[str, float]:
    """The width that each edge's longest label needs."""
    sources = {edge_key(n, slot): str(operand) for n in run.order for slot, operand in run.edges(n)}
    sources[OUT] = str(run.output)
    values = {key: text for step in steps for key, text in step.values.items()}
    gradients: dict[str, list[str]] = {key: [] for key in sources}
    for step in steps:
        for key, text in step.gradients.items():
            gradients[key].append(text)
    return {key: 8 + max(_width(text) for text in [values[source], *gradients[key]]) for key, source in sources.items()}


def _edge(edge: Edge, source: str, room: float) -> dict[str, Any]:
    return {
        "key": edge.key,
        "source": source,
        "path": [[round(x + MARGIN, 1), round(y + MARGIN, 1)] for x, y in edge.path],
        "x": round(edge.label[0] + MARGIN + room / 2, 1),
        "y": round(edge.label[1] + MARGIN, 1),
    }
