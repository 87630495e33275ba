"""A small exercise for the grader: two questions of the real bank and one answered in words, and ways to hand it in."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

__all__ = [
    "EXERCISE",
    "RIGHT_GATE",
    "RIGHT_RELU",
    "STUB_GATE",
    "STUB_RELU",
    "SWAPPED_GATE",
    "answered",
    "hand_in",
    "released",
]

EXERCISE = "01_mini"

STUB_GATE = """class MultiplyGate:
    def forward(self, x, y):
        raise NotImplementedError("01.multiply_gate: write it")
"""
STUB_RELU = """class ReLUGate:
    def forward(self, x):
        raise NotImplementedError("01.relu_gate: write it")
"""

RIGHT_GATE = """class MultiplyGate:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        return self.y * dz, self.x * dz
"""
RIGHT_RELU = """class ReLUGate:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dz):
        return dz * (self.x > 0)
"""
SWAPPED_GATE = RIGHT_GATE.replace("self.y * dz, self.x * dz", "self.x * dz, self.y * dz")
WORDS = "The gradient goes to each input times the other input."


def metadata(
    grade_id: str, *, solution: bool = False, grade: bool = False, points: float | None = None
) -> dict[str, object]:
    fields = {"grade_id": grade_id, "solution": solution, "grade": grade, "locked": not solution, "schema_version": 3}
    return {"nbgrader": fields | {"task": False} | ({} if points is None else {"points": points})}


def released() -> NotebookNode:
    """The exercise as it is released. Its points are wrong on purpose: the questions decide."""
    cells = [
        nbformat.v4.new_markdown_cell("# A small exercise"),
        nbformat.v4.new_code_cell(
            "import numpy as np\n\nfrom dlcourse.checks import check", metadata=metadata("setup")
        ),
        nbformat.v4.new_code_cell(STUB_GATE, metadata=metadata("answer-multiply_gate", solution=True)),
        nbformat.v4.new_code_cell(
            'check("01.multiply_gate", MultiplyGate)', metadata=metadata("check-multiply_gate", grade=True, points=77)
        ),
        nbformat.v4.new_code_cell(STUB_RELU, metadata=metadata("answer-relu_gate", solution=True)),
        nbformat.v4.new_code_cell(
            'check("01.relu_gate", ReLUGate)', metadata=metadata("check-relu_gate", grade=True, points=77)
        ),
        nbformat.v4.new_markdown_cell("Why?", metadata=metadata("explain", solution=True, grade=True, points=2)),
    ]
    for cell in cells:
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", "title")
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )


def answered(gate: str = RIGHT_GATE, relu: str = RIGHT_RELU, words: str = WORDS) -> NotebookNode:
    """The exercise with a student's answers."""
    notebook = released()
    answers = {"answer-multiply_gate": gate, "answer-relu_gate": relu, "explain": words}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def hand_in(folder: Path, student: str, notebook: NotebookNode | bytes) -> Path:
    """Put a notebook where a student's submission is expected."""
    path = folder / student / EXERCISE / f"{EXERCISE}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode())
    return path
