"""While a student's code is called for a question, the names that the question puts off limits raise an error.

The rule that reads the source (``dlcourse.checks.off_limits``) names what it sees. This one holds for what it cannot
see: ``getattr(F, "re" + "lu")``, ``importlib.import_module``, a function kept in a list. Two things are done to the
student's process for the time of one call. The modules get a class whose attributes ask who is asking: the library
itself may go on, the student's code may not. And what the student took out of them before, under whatever name, is
replaced by an object that raises.

The process belongs to the student, so this is a fence and no wall: code that looks for the fence can climb it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.machinery
import sys
from collections.abc import Callable, Iterator, Sequence
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["OffLimits", "masked"]

_LIBRARIES = frozenset({"dlcourse", "torch", "sklearn", "scipy"})
"""Packages whose own code may use what is off limits to the student's."""

_MANY = 20_000
"""Objects of the student's that are looked at; a notebook that holds more is data."""


class OffLimits(Exception):  # noqa: N818 - it is a state of the answer, and this name is shown to students
    """The answer uses what its question asks to write."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is off limits here: this question asks you to write it yourself")


@contextlib.contextmanager
def masked(off_limits: Sequence[str], namespace: dict[str, Any]) -> Iterator[None]:
    """Make names raise `OffLimits` where the student's code uses them.

    Args:
        off_limits: dotted names; a module stands for everything in it.
        namespace: the student's variables; they are as before at the end.
    """
    if not off_limits:
        yield
        return
    mask = _Mask(off_limits, namespace)
    sys.meta_path.insert(0, mask)
    try:
        for module in list(sys.modules.values()):
            if isinstance(module, ModuleType):
                mask.guard(module)
        mask.replace_aliases()
        yield
    finally:
        sys.meta_path.remove(mask)
        mask.restore()


class _Stop:
    """Stands where an object that is off limits stood. Every use of it raises."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise OffLimits(object.__getattribute__(self, "_name"))

    __call__ = __getattr__ = __instancecheck__ = __mro_entries__ = __getitem__ = __iter__ = _raise
    __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __rsub__ = __matmul__ = __rmatmul__ = __truediv__ = _raise
    __len__ = __float__ = __array__ = __neg__ = __pow__ = _raise


class _Mask:
    """One call's fence, and, as a finder in ``sys.meta_path``, the same for modules that are imported meanwhile."""

    def __init__(self, off_limits: Sequence[str], namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.whole = tuple(off_limits)
        self.single: dict[str, dict[str, str]] = {}
        for name in off_limits:
            module, _, attribute = name.rpartition(".")
            self._add_single(module, attribute, name)
        self.objects: dict[int, str] = {}
        self._classes: dict[type, type] = {}
        self._undo: list[Callable[[], None]] = []

    def _add_single(self, module: str, attribute: str, name: str) -> None:
        self.single.setdefault(module, {})[attribute] = name

    def _inside(self, name: str) -> bool:
        return any(name == entry or name.startswith(entry + ".") for entry in self.whole)

    def guard(self, module: ModuleType) -> None:
        """Let a module's attributes ask who is asking, if one of them is off limits."""
        name = str(module.__dict__.get("__name__", ""))
        everything, names = self._inside(name), self.single.get(name, {})
        if not everything and not names:
            return
        before = type(module)
        with contextlib.suppress(TypeError):  # a class of the library's own that cannot be exchanged
            object.__setattr__(module, "__class__", self._guarded(before))
            self._undo.append(functools.partial(object.__setattr__, module, "__class__", before))
        for attribute, value in list(module.__dict__.items()):
            if everything and type(value) is BuiltinFunctionType and _home(value).partition(".")[0] in _LIBRARIES:
                self.objects[id(value)] = f"{name}.{attribute}"
            elif attribute in names and not isinstance(value, ModuleType):
                self.objects[id(value)] = names[attribute]
                self._guard_at_home(value, names[attribute])

    def _guard_at_home(self, value: Any, name: str) -> None:
        """Guard the module in which an object is defined, too: `torch.nn.Dropout` is `torch.nn.modules.dropout`'s."""
        home, own = _home(value), getattr(value, "__name__", None)
        if home and isinstance(own, str) and own not in self.single.get(home, {}):
            self._add_single(home, own, name)
            if isinstance(module := sys.modules.get(home), ModuleType) and not self._inside(home):
                self.guard(module)

    def _guarded(self, before: type) -> type:
        """Return a class for modules of the class `before` whose attributes ask who is asking."""
        if before not in self._classes:
            read: Any = before.__getattribute__

            def ask(module: ModuleType, attribute: str) -> Any:
                if attribute == "__dict__" or not attribute.startswith("__"):
                    name = read(module, "__name__")
                    denied = self.single.get(name, {}).get(attribute)
                    if denied is None and (attribute == "__dict__" or self._inside(name)):
                        denied = f"{name}.{attribute}".removesuffix(".__dict__")
                    if denied is not None and self._is_students(sys._getframe(1)):
                        raise OffLimits(denied)
                return read(module, attribute)

            self._classes[before] = type("module", (before,), {"__getattribute__": ask})
        return self._classes[before]

    def _is_students(self, frame: FrameType | None) -> bool:
        """Whether the student's code asks: the nearest frame that is the student's or a library's decides."""
        while frame is not None:
            if frame.f_globals is self.namespace:
                return True
            name = frame.f_globals.get("__name__")
            if isinstance(name, str) and name.partition(".")[0] in _LIBRARIES:
                return False
            frame = frame.f_back
        return False

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Find a module as Python would, and have it guarded once it is loaded."""
        if not self._inside(name) and name not in self.single:
            return None
        for finder in [finder for finder in sys.meta_path if finder is not self]:
            spec = finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                load = spec.loader.exec_module

                def load_and_guard(module: ModuleType, load: Callable[[ModuleType], None] = load) -> None:
                    load(module)
                    self.guard(module)

                spec.loader.exec_module = load_and_guard  # type: ignore[method-assign]
                return spec
        return None

    def replace_aliases(self) -> None:
        """Replace what is off limits wherever the student's variables lead to it."""
        waiting: list[Any] = [self.namespace]
        seen: set[int] = set()
        while waiting and len(seen) < _MANY:
            holder = waiting.pop()
            if id(holder) not in seen:
                seen.add(id(holder))
                for value, put in self._places(holder):
                    if name := self._name_of(value):
                        put(_Stop(name))
                        self._undo.append(functools.partial(put, value))
                    else:
                        waiting.append(value)

    def _name_of(self, value: Any) -> str:
        """The name off limits that an object is, is made from, or does the work of; else empty."""
        if isinstance(value, functools.partial):
            return self._name_of(value.func)
        if isinstance(value, staticmethod):
            return self._name_of(value.__func__)
        if isinstance(value, MethodType):
            return self._name_of(value.__self__)
        if isinstance(value, type):
            return next(filter(None, map(self._own_name_of, value.__mro__)), "")
        return self._own_name_of(value) or self._name_of(type(value))

    def _own_name_of(self, value: Any) -> str:
        if id(value) not in self.objects and self._inside(_home(value)):
            return f"{_home(value)}.{getattr(value, '__name__', '')}".rstrip(".")
        return self.objects.get(id(value), "")

    def _places(self, holder: Any) -> list[tuple[Any, Callable[[Any], None]]]:
        """What an object of the student's holds, each with the function that puts something else there."""
        if type(holder) in (dict, list) or holder is self.namespace:
            items = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
            return [(value, functools.partial(holder.__setitem__, key)) for key, value in items]
        if type(holder) is FunctionType and holder.__globals__ is self.namespace:
            cells = [cell for cell in holder.__closure__ or () if _is_filled(cell)]
            places = [(cell.cell_contents, functools.partial(setattr, cell, "cell_contents")) for cell in cells]
            return [*places, *self._places_of_defaults(holder), *self._places(holder.__dict__)]
        if getattr(type(holder) if not isinstance(holder, type) else holder, "__module__", "") == "__main__":
            names = list(getattr(holder, "__dict__", {}).items())
            return [(value, functools.partial(setattr, holder, name)) for name, value in names if name[:2] != "__"]
        return []

    def _places_of_defaults(self, function: FunctionType) -> list[tuple[Any, Callable[[Any], None]]]:
        def put(index: int, value: Any) -> None:
            defaults = list(function.__defaults__ or ())
            defaults[index] = value
            function.__defaults__ = tuple(defaults)

        defaults = [(value, functools.partial(put, index)) for index, value in enumerate(function.__defaults__ or ())]
        return [*defaults, *self._places(function.__kwdefaults__ or {})]

    def restore(self) -> None:
        """Undo everything, the last first."""
        while self._undo:
            with contextlib.suppress(Exception):  # the student's own __setattr__
                self._undo.pop()()


def _home(value: Any) -> str:
    """The name of the module that a class or function says it is from; else empty."""
    if not isinstance(value, type | FunctionType | BuiltinFunctionType):
        return ""
    home = value.__module__
    return home if isinstance(home, str) else ""


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
