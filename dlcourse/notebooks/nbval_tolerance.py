"""A pytest plugin: strict nbval, with the tolerance of ``dlcourse.notebooks.compare``.

    pytest --nbval -p dlcourse.notebooks.nbval_tolerance lectures

Every output is compared, pictures too. nbval offers no setting for how it compares, so each of its
cells gets our comparison in place of its method ``compare_outputs``. That method is not a
published interface: nbval is pinned to 0.11, and a test fails if the method changes its face.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dlcourse.notebooks.cells import tags
from dlcourse.notebooks.compare import difference, tolerance_for
from dlcourse.notebooks.execute import KERNEL_ENVIRONMENT

__all__ = ["pytest_configure", "pytest_itemcollected"]


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval's kernels start under the conditions of ``dlcourse refresh``, with the Python that runs pytest."""
    os.environ.update(KERNEL_ENVIRONMENT)
    if not config.option.nbval_kernel_name:
        config.option.nbval_current_env = True


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a notebook cell our comparison; other tests are left as they are."""
    if type(item).__name__ == "IPyNbCell" and type(item).__module__.startswith("nbval"):
        item.compare_outputs = _comparison(item)  # type: ignore[attr-defined]


def _comparison(item: Any) -> Any:
    def compare_outputs(test: Sequence[Mapping[str, Any]], ref: Sequence[Mapping[str, Any]]) -> bool:
        problem = difference(ref, test, tolerance_for(tags(item.cell)))
        item.comparison_traceback = [] if problem is None else [f"cell {item.cell.get('id')}: {problem}"]
        return problem is None

    return compare_outputs
