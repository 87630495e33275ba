"""Merging: whatever a submission looks like, the notebook that runs is the released one with its answers."""

from __future__ import annotations

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from dlcourse.grading.exercise import grade_id
from dlcourse.grading.merge import MISSING, changed_metadata, merge
from tests.grading.mini import RIGHT_GATE, STUB_GATE, answered, released


def sources(notebook: NotebookNode) -> dict[str | None, str]:
    return {grade_id(cell): cell.source for cell in notebook.cells}


def without(notebook: NotebookNode, name: str) -> NotebookNode:
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != name]
    return notebook


def test_answers_come_from_the_submission_and_all_else_from_the_release() -> None:
    submitted = answered()
    submitted.cells[3].source = 'print("10 of 10 points")'
    submitted.cells[3].metadata.nbgrader.points = 1000
    merged, notes = merge(released(), submitted)
    assert sources(merged)["answer-multiply_gate"] == RIGHT_GATE
    assert sources(merged)["check-multiply_gate"] == 'check("01.multiply_gate", MultiplyGate)'
    check = next(cell for cell in merged.cells if grade_id(cell) == "check-multiply_gate")
    assert check.metadata.nbgrader.points == 77
    assert notes == ["The cell check-multiply_gate had been changed; the original was used."]


@pytest.mark.parametrize("name", ["check-multiply_gate", "check-relu_gate", "setup"])
def test_a_deleted_cell_is_put_back_in_its_place(name: str) -> None:
    merged, notes = merge(released(), without(answered(), name))
    graded = [grade_id(cell) for cell in merged.cells if grade_id(cell)]
    assert graded == [grade_id(cell) for cell in released().cells if grade_id(cell)]
    assert notes == [f"The cell {name} was missing and was put back."]


def test_an_answer_whose_cell_lost_its_id_still_counts() -> None:
    submitted = answered()
    submitted.cells[2].metadata = {}
    merged, _ = merge(released(), submitted)
    code = [cell.source for cell in merged.cells if cell.cell_type == "code"]
    assert code.index(MISSING) < code.index(RIGHT_GATE) < code.index('check("01.multiply_gate", MultiplyGate)')
    assert STUB_GATE not in code


def test_of_two_copies_the_last_that_is_not_the_stub_is_the_answer() -> None:
    submitted = answered()
    submitted.cells.insert(3, released().cells[2])
    merged, _ = merge(released(), submitted)
    assert sources(merged)["answer-multiply_gate"] == RIGHT_GATE


def test_copies_of_check_cells_are_dropped() -> None:
    submitted = answered()
    submitted.cells += [submitted.cells[3]] * 3
    merged, _ = merge(released(), submitted)
    assert [grade_id(cell) for cell in merged.cells].count("check-multiply_gate") == 1
    assert len(merged.cells) == len(released().cells)


def test_the_students_own_cells_stay_before_the_cell_that_they_preceded() -> None:
    submitted = answered()
    submitted.cells.insert(2, nbformat.v4.new_code_cell("helper = 1"))
    merged, _ = merge(released(), submitted)
    order = [cell.source for cell in merged.cells]
    assert order.index("helper = 1") == order.index(RIGHT_GATE) - 1


def test_an_answer_that_became_text_is_code_again() -> None:
    submitted = answered()
    submitted.cells[2] = nbformat.v4.new_markdown_cell(RIGHT_GATE, metadata=submitted.cells[2].metadata)
    merged, _ = merge(released(), submitted)
    answer = next(cell for cell in merged.cells if grade_id(cell) == "answer-multiply_gate")
    assert answer.cell_type == "code"
    assert answer.source == RIGHT_GATE


HANDED_OUT = {name: dict(cell.metadata.nbgrader) for cell in released().cells if (name := grade_id(cell))}


def test_nothing_is_said_of_metadata_as_it_was_given() -> None:
    assert changed_metadata(HANDED_OUT, answered()) == []


def test_changed_points_of_graded_cells_are_counted_once_each() -> None:
    submitted = answered()
    for cell in submitted.cells[1:]:
        cell.metadata.nbgrader.points = 1000
    submitted.cells.append(submitted.cells[3])
    assert changed_metadata(HANDED_OUT, submitted) == ["The points of 3 cells were changed; the course's own count."]


def test_changed_settings_are_named() -> None:
    submitted = answered()
    submitted.cells[3].metadata.nbgrader.update(grade=False, points="many")
    assert changed_metadata(HANDED_OUT, submitted) == [
        "The points of 1 cell were changed; the course's own count.",
        "The nbgrader settings of 1 cell were changed; the course's own count.",
    ]


def test_a_solutions_points_of_zero_and_lost_settings_are_no_change() -> None:
    submitted = answered()
    submitted.cells[3].metadata.nbgrader.points = 0
    submitted.cells[5].metadata = {"nbgrader": {"grade_id": "check-relu_gate"}}
    submitted.cells.append(nbformat.v4.new_code_cell("1", metadata={"nbgrader": {"grade_id": "evil", "points": 9}}))
    assert changed_metadata(HANDED_OUT, submitted) == []


@given(st.lists(st.integers(0, 6), max_size=12), st.data())
def test_any_selection_in_any_order_gives_every_graded_cell_once(order: list[int], data: st.DataObject) -> None:
    submitted = answered()
    submitted.cells = [nbformat.from_dict(submitted.cells[index]) for index in order]
    for cell in submitted.cells:
        if data.draw(st.booleans()):
            cell.metadata = {
                "nbgrader": {"grade_id": data.draw(st.sampled_from(["explain", "evil", "check-relu_gate"]))}
            }
    merged, _ = merge(released(), submitted)
    assert [name for cell in merged.cells if (name := grade_id(cell))] == [
        name for cell in released().cells if (name := grade_id(cell))
    ]
    for cell, original in zip([c for c in merged.cells if grade_id(c)], released().cells[1:], strict=True):
        assert cell.metadata == original.metadata
        if not original.metadata.nbgrader.solution:
            assert cell.source == original.source
