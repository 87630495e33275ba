"""The table of a network: each layer's output shape, parameters, multiply-adds and memory."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcourse.models.trace import LayerCall, Module, is_numpy, own_parameters, require_model, trace

__all__ = ["LayerRow", "Summary", "summary"]

_COLUMNS = ("layer", "kind", "output shape", "parameters", "multiply-adds", "activations")


@dataclass(frozen=True)
class LayerRow:
    """One line: shapes without the batch axis, numbers for one example, memory in bytes."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    activation_bytes: int


@dataclass(frozen=True)
class Summary:
    """The rows of a network's table and their totals; prints as a table, in a notebook as HTML.

    ``parameters`` counts every parameter of the model once, ``trainable`` those that learn.
    """

    rows: tuple[LayerRow, ...]
    parameters: int
    trainable: int

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass of one example."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Memory of all outputs of one example, which training keeps for the backward pass."""
        return sum(row.activation_bytes for row in self.rows)

    def __str__(self) -> str:
        cells = [_COLUMNS, *self._cells(), self._total()]
        widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
        lines = [
            "  ".join(
                cell.ljust(width) if i < 3 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))
            )
            for row in cells
        ]
        rule = "─" * max(len(line) for line in lines)
        return "\n".join([lines[0].rstrip(), rule, *[line.rstrip() for line in lines[1:-1]], rule, lines[-1].rstrip()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def row(cells: Sequence[str], tag: str) -> str:
            styles = ["left"] * 3 + ["right"] * 3
            inner = [
                f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>' for cell, side in zip(cells, styles)
            ]
            return f"<tr>{''.join(inner)}</tr>"

        body = "".join(row(cells, "td") for cells in self._cells())
        return (
            f"<table><thead>{row(_COLUMNS, 'th')}</thead><tbody>{body}</tbody>"
            f"<tfoot>{row(self._total(), 'th')}</tfoot></table>"
        )

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (
                row.name,
                row.kind,
                " × ".join(map(str, row.output_shape)),
                f"{row.parameters:,}",
                f"{row.multiply_adds:,}",
                _bytes(row.activation_bytes),
            )
            for row in self.rows
        ]

    def _total(self) -> tuple[str, ...]:
        frozen = "" if self.trainable == self.parameters else f"{self.trainable:,} trainable"
        return ("total", frozen, "", f"{self.parameters:,}", f"{self.multiply_adds:,}", _bytes(self.activation_bytes))


def summary(model: Module | Callable[[], Module], input_shape: Sequence[int]) -> Summary:
    """The layer table of ``model`` for one example of ``input_shape``, such as (3, 224, 224).

    Multiply-adds are those of layers with a weight matrix or kernel: output entries × weights that
    each one meets; adding the bias, activations, pooling and normalisation are not counted.
    Activation memory leaves out layers that hand on the same memory (in-place, Flatten, Identity).

    Models of torch run on the meta device: nothing is computed and no weights are copied. Give the
    function that makes a model, ``summary(vgg16, (3, 224, 224))``, and they are not allocated
    either. Models of the NumPy twin see one example of zeros. The model is left as it was.
    Raises ``TypeError`` for what is no model, ``ValueError`` when it does not accept ``input_shape``.
    """
    shape = tuple(int(size) for size in input_shape)
    network: Module = model if hasattr(model, "named_modules") else _without_memory(model)
    require_model(network, "summary")
    run = _run_numpy if is_numpy(network) else _run_torch
    with _evaluation(network), trace(network) as calls:
        try:
            run(network, shape)
        except Exception as error:
            raise ValueError(
                f"summary: the model does not run on one example of shape {shape}: {type(error).__name__}: {error}"
            ) from error
    seen: set[int] = set()
    parameters = list(network.parameters())
    return Summary(
        rows=(LayerRow("input", "", shape, 0, 0, 4 * math.prod(shape)), *[_row(call, seen) for call in calls]),
        parameters=sum(_size(parameter) for parameter in parameters),
        trainable=sum(_size(parameter) for parameter in parameters if parameter.requires_grad),
    )


def _without_memory(make: Any) -> Module:
    """The model that the function ``make`` returns, its parameters without storage where torch makes them."""
    if not callable(make):
        raise TypeError(f"summary: model is {type(make).__name__}, expected a model or a function that makes one")
    import torch

    with torch.device("meta"):
        return make()


def _row(call: LayerCall, seen: set[int]) -> LayerRow:
    own = [parameter for parameter in own_parameters(call.layer) if id(parameter) not in seen]
    seen.update(id(value) for value in own)
    shape = tuple(call.output.shape[1:])
    entries = math.prod(shape)
    weight = getattr(call.layer, "weight", None)
    met = math.prod(weight.shape[1:]) if weight is not None and len(weight.shape) > 1 else 0
    shares_memory = call.kind in ("Flatten", "Identity") or getattr(call.layer, "inplace", False)
    itemsize = np.dtype(str(call.output.dtype).removeprefix("torch.").replace("bfloat16", "float16")).itemsize
    return LayerRow(
        name=call.name,
        kind=call.kind,
        output_shape=shape,
        parameters=sum(_size(value) for value in own),
        multiply_adds=entries * met,
        activation_bytes=0 if shares_memory else entries * itemsize,
    )


def _run_torch(model: Module, shape: tuple[int, ...]) -> None:
    """A forward pass on the meta device, with every parameter and buffer replaced by its shape."""
    import torch

    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    dtypes = [tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()]
    x = torch.empty((1, *shape), dtype=dtypes[0] if dtypes else None, device="meta")
    with torch.no_grad():
        torch.func.functional_call(model, {name: tensor.to("meta") for name, tensor in tensors.items()}, (x,))


def _run_numpy(model: Module, shape: tuple[int, ...]) -> None:
    import dlcourse.numpy as dl

    dtype = next((parameter.dtype for parameter in model.parameters()), dl.get_default_dtype())
    with dl.no_grad():
        model(dl.Tensor(np.zeros((1, *shape), dtype)))


@contextmanager
def _evaluation(model: Module) -> Iterator[None]:
    """Evaluation mode inside the block, so that no running statistics change; each module's mode comes back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _size(parameter: Any) -> int:
    return math.prod(parameter.shape)


def _bytes(number: float) -> str:
    """Bytes with a unit of 1024: 93.4 MiB."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
