"""The whole table: every ``rows_*.py`` of this folder, put together."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.parity.harness import Row

ROWS: list[Row] = [
    row
    for path in sorted(Path(__file__).parent.glob("rows_*.py"))
    for row in importlib.import_module(f"tests.parity.{path.stem}").ROWS
]
