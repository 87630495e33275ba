"""The torch twins: signatures, states that go from one library to the other, and ours as proper torch optimizers."""

from __future__ import annotations

import copy
import inspect
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.torch import optim, schedule
from tests.parity.trajectories import Problem

TORCH_ONLY = {"foreach", "maximize", "capturable", "differentiable", "fused", "last_epoch"}  # torch's own machinery

OPTIONS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    "Adagrad": {"lr": 0.05, "lr_decay": 0.01},
    "Adadelta": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"lr": 0.01, "amsgrad": True},
    "AdamW": {"lr": 0.01, "weight_decay": 0.1},
    "NAdam": {"lr": 0.01, "decoupled_weight_decay": True, "weight_decay": 0.1},
    "Adamax": {"lr": 0.01},
    "RAdam": {"lr": 0.01},
    "Ranger": {"lr": 0.01, "k": 4},
    "SWATS": {"lr": 0.01, "tolerance": 0.1},
}


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def arguments(function: Any) -> list[tuple[str, Any]]:
    return [(p.name, p.default) for p in inspect.signature(function).parameters.values() if p.name not in TORCH_ONLY]


@pytest.mark.parametrize("name", [*OPTIONS, "Lookahead", "clip_grad_norm_", "clip_grad_value_", "max_norm_"])
def test_arguments_order_and_defaults_are_the_same(name: str) -> None:
    assert arguments(getattr(dlcourse.numpy.optim, name)) == arguments(getattr(optim, name))


@pytest.mark.parametrize("name", [n for n in schedule.__all__ if n != "LRScheduler"])
def test_arguments_of_schedules_are_the_same(name: str) -> None:
    assert arguments(getattr(dlcourse.numpy.schedule, name)) == arguments(getattr(schedule, name))


# ---- states go over ------------------------------------------------------------------------------


def for_torch(state: dict[str, Any]) -> dict[str, Any]:
    """A NumPy optimizer's state as torch tensors: the line that the docstring of state_dict shows."""
    return {**state, "state": {i: dlcourse.torch.from_numpy(s) for i, s in state["state"].items()}}


@pytest.mark.parametrize("direction", ["torch to numpy", "numpy to torch"])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_state_goes_over_in_the_middle_of_a_run(name: str, direction: str) -> None:
    source, target = dlcourse.torch, dlcourse.numpy
    if direction == "numpy to torch":
        source, target = target, source
    problem = Problem(seed=5, steps=80)
    whole = problem.run(source, lambda w: getattr(source.optim, name)(w, **OPTIONS[name]))["path"]
    half = problem.run(source, lambda w: getattr(source.optim, name)(w, **OPTIONS[name]), last=41)
    tensors = [target.tensor(source.to_numpy(w).copy(), requires_grad=True) for w in half["tensors"]]
    saved = copy.deepcopy(half["optimizer"].state_dict())

    def loaded(weights: list[Any]) -> Any:
        optimizer = getattr(target.optim, name)(weights)
        optimizer.load_state_dict(saved if target is dlcourse.numpy else for_torch(saved))
        return optimizer

    rest = problem.run(target, loaded, first=41, tensors=tensors)["path"]
    np.testing.assert_allclose(rest, whole[41:], rtol=0, atol=1e-11)


# ---- ours in torch -------------------------------------------------------------------------------

OURS: dict[str, Any] = {
    "Lookahead": lambda w, **o: optim.Lookahead(optim.Adam(w, lr=0.01, **o), k=3),
    "Ranger": lambda w, **o: optim.Ranger(w, lr=0.01, k=3, **o),
    "SWATS": lambda w, **o: optim.SWATS(w, lr=0.01, tolerance=0.1, **o),
}
ours = pytest.mark.parametrize("make", OURS.values(), ids=OURS)


@ours
def test_ours_are_torch_optimizers_with_groups_and_schedules(make: Any) -> None:
    weights = Problem().tensors(dlcourse.torch)
    optimizer = make([{"params": weights[:2]}, {"params": weights[2:3], "lr": 0.5}])
    assert isinstance(optimizer, torch.optim.Optimizer)
    halving = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.add_param_group({"params": weights[3:], "lr": 0.2, "initial_lr": 0.2})
    assert [group["lr"] for group in optimizer.param_groups] == [0.01, 0.5, 0.2]
    for w in weights:
        w.grad = torch.ones_like(w)
    before = weights[3].detach().clone()
    optimizer.step()
    assert (weights[3] != before).all()
    optimizer.zero_grad()
    assert all(w.grad is None for w in weights)
    halving.base_lrs.append(0.2)
    halving.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.005, 0.25, 0.1])


@ours
def test_ours_continue_after_save_and_load(make: Any) -> None:
    problem = Problem(seed=2, steps=60)
    whole = problem.run(dlcourse.torch, make)["path"]
    half = problem.run(dlcourse.torch, make, last=31)
    file = io.BytesIO()
    torch.save(half["optimizer"].state_dict(), file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)

    def loaded(weights: list[Any]) -> Any:
        optimizer = make(weights)
        optimizer.load_state_dict(saved)
        return optimizer

    tensors = [w.detach().clone().requires_grad_() for w in half["tensors"]]
    rest = problem.run(dlcourse.torch, loaded, first=31, tensors=tensors)["path"]
    np.testing.assert_array_equal(rest, whole[31:])


@ours
def test_ours_can_be_copied_with_their_weights(make: Any) -> None:
    problem = Problem(seed=2, steps=40)
    whole = problem.run(dlcourse.torch, make)["path"]
    half = problem.run(dlcourse.torch, make, last=20)
    tensors, optimizer = copy.deepcopy((half["tensors"], half["optimizer"]))
    rest = problem.run(dlcourse.torch, lambda _: optimizer, first=20, tensors=tensors)["path"]
    np.testing.assert_array_equal(rest, whole[20:])


@ours
def test_ours_take_a_closure(make: Any) -> None:
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = make([w])

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    assert w.item() < 1.0


@ours
def test_ours_leave_tensors_without_gradients_alone(make: Any) -> None:
    a, b = (torch.ones(3, requires_grad=True) for _ in range(2))
    optimizer = make([a, b])
    for _ in range(7):
        a.grad = torch.ones(3)
        optimizer.step()
    assert (a < 1).all()
    assert (b == 1).all()
    b.grad = torch.ones(3)  # it joins in the middle of a cycle
    for _ in range(7):
        optimizer.step()
    assert (b < 1).all()


@ours
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_ours_keep_the_dtype_and_the_memory_format(make: Any, dtype: torch.dtype) -> None:
    w = torch.randn(4, 3, 2, 2, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    optimizer = make([w])
    for _ in range(7):
        w.grad = torch.ones_like(w)
        optimizer.step()
    assert w.dtype == dtype
    assert w.is_contiguous(memory_format=torch.channels_last)
    for state in optimizer.state_dict()["state"].values():
        for name, value in state.items():
            if name != "step" and isinstance(value, torch.Tensor):
                assert value.dtype == dtype, name


@ours
@pytest.mark.parametrize("device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def test_ours_run_on_every_device_of_this_machine(make: Any, device: str) -> None:
    problem = Problem(seed=4, steps=30)
    expected = problem.run(dlcourse.torch, make)["path"][-1]
    weights = [torch.tensor(w, device=device, requires_grad=True) for w in problem.weights]
    optimizer = make(weights)
    for step in range(30):
        on_cpu = [w.detach().cpu().requires_grad_() for w in weights]
        problem.set_gradients(on_cpu, step)
        for w, copy_ in zip(weights, on_cpu, strict=True):
            w.grad = copy_.grad.to(device)
        optimizer.step()
    got = np.concatenate([w.detach().cpu().numpy().ravel() for w in weights])
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


@ours
def test_ours_run_under_compile(make: Any) -> None:
    paths = []
    for wrap in (lambda step: step, lambda step: torch.compile(step, backend="eager")):
        weights = [torch.linspace(-1, 1, 12).reshape(4, 3).requires_grad_(), torch.ones(3, requires_grad=True)]
        step = wrap(make(weights).step)
        for _ in range(9):
            for w in weights:
                w.grad = w.detach() + 0.1
            step()
        paths.append(torch.cat([w.detach().flatten() for w in weights]).numpy())
    np.testing.assert_allclose(*paths, rtol=0, atol=1e-12)


def test_many_tensors_are_taken_in_runs_with_the_same_result() -> None:
    """More elements than one run holds, so that the runs' borders are crossed."""
    rng = np.random.default_rng(0)
    shapes = [(200, 100), (7,), (150, 120), (3, 5), (300, 130), (11,)]
    values = [rng.normal(size=s) for s in shapes]
    results = []
    for twin in (dlcourse.numpy, dlcourse.torch):
        weights = [twin.tensor(v, requires_grad=True) for v in values]
        optimizers = [
            twin.optim.SWATS(weights[:3], lr=0.01, tolerance=0.3),
            twin.optim.Lookahead(twin.optim.SGD(weights[3:], lr=0.1), k=2),
        ]
        for _ in range(9):
            for w, v in zip(weights, values, strict=True):
                g = v + 0.5 * twin.to_numpy(w)
                w.grad = torch.from_numpy(g.copy()) if twin is dlcourse.torch else g.copy()
            for optimizer in optimizers:
                optimizer.step()
        results.append([twin.to_numpy(w).copy() for w in weights])
    for left, right in zip(*results, strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda w: optim.Lookahead(w), TypeError, "Lookahead: optimizer must be an Optimizer, got list"),
        (lambda w: optim.Lookahead(optim.SGD(w), k=0), ValueError, "Lookahead: k must be a whole number of at least 1"),
        (lambda w: optim.Lookahead(optim.SGD(w), alpha=2), ValueError, r"Lookahead: alpha must be in \[0, 1\], got 2"),
        (lambda w: optim.SWATS(w, lr=-1), ValueError, "SWATS: lr must be at least 0, got -1"),
        (lambda w: optim.SWATS(w, eps=-1), ValueError, "SWATS: eps must be at least 0, got -1"),
        (lambda w: optim.SWATS(w, weight_decay=-1), ValueError, "SWATS: weight_decay must be at least 0, got -1"),
        (lambda w: optim.SWATS(w, betas=(0.9, 1)), ValueError, r"SWATS: betas\[1\] must be in \[0, 1\), got 1"),
        (lambda w: optim.SWATS(w, tolerance=0), ValueError, "SWATS: tolerance must be greater than 0, got 0"),
        (
            lambda w: optim.SWATS(w, patience=0),
            ValueError,
            "SWATS: patience must be a whole number of at least 1, got 0",
        ),
        (lambda w: optim.SWATS([{"params": w, "lr": -1}]), ValueError, "SWATS: lr must be at least 0, got -1"),
        (lambda w: optim.max_norm_(w, 0), ValueError, "max_norm_: max_norm must be greater than 0, got 0"),
        (
            lambda w: schedule.InverseTimeLR(optim.SGD(w), -1),
            ValueError,
            "InverseTimeLR: decay must be at least 0, got",
        ),
        (
            lambda w: schedule.LinearMomentum(optim.SGD(w), 1.0),
            ValueError,
            r"LinearMomentum: start must be in \[0, 1\)",
        ),
        (lambda w: schedule.LinearMomentum(optim.SGD(w), 0, 1), ValueError, r"LinearMomentum: end must be in \[0, 1\)"),
        (lambda w: schedule.LinearMomentum(optim.SGD(w), total_iters=0), ValueError, "total_iters must be a whole num"),
        (lambda w: schedule.LinearMomentum(optim.Adagrad(w)), ValueError, "must have momentum or betas, got Adagrad"),
        (
            lambda w: schedule.preview(schedule.ReduceLROnPlateau, 5, metrics=[1, 2]),
            ValueError,
            "preview: metrics has 2 numbers, expected one for each of 5 steps",
        ),
    ],
)
def test_refusals_name_the_argument(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make([torch.ones(2, requires_grad=True)])


def test_schedules_of_ours_survive_save_and_load() -> None:
    for make in (lambda o: schedule.InverseTimeLR(o, 0.3), lambda o: schedule.LinearMomentum(o, total_iters=9)):
        optimizer = optim.SGD([torch.ones(2, requires_grad=True)], lr=1.0, momentum=0.5)
        first = make(optimizer)
        for _ in range(4):
            optimizer.step()
            first.step()
        again = make(optim.SGD([torch.ones(2, requires_grad=True)], lr=1.0, momentum=0.5))
        again.optimizer.load_state_dict(optimizer.state_dict())
        again.load_state_dict(first.state_dict())
        for scheduler in (first, again):
            scheduler.optimizer.step()
            scheduler.step()
        assert again.optimizer.param_groups[0] == {
            **first.optimizer.param_groups[0],
            "params": again.optimizer.param_groups[0]["params"],
        }
