"""Place a graph in columns, inputs left and result right, so that no edge crosses a node or a label.

The method is Sugiyama's (Sugiyama, Tagawa & Toda, 1981): columns by longest path, edges over several
columns cut by dummy nodes, order inside a column by barycentres. Every edge owns a lane beside the
node it leaves, which keeps its label free; an edge bends only in the gap before the next column.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Box", "Edge", "Layout", "Point", "place"]

Point = tuple[float, float]

SWEEPS = 16
SETTLED = 0.5  # when nothing moves further than this many pixels
GAP = 12  # between things above each other
FAN = 26  # where the edges of a shared node spread out
BEND = 30  # where an edge finds its way to the next column
PORT = 11  # between the ends of two edges at one node


@dataclass(frozen=True)
class Box:
    """The size of a node, and the room for text above (``head``) and below it (``foot``)."""

    width: float
    height: float
    head: float = 0.0
    foot: float = 0.0


@dataclass
class Edge:
    """An edge from ``source`` to ``target``; ``key`` is the caller's name for it.

    After :func:`place`: ``path`` is a point followed by Bézier triples (two controls, an end);
    ``label`` is the left end of the free line that carries the label.
    """

    key: str
    source: int
    target: int
    path: list[Point] = field(default_factory=list)
    label: Point = (0.0, 0.0)


@dataclass
class Layout:
    """The picture's size, the centre of every node, and the edges with their paths."""

    width: float
    height: float
    centres: list[Point]
    edges: list[Edge]


@dataclass
class _Item:
    """Something with a place in a column: a node, or a dummy where an edge passes by."""

    column: int
    width: float
    above: float  # room above and below the centre
    below: float
    lanes: list[int] = field(default_factory=list)  # edges that leave to the right
    ports: list[int] = field(default_factory=list)  # edges that arrive from the left
    y: float = 0.0


def place(
    boxes: Sequence[Box], edges: Sequence[Edge], label_widths: Sequence[float], lane: float, tail: float
) -> Layout:
    """Lay out a graph whose nodes are numbered so that edges go from smaller to larger numbers.

    ``label_widths`` is the room that each edge's label needs, ``lane`` the height of a labelled
    edge, ``tail`` the room to the right of the last node. Fills in the edges' ``path`` and
    ``label``. Raises ``ValueError`` for an edge that does not go forward.
    """
    for edge in edges:
        if not 0 <= edge.source < edge.target < len(boxes):
            raise ValueError(f"place: edge {edge.key!r} goes from {edge.source} to {edge.target}, expected forward")
    items = [_Item(column, box.width, 0.0, 0.0) for column, box in zip(_columns(len(boxes), edges), boxes)]
    chains = [_chain(items, index, edge, lane) for index, edge in enumerate(edges)]
    for item, box in zip(items, boxes):
        lanes = lane * len(item.lanes) / 2
        item.above = max(box.height / 2 + box.head, lanes)
        item.below = max(box.height / 2, lanes) + box.foot
    order = _order(items, chains)
    _stack(items, order, chains, lane)
    return _draw(items, order, chains, list(edges), label_widths, len(boxes), lane, tail)


def _columns(count: int, edges: Sequence[Edge]) -> list[int]:
    """Longest path from the inputs; an input stands right before its first use."""
    columns = [0] * count
    for edge in sorted(edges, key=lambda e: e.target):
        columns[edge.target] = max(columns[edge.target], columns[edge.source] + 1)
    has_operands = {edge.target for edge in edges}
    for n in range(count):
        uses = [columns[edge.target] for edge in edges if edge.source == n]
        if n not in has_operands and uses:
            columns[n] = min(uses) - 1
    return columns


def _chain(items: list[_Item], index: int, edge: Edge, lane: float) -> list[int]:
    """The items an edge touches, from source to target; makes the dummies between."""
    chain = [edge.source]
    for column in range(items[edge.source].column + 1, items[edge.target].column):
        items.append(_Item(column, 0.0, lane * 0.3, lane * 0.3))
        chain.append(len(items) - 1)
    chain.append(edge.target)
    items[edge.source].lanes.append(index)
    items[edge.target].ports.append(index)
    for dummy in chain[1:-1]:
        items[dummy].lanes, items[dummy].ports = [index], [index]
    return chain


def _order(items: list[_Item], chains: list[list[int]]) -> list[list[int]]:
    """The items of each column from top to bottom, with as few crossings as the sweeps find."""
    columns: list[list[int]] = [[] for _ in range(1 + max(item.column for item in items))]
    for i in _depth_first(len(items), chains):
        columns[items[i].column].append(i)
    best, fewest = [list(c) for c in columns], _crossings(columns, chains, items)
    for sweep in range(SWEEPS):
        leftward = sweep % 2 == 0
        for column in columns[::-1] if leftward else columns:
            rank = {i: position for other in columns for position, i in enumerate(other)}
            column.sort(key=lambda i: _barycentre(i, chains, rank, leftward))
        crossings = _crossings(columns, chains, items)
        if crossings < fewest:
            best, fewest = [list(c) for c in columns], crossings
    return best


def _depth_first(count: int, chains: list[list[int]]) -> list[int]:
    """All items in the order in which a walk back from the result meets them: operands in writing order."""
    operands: dict[int, list[int]] = {}
    for chain in chains:
        for left, right in itertools.pairwise(chain):
            operands.setdefault(right, []).append(left)
    with_uses = {left for chain in chains for left in chain[:-1]}
    stack = [i for i in range(count) if i not in with_uses]
    seen: dict[int, None] = {}
    while stack:
        item = stack.pop()
        if item not in seen:
            seen[item] = None
            stack.extend(reversed(operands.get(item, [])))
    return list(seen)


def _barycentre(i: int, chains: list[list[int]], rank: dict[int, int], leftward: bool) -> float:
    """The mean place of an item's neighbours on one side; its own place when it has none."""
    neighbours = [
        rank[b if leftward else a]
        for chain in chains
        for a, b in itertools.pairwise(chain)
        if i == (a if leftward else b)
    ]
    return sum(neighbours) / len(neighbours) if neighbours else rank[i]


def _crossings(columns: list[list[int]], chains: list[list[int]], items: list[_Item]) -> int:
    rank = {i: position for column in columns for position, i in enumerate(column)}
    pieces = [(items[a].column, rank[a], rank[b]) for chain in chains for a, b in itertools.pairwise(chain)]
    return sum(
        (a - c) * (b - d) < 0 for k, (left, a, b) in enumerate(pieces) for other, c, d in pieces[:k] if left == other
    )


def _stack(items: list[_Item], order: list[list[int]], chains: list[list[int]], lane: float) -> None:
    """Give every item its height: close to its neighbours, never closer than their heights allow."""
    for column in order:
        for i, y in zip(column, _separate([0.0] * len(column), [items[i] for i in column])):
            items[i].y = y
    for sweep in range(2 * SWEEPS):
        _sort_ends(items, chains)
        before = [item.y for item in items]
        for column in order[::-1] if sweep % 2 else order:
            wanted = [_wanted(i, items, chains, lane) for i in column]
            for i, y in zip(column, _separate(wanted, [items[i] for i in column])):
                items[i].y = y
        if max(abs(item.y - y) for item, y in zip(items, before)) < SETTLED:
            break
    for column in order:  # last, follow the operands alone: chains become straight
        _sort_ends(items, chains)
        wanted = [_wanted(i, items, chains, lane, uses=False) for i in column]
        for i, y in zip(column, _separate(wanted, [items[i] for i in column])):
            items[i].y = y
    _sort_ends(items, chains)
    top = min(item.y - item.above for item in items)
    for item in items:
        item.y = round(item.y - top, 1)


def _sort_ends(items: list[_Item], chains: list[list[int]]) -> None:
    """Lanes and ports in the order of where they lead, so that they do not cross beside the node."""
    for i, item in enumerate(items):
        item.lanes.sort(key=lambda e: (items[_after(chains[e], i)].y, items[chains[e][-1]].y))
        item.ports.sort(key=lambda e: items[_before(chains[e], i)].y)


def _after(chain: list[int], i: int) -> int:
    return chain[chain.index(i) + 1]


def _before(chain: list[int], i: int) -> int:
    return chain[chain.index(i) - 1]


def _wanted(i: int, items: list[_Item], chains: list[list[int]], lane: float, uses: bool = True) -> float:
    """Where an item would like to be: its edges level with their other ends."""
    places = []
    for e in items[i].ports:
        before = _before(chains[e], i)
        places.append(items[before].y + _lane_offset(items[before], e, lane) - _port_offset(items[i], e))
    for e in items[i].lanes if uses else ():
        after = _after(chains[e], i)
        places.append(items[after].y + _port_offset(items[after], e) - _lane_offset(items[i], e, lane))
    return sum(places) / len(places) if places else items[i].y


def _lane_offset(item: _Item, edge: int, lane: float) -> float:
    return (item.lanes.index(edge) - (len(item.lanes) - 1) / 2) * lane


def _port_offset(item: _Item, edge: int) -> float:
    spacing = min(PORT, 2 * PORT / len(item.ports))
    return (item.ports.index(edge) - (len(item.ports) - 1) / 2) * spacing


def _separate(wanted: list[float], column: list[_Item]) -> list[float]:
    """The closest places to the wanted ones without overlap: pool neighbours that collide, and take their mean."""
    offsets = [0.0]
    for upper, lower in itertools.pairwise(column):
        offsets.append(offsets[-1] + upper.below + lower.above + GAP)
    pools: list[tuple[float, int]] = []  # (mean, count) of the places, seen without the offsets
    for y, offset in zip(wanted, offsets):
        mean, count = y - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [y + offset for y, offset in zip(flat, offsets)]


def _draw(
    items: list[_Item],
    order: list[list[int]],
    chains: list[list[int]],
    edges: list[Edge],
    label_widths: Sequence[float],
    count: int,
    lane: float,
    tail: float,
) -> Layout:
    """Turn columns into x and write every edge's path."""
    left: list[float] = []  # of each column
    right: list[float] = []  # of its nodes; the labels start after it
    fan: list[float] = []
    x = 0.0
    run: list[float] = []  # where the labels end
    for column in order:
        left.append(x)
        right.append(x + max(items[i].width for i in column))
        fan.append(FAN if any(len(items[i].lanes) > 1 for i in column) else 0)
        labels = [label_widths[e] for i in column if i < count for e in items[i].lanes]
        run.append(right[-1] + fan[-1] + max(labels, default=0))
        x = run[-1] + BEND
    centres = [((left[item.column] + right[item.column]) / 2, item.y) for item in items[:count]]
    for index, (edge, chain) in enumerate(zip(edges, chains)):
        for a, b in itertools.pairwise(chain):
            at, y = items[a].column, items[a].y + _lane_offset(items[a], index, lane)
            start = (centres[a][0] + items[a].width / 2, items[a].y) if a < count else (left[at], y)
            lane_start, lane_end = (right[at] + fan[at], y), (run[at], y)
            port = items[b].y + _port_offset(items[b], index)
            column_start = (left[at + 1], port)
            stop = (centres[b][0] - items[b].width / 2 if b < count else left[at + 1], port)
            points = [start, lane_start, lane_end, column_start, stop]
            edge.path += points[: not edge.path]
            for before, after in itertools.pairwise(points):
                edge.path += _bend(before, after)
            if a < count:
                edge.label = lane_start
    return Layout(run[-1] + tail, max(item.y + item.below for item in items), centres, edges)


def _bend(start: Point, stop: Point) -> list[Point]:
    """A Bézier piece that leaves and arrives level, and stays between its ends; nothing for no distance."""
    if start == stop:
        return []
    middle = (start[0] + stop[0]) / 2
    return [(middle, start[1]), (middle, stop[1]), stop]
