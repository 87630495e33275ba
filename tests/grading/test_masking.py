"""Names off limits raise in the sandbox while an answer is called, however the answer came by them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch

from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check
from dlcourse.checks.drives.masking import OffLimits, masked
from dlcourse.checks.off_limits import forbidden_use
from dlcourse.grading.grade import grade
from dlcourse.lab import course_root
from tests.grading.mini import RIGHT_RELU, answered, hand_in

NAMES = ("torch.nn.functional.relu", "torch.relu", "dlcourse.numpy.functional", "torch.optim", "torch.nn.Dropout")
SOLUTIONS = sorted(path for path in (course_root(Path(__file__).parent) / "solutions").iterdir() if path.is_dir())
X = torch.tensor([-1.0, 2.0])

SETUP = """import importlib, functools, sys
import dlcourse.numpy as dl
import numpy as np
import torch
import torch.nn.functional as F
T = torch.as_tensor
"""
EVASIONS = {
    "getattr": "def answer(x):\n    return getattr(F, 're' + 'lu')(T(x))",
    "importlib": "def answer(x):\n    return importlib.import_module('torch.nn.' + 'functional').relu(T(x))",
    "sys.modules": "def answer(x):\n    return sys.modules['torch'].relu(T(x))",
    "a dictionary": "def answer(x):\n    return vars(F)['relu'](T(x))",
    "a module's dictionary": "def answer(x):\n    return torch.__dict__['relu'](T(x))",
    "import inside": "def answer(x):\n    exec('from torch.nn.functional import relu', globals())\n    return relu(x)",
    "alias": "globals()['mine'] = F.relu\ndef answer(x):\n    return mine(T(x))",
    "list": "tools = [0, F.relu]\ndef answer(x):\n    return tools[1](T(x))",
    "nested": "tools = {'a': [{'b': F.relu}]}\ndef answer(x):\n    return tools['a'][0]['b'](T(x))",
    "closure": "def make(f):\n    return lambda x: f(T(x))\nanswer = make(F.relu)",
    "default": "def answer(x, f=F.relu):\n    return f(T(x))",
    "keyword default": "def answer(x, *, f=torch.relu):\n    return f(T(x))",
    "class attribute": "class C:\n    f = staticmethod(F.relu)\ndef answer(x):\n    return C.f(T(x))",
    "attribute": "class C: pass\nt = C()\nt.f = F.relu\ndef answer(x):\n    return t.f(T(x))",
    "partial": "f = functools.partial(F.relu, inplace=False)\ndef answer(x):\n    return f(T(x))",
    "the answer itself": "answer = F.relu",
    "map": "def answer(x):\n    return np.vectorize(lambda v: getattr(torch, 're' 'lu')(T(v)))(x)",
    "the library": "def answer(x):\n    return vars(dl)['functional'].relu(dl.tensor(np.asarray(x))).data",
    "made before": "layer = torch.nn.Dropout()\ndef answer(x):\n    return layer(T(x))",
    "its own module": "def answer(x):\n    return torch.nn.modules.dropout.Dropout()(T(x))",
    "a method": "forward = torch.nn.Dropout().forward\ndef answer(x):\n    return forward(T(x))",
    "a subclass": "Mine = type('Mine', (getattr(torch.nn, 'Dropout'),), {})\ndef answer(x):\n    return Mine()(x)",
}
ALLOWED = {
    "its own": "def answer(x):\n    return np.maximum(np.asarray(x), 0)",
    "a library that uses it": "def answer(x):\n    return torch.nn.ReLU()(T(x)).numpy()",
    "another name": "def answer(x):\n    return torch.clamp(T(x), min=0).numpy()",
    "an import": "def answer(x):\n    from torch import nn\n    return nn.Identity()(T(x)).clamp(min=0).numpy()",
    "elsewhere": "unused = F.relu(torch.tensor([1.0]))\ndef answer(x):\n    return np.maximum(np.asarray(x), 0)",
}


def student(code: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(SETUP + code, namespace)
    return namespace


@pytest.mark.parametrize("way", EVASIONS)
def test_every_way_round_the_reading_rule_raises(way: str) -> None:
    namespace = student(EVASIONS[way])
    with pytest.raises(OffLimits, match="is off limits here"), masked(NAMES, namespace):
        namespace["answer"](X)
    if "Dropout" not in EVASIONS[way]:  # which is random
        np.testing.assert_array_equal(np.asarray(namespace["answer"](X)), [0, 2])  # afterwards all is as before


def test_most_of_them_are_not_seen_in_the_source() -> None:
    unseen = [way for way, code in EVASIONS.items() if forbidden_use("answer", [SETUP, code], NAMES) is None]
    assert len(unseen) >= 15


@pytest.mark.parametrize("way", ALLOWED)
def test_what_is_allowed_stays_allowed(way: str) -> None:
    namespace = student(ALLOWED[way])
    before = dict(namespace)
    with masked(NAMES, namespace):
        np.testing.assert_array_equal(namespace["answer"](X), [0, 2])
    assert namespace == before


def test_modules_that_are_loaded_meanwhile_are_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "solver_for_masking.py").write_text("def solve(x):\n    return x\n")
    monkeypatch.syspath_prepend(tmp_path)
    namespace = student("def answer(x):\n    return importlib.import_module('solver_for_masking').solve(x)")
    with (
        pytest.raises(OffLimits, match=r"^solver_for_masking\.solve is off"),
        masked(["solver_for_masking"], namespace),
    ):
        namespace["answer"](X)
    assert type(sys.modules.pop("solver_for_masking")) is type(sys)


@pytest.mark.parametrize("folder", SOLUTIONS, ids=lambda folder: folder.name)
def test_the_courses_own_solutions_meet_no_mask(folder: Path) -> None:
    """Solutions, and what they call in libraries and in the cells that are given, keep all their points."""
    notebook = nbformat.read(folder / f"{folder.name}.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for source in sources:
        if not source.startswith("check("):
            exec(source, namespace)
    checks = [re.fullmatch(r'check\("([\w.]+)", (\w+)\)', source) for source in sources if source.startswith("check(")]
    assert checks
    for found in checks:
        assert found is not None
        question = load(found[1])
        with np.errstate(over="ignore"), masked(question.off_limits, namespace):
            verdict = run_check(question, namespace[found[2]], 7)
        assert verdict.points == question.points, verdict


BORROWED = RIGHT_RELU.replace(
    "np.maximum(x, 0)", "getattr(__import__('dlcourse.numpy').numpy.functional, 're' + 'lu')(x).data"
)


@pytest.mark.sandbox
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_in_the_sandbox_the_answer_earns_nothing_and_is_told_why(course: Path, tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ann", answered(relu=BORROWED))
    hand_in(tmp_path / "in", "forger", answered(relu="class OffLimits(Exception): pass\n" + FORGED))
    report = grade(tmp_path / "in", tmp_path / "out", course=course)
    ann, forger = report.rows
    assert ann.score == forger.score == load("01.multiply_gate").points
    assert "01.relu_gate: Your answer uses dlcourse.numpy.functional.relu, which this question asks" in ann.reason
    assert "uses numpy" not in forger.reason


FORGED = RIGHT_RELU.replace("return np.maximum(x, 0)", "raise OffLimits('numpy.sin is off limits here')")
