"""Every public name of the twins has a row, and every row agrees."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.parity.harness import Row, compare, refuse_one_example
from tests.parity.table import ROWS

MODULES = ["", "functional", "gradcheck", "init", "nn", "optim", "schedule"]
values = pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "value"], ids=str)


@pytest.mark.parametrize("module", MODULES)
def test_the_twins_have_the_same_names(module: str) -> None:
    ours, theirs = (importlib.import_module(f"dlcourse.{twin}.{module}".rstrip(".")) for twin in ("numpy", "torch"))
    assert ours.__all__ == theirs.__all__
    for name in ours.__all__:
        assert hasattr(ours, name)
        assert hasattr(theirs, name)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_row(module: str) -> None:
    covered = {row.name for row in ROWS}
    names = importlib.import_module(f"dlcourse.numpy.{module}".rstrip(".")).__all__
    submodules = set(MODULES)
    missing = [name for name in names if name not in submodules and f"{module}.{name}".lstrip(".") not in covered]
    assert not missing, f"no parity row for {missing} of {module or 'the top level'}"


def test_every_row_names_something_public() -> None:
    for row in ROWS:
        module, _, name = row.name.rpartition(".")
        assert name in importlib.import_module(f"dlcourse.numpy.{module}".rstrip(".")).__all__


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_twins_agree_with_every_option(row: Row) -> None:
    compare(row, seed=0)


@values
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_twins_agree_for_any_sizes_and_numbers(row: Row, seed: int) -> None:
    compare(row, seed, some=2)


@values
def test_twins_agree_on_one_example(row: Row) -> None:
    if row.accepts_one:
        compare(row, seed=1, n=1, some=4)
    else:
        refuse_one_example(row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "value" and row.accepts_empty], ids=str)
def test_twins_agree_on_an_empty_batch(row: Row) -> None:
    compare(row, seed=2, n=0, some=4)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind == "value" and row.float32], ids=str)
def test_float32_stays_float32(row: Row) -> None:
    compare(row, seed=3, dtype="float32", some=4)
