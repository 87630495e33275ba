"""How large signals, gradients and updates are, layer by layer. For models of both backends."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcourse.models.trace import LayerCall, require_model, trace
from dlcourse.training.backend import Backend, backend_of

__all__ = ["Flow", "LayerFlow", "gradient_flow", "update_ratios"]

Loss = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class LayerFlow:
    """One layer: the standard deviation of its output and of dL/d(output), and the norms of its weights and of dL/dW.

    With layers of equal size the norm of dL/dW can stay level while everything vanishes: the
    deviations tell. Layers without weights have 0 for both norms.
    """

    name: str
    kind: str
    activation_std: float
    gradient_std: float
    weight_norm: float
    weight_gradient_norm: float


@dataclass(frozen=True)
class Flow:
    """The layers of a network from input to output; prints as a table."""

    layers: tuple[LayerFlow, ...]

    @property
    def vanishing(self) -> float:
        """dL/d(output) of the first layer over that of the last: far below 1 is vanishing, far above is exploding."""
        last = self.layers[-1].gradient_std
        return self.layers[0].gradient_std / last if last else float("nan")

    def __str__(self) -> str:
        rows = self._cells()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i < 2 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))
            )
            for row in rows
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        header, *rows = [[html.escape(cell) for cell in row] for row in self._cells()]
        head = "".join(f"<th>{cell}</th>" for cell in header)
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _cells(self) -> list[list[str]]:
        header = ["layer", "kind", "std of output", "std of dL/d(output)", "norm of W", "norm of dL/dW"]
        return [
            header,
            *[
                [
                    layer.name,
                    layer.kind,
                    f"{layer.activation_std:.2e}",
                    f"{layer.gradient_std:.2e}",
                    f"{layer.weight_norm:.2e}" if layer.weight_norm else "",
                    f"{layer.weight_gradient_norm:.2e}" if layer.weight_norm else "",
                ]
                for layer in self.layers
            ],
        ]


def gradient_flow(model: Any, X: Any, y: Any, loss: Loss | None = None) -> Flow:
    """Run one batch forward and backward and measure every layer.

    ``loss(output, y)`` is cross-entropy if left out. Weights and running statistics of the model
    stay as they are; gradients are cleared. Raises ``ValueError`` when every parameter is frozen.
    """
    require_model(model, "gradient_flow")
    backend = backend_of(model)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("gradient_flow: every parameter is frozen, so no layer gets a gradient")
    state = backend.copy_state()
    model.zero_grad()
    try:
        with trace(model) as calls:
            output = model(backend.tensor(X))
        for call in calls:
            if call.output.requires_grad:
                call.output.retain_grad()
        (loss or backend.twin.functional.cross_entropy)(output, backend.tensor(y)).backward()
        return Flow(tuple(_measure(call, backend) for call in calls if call.output.grad is not None))
    finally:
        model.zero_grad()
        backend.load_state(state)


@contextmanager
def update_ratios(model: Any) -> Iterator[dict[str, float]]:
    """‖Δw‖ / ‖w‖ for each parameter over what happens inside the block, such as one optimizer step.

        with update_ratios(model) as ratios:
            optimizer.step()
        ratios["0.weight"]                  # about 1e-3 is a common rule of thumb

    A parameter that was all zeros has NaN.
    """
    require_model(model, "update_ratios")
    backend = backend_of(model)
    before = {name: _array(parameter, backend) for name, parameter in model.named_parameters()}
    ratios: dict[str, float] = {}
    yield ratios
    for name, parameter in model.named_parameters():
        size = float(np.linalg.norm(before[name]))
        moved = float(np.linalg.norm(_array(parameter, backend) - before[name]))
        ratios[name] = moved / size if size > 0 else float("nan")


def _measure(call: LayerCall, backend: Backend) -> LayerFlow:
    weight = getattr(call.layer, "weight", None)
    gradient = None if weight is None else weight.grad
    return LayerFlow(
        name=call.name,
        kind=call.kind,
        activation_std=float(_array(call.output, backend).std()),
        gradient_std=float(_array(call.output.grad, backend).std()),
        weight_norm=float(np.linalg.norm(_array(weight, backend))) if weight is not None else 0.0,
        weight_gradient_norm=float(np.linalg.norm(_array(gradient, backend))) if gradient is not None else 0.0,
    )


def _array(values: Any, backend: Backend) -> Any:
    """A float64 copy."""
    return np.array(backend.array(values), dtype=np.float64)
