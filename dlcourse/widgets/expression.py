"""Read a formula that somebody typed, such as ``u = a*b; u*tanh(u) + b``, without ever running it.

Python's own parser gives the syntax tree, and a whitelist turns it into a list of nodes, inputs
before outputs. Everything that is not on the list is a :class:`ExpressionError` that says where.
Names are shared: what is called ``u`` is computed once, however often it is used.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["FUNCTIONS", "Expression", "ExpressionError", "Node", "parse"]

MAX_LENGTH = 200  # characters
MAX_DEPTH = 24  # brackets inside brackets
MAX_NODES = 40
MAX_NAME = 10  # characters
OUTPUT = "f"

FUNCTIONS = ("abs", "exp", "log", "max", "min", "relu", "sigmoid", "sqrt", "tanh")
_TWO_ARGUMENTS = ("max", "min")
_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": math.pow,
}  # fmt: skip
_FORBIDDEN_CHARACTER = re.compile(r"[^A-Za-z0-9_+\-*/(),.=; ]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

Value = TypeVar("Value")


class ExpressionError(ValueError):
    """A formula that cannot be read. ``start`` and ``end`` are the places in the text, counted from 0."""

    def __init__(self, message: str, start: int, end: int | None = None) -> None:
        super().__init__(f"{message} (at character {start + 1})")
        self.start = start
        self.end = start + 1 if end is None else end


@dataclass(frozen=True)
class Node:
    """One step of the computation.

    ``operation`` is ``"input"``, ``"constant"``, ``"negate"``, one of ``+ - * / **`` or a name in
    ``FUNCTIONS``; ``inputs`` are the positions of the operands in ``Expression.nodes``.
    ``name`` is what the writer called the result, if anything; ``value`` belongs to a constant.
    """

    operation: str
    inputs: tuple[int, ...] = ()
    name: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Expression:
    """A formula as a list of nodes, inputs before outputs; the last node is the result."""

    text: str
    nodes: tuple[Node, ...]
    variables: tuple[str, ...] = field(default=())

    def evaluate(
        self,
        variables: Mapping[str, Value],
        operations: Mapping[str, Callable[..., Value]],
        constant: Callable[[float], Value],
    ) -> list[Value]:
        """The value of every node, by the caller's own ``operations``: floats, arrays, tensors.

        Raises ``KeyError`` when a variable or an operation is missing.
        """
        values: list[Value] = []
        for node in self.nodes:
            if node.operation == "input":
                values.append(variables[node.name])
            elif node.operation == "constant":
                values.append(constant(node.value))
            else:
                values.append(operations[node.operation](*[values[i] for i in node.inputs]))
        return values


def parse(text: str) -> Expression:
    """Read a formula; statements are divided by ``;`` and all but the last must give a name.

    Allowed are numbers, names, ``+ - * / **``, brackets and the functions in ``FUNCTIONS``. The
    limits are 200 characters, 24 brackets inside each other and 40 nodes. Raises
    :class:`ExpressionError` for anything else.
    """
    _check_characters(text)
    leading = len(text) - len(text.lstrip(" "))
    try:
        with warnings.catch_warnings():  # Python warns of odd spellings such as "1or x"; they are refused below
            warnings.simplefilter("ignore")
            module = ast.parse(text.strip(" ").rstrip("; "))
    except SyntaxError as error:
        raise ExpressionError("this is not a complete formula", leading + max((error.offset or 1) - 1, 0)) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("this formula is too deeply nested", leading) from None
    reader = _Reader(leading)
    result = reader.read(module)
    return Expression(text, *reader.used_nodes(result))


def _check_characters(text: str) -> None:
    if not text.strip(" ;"):
        raise ExpressionError("type a formula, for example (x + y)*z", 0)
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the formula has {len(text)} characters, at most {MAX_LENGTH} are allowed", MAX_LENGTH)
    forbidden = _FORBIDDEN_CHARACTER.search(text)
    if forbidden:
        advice = "; a power is written x**2" if forbidden.group() == "^" else ""
        raise ExpressionError(f"the character {forbidden.group()!r} is not allowed{advice}", forbidden.start())
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth > MAX_DEPTH:
            raise ExpressionError(f"more than {MAX_DEPTH} brackets inside each other", place)


class _Reader:
    """Walks the syntax tree once and appends a node for each operation it knows."""

    def __init__(self, leading: int) -> None:
        self.leading = leading
        self.nodes: list[Node] = []
        self.names: dict[str, int] = {}
        self.variables: set[str] = set()

    def read(self, module: ast.Module) -> int:
        """Read all statements; returns the position of the last one's result."""
        for statement in module.body[:-1]:
            if not isinstance(statement, ast.Assign):
                raise self.error(statement, "give this part a name, as in u = a*b, or remove it")
            self.assign(statement)
        last = module.body[-1]
        if isinstance(last, ast.Assign):
            return self.assign(last)
        if not isinstance(last, ast.Expr):
            raise self.error(last, "only formulas are allowed")
        result = self.visit(last.value, 0)
        return self.rename(result, "" if OUTPUT in self.names else OUTPUT, last)

    def assign(self, statement: ast.Assign) -> int:
        target = statement.targets[0]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name):
            raise self.error(statement, "an assignment gives one name to one formula, as in u = a*b")
        name = self.checked_name(target)
        value = self.visit(statement.value, 0)
        if name in self.names:
            raise self.error(target, f"{name} is used before it is named; choose a new name")
        result = self.names[name] = self.rename(value, name, statement)
        return result

    def rename(self, position: int, name: str, statement: ast.AST) -> int:
        """Name a result. A second name for an input or a constant would draw nothing, so it is an error."""
        node = self.nodes[position]
        if node.operation in ("input", "constant"):
            raise self.error(statement, "this has no operation; try x*y")
        if not node.name:
            self.nodes[position] = Node(node.operation, node.inputs, name)
        return position

    def visit(self, tree: ast.expr, depth: int) -> int:
        if depth > 2 * MAX_DEPTH + MAX_NODES:
            raise self.error(tree, "this formula is too deeply nested")
        if isinstance(tree, ast.Constant):
            return self.constant(tree, tree.value)
        if isinstance(tree, ast.Name):
            return self.variable(tree)
        if isinstance(tree, ast.UnaryOp):
            return self.unary(tree, depth)
        if isinstance(tree, ast.BinOp):
            return self.binary(tree, depth)
        if isinstance(tree, ast.Call):
            return self.call(tree, depth)
        raise self.error(tree, "this is not allowed here; use numbers, names, + - * / ** and functions")

    def constant(self, tree: ast.AST, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(tree, "only real numbers are allowed")
        number = float(value)
        if not math.isfinite(number):
            raise self.error(tree, "this number is too large")
        return self.add(tree, Node("constant", value=number))

    def variable(self, tree: ast.Name) -> int:
        name = self.checked_name(tree)
        if name not in self.names:
            self.names[name] = self.add(tree, Node("input", name=name))
        return self.names[name]

    def unary(self, tree: ast.UnaryOp, depth: int) -> int:
        operand = self.visit(tree.operand, depth + 1)
        if isinstance(tree.op, ast.UAdd):
            return operand
        if not isinstance(tree.op, ast.USub):
            raise self.error(tree, "this operator is not allowed; use + - * / **")
        if self.nodes[operand].operation == "constant":
            return self.constant(tree, -self.nodes[operand].value)
        return self.add(tree, Node("negate", (operand,)))

    def binary(self, tree: ast.BinOp, depth: int) -> int:
        sign = _BINARY.get(type(tree.op))
        if sign is None:
            raise self.error(tree, "this operator is not allowed; use + - * / **")
        left, right = self.visit(tree.left, depth + 1), self.visit(tree.right, depth + 1)
        constants = [self.nodes[i].operation == "constant" for i in (left, right)]
        if all(constants):
            return self.constant(tree, self.fold(tree, sign, left, right))
        if sign == "**" and not constants[1]:
            raise self.error(tree.right, "an exponent must be a number, as in x**2")
        return self.add(tree, Node(sign, (left, right)))

    def fold(self, tree: ast.AST, sign: str, left: int, right: int) -> float:
        """Two numbers make one number: 2*3 is drawn as 6."""
        try:
            return _ARITHMETIC[sign](self.nodes[left].value, self.nodes[right].value)
        except (ArithmeticError, ValueError):
            raise self.error(tree, "this number does not exist or is too large") from None

    def call(self, tree: ast.Call, depth: int) -> int:
        known = ", ".join(FUNCTIONS)
        if not isinstance(tree.func, ast.Name) or tree.func.id not in FUNCTIONS:
            raise self.error(tree.func, f"this function is not known; known are {known}")
        name = tree.func.id
        expected = 2 if name in _TWO_ARGUMENTS else 1
        if tree.keywords or len(tree.args) != expected:
            raise self.error(
                tree, f"{name} takes {expected} argument{'s' if expected > 1 else ''}, as in {_sample(name)}"
            )
        inputs = tuple([self.visit(argument, depth + 1) for argument in tree.args])
        if all(self.nodes[i].operation == "constant" for i in inputs):
            raise self.error(tree, f"{name} of a number alone has no gradient; use a name")
        return self.add(tree, Node(name, inputs))

    def checked_name(self, tree: ast.Name) -> str:
        if not _NAME.fullmatch(tree.id) or len(tree.id) > MAX_NAME:
            raise self.error(tree, f"a name starts with a letter and has at most {MAX_NAME} letters, digits or _")
        if tree.id in FUNCTIONS:
            raise self.error(tree, f"{tree.id} is a function; write {_sample(tree.id)}")
        return tree.id

    def add(self, tree: ast.AST, node: Node) -> int:
        if len(self.nodes) >= MAX_NODES:
            raise self.error(tree, f"more than {MAX_NODES} nodes")
        self.nodes.append(node)
        return len(self.nodes) - 1

    def used_nodes(self, result: int) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        """Drop what the result does not need, such as folded numbers, and renumber."""
        used = {result}
        for position in range(result, -1, -1):
            if position in used:
                used.update(self.nodes[position].inputs)
        new = {old: position for position, old in enumerate(sorted(used))}
        nodes = [self.nodes[old] for old in sorted(used)]
        kept = tuple([Node(n.operation, tuple([new[i] for i in n.inputs]), n.name, n.value) for n in nodes])
        return kept, tuple([n.name for n in kept if n.operation == "input"])

    def error(self, tree: ast.AST, message: str) -> ExpressionError:
        start = self.leading + int(getattr(tree, "col_offset", 0))
        end = getattr(tree, "end_col_offset", None)
        return ExpressionError(message, start, None if end is None else self.leading + int(end))


def _sample(function: str) -> str:
    return f"{function}(x, y)" if function in _TWO_ARGUMENTS else f"{function}(x)"
