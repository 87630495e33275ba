"""The layout: every edge reaches its nodes, and none crosses a node or a label that is not its own."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.widgets.expression import parse
from dlcourse.widgets.graph import EXAMPLES
from dlcourse.widgets.graph_picture import picture_of
from dlcourse.widgets.graph_run import GraphRun
from dlcourse.widgets.graph_steps import walk
from dlcourse.widgets.layered import Box, Edge, place

LANE = 46


@st.composite
def graphs(draw):
    """Edges of a random graph in which every node but the last is used and every operation has 1 or 2 operands."""
    count = draw(st.integers(2, 14))
    edges = []
    for target in range(1, count):
        for _ in range(draw(st.integers(0 if target < count - 1 else 1, 2))):
            edges.append((draw(st.integers(0, target - 1)), target))
    used = {source for source, _ in edges}
    edges += [(n, count - 1) for n in range(count - 1) if n not in used]
    return count, edges


def laid_out(count, pairs):
    boxes = [Box(30 + 5 * (n % 4), 30, head=14, foot=36 * (sum(s == n for s, _ in pairs) > 1)) for n in range(count)]
    edges = [Edge(str(k), source, target) for k, (source, target) in enumerate(pairs)]
    return boxes, place(boxes, edges, [60.0] * len(edges), LANE, 80)


def curve(path, steps=12):
    """Points along the Bézier pieces of a path."""
    t = np.linspace(0, 1, steps)[:, None]
    points = [np.array(path[:1])]
    for k in range(1, len(path), 3):
        a, (b, c, d) = np.array(path[k - 1]), map(np.array, path[k : k + 3])
        points.append((1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d)
    return np.concatenate(points)


@settings(max_examples=120, deadline=None)
@given(graphs())
def test_edges_join_their_nodes_and_cross_no_other(graph):
    count, pairs = graph
    boxes, layout = laid_out(count, pairs)
    for edge in layout.edges:
        points = curve(edge.path)
        source, target = layout.centres[edge.source], layout.centres[edge.target]
        assert points[0] == pytest.approx((source[0] + boxes[edge.source].width / 2, source[1]))
        assert points[-1][0] == pytest.approx(target[0] - boxes[edge.target].width / 2)
        assert abs(points[-1][1] - target[1]) < boxes[edge.target].height / 2
        for n, (x, y) in enumerate(layout.centres):
            if n not in (edge.source, edge.target):
                box = boxes[n]
                inside = (abs(points[:, 0] - x) < box.width / 2) & (abs(points[:, 1] - y) < box.height / 2)
                assert not inside.any(), (edge, n)


@settings(max_examples=120, deadline=None)
@given(graphs())
def test_nodes_and_labels_do_not_overlap(graph):
    count, pairs = graph
    boxes, layout = laid_out(count, pairs)
    nodes = [
        (x - b.width / 2, x + b.width / 2, y - b.height / 2, y + b.height / 2)
        for b, (x, y) in zip(boxes, layout.centres)
    ]
    labels = [(x, x + 60, y - 16, y + 16) for x, y in (edge.label for edge in layout.edges)]
    for a, b in itertools.combinations([*nodes, *labels], 2):
        assert min(a[1], b[1]) <= max(a[0], b[0]) + 1e-6 or min(a[3], b[3]) <= max(a[2], b[2]) + 1e-6, (a, b)
    for left, right, top, bottom in [*nodes, *labels]:
        assert left >= 0
        assert right <= layout.width + 1e-6
        assert top >= -1e-6
        assert bottom <= layout.height + 1e-6


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_edges_cross_no_label_of_another(graph):
    count, pairs = graph
    _, layout = laid_out(count, pairs)
    for edge in layout.edges:
        points = curve(edge.path)
        for other in layout.edges:
            x, y = other.label
            inside = (points[:, 0] > x + 1) & (points[:, 0] < x + 59) & (abs(points[:, 1] - y) < 13)
            assert other is edge or not inside.any()


def test_a_chain_is_a_straight_line():
    _, layout = laid_out(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    assert len({y for _, y in layout.centres}) == 1


def test_an_edge_must_go_forward():
    with pytest.raises(ValueError, match=r"edge 'back' goes from 1 to 0"):
        place([Box(30, 30)] * 2, [Edge("back", 1, 0)], [10.0], LANE, 0)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_examples_fit_a_slide_and_a_small_laptop(example):
    run = GraphRun(parse(example["expression"]), example["inputs"])
    picture = picture_of(run, walk(run))
    assert picture["width"] <= 1100
    assert picture["height"] <= 300
    keys = {edge["key"] for edge in picture["edges"]}
    for frame in picture["frames"]:
        assert frame["gradients"].keys() <= keys
        assert {*frame["values"], *frame["totals"]} <= {node["key"] for node in picture["nodes"]}
