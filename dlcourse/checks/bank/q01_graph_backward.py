"""Exercise 01: backward through a whole graph.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

from dlcourse.checks.bank.graph_walks import (
    breadth_first_list,
    depth_first_list,
    in_order,
    run_backward,
    three_numbers,
    with_repeats,
)
from dlcourse.checks.drives import graph
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 6


backward = Question(
    "01.backward",
    points=5,
    minutes=15,
    title="Backward through a graph",
    called_as="backward(root), after which every node of the graph has its .grad",
    tested="every gradient in six graphs: no shared node, x·x, a diamond, nodes shared at two depths, 32 paths, "
    "two nodes with one number",
    inputs=three_numbers,
    drive=graph.backward,
    answer=lambda x: graph.backward(run_backward, x),
    labels={f"gradients of {name}": graph.node_labels(name) for name in graph.GRAPHS},
)
backward.hint("What is the derivative of the root by itself? That number starts everything.")
backward.hint("Go through reversed(topological_order(root)). Each node sends to each parent its own grad · local_grad.")
backward.hint("A node with two consumers gets two contributions. What must happen to the first when the second comes?")


def _walk(root: Any, order: list[Any], send: Any) -> None:
    """Visit the nodes in ``order``; ``send(node, parent, local)`` is what happens on each edge."""
    root.grad = 1.0
    for node in order:
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            send(node, parent, local)


def _add(node: Any, parent: Any, local: float) -> None:
    parent.grad += node.grad * local


@backward.wrong(
    "a later contribution overwrites an earlier one", ask="Two consumers, two contributions: = or +=?", as_student=True
)
def overwrite(root: Any) -> None:
    def send(node: Any, parent: Any, local: float) -> None:
        parent.grad = node.grad * local

    _walk(root, in_order(root)[::-1], send)


@backward.wrong(
    "only the first contribution to a node is kept",
    ask="What do you do with a parent that was visited already?",
    as_student=True,
)
def first_only(root: Any) -> None:
    seen: set[int] = set()

    def send(node: Any, parent: Any, local: float) -> None:
        if id(parent) not in seen:
            seen.add(id(parent))
            _add(node, parent, local)

    _walk(root, in_order(root)[::-1], send)


@backward.wrong("the root's own gradient is never set to 1", ask="What is df/df?", as_student=True)
def no_seed(root: Any) -> None:
    _walk(root, in_order(root)[::-1], lambda *_: None)
    root.grad = 0.0


@backward.wrong("the root's gradient starts at its value instead of 1", ask="What is df/df?", as_student=True)
def seed_value(root: Any) -> None:
    run_backward(root)
    value = root.value
    for node in in_order(root):
        node.grad *= value


@backward.wrong(
    "the local derivative is passed on without the upstream gradient",
    ask="The chain rule multiplies. What by what?",
    as_student=True,
)
def no_upstream(root: Any) -> None:
    def send(_: Any, parent: Any, local: float) -> None:
        parent.grad += local

    _walk(root, in_order(root)[::-1], send)


@backward.wrong(
    "the upstream gradient is passed on without the local derivative",
    ask="What does this node itself do to a nudge?",
    as_student=True,
)
def no_local(root: Any) -> None:
    def send(node: Any, parent: Any, _: float) -> None:
        parent.grad += node.grad

    _walk(root, in_order(root)[::-1], send)


@backward.wrong(
    "each parent's own value stands where the local derivative belongs",
    ask="What does local_grads hold?",
    as_student=True,
)
def own_value(root: Any) -> None:
    def send(node: Any, parent: Any, _: float) -> None:
        parent.grad += node.grad * parent.value

    _walk(root, in_order(root)[::-1], send)


@backward.wrong(
    "the nodes are visited from the inputs to the root",
    ask="What does a node send on before anything reached it?",
    as_student=True,
)
def forward_order(root: Any) -> None:
    _walk(root, in_order(root), _add)


@backward.wrong(
    "the nodes are visited breadth first",
    ask="A shared node sends on its gradient. Had all consumers sent theirs?",
    as_student=True,
)
def breadth_first_walk(root: Any) -> None:
    _walk(root, breadth_first_list(root), _add)


@backward.wrong(
    "the nodes are visited depth first from the root",
    ask="A shared node sends on its gradient. Had the second consumer sent its part?",
    as_student=True,
)
def depth_first_walk(root: Any) -> None:
    _walk(root, depth_first_list(root), _add)


@backward.wrong(
    "a shared node is in the order once for each path and sends its gradient every time",
    ask="How often may a node pass on its gradient?",
    as_student=True,
)
def repeated(root: Any) -> None:
    _walk(root, with_repeats(root)[::-1], _add)


@backward.wrong(
    "the function calls itself on each path and re-sends what has added up so far",
    ask="On the second visit, what does node.grad still contain from the first?",
    as_student=True,
)
def resend(root: Any) -> None:
    def visit(node: Any) -> None:
        for parent, local in zip(node.parents, node.local_grads, strict=True):
            parent.grad += node.grad * local
            visit(parent)

    root.grad = 1.0
    visit(root)


@backward.wrong(
    "contributions are added up at the leaves and overwritten at the nodes between",
    ask="Can an inner node have two consumers?",
    as_student=True,
)
def leaves_only(root: Any) -> None:
    def send(node: Any, parent: Any, local: float) -> None:
        parent.grad = node.grad * local + (0.0 if parent.parents else parent.grad)

    _walk(root, in_order(root)[::-1], send)


@backward.convention(
    "the gradients of inner nodes are cleared when they have been used, as PyTorch does",
    ask="The algorithm is right. In this course inner nodes keep theirs, so that you can look.",
    as_student=True,
    full=True,
)
def leaves_keep(root: Any) -> None:
    run_backward(root)
    for node in in_order(root):
        node.grad = 0.0 if node.parents else node.grad


QUESTIONS = (backward,)
