"""Watch a forward pass: which layers ran, in which order, with which outputs. For both backends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["LayerCall", "is_numpy", "own_parameters", "require_model", "trace"]

_PARAMETRIZATIONS = "parametrizations"  # where torch keeps the parts of weight_norm and spectral_norm

Module = Any  # a dlcourse.numpy.nn.Module or a torch.nn.Module


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer: its dotted name in the model, the layer, its inputs and its output."""

    name: str
    layer: Module
    inputs: tuple[Any, ...]
    output: Any

    @property
    def kind(self) -> str:
        """The name of the layer's class, such as "Linear"."""
        return type(self.layer).__name__


def require_model(model: Module, who: str) -> None:
    """Raise a ``TypeError`` that names the function ``who`` unless ``model`` is a module of one of the backends."""
    if not hasattr(model, "named_modules"):
        raise TypeError(
            f"{who}: model is {type(model).__name__}, expected a Module of dlcourse.numpy.nn or dlcourse.torch.nn"
        )


def is_numpy(model: Module) -> bool:
    """Whether ``model`` is of the NumPy twin."""
    from dlcourse.numpy.nn import Module as NumpyModule

    return isinstance(model, NumpyModule)


@contextmanager
def trace(model: Module) -> Iterator[list[LayerCall]]:
    """Record the layers that run inside the block, in order.

        with trace(model) as calls:
            model(x)

    A layer is a module without parts, or one with parameters of its own. Outputs are the tensors
    themselves, so after ``retain_grad()`` inside a hook or with ``backward`` they tell about gradients.
    """
    require_model(model, "trace")
    calls: list[LayerCall] = []

    def remember(name: str) -> Any:
        def hook(layer: Module, inputs: tuple[Any, ...], output: Any) -> None:
            calls.append(LayerCall(name, layer, inputs, output))

        return hook

    layers = [(name, module) for name, module in model.named_modules() if _is_layer(name, module)]
    handles = [layer.register_forward_hook(remember(name or type(layer).__name__)) for name, layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def own_parameters(layer: Module) -> list[Any]:
    """The parameters of a layer itself, without those of its parts; weight norm and the like count as its own."""
    return [
        parameter
        for name, parameter in layer.named_parameters()
        if "." not in name or name.startswith(_PARAMETRIZATIONS)
    ]


def _is_layer(name: str, module: Module) -> bool:
    if _PARAMETRIZATIONS in name:
        return False
    parts = [part for part, _ in module.named_children() if part != _PARAMETRIZATIONS]
    return not parts or bool(own_parameters(module))
