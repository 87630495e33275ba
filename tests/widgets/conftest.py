import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def demo_module(tmp_path_factory):
    """The demo explorer, importable as ``dlcourse.widgets.demo`` so that recipes can name it."""
    spec = importlib.util.spec_from_file_location("dlcourse.widgets.demo", Path(__file__).with_name("demo.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    drawing = tmp_path_factory.mktemp("js") / "demo.js"
    drawing.write_text(module.DRAWING)
    module.DemoExplorer.drawing = drawing
    yield module
    sys.modules.pop(spec.name, None)


@pytest.fixture
def demo(demo_module):
    return demo_module.DemoExplorer


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dlcourse" / "explorers"
