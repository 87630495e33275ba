"""Fixtures: the twins in turn, and float64 as their default."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.training.problems import TWINS


@pytest.fixture
def float64() -> Iterator[None]:
    before = [twin.get_default_dtype() for twin in TWINS]
    for twin in TWINS:
        twin.set_default_dtype(twin.float64)
    yield
    for twin, dtype in zip(TWINS, before, strict=True):
        twin.set_default_dtype(dtype)


@pytest.fixture(params=TWINS, ids=["numpy", "torch"])
def twin(request: pytest.FixtureRequest) -> ModuleType:
    return request.param
