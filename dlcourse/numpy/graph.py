"""The computational graph: tensors, the operations between them, and reverse-mode differentiation.

Read this file first. An :class:`Operation` knows how to go forward (values) and backward
(gradients). A :class:`Tensor` is an array that remembers which operation made it.
``Tensor.backward()`` walks the graph from the loss back to the leaves, each node once, and
*adds up* what arrives at a node that is used more than once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dlcourse.numpy.settings import get_default_dtype, grad_mode

__all__ = ["Array", "Operation", "Tensor", "topological_order"]

Array = NDArray[Any]


class Operation:
    """One kind of node. A subclass writes ``forward`` and ``backward``; ``apply`` builds the graph.

    ``forward(*arrays, **options)`` returns an array and keeps on ``self`` what ``backward`` needs.
    ``backward(grad)`` gets dL/d(output) and returns dL/d(input), one array for each input in
    order (a single array when there is one input). ``self.needs[i]`` says whether input ``i``
    wants a gradient at all; return ``None`` for one that does not, to save the work.
    ``backward`` must not change ``grad``: others may be reading the same memory.
    """

    inputs: tuple[Tensor, ...] = ()
    needs: tuple[bool, ...] = ()
    used = False

    def forward(self, *arrays: Any, **options: Any) -> Any:
        """Compute the output array and keep what ``backward`` needs."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, *grad: Any, **options: Any) -> Any:
        """Return the gradient for each input, given the gradient of the output."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    @classmethod
    def apply(cls, *inputs: Any, **options: Any) -> Tensor:
        """Run ``forward`` and record the node when any input requires a gradient."""
        tensors = tuple([x if isinstance(x, Tensor) else Tensor(x) for x in inputs])
        operation = cls()
        out = Tensor(operation.forward(*[t.data for t in tensors], **options))
        if grad_mode.enabled:
            needs = tuple([t.requires_grad for t in tensors])
            if True in needs:
                operation.inputs, operation.needs = tensors, needs
                out.requires_grad, out.operation = True, operation
        return out

    def release(self) -> None:
        """Forget everything that was kept for ``backward``, so that memory is free at once."""
        self.__dict__.clear()
        self.used = True


# Tensor's operators (+, @, .sum(), ...) are operations, so they are imported once Operation is complete.
from dlcourse.numpy.operators import TensorMethods  # noqa: E402


class Tensor(TensorMethods):
    """An n-dimensional array with a gradient; ``data`` and ``grad`` are NumPy arrays.

    ``requires_grad=True`` makes a leaf whose ``.grad`` is filled by ``backward()``. An array is
    wrapped, not copied, and keeps its dtype; Python floats become the default dtype, as in torch.
    Raises ``TypeError`` for data that are not numbers and for integers that require a gradient.
    """

    __slots__ = ("__weakref__", "_retain", "data", "grad", "operation", "requires_grad")

    def __init__(self, data: ArrayLike | Tensor, requires_grad: bool = False, dtype: DTypeLike | None = None) -> None:
        if type(data) is not np.ndarray or dtype is not None or data.dtype.kind not in "fiub":
            data = _to_array(data, dtype)
        if requires_grad and data.dtype.kind != "f":
            raise TypeError(
                f"Tensor: requires_grad=True needs floating-point data, got {data.dtype}; write 1.0 instead of 1, "
                f"or pass dtype=float"
            )
        self.data: Array = data
        self.grad: Array | None = None
        self.requires_grad = requires_grad
        self.operation: Operation | None = None
        self._retain = False

    @property
    def is_leaf(self) -> bool:
        """True for a tensor that no recorded operation has made."""
        return self.operation is None

    def retain_grad(self) -> None:
        """Keep ``.grad`` of this interior node after ``backward()``."""
        if not self.requires_grad:
            raise RuntimeError("retain_grad: this tensor has requires_grad=False, so no gradient will reach it")
        self._retain = True

    def backward(self, gradient: ArrayLike | Tensor | None = None, retain_graph: bool = False) -> None:
        """Add dL/d(leaf) to ``leaf.grad`` for every leaf below this tensor.

        ``gradient`` is dL/d(self); it may be left out for a single number, where it is 1.
        Interior nodes free what they kept unless ``retain_graph``. Raises ``RuntimeError`` when
        there is no graph, when the graph was already used, or when ``gradient`` is missing or
        of the wrong shape.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "backward: this tensor has no graph; none of its inputs has requires_grad=True, or it was computed "
                "inside no_grad()"
            )
        seed = _seed(self, gradient)
        if self.operation is None:
            self.grad = seed if self.grad is None else self.grad + seed
            return
        pending: dict[int, Array] = {id(self): seed}
        for node in reversed(topological_order(self)):
            operation = node.operation
            grad = pending.pop(id(node), None)
            if operation is None or grad is None:
                continue
            if node._retain:
                node.grad = grad.copy() if node.grad is None else node.grad + grad
            parts = operation.backward(grad)
            if not isinstance(parts, tuple):
                parts = (parts,)
            if len(parts) != len(operation.inputs):
                raise _wrong_number(operation, len(parts))
            for parent, part in zip(operation.inputs, parts, strict=True):
                if part is None or not parent.requires_grad:
                    continue
                if part.shape != parent.data.shape:
                    raise _wrong_shape(operation, parent, part)
                if parent.operation is not None:  # an interior node waits until all its consumers have added theirs
                    earlier = pending.get(id(parent))
                    pending[id(parent)] = part if earlier is None else earlier + part
                elif parent.grad is not None:
                    parent.grad = parent.grad + part
                else:  # .grad belongs to one tensor: clipping changes it in place
                    parent.grad = part.copy() if _may_be_shared(part, grad, parts, operation) else part
            if not retain_graph:
                operation.release()


def topological_order(root: Tensor) -> list[Tensor]:
    """Every tensor that ``root`` depends on and that needs a gradient, inputs before outputs.

    Depth first with an explicit stack, so a graph of any depth works. Raises ``RuntimeError``
    when part of the graph was released by an earlier ``backward()``.
    """
    order: list[Tensor] = []
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, inputs_are_done = stack.pop()
        if inputs_are_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            operation = node.operation
            if operation is None:
                order.append(node)
                continue
            if operation.used:
                raise RuntimeError(
                    "backward: this graph was already used and its memory is free; run the forward pass again, or "
                    "call backward(retain_graph=True) the first time"
                )
            stack.append((node, True))  # comes back when everything above it on the stack is done
            stack.extend([(parent, False) for parent in operation.inputs if parent.requires_grad])
    return order


def _may_be_shared(part: Array, grad: Array, parts: tuple[Array | None, ...], operation: Operation) -> bool:
    """Whether someone else may hold this array. Small ones are not worth asking: a copy costs as little."""
    if part.size < 1000 or part is grad or part.base is not None:
        return True
    holders = [*parts, *vars(operation).values()]
    return sum(part is held for held in holders) > 1


def _wrong_number(operation: Operation, number: int) -> RuntimeError:
    return RuntimeError(
        f"{type(operation).__name__}.backward returned {number} gradients, expected {len(operation.inputs)}: one for "
        f"each input"
    )


def _wrong_shape(operation: Operation, parent: Tensor, part: Array) -> RuntimeError:
    position = [tensor is parent for tensor in operation.inputs].index(True)
    return RuntimeError(
        f"{type(operation).__name__}.backward returned a gradient of shape {part.shape} for input {position}, "
        f"expected {parent.data.shape}, the shape of that input"
    )


def _seed(node: Tensor, gradient: ArrayLike | Tensor | None) -> Array:
    if gradient is None:
        if node.data.size != 1:
            raise RuntimeError(
                f"backward: a tensor of shape {node.data.shape} needs gradient=...; only a single number has the "
                f"default gradient 1"
            )
        return np.ones_like(node.data)
    grad = np.array(gradient.data if isinstance(gradient, Tensor) else gradient, dtype=node.data.dtype)
    if grad.shape != node.data.shape:
        raise RuntimeError(f"backward: gradient has shape {grad.shape}, expected {node.data.shape}")
    return grad


def _to_array(data: Any, dtype: DTypeLike | None) -> Array:
    if isinstance(data, Tensor):
        data = data.data
    array = np.asarray(data, dtype=dtype)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: data must be numbers or booleans, got {type(data).__name__} of dtype {array.dtype}")
    if dtype is None and array.dtype.kind == "f" and not isinstance(data, (np.ndarray, np.generic)):
        array = array.astype(get_default_dtype())
    return array
