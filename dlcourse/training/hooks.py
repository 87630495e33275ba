"""Looking at what passes through the layers of a model of either backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dlcourse.training.backend import Array, backend_of

__all__ = ["forward_hooks", "outputs_of"]

Seen = Callable[[str, Any, Any], None]


@contextmanager
def forward_hooks(model: Any, seen: Seen) -> Iterator[None]:
    """Inside the ``with`` block, call ``seen(name, module, output)`` after the forward pass of every layer.

    Layers are the modules without parts. Outputs that are not tensors are passed over. The name is the dotted path
    in the model; in the second and later uses of a shared layer it has " (use 2)" and so on.
    """
    handles: list[Any] = []
    uses: dict[str, int] = {}
    backend = backend_of(model)

    def hook_for(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(module: Any, _inputs: Any, output: Any) -> None:
            if backend.is_tensor(output):
                uses[name] = uses.get(name, 0) + 1
                seen(name if uses[name] == 1 else f"{name} (use {uses[name]})", module, output)

        return hook

    def forget(_module: Any, _inputs: Any, _output: Any) -> None:
        uses.clear()

    try:
        for name, module in model.named_modules():
            if next(module.children(), None) is None:
                handles.append(module.register_forward_hook(hook_for(name or type(module).__name__)))
        handles.append(model.register_forward_hook(forget))
        yield
    finally:
        for handle in handles:
            handle.remove()


def outputs_of(model: Any, run: Callable[[], Any]) -> list[tuple[str, str, Array]]:
    """Run something and list, in the order of computing, each layer's name, its kind and a copy of its output."""
    backend = backend_of(model)
    outputs: list[tuple[str, str, Array]] = []

    def keep(name: str, module: Any, output: Any) -> None:
        outputs.append((name, type(module).__name__, backend.array(output).copy()))

    with forward_hooks(model, keep):
        run()
    return outputs
