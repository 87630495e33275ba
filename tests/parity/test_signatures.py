"""Names, order and defaults of arguments are torch's; what torch has beyond ours is left out, never moved."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

MODULES = ["", "functional", "init", "nn"]
CASES = [
    pytest.param(module, name, id=f"{module}.{name}".lstrip("."))
    for module in MODULES
    for name in importlib.import_module(f"dlcourse.numpy.{module}".rstrip(".")).__all__
]
# Not called by users, or taking any arguments.
OPEN = {"Tensor", "Parameter", "Identity", "Sequential", "ModuleList", "Module", "no_grad", "zeros", "ones"}
REQUIRED_HERE = {("softmax", "dim"), ("log_softmax", "dim"), ("Softmax", "dim"), ("LogSoftmax", "dim")}


def lookup(twin: str, module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"dlcourse.{twin}.{module}".rstrip(".")), name)


def parameters(target: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a function, or, for one written in C++, of the signature in its documentation."""
    try:
        found = inspect.signature(target).parameters
        if list(found) != ["args", "kwargs"]:
            return dict(found)
    except ValueError:
        pass
    name = target.__name__
    text = re.search(rf"{name}\(.*?\)", (target.__doc__ or "").replace("\n", " "))
    if text is None:
        return {}
    signature = re.sub(r"\s*->.*", "", text.group()).replace("(Tensor)", "")
    definition = ast.parse(f"def {signature}: pass")
    scope: dict[str, Any] = {}
    exec(compile(definition, "<documentation>", "exec"), {}, scope)
    return dict(inspect.signature(scope[name]).parameters)


@pytest.mark.parametrize(("module", "name"), CASES)
def test_arguments_are_those_of_torch(module: str, name: str) -> None:
    ours, theirs = lookup("numpy", module, name), lookup("torch", module, name)
    if not callable(ours) or name in OPEN or name in {"float32", "float64", "int64"}:
        return
    mine, torchs = parameters(ours), parameters(theirs)
    order = list(torchs)
    for position, (own_name, parameter) in enumerate(mine.items()):
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        # The name of an argument that cannot be given by name does not matter.
        argument = order[position] if parameter.kind is inspect.Parameter.POSITIONAL_ONLY else own_name
        assert argument in torchs, f"{name}: torch has no argument {argument}, it has {order}"
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            assert order.index(argument) == position, f"{name}: {argument} is number {position}, in torch {order}"
        expected = torchs[argument].default
        if (name, argument) in REQUIRED_HERE:
            assert parameter.default is inspect.Parameter.empty
        else:
            assert parameter.default == expected, (
                f"{name}: {argument} is {parameter.default} by default, not {expected}"
            )
