"""Do the parity rows notice a wrong gradient? Break every ``backward`` on purpose, and see.

Run ``python -m benchmarks.mutate_backward`` from the root of the repository; it takes minutes.
Each *mutant* is one operation of ``dlcourse.numpy`` whose ``backward`` has one mistake: a term or
factor is missing, a sign or scale is wrong, an axis or a transpose is. The parity rows that use the
operation must fail. A mutant that survives is printed: the tests need a row, or it is equivalent.
"""

from __future__ import annotations

import argparse
import ast
import copy
import inspect
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import dlcourse.numpy
from dlcourse.numpy.graph import Operation
from tests.parity.harness import Row, compare, draw_sizes, run_twin
from tests.parity.table import ROWS

ROWS_EACH = 12  # an operation such as Add is used by hundreds of rows: the most specific ones must do
SEEDS = (0, 1)


@dataclass
class Mutant:
    """One mistake: what it is, and the ``backward`` that has it."""

    operation: type[Operation]
    mistake: str
    backward: Callable[..., object]


# ---- making mutants --------------------------------------------------------------------------


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every way to get this one node wrong, with a description. Python code that is no arithmetic stays as it is."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            yield "term missing", left
            yield "term missing", right
            yield "sign", ast.BinOp(left, ast.Sub() if isinstance(op, ast.Add) else ast.Add(), right)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            yield "factor missing", left
            if isinstance(op, ast.Mult):
                yield "factor missing", right
            yield "factor inverted", ast.BinOp(left, ast.Div() if isinstance(op, ast.Mult) else ast.Mult(), right)
        case ast.BinOp(left=left, op=ast.Pow()):
            yield "power missing", left
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "product in the wrong order", ast.BinOp(right, ast.MatMult(), left)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign", operand
        case ast.AugAssign(target=target, op=op, value=value):
            yield "overwritten instead of added", ast.Assign([target], value)
            if isinstance(op, ast.Sub):
                yield "sign", ast.AugAssign(target, ast.Add(), value)
        case ast.Attribute(attr="T", value=value):
            yield "transpose missing", value
        case ast.Call(func=ast.Attribute(attr="swapaxes" | "transpose", value=value)):
            yield "transpose missing", value
        case ast.keyword(arg="axis") if not isinstance(node.value, ast.Constant) or node.value.value is not None:
            yield "wrong axis", ast.keyword("axis", ast.Constant(None))
        case ast.Call(func=ast.Attribute(attr="sum"), args=[ast.Constant(value=int(axis))]):
            wrong = copy.deepcopy(node)
            wrong.args = [ast.Constant(1 - axis)]
            yield "wrong axis", wrong
        case ast.Call(func=ast.Attribute(attr="sum" | "mean" as name, value=value)):
            wrong = copy.deepcopy(node)
            wrong.func = ast.Attribute(value, "mean" if name == "sum" else "sum", ast.Load())
            yield f"{name} is {wrong.func.attr}", wrong
        case ast.Compare(ops=[op]):
            wrong = copy.deepcopy(node)
            wrong.ops = [{ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.Eq: ast.NotEq}.get(type(op), ast.Gt)()]
            yield "comparison", wrong


def returned(node: ast.Return) -> Iterator[tuple[str, ast.AST]]:
    """Every returned gradient twice as large, with the wrong sign, and with 1 added."""
    value = node.value
    if isinstance(value, ast.IfExp):  # one tuple with the bias, one without: break the one with it
        for mistake, wrong in returned(ast.Return(value.body)):
            assert isinstance(wrong, ast.Return)
            yield mistake, ast.Return(ast.IfExp(value.test, wrong.value, value.orelse))
        return
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    for i, part in enumerate(parts):
        assert isinstance(part, ast.expr)
        for mistake in ("* 2", "* -1", "+ 1"):
            # None stays None: an input that needs no gradient.
            code = f"None if (_part := {ast.unparse(part)}) is None else _part {mistake}"
            if isinstance(part, ast.Call) and ast.unparse(part.func) == "tuple":
                code = f"tuple(None if _part is None else _part {mistake} for _part in {ast.unparse(part)})"
            changed = ast.parse(code, mode="eval").body
            together = ast.Tuple([*parts[:i], changed, *parts[i + 1 :]], ast.Load())
            yield f"gradient {i} {mistake}", ast.Return(together if isinstance(value, ast.Tuple) else changed)


class Replace(ast.NodeTransformer):
    """Put ``new`` in the place of the node at a position of the walk."""

    def __init__(self, position: int, new: ast.AST) -> None:
        self.position, self.new, self.count = position, new, -1

    def visit(self, node: ast.AST) -> ast.AST:
        """Count in the order of ``preorder``."""
        self.count += 1
        return self.new if self.count == self.position else self.generic_visit(node)


def preorder(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree in the order in which ``Replace`` meets them."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from preorder(child)


def in_condition(tree: ast.AST) -> set[int]:
    """Nodes of ``self.needs[...]`` tests and of annotations: they save work and compute nothing."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp)):
            skipped.update(id(part) for part in ast.walk(node.test))
        if isinstance(node, ast.AnnAssign):
            skipped.update(id(part) for part in ast.walk(node.annotation))
    return skipped


def mutants(operation: type[Operation]) -> Iterator[Mutant]:
    """Every mutant of an operation's ``backward``."""
    source = textwrap.dedent(inspect.getsource(operation.backward))
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.returns = None
    for argument in tree.args.args:
        argument.annotation = None
    skipped = in_condition(tree)
    for position, node in enumerate(preorder(tree)):
        if id(node) in skipped:
            continue
        found = [*variants(node), *(returned(node) if isinstance(node, ast.Return) else ())]
        for mistake, new in found:
            wrong = Replace(position, copy.deepcopy(new)).visit(copy.deepcopy(tree))
            line = source.splitlines()[getattr(node, "lineno", 1) - 1].strip()
            yield Mutant(operation, f"{mistake}: {line}", compiled(operation, wrong))


def unchanged(operation: type[Operation]) -> Mutant:
    """No mistake at all, made in the same way: the rows must accept it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(operation.backward))).body[0]
    return Mutant(operation, "no mistake", compiled(operation, tree))


def compiled(operation: type[Operation], tree: ast.AST) -> Callable[..., object]:
    """The function that a syntax tree defines, among the names of the operation's own file."""
    assert isinstance(tree, ast.stmt)
    module = ast.fix_missing_locations(ast.Module([tree], []))
    names: dict[str, Any] = {}
    code = compile(module, f"<mutant of {operation.__name__}>", "exec")
    exec(code, vars(sys.modules[operation.__module__]), names)  # noqa: S102  our own source, with one mistake
    backward: Callable[..., object] = names["backward"]
    return backward


# ---- judging them ----------------------------------------------------------------------------


def operations() -> list[type[Operation]]:
    """Every operation of the NumPy twin that has a ``backward`` of its own."""
    found, waiting = [], [Operation]
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if cls.__module__.startswith("dlcourse.numpy") and "backward" in vars(cls) and cls is not Operation:
            found.append(cls)
    return sorted(found, key=lambda cls: (cls.__module__, cls.__name__))


def rows_by_operation() -> dict[type[Operation], list[Row]]:
    """The rows in which each operation runs backward, those with the fewest other operations first."""
    used: dict[str, set[type[Operation]]] = {}
    originals = {cls: vars(cls)["backward"] for cls in operations()}

    def recorder(cls: type[Operation], names: set[type[Operation]]) -> Callable[..., object]:
        def backward(self: Operation, grad: np.ndarray) -> object:
            names.add(cls)
            return originals[cls](self, grad)

        return backward

    rows = [row for row in ROWS if row.kind == "value" and not row.name.startswith(("optim.", "schedule."))]
    for row in rows:
        names = used.setdefault(str(row), set())
        for cls in originals:
            cls.backward = recorder(cls, names)  # type: ignore[method-assign]
        for options in row.choices():
            rng = np.random.default_rng(0)
            run_twin(row, dlcourse.numpy, rng, draw_sizes(row, rng), options, "float64")
    for cls, original in originals.items():
        cls.backward = original  # type: ignore[method-assign]
    return {
        cls: sorted((row for row in rows if cls in used[str(row)]), key=lambda row: len(used[str(row)]))[:ROWS_EACH]
        for cls in originals
    }


def survives(mutant: Mutant, rows: list[Row]) -> bool:
    """Whether no row notices the mistake. Any error in a row counts as noticing: a student would see it."""
    original = vars(mutant.operation)["backward"]
    mutant.operation.backward = mutant.backward  # type: ignore[method-assign]
    try:
        for row in rows:
            for seed in SEEDS:
                try:
                    compare(row, seed, some=8)
                except Exception:
                    return False
        return True
    finally:
        mutant.operation.backward = original  # type: ignore[method-assign]


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each operation, then the score; 1 if it is below ``--minimum``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operation", help="only this one, for example Linear")
    parser.add_argument("--minimum", type=float, default=0.95, help="the share of mutants that must be noticed")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    rows = rows_by_operation()
    total = noticed = 0
    problems = []
    for cls in operations():
        if options.operation not in (None, cls.__name__):
            continue
        name = f"{cls.__module__.removeprefix('dlcourse.numpy.')}.{cls.__name__}"
        if not survives(unchanged(cls), rows[cls]):
            problems.append(f"{name} fails its rows without any mistake")
        made = list(mutants(cls))
        alive = [mutant for mutant in made if survives(mutant, rows[cls])]
        total, noticed = total + len(made), noticed + len(made) - len(alive)
        print(f"{name:40} {len(made) - len(alive):3} of {len(made):3} noticed by {len(rows[cls]):2} rows", flush=True)
        for mutant in alive:
            print(f"    survives: {mutant.mistake}", flush=True)
        if len(made) < 3 or not rows[cls]:
            problems.append(f"{name} has {len(made)} mutants and {len(rows[cls])} rows")
    score = noticed / total if total else 0.0
    print(f"{noticed} of {total} mutants noticed: {score:.1%} (at least {options.minimum:.0%} expected)")
    for problem in problems:
        print(problem)
    return int(score < options.minimum or bool(problems))


if __name__ == "__main__":
    sys.exit(main())
