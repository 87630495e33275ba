"""Networks made of modules."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Self

from dlcourse.numpy.nn.module import Module

__all__ = ["ModuleList", "Sequential"]


class Sequential(Module):
    """Modules one after the other: ``Sequential(Linear(64, 100), ReLU(), Linear(100, 10))``.

    Parts are called "0", "1", ...; pass one ``OrderedDict`` to name them yourself.
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = list(args[0].items())
        else:
            named = [(str(i), module) for i, module in enumerate(args)]  # type: ignore[misc]
        for name, module in named:
            if not isinstance(module, Module):
                raise TypeError(f"Sequential: part {name} is {type(module).__name__}, expected a Module")
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """Hand the input through every part in turn."""
        for _, module in self._values(self._modules):
            input = module(input)  # noqa: A001
        return input

    def append(self, module: Module) -> Self:
        """Add a part at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int | slice) -> Any:
        items = list(self.named_children())[index]
        return Sequential(OrderedDict(items)) if isinstance(items, list) else items[1]


class ModuleList(Module):
    """A list of modules whose parameters are found; it has no ``forward`` of its own."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int) -> Module:
        return list(self.children())[index]
