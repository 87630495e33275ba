"""A scalar engine in micrograd's way (Karpathy, 2020): every number is a node of the graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.peers.problem import Array, Peer, Problem

__all__ = ["NAME", "build"]

NAME = "scalar engine"


class Value:
    """A number, its gradient, and how to send the gradient on."""

    __slots__ = ("backward_one", "data", "grad", "parents")

    def __init__(self, data: float, parents: tuple[Value, ...] = ()) -> None:
        self.data, self.grad, self.parents = data, 0.0, parents
        self.backward_one: Callable[[], None] | None = None

    def __add__(self, other: Value) -> Value:
        out = Value(self.data + other.data, (self, other))

        def backward_one() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out.backward_one = backward_one
        return out

    def __mul__(self, other: Value) -> Value:
        out = Value(self.data * other.data, (self, other))

        def backward_one() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.backward_one = backward_one
        return out

    def relu(self) -> Value:
        return self._through(max(self.data, 0.0), float(self.data > 0))

    def exp(self) -> Value:
        e = math.exp(self.data)
        return self._through(e, e)

    def log(self) -> Value:
        return self._through(math.log(self.data), 1 / self.data)

    def _through(self, data: float, slope: float) -> Value:
        out = Value(data, (self,))

        def backward_one() -> None:
            self.grad += slope * out.grad

        out.backward_one = backward_one
        return out

    def backward(self) -> None:
        """Visit every node after all that use it. A stack of its own, because sums here are thousands deep."""
        order: list[Value] = []
        seen = {self}
        stack: list[tuple[Value, Iterator[Value]]] = [(self, iter(self.parents))]
        while stack:
            node, parents = stack[-1]
            for parent in parents:
                if parent not in seen:
                    seen.add(parent)
                    stack.append((parent, iter(parent.parents)))
                    break
            else:
                order.append(node)
                stack.pop()
        self.grad = 1.0
        for node in reversed(order):
            if node.backward_one is not None:
                node.backward_one()


class Network:
    """The network as nested lists of values."""

    def __init__(self, problem: Problem) -> None:
        x, y = problem.data()
        self.x, self.y = [[Value(v) for v in row] for row in x.tolist()], y.tolist()
        self.parameters = [[Value(v) for v in w.ravel().tolist()] for w in problem.weights()]
        self.shapes = [w.shape for w in problem.weights()]
        self.lr = problem.lr

    def step(self) -> float:
        for parameter in self.parameters:
            for value in parameter:
                value.grad = 0.0
        loss = Value(0.0)
        for x, y in zip(self.x, self.y, strict=True):
            loss = loss + self.loss(x, y)
        loss = loss * Value(1 / len(self.x))
        loss.backward()
        for parameter in self.parameters:
            for value in parameter:
                value.data -= self.lr * value.grad
        return loss.data

    def loss(self, x: Sequence[Value], y: int) -> Value:
        """The cross-entropy log Σ exp z - z_y, with the largest z taken off first."""
        w1, b1, w2, b2 = self.parameters
        hidden = [z.relu() for z in linear(x, w1, b1)]
        logits = linear(hidden, w2, b2)
        largest = Value(-max(z.data for z in logits))
        logits = [z + largest for z in logits]
        total = Value(0.0)
        for z in logits:
            total = total + z.exp()
        return total.log() + logits[y] * Value(-1.0)

    def weights(self) -> list[Array]:
        return [
            np.array([value.data for value in parameter]).reshape(shape)
            for parameter, shape in zip(self.parameters, self.shapes, strict=True)
        ]


def linear(x: Sequence[Value], weight: Sequence[Value], bias: Sequence[Value]) -> list[Value]:
    """Wx + b, one number at a time; ``weight`` holds the rows of W one after the other."""
    out = []
    for i, z in enumerate(bias):
        row = weight[i * len(x) : (i + 1) * len(x)]
        for w, value in zip(row, x, strict=True):
            z = z + w * value
        out.append(z)
    return out


def build(problem: Problem) -> Peer:
    return Network(problem)
