"""The torch twin hands on torch's own classes, and either twin can be imported first, from anywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import dlcourse.torch as dl


def test_what_torch_has_is_torchs_own() -> None:
    assert dl.nn.Linear is torch.nn.Linear
    assert dl.functional.relu is torch.nn.functional.relu
    assert dl.init.kaiming_normal_ is torch.nn.init.kaiming_normal_
    assert dl.Tensor is torch.Tensor
    assert dl.tensor is torch.tensor


@pytest.mark.parametrize("folder", [".", "dlcourse", "tests", "/"])
@pytest.mark.parametrize("first", ["numpy", "torch"])
def test_both_twins_start_from_every_folder(folder: str, first: str, tmp_path: Path) -> None:
    script = tmp_path / "start.py"  # a script, as `dlcourse` is: python -c would put the folder itself on the path
    script.write_text(
        f"import dlcourse.{first}, dlcourse.numpy, dlcourse.torch, numpy, torch\nprint(numpy.pi, torch.pi)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, script], cwd=root / folder, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("3.14"), done.stderr


def test_the_numpy_twin_imports_nothing_but_numpy() -> None:
    others = ("torch", "scipy", "matplotlib", "sklearn")
    code = f"import sys, dlcourse.numpy; print([m for m in {others} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bfloat16_becomes_float32() -> None:
    assert str(dl.to_numpy(torch.ones(2, dtype=torch.bfloat16)).dtype) == "float32"


def test_lecun_needs_a_fan() -> None:
    for name in ("lecun_normal_", "lecun_uniform_"):
        with pytest.raises(ValueError, match=rf"{name}: tensor has shape \(3,\), expected at least 2 axes"):
            getattr(dl.init, name)(torch.zeros(3))


def test_graph_nodes_of_a_leaf() -> None:
    (node,) = dl.graph_nodes(torch.ones(2, requires_grad=True))
    assert node.operation == "leaf"
    (node,) = dl.graph_nodes(torch.ones(2))
    assert node.operation == "constant"
