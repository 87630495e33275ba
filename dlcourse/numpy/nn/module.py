"""The base of every layer and network: it knows its parameters, its buffers and its parts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from dlcourse.numpy.creation import to_numpy
from dlcourse.numpy.graph import Array
from dlcourse.numpy.nn.parameter import Parameter

__all__ = ["Module"]


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict(strict=False)`` passed over."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class HookHandle:
    """Returned by ``register_forward_hook``; ``remove()`` takes the hook away again."""

    def __init__(self, hooks: dict[HookHandle, Any]) -> None:
        self._hooks = hooks

    def remove(self) -> None:
        """Stop calling the hook."""
        self._hooks.pop(self, None)


class Module:
    """A layer or a network, as ``torch.nn.Module``. A subclass writes ``__init__`` and ``forward``.

    Assigning a ``Parameter`` or a ``Module`` to an attribute registers it: ``parameters()``,
    ``train()`` and ``state_dict()`` then find it. *Buffers* are arrays that belong to the state but
    are not learned, such as the running mean of a batch norm.
    """

    training: bool
    _parameters: dict[str, None]
    _buffers: dict[str, None]
    _modules: dict[str, None]
    _forward_hooks: dict[HookHandle, Callable[..., Any]]

    def __init__(self) -> None:
        # The names of what is registered, in order (the values are plain attributes). Set directly, because
        # __setattr__ below needs them to exist.
        self.__dict__.update(_parameters={}, _buffers={}, _modules={}, _forward_hooks={}, training=True)

    def forward(self, *inputs: Any) -> Any:
        """Compute the output. Call the module itself, ``layer(x)``, so that hooks run."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Run ``forward`` and the hooks."""
        output = self.forward(*inputs, **options)
        if self._forward_hooks:
            for hook in tuple(self._forward_hooks.values()):
                replacement = hook(self, inputs, output)
                output = output if replacement is None else replacement
        return output

    def register_forward_hook(self, hook: Callable[[Module, tuple[Any, ...], Any], Any]) -> HookHandle:
        """Call ``hook(module, inputs, output)`` after every forward; a value it returns replaces the output."""
        handle = HookHandle(self._forward_hooks)
        self._forward_hooks[handle] = hook
        return handle

    # Registration. The values are plain attributes; the three dicts remember which of them are what.

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__}: cannot assign {name!r} before super().__init__() has been called"
            )
        if isinstance(value, Parameter):
            self._register(self._parameters, name, value)
        elif isinstance(value, Module):
            self._register(self._modules, name, value)
        elif name in self._parameters and value is not None:
            raise TypeError(
                f"{type(self).__name__}: cannot assign {type(value).__name__} to the parameter {name!r}, "
                f"expected a Parameter or None"
            )
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        self._register(None, name, None)
        del self.__dict__[name]

    def _register(self, registry: dict[str, None] | None, name: str, value: Any) -> None:
        """Set an attribute and list its name in ``registry``, and in no other."""
        for other in (self._parameters, self._buffers, self._modules):
            if other is not registry:
                other.pop(name, None)
        if registry is not None:
            registry[name] = None
        self.__dict__[name] = value

    def register_buffer(self, name: str, tensor: Array | None) -> None:
        """Add an array that is saved with the state but not learned; None reserves the name."""
        self._register(self._buffers, name, tensor)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None reserves the name, as for a layer without bias."""
        self._register(self._parameters, name, param)

    def add_module(self, name: str, module: Module) -> None:
        """Add a part under ``name``."""
        self._register(self._modules, name, module)

    def _values(self, registry: dict[str, None]) -> list[tuple[str, Any]]:
        """What is registered, with its names; attributes that are None are left out."""
        return [(name, self.__dict__[name]) for name in registry if self.__dict__[name] is not None]

    # Walking over the parts

    def children(self) -> Iterator[Module]:
        """The parts of this module, one level down."""
        return (module for _, module in self.named_children())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The parts of this module with their names, one level down."""
        return iter(self._values(self._modules))

    def modules(self) -> Iterator[Module]:
        """The module itself and everything below it, each once."""
        return (module for _, module in self.named_modules())

    def named_modules(self, prefix: str = "", _seen: set[int] | None = None) -> Iterator[tuple[str, Module]]:
        """The module itself and everything below it, each once, with dotted names."""
        seen = set() if _seen is None else _seen
        if id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self
        for name, module in self._values(self._modules):
            yield from module.named_modules(f"{prefix}.{name}" if prefix else name, seen)

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter here and below, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter here and below, each once, with dotted names such as "0.weight"."""
        return self._named("_parameters")

    def buffers(self) -> Iterator[Array]:
        """Every buffer here and below, each once."""
        return (buffer for _, buffer in self.named_buffers())

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """Every buffer here and below, each once, with dotted names."""
        return self._named("_buffers")

    def _named(self, registry: str) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name, value in module._values(getattr(module, registry)):
                if id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{prefix}.{name}" if prefix else name), value

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Call ``fn`` on every module below and then on this one, for example to initialise weights."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # Modes

    def train(self, mode: bool = True) -> Self:
        """Switch here and below to training: dropout drops, batch norm uses the batch."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch here and below to evaluation: nothing is random, running statistics are used."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze (False) or thaw (True) every parameter here and below."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the last step; without it, the next ones are added to them."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = np.zeros_like(parameter.grad)

    # Dtypes

    def to(self, dtype: Any) -> Self:
        """Convert parameters and floating-point buffers to ``dtype``, in place."""
        for module in self.modules():
            for _, parameter in module._values(module._parameters):
                parameter.data = parameter.data.astype(dtype)
            for name, buffer in module._values(module._buffers):
                if buffer.dtype.kind == "f":
                    setattr(module, name, buffer.astype(dtype))
        return self

    def float(self) -> Self:
        """Convert to float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Convert to float64."""
        return self.to(np.float64)

    # Saving and loading

    def state_dict(self) -> dict[str, Array]:
        """Every parameter and buffer by its dotted name, as arrays that share memory with the module.

        The names, shapes and dtypes are those of the same network in torch.
        """
        state: dict[str, Array] = OrderedDict()
        for prefix, module in self._named_with_repeats():
            for name, parameter in module._values(module._parameters):
                state[prefix + name] = parameter.data
            for name, buffer in module._values(module._buffers):
                state[prefix + name] = buffer
        return state

    def _named_with_repeats(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Every module under every name it has: a shared layer is saved under each, as in torch."""
        yield prefix, self
        for name, module in self._values(self._modules):
            yield from module._named_with_repeats(f"{prefix}{name}.")

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Copy values into the parameters and buffers, from this library's or torch's ``state_dict``.

        Raises ``RuntimeError`` naming keys that are missing or not expected (if ``strict``), and
        every shape that differs; nothing is changed then.
        """
        own = self.state_dict()
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        values = {key: _array(state_dict[key]) for key in own if key in state_dict}
        problems = [
            f"{key} has shape {value.shape}, expected {own[key].shape}"
            for key, value in values.items()
            if value.shape != own[key].shape
        ]
        if strict and missing:
            problems.append(f"missing: {', '.join(missing)}")
        if strict and unexpected:
            problems.append(f"not expected: {', '.join(unexpected)}")
        if problems:
            raise RuntimeError(f"load_state_dict: {type(self).__name__} cannot load this state: {'; '.join(problems)}")
        for key, value in values.items():
            own[key][...] = value
        return IncompatibleKeys(missing, unexpected)

    # Printing

    def extra_repr(self) -> str:
        """What a layer wants to show between its brackets when printed."""
        return ""

    def __repr__(self) -> str:
        parts = [f"({name}): " + repr(module).replace("\n", "\n  ") for name, module in self.named_children()]
        if not parts:
            return f"{type(self).__name__}({self.extra_repr()})"
        lines = [self.extra_repr(), *parts] if self.extra_repr() else parts
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


def _array(value: Any) -> Array:
    """An array from an array, a tensor of ours or a tensor of torch (on any device, in or out of a graph)."""
    if hasattr(value, "cpu"):
        value = value.detach().cpu()
    array: Array = to_numpy(value)
    return array
