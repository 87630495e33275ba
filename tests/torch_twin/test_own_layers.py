"""The torch layers and functions that are ours: gradients, compilation, autocast, devices, printing."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable

import pytest
import torch

from dlcourse.torch import functional as F
from dlcourse.torch import nn

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def batch(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)


LAYERS: dict[str, tuple[Callable[[], torch.nn.Module], tuple[int, ...]]] = {
    "Step": (nn.Step, (4, 3)),
    "Maxout": (lambda: nn.Maxout(3, 2, pieces=3), (4, 3)),
    "BatchRenorm1d": (lambda: nn.BatchRenorm1d(3), (6, 3)),
    "BatchRenorm1d-sequences": (lambda: nn.BatchRenorm1d(3), (4, 3, 5)),
    "BatchRenorm2d": (lambda: nn.BatchRenorm2d(3), (4, 3, 2, 5)),
    "Residual": (lambda: nn.Residual(nn.Linear(3, 3), nn.Tanh(), scale=0.5), (4, 3)),
    "DenseBlock": (lambda: nn.DenseBlock(nn.Linear(3, 2), nn.Linear(5, 4)), (4, 3)),
    "DropBlock2d": (lambda: nn.DropBlock2d(0.3, block_size=2), (4, 3, 5, 6)),
}
LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "distillation_loss": lambda a, b: F.distillation_loss(a, b, 3.0),
    "multi_task_loss": lambda a, b: F.multi_task_loss([a.sum(), (b * b).sum()], [0.5, 2.0]),
    "l1_penalty": lambda a, b: F.l1_penalty([a, b], 0.1),
    "l2_penalty": lambda a, b: F.l2_penalty([a, b], 0.1),
    "elastic_net_penalty": lambda a, b: F.elastic_net_penalty([a, b], 0.1, 0.2),
    "DistillationLoss": lambda a, b: nn.DistillationLoss(3.0)(a, b.detach()),
    "MultiTaskLoss": lambda a, b: nn.MultiTaskLoss([0.5, 2.0])(a.sum(), (b * b).sum()),
}

layers = pytest.mark.parametrize("name", LAYERS)
losses = pytest.mark.parametrize("name", LOSSES)


def make(name: str, dtype: torch.dtype = torch.float64) -> tuple[torch.nn.Module, torch.Tensor]:
    build, shape = LAYERS[name]
    torch.manual_seed(0)
    return build().to(dtype), batch(*shape, dtype=dtype)


@layers
def test_gradcheck(name: str) -> None:
    module, x = make(name)
    module.eval() if name == "DropBlock2d" else module.train()
    state = copy.deepcopy(module.state_dict())

    def call(x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        module.load_state_dict(state)  # running statistics start anew
        names = [key for key, _ in module.named_parameters()]
        result: torch.Tensor = torch.func.functional_call(module, dict(zip(names, parameters, strict=True)), (x,))
        return result

    if name.startswith("BatchRenorm"):
        # r and d count as constants, so gradcheck must not see them move: let them be at their limits, r = 1, d = 0.
        module.r_max, module.d_max = 1.0, 0.0
    parameters = [p.detach().clone().requires_grad_() for p in module.parameters()]
    assert torch.autograd.gradcheck(call, (x.requires_grad_(), *parameters))


@losses
def test_losses_gradcheck(name: str) -> None:
    a, b = batch(4, 3).requires_grad_(), (batch(4, 3) * 1.3 + 0.2).requires_grad_(name != "distillation_loss")
    assert torch.autograd.gradcheck(LOSSES[name], (a, b if "istill" not in name else b.detach()))


@layers
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_compiles_without_a_graph_break(name: str, mode: str) -> None:
    module, x = make(name, torch.float32)
    module.train(mode == "train")
    twin = copy.deepcopy(module)
    compiled = torch.compile(twin, fullgraph=True, backend="aot_eager")
    results = []
    for call in (module, compiled):
        torch.manual_seed(0)
        leaf = x.clone().requires_grad_()
        out = call(leaf)
        if out.requires_grad:
            out.square().sum().backward()
        results.append((out.detach(), leaf.grad))
    torch.testing.assert_close(results[1], results[0])
    for key, value in module.state_dict().items():
        torch.testing.assert_close(twin.state_dict()[key], value)


@losses
def test_losses_compile_without_a_graph_break(name: str) -> None:
    a, b = batch(4, 3), batch(4, 3) + 0.5
    compiled = torch.compile(LOSSES[name], fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(a, b), LOSSES[name](a, b))


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler: apt install g++")
def test_one_layer_of_each_kind_compiles_to_machine_code() -> None:
    module = torch.nn.Sequential(nn.BatchRenorm1d(3), nn.Maxout(3, 4), nn.Residual(nn.Linear(4, 4), nn.Step()))
    x = batch(6, 3, dtype=torch.float32)
    expected = copy.deepcopy(module)(x)
    torch.testing.assert_close(torch.compile(module, fullgraph=True)(x), expected)


@layers
@pytest.mark.parametrize("device", DEVICES)
def test_bfloat16_autocast_keeps_the_state_and_follows_float32(name: str, device: str) -> None:
    module, x = make(name, torch.float32)
    module, x = module.to(device), x.to(device)
    if name == "DropBlock2d":
        module.eval()
    expected = copy.deepcopy(module)(x)
    with torch.autocast(device, dtype=torch.bfloat16):
        out = module(x.requires_grad_())
    if out.requires_grad:
        out.float().sum().backward()
    torch.testing.assert_close(out.float(), expected, rtol=3e-2, atol=3e-2)
    for key, value in module.state_dict().items():
        assert value.dtype in (torch.float32, torch.int64), key
        assert value.isfinite().all(), key


@layers
@pytest.mark.parametrize("device", DEVICES)
def test_bfloat16_goes_in_and_comes_out(name: str, device: str) -> None:
    module, x = make(name, torch.bfloat16)
    out = module.to(device)(x.to(device))
    assert out.dtype == torch.bfloat16
    assert out.isfinite().all()


@layers
@pytest.mark.parametrize("device", DEVICES)
def test_float32_stays_on_its_device(name: str, device: str) -> None:
    module, x = make(name, torch.float32)
    out = module.to(device)(x.to(device))
    assert out.dtype == torch.float32
    assert out.device.type == device


def test_batch_renorm_at_its_limits_is_batch_norm() -> None:
    x = batch(6, 3)
    ours, theirs = nn.BatchRenorm1d(3, r_max=1.0, d_max=0.0).double(), nn.BatchNorm1d(3).double()
    torch.testing.assert_close(ours(x), theirs(x))


def test_unclipped_batch_renorm_normalises_by_the_running_statistics() -> None:
    x = batch(6, 3)
    layer = nn.BatchRenorm1d(3, r_max=1e9, d_max=1e9).double()
    torch.testing.assert_close(layer(x), x)  # running mean 0, standard deviation 1


@layers
def test_printing(name: str) -> None:
    module, _ = make(name)
    assert repr(module).startswith(type(module).__name__ + "(")


def test_printing_losses() -> None:
    assert repr(nn.DistillationLoss(3.0)) == "DistillationLoss(temperature=3.0)"
    assert repr(nn.MultiTaskLoss([1.0])) == "MultiTaskLoss(weights=[1.0])"
