"""Exercise 01: an order for the nodes of a graph.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

from dlcourse.checks.bank.graph_walks import breadth_first_list, depth_first_list, in_order, three_numbers, with_repeats
from dlcourse.checks.drives import graph
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 5


topological_order = Question(
    "01.topological_order",
    points=2,
    minutes=12,
    title="An order for the nodes",
    called_as="topological_order(root), which returns a list of nodes",
    tested="four graphs with shared nodes, one with two nodes of the same number: each node once, its parents "
    "before it, and the gradients this gives",
    inputs=three_numbers,
    drive=graph.topological_order,
    answer=lambda x: graph.topological_order(in_order, x),
    off_limits=("dlcourse.numpy.graph.topological_order",),
    labels={
        **{f"times listed in {name}": graph.node_labels(name) for name in graph.SHARED_GRAPHS},
        **{f"parent before node in {name}": graph.edge_labels(name) for name in graph.SHARED_GRAPHS},
        **{f"gradients in this order of {name}": graph.node_labels(name) for name in graph.SHARED_GRAPHS},
    },
)
topological_order.hint("A node may be listed only when all its parents are. So list the parents first, then the node.")
topological_order.hint(
    "Write visit(node): visit every parent, then append the node. What if a node was visited before?"
)
topological_order.hint("Keep a set of visited nodes, and return from visit at once when the node is in it.")


@topological_order.wrong(
    "shared nodes are listed once for each path", ask="How do you know that a node is listed already?", as_student=True
)
def repeats(root: Any) -> list[Any]:
    return with_repeats(root)


@topological_order.wrong(
    "the order is breadth first, reversed",
    ask="A node two steps away may also be three steps away. Which of its consumers come too late?",
    as_student=True,
)
def breadth_first(root: Any) -> list[Any]:
    return breadth_first_list(root)[::-1]


@topological_order.wrong(
    "each node is listed before its parents are visited",
    ask="Do you append before or after the visits?",
    as_student=True,
)
def node_first(root: Any) -> list[Any]:
    return depth_first_list(root)


@topological_order.wrong(
    "the order is depth first from the root, reversed",
    ask="The first path to a shared node is not the last. Does it come after all of its consumers then?",
    as_student=True,
)
def depth_first_reversed(root: Any) -> list[Any]:
    return depth_first_list(root)[::-1]


@topological_order.wrong(
    "nodes are compared by their values, so that two nodes with the same number count as one",
    ask="Are two nodes that hold the same number the same node?",
    as_student=True,
)
def by_value(root: Any) -> list[Any]:
    order: list[Any] = []
    for node in in_order(root):
        if all(node.value != known.value for known in order):
            order.append(node)
    return order


@topological_order.wrong("the root is missing", ask="Where does the gradient 1 enter the graph?", as_student=True)
def no_root(root: Any) -> list[Any]:
    return in_order(root)[:-1]


@topological_order.wrong("the leaves are missing", ask="A leaf has no parents. Is it still a node?", as_student=True)
def no_leaves(root: Any) -> list[Any]:
    return [node for node in in_order(root) if node.parents]


@topological_order.convention(
    "the root comes first: the order of the backward pass itself",
    ask="Here the inputs come first; reversed(...) turns one into the other.",
    as_student=True,
)
def root_first(root: Any) -> list[Any]:
    return in_order(root)[::-1]


QUESTIONS = (topological_order,)
