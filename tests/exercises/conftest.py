"""Progress goes to the test's own folder; the course is found from here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_PROGRESS", str(tmp_path / "progress"))


@pytest.fixture(scope="session")
def root():
    return ROOT


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        numbers = sorted(path.name[:2] for path in (ROOT / "solutions").glob("*_*") if list(path.glob("*.ipynb")))
        metafunc.parametrize("number", numbers)
