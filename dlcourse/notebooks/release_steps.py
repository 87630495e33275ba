"""The steps that the release adds to nbgrader's own, attached by configuration."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets import Unicode

from dlcourse.checks.bank import all_questions, all_written

__all__ = ["NamedStubs", "TellOffLimits", "WritePoints"]

Resources = dict[str, Any]


class WritePoints(NbGraderPreprocessor):  # type: ignore[misc]
    """Write ``Question.points`` into the cells that carry points: the definition is the one place for them."""

    number = Unicode(help="Number of the exercise, as in 01.").tag(config=True)

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: Resources,
        cell_index: int,  # noqa: ARG002 - nbconvert's signature
    ) -> tuple[NotebookNode, Resources]:
        """Set the points of a check cell, or of an answer in words."""
        if utils.is_grade(cell):
            points = {question.id: question.points for question in all_questions(self.number)}
            points |= {written.id: written.points for written in all_written(self.number)}
            name = cell.metadata.nbgrader["grade_id"].partition("-")[2]
            cell.metadata.nbgrader["points"] = points[f"{self.number}.{name}"]
        return cell, resources


class TellOffLimits(NbGraderPreprocessor):  # type: ignore[misc]
    """Tell under a question which names its answer must not use: the definition is the one place for them."""

    number = Unicode(help="Number of the exercise, as in 01.").tag(config=True)

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: Resources,
        cell_index: int,  # noqa: ARG002 - nbconvert's signature
    ) -> tuple[NotebookNode, Resources]:
        """Add a line to the text that states the question's points."""
        if cell.cell_type == "markdown":
            for question in all_questions(self.number):
                if question.off_limits and f"*{question.id}: " in cell.source:
                    names = ", ".join(f"`{name}`" for name in question.off_limits)
                    cell.source += f"\n\nOff limits here, because you write it yourself: {names}."
        return cell, resources


class NamedStubs(ClearSolutions):  # type: ignore[misc]
    """Replace a solution by a stub that names its question."""

    number = Unicode(help="Number of the exercise, as in 01.").tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Choose the stub for this cell, then let nbgrader put it in place."""
        if utils.is_solution(cell):
            name = cell.metadata.nbgrader["grade_id"].partition("-")[2]
            stub = f'raise NotImplementedError("{self.number}.{name}: your code goes here, in place of this raise")'
            self.code_stub = {"python": stub}
            self.text_stub = "*Write your answer in place of this line.*"
        changed: tuple[NotebookNode, Resources] = super().preprocess_cell(cell, resources, cell_index)
        return changed
