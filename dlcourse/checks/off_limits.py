"""Find, without running anything, whether an answer calls what its question asks the student to write.

The names in a student's cells are followed back to what they were imported as: in a notebook with
``import torch.nn.functional as F`` and ``mine = F.relu``, an answer that calls ``mine`` uses
``torch.nn.functional.relu``. Functions of the notebook that the answer calls are read too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Use", "forbidden_use"]

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Use:
    """An answer uses ``name``, in the line of code ``line``."""

    name: str
    line: str


def forbidden_use(answer: str, cells: Sequence[str], off_limits: Sequence[str]) -> Use | None:
    """The first use of a name that is off limits, or None.

    Args:
        answer: the name of the student's function or class.
        cells: the source of the notebook's code cells in the order in which they ran.
        off_limits: dotted names; a module stands for everything in it.
    """
    notebook = _Notebook()
    for source in cells:
        notebook.read(source)
    for definition in notebook.reached_from(answer):
        for node, name in notebook.uses(definition):
            if any(name == entry or name.startswith(entry + ".") for entry in off_limits):
                return Use(name, notebook.line_of(definition, node))
    return None


class _Notebook:
    """The definitions of a notebook, and what its names stand for."""

    def __init__(self) -> None:
        self.definitions: dict[str, Definition] = {}
        self.names: dict[str, str] = {}
        self._sources: dict[int, str] = {}

    def read(self, source: str) -> None:
        """Take in one cell. What is no Python, such as a magic, is left out."""
        lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for statement in tree.body:
            if isinstance(statement, Definition):
                self.definitions[statement.name] = statement
                self.names.pop(statement.name, None)
                self._sources[id(statement)] = "\n".join(lines)
        for node in ast.walk(tree):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.split(".")[0]
                self.names[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Assign) and (name := self._dotted(node.value, frozenset())):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.names[target.id] = name

    def reached_from(self, answer: str) -> Iterator[Definition]:
        """The answer's definition and those of the notebook's functions that it uses, each once."""
        waiting, seen = [answer], set()
        while waiting:
            name = waiting.pop(0)
            definition = self.definitions.get(name)
            if definition is None or name in seen:
                continue
            seen.add(name)
            yield definition
            waiting += [node.id for node in ast.walk(definition) if isinstance(node, ast.Name)]

    def uses(self, definition: Definition) -> Iterator[tuple[ast.AST, str]]:
        """Every dotted name in a definition, with what it stands for. The body's own names stand for nothing."""
        own = frozenset(node.arg for node in ast.walk(definition) if isinstance(node, ast.arg))
        for node in ast.walk(definition):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)
            elif name := self._dotted(node, own):
                yield node, name

    def _dotted(self, node: ast.AST, own: frozenset[str]) -> str:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in own or node.id not in self.names:
            return ""
        return ".".join([self.names[node.id], *parts])

    def line_of(self, definition: Definition, node: ast.AST) -> str:
        """The student's own line."""
        return self._sources[id(definition)].splitlines()[getattr(node, "lineno", 1) - 1].strip()
