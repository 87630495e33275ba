"""Outputs of an untrusted process become a valid notebook or nothing."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from hypothesis import given
from hypothesis import strategies as st

from dlcourse.grading.outputs import clean_outputs

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text/plain", "image/png", "x"]), inner)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(["output_type", "name", "text", "data", "ename", "evalue", "traceback", "metadata"])
KINDS = st.sampled_from(["stream", "error", "display_data", "execute_result", "nonsense"])
OUTPUTS = st.tuples(st.dictionaries(KEYS, VALUES), KINDS).map(lambda pair: pair[0] | {"output_type": pair[1]})


@given(st.lists(OUTPUTS, max_size=4), VALUES)
def test_whatever_comes_becomes_a_valid_notebook(outputs: list[dict[str, Any]], count: Any) -> None:
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs, cell.execution_count = [nbformat.from_dict(output) for output in outputs], count
    clean_outputs(cell)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(notebook)
    assert json.loads(nbformat.writes(notebook).encode("utf-8"))


def test_text_errors_and_pictures_stay() -> None:
    cell = nbformat.v4.new_code_cell("x", execution_count=3)
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="hello"),
        nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["a", "b"]),
        nbformat.v4.new_output("display_data", data={"image/png": "abc", "application/json": {}, "text/plain": "p"}),
    ]
    clean_outputs(cell)
    assert [output.output_type for output in cell.outputs] == ["stream", "error", "display_data"]
    assert cell.outputs[2].data == {"image/png": "abc", "text/plain": "p"}
    assert cell.execution_count == 3


def test_endlessly_many_outputs_are_cut() -> None:
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [nbformat.v4.new_output("stream", text="a")] * 1000
    clean_outputs(cell)
    assert len(cell.outputs) == 200
