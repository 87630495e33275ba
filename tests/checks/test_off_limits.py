"""Names that an answer must not use are found whatever they are called, and nothing else is."""

import pytest

from dlcourse.checks.bank import load
from dlcourse.checks.off_limits import Use, forbidden_use

RELU = ("torch.relu", "torch.nn", "dlcourse.numpy.functional")


@pytest.mark.parametrize(
    ("cells", "use"),
    [
        (["import torch", "def relu(x):\n    return torch.relu(x)"], Use("torch.relu", "return torch.relu(x)")),
        (["import torch.nn.functional as F\ndef relu(x):\n    return F.relu(x)"], "torch.nn.functional.relu"),
        (["from torch import nn\ndef relu(x):\n    return nn.ReLU()(x)"], "torch.nn.ReLU"),
        (["import torch\nmine = torch.relu", "def relu(x):\n    return mine(x)"], "torch.relu"),
        (["import torch\nF = torch.nn.functional", "def relu(x):\n    return F.relu(x)"], "torch.nn.functional.relu"),
        (["def relu(x):\n    from torch.nn.functional import relu\n    return relu(x)"], "torch.nn.functional.relu"),
        (["def relu(x):\n    import torch as t\n    return t.relu(x)"], "torch.relu"),
        (
            ["import torch\ndef helper(x):\n    return torch.relu(x)", "def relu(x):\n    return helper(x)"],
            "torch.relu",
        ),
        (["import dlcourse.numpy as dl\nclass relu:\n    f = dl.functional.relu"], "dlcourse.numpy.functional.relu"),
        (["%matplotlib inline\nimport torch\ndef relu(x):\n    return torch.relu(x)"], "torch.relu"),
    ],
)
def test_a_use_is_found(cells, use):
    found = forbidden_use("relu", cells, RELU)
    assert found == use if isinstance(use, Use) else found.name == use


@pytest.mark.parametrize(
    "cells",
    [
        ["import torch\ndef relu(x):\n    return x * (x > 0)", "torch.relu"],
        ["import torch\ndef relu(torch):\n    return torch.relu(torch)"],  # an argument of that name
        ["from torch import relu", "def relu(x):\n    return relu"],  # the student's own relu
        [
            "import torch\ndef relu(x):\n    return torch.relu(x)",
            "def relu(x):\n    return abs(x)",
        ],
        ["import torch\ndef other(x):\n    return torch.relu(x)", "def relu(x):\n    return x"],
        ["import torch\ndef relu(x):\n    return torch.relu6(x)"],
        ["def relu(x):\n    return 'torch.relu'  # torch.relu"],
        ["def relu(x:"],
        [],
    ],
)
def test_nothing_else_is_taken_for_one(cells):
    assert forbidden_use("relu", cells, RELU) is None


def test_an_answer_that_calls_what_it_should_write_scores_zero():
    question = load("04.elu")
    verdict = question.uses(Use("torch.nn.ELU", "self.f = torch.nn.ELU()"))
    assert (verdict.points, verdict.status, verdict.kind) == (0, "wrong", "off limits")
    assert "torch.nn.ELU" in verdict.summary
    assert "self.f = torch.nn.ELU()" in verdict.got


def test_the_notebook_finds_it(tmp_path):
    """In a real kernel: the check cell answers with the line, whatever the numbers are."""
    import nbformat
    from nbclient import NotebookClient

    cells = [
        "import numpy as np\nfrom dlcourse.checks import check\nimport dlcourse.numpy as dl",
        "class LeakyReLU:\n    def forward(self, x):\n        return dl.functional.leaky_relu(dl.tensor(x), 0.1).data",
        "check('04.leaky_relu', LeakyReLU)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (output,) = notebook.cells[2].outputs
    text = output.data["text/html"]
    assert "dlcourse.numpy.functional.leaky_relu" in text
    assert "asks you to write yourself" in text
