"""How each operation of the graph explorer is written: on its node, as a formula, as a local derivative."""

from __future__ import annotations

from dlcourse.widgets.numbers import in_brackets, short

__all__ = ["as_formula", "as_numbers", "as_python", "local_derivative", "node_label"]

_INFIX = {"+": "+", "-": "−", "*": "×", "/": "/", "**": "^"}
_ON_NODE = {"negate": "−x", "sigmoid": "σ", "sqrt": "√x", "abs": "|x|"}

_LOCAL = {
    "+": ("1", "1"),
    "-": ("1", "−1"),
    "*": ("{b}", "{a}"),
    "/": ("1/{b}", "−{a}/{b}²"),
    "negate": ("−1",),
    "exp": ("{out}",),
    "log": ("1/{a}",),
    "sqrt": ("1/(2·{out})",),
    "tanh": ("(1 − {out}²)",),
    "sigmoid": ("{out}·(1 − {out})",),
    "relu": ("[{a} > 0]",),
    "abs": ("sign({a})",),
    "max": ("[{a} > {b}]", "[{b} > {a}]"),
    "min": ("[{a} < {b}]", "[{b} < {a}]"),
}
_SUPERSCRIPT = {2.0: "²", 3.0: "³"}


def node_label(operation: str, left: float | None, right: float | None) -> str:
    """The text on a node; ``left`` and ``right`` are the constants among its two operands, or None."""
    if left is None and right is None:
        return _ON_NODE.get(operation, _INFIX.get(operation, operation))
    if operation == "**" and right is not None:
        return f"x{_SUPERSCRIPT[right]}" if right in _SUPERSCRIPT else f"x^{short(right)}"
    if operation in "+*":
        constant = right if right is not None else left
        return f"{_INFIX[operation]} {short(constant or 0.0)}"
    a, b = ("x" if c is None else short(c) for c in (left, right))
    return as_formula(operation, [a, b]).replace(" / ", "/")


def as_formula(operation: str, operands: list[str]) -> str:
    """``x + y``, ``−x``, ``exp(x)``: what a node computes, from the names or the numbers of its operands."""
    if operation == "negate":
        return f"−{operands[0]}"
    if operation == "**":
        return f"{operands[0]}^{operands[1]}"
    if operation in _INFIX:
        return f"{operands[0]} {_INFIX[operation]} {operands[1]}"
    return f"{operation}({', '.join(operands)})"


def as_numbers(operation: str, values: list[float]) -> str:
    """The same with numbers, negative ones in brackets where they follow a sign."""
    if operation == "negate":
        return f"−{in_brackets(values[0])}"
    if operation == "**":
        return f"{in_brackets(values[0])}^{in_brackets(values[1])}"
    if operation in _INFIX:
        return f"{short(values[0])} {_INFIX[operation]} {in_brackets(values[1])}"
    return f"{operation}({', '.join(short(value) for value in values)})"


def local_derivative(operation: str, slot: int, operands: list[str], out: str, exponent: float) -> str:
    """The derivative of a node by its operand number ``slot``, as a formula in their names."""
    if operation == "**":
        left = exponent - 1
        power = "" if left == 1 else _SUPERSCRIPT.get(left, f"^{short(left)}")
        return f"{short(exponent)}·{operands[0]}{power}"
    a, b = operands[0], operands[-1]
    return _LOCAL[operation][slot].format(a=a, b=b, out=out)


def as_python(operation: str, operands: list[str]) -> str:
    """The same step written with ``dlcourse.numpy`` (or ``dlcourse.torch``): ``x * y``, ``x.exp()``."""
    if operation == "negate":
        return f"-{operands[0]}"
    if operation in _INFIX:
        return f"{operands[0]} {operation} {operands[1]}"
    if operation in ("relu", "sigmoid", "tanh"):
        return f"F.{operation}({operands[0]})"
    if operation in ("max", "min"):
        return f"{operation}imum({operands[0]}, {operands[1]})"
    return f"{operands[0]}.{operation}()"
