"""Every kind of file that is handed in is read, or refused with a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcourse.grading.intake import UnreadableError, read_bytes, read_notebook

NAME = "01_mini.ipynb"


def document(**changes: Any) -> bytes:
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell("x = 1")]} | changes
    return json.dumps(plain).encode()


def cell(source: object, grade_id: object = "answer-a", kind: str = "code") -> dict[str, Any]:
    return {
        "cell_type": kind,
        "source": source,
        "metadata": {"nbgrader": {"grade_id": grade_id}},
        "outputs": [{"x": 1}],
    }


def test_a_notebook_keeps_sources_types_and_ids_and_nothing_else() -> None:
    notebook = read_notebook(
        document(cells=[cell(["a\n", "b"]), cell("# T", None, "markdown"), cell("raw", "r", "raw")]), NAME
    )
    assert [c.source for c in notebook.cells] == ["a\nb", "# T", "raw"]
    assert [c.cell_type for c in notebook.cells] == ["code", "markdown", "markdown"]
    assert notebook.cells[0].metadata == {"nbgrader": {"grade_id": "answer-a"}}
    assert notebook.cells[1].metadata == {}
    assert notebook.cells[0].outputs == []


def test_an_old_notebook_is_converted() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": []}]}],
    }
    assert read_notebook(json.dumps(old).encode(), NAME).cells[0].source == "x = 1"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"PK\x03\x04 not a notebook", "not valid JSON"),
        (b'{"nbformat": 4, "cells": [', "cut off"),
        (b"[1, 2]", "no nbformat"),
        (b"{}", "no nbformat"),
        (document(nbformat=99), "format 99"),
        (document(cells="x"), "no list of cells"),
        (document(cells=[cell("x")] * 2001), "more than 2000"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"nbformat": 3, "worksheets": 7}', "damaged"),
        (b'{"nbformat": ' + b"9" * 10_000 + b"}", "not valid JSON"),
    ],
)
def test_what_is_no_notebook_gets_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableError, match=says) as caught:
        read_notebook(content, NAME)
    assert str(caught.value).endswith(".")


KEYS = st.sampled_from(["cell_type", "source", "metadata", "nbgrader", "grade_id"])
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(SHAPES)
def test_cells_of_any_shape_do_not_break_it(shape: Any) -> None:
    notebook = read_notebook(document(cells=[shape, cell("x")]), NAME)
    nbformat.validate(notebook)
    assert notebook.cells[-1].source == "x"


def test_lone_surrogates_can_be_written() -> None:
    notebook = read_notebook(document(cells=[cell("x = '\ud800'")]), NAME)
    assert nbformat.writes(notebook).encode("utf-8")


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.truncate(30 << 20)
    with pytest.raises(UnreadableError, match="larger than 20 MB"):
        read_bytes(path)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(UnreadableError, match="not a file"):
        read_bytes(tmp_path / NAME)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="not a file"):
        read_bytes(tmp_path)
