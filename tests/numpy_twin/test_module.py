"""Modules: registration, names, modes, hooks, states, and the errors."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.numpy import nn


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))


def test_names_are_torchs() -> None:
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2, bias=False))
    assert [name for name, _ in network().named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert [name for name, _ in network().named_modules()] == [name for name, _ in theirs.named_modules()]
    assert repr(network()) == repr(theirs)


def test_torch_states_load_directly() -> None:
    theirs = torch.nn.Linear(3, 2)
    ours = nn.Linear(3, 2)
    result = ours.load_state_dict(theirs.state_dict())
    assert (result.missing_keys, result.unexpected_keys) == ([], [])
    np.testing.assert_array_equal(ours.weight.data, theirs.weight.detach().numpy())
    ours.load_state_dict(dict(theirs.named_parameters()))  # tensors that require a gradient


def test_a_state_that_does_not_fit_changes_nothing_and_says_why() -> None:
    model = network()
    before = {key: value.copy() for key, value in model.state_dict().items()}
    state = {"0.weight": np.zeros((4, 3)), "0.bias": np.zeros(5), "3.weight": np.zeros(1)}
    with pytest.raises(
        RuntimeError, match=r"0.bias has shape \(5,\), expected \(4,\); missing: 2.weight; not expected: 3"
    ):
        model.load_state_dict(state)
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[key])
    del state["0.bias"]
    keys = model.load_state_dict(state, strict=False)
    assert keys == (["0.bias", "2.weight"], ["3.weight"])
    assert not model.state_dict()["0.weight"].any()


def test_a_shared_layer_is_listed_once_and_saved_under_each_name() -> None:
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, layer)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_train_and_eval_reach_every_part() -> None:
    model = network()
    assert not any(module.training for module in model.eval().modules())
    assert all(module.training for module in model.train().modules())


def test_zero_grad() -> None:
    layer = nn.Linear(2, 1)
    layer(dl.ones(3, 2)).sum().backward()
    layer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(layer.weight.grad, [[0.0, 0.0]])
    layer.zero_grad()
    assert layer.weight.grad is None
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad is None


def test_hooks_see_and_may_replace_the_output() -> None:
    layer = nn.Identity()
    seen: list[Any] = []
    handle = layer.register_forward_hook(lambda module, inputs, output: seen.append((module, inputs, output)))
    x = dl.ones(2)
    layer(x)
    assert seen[0][0] is layer
    assert seen[0][1][0] is x
    assert seen[0][2] is x
    handle.remove()
    layer(x)
    assert len(seen) == 1
    layer.register_forward_hook(lambda module, inputs, output: output * 2.0)
    assert layer(x).tolist() == [2.0, 2.0]


def test_apply_visits_every_module() -> None:
    visited: list[str] = []
    network().apply(lambda module: visited.append(type(module).__name__))
    assert visited == ["Linear", "ReLU", "Linear", "Sequential"]


def test_dtypes_change_together() -> None:
    model = network().double()
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}
    assert model.float()(dl.ones(1, 3)).dtype == np.float32


def test_reassigning_moves_a_name_between_registries() -> None:
    layer = nn.Linear(2, 2)
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]
    with pytest.raises(TypeError, match="Linear: cannot assign float to the parameter 'weight', expected a Parameter"):
        layer.weight = 1.0
    layer.register_buffer("mean", np.zeros(2))
    layer.mean = np.ones(2)
    assert layer.state_dict()["mean"].tolist() == [1.0, 1.0]
    del layer.mean
    assert not hasattr(layer, "mean")
    layer.note = "plain"
    del layer.note
    with pytest.raises(AttributeError, match="Linear has no attribute 'note'"):
        del layer.note


def test_a_module_says_what_it_lacks() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"cannot assign 'layer' before super\(\).__init__\(\)"):
        Early()
    with pytest.raises(NotImplementedError, match="Module has no forward"):
        nn.Module()(1)
    with pytest.raises(TypeError, match="Sequential: part 1 is function, expected a Module"):
        nn.Sequential(nn.ReLU(), lambda x: x)  # type: ignore[arg-type]


def test_sequential_is_a_list_of_parts() -> None:
    model = network()
    assert len(model) == 3
    assert isinstance(model[1], nn.ReLU)
    assert isinstance(model[-1], nn.Linear)
    assert len(model[:2]) == 2
    assert model[:2][0] is model[0]
    assert [type(m).__name__ for m in model.append(nn.Tanh())] == ["Linear", "ReLU", "Linear", "Tanh"]
    named = nn.Sequential(OrderedDict(hidden=nn.Linear(2, 3), out=nn.Linear(3, 1)))
    assert [name for name, _ in named.named_children()] == ["hidden", "out"]
    assert [type(m).__name__ for m in nn.ModuleList([nn.ReLU(), nn.Tanh()])] == ["ReLU", "Tanh"]


def test_buffers_are_found_by_name_and_leave_out_what_is_none() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.InstanceNorm2d(2))
    names = ["0.running_mean", "0.running_var", "0.num_batches_tracked"]
    assert [name for name, _ in model.named_buffers()] == names
    assert [buffer.shape for buffer in model.buffers()] == [(2,), (2,), ()]


def test_freezing() -> None:
    layer = nn.Linear(2, 1).requires_grad_(False)
    assert not layer(dl.ones(1, 2)).requires_grad


def test_the_same_seed_gives_the_same_network() -> None:
    dl.manual_seed(1)
    first = network().state_dict()
    dl.manual_seed(1)
    for key, value in network().state_dict().items():
        np.testing.assert_array_equal(value, first[key])


@pytest.mark.parametrize("seed", range(3))
def test_linear_starts_as_torch_starts_it(seed: int) -> None:
    dl.manual_seed(seed)
    layer = nn.Linear(25, 400)
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= 0.2
        assert parameter.data.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.12)
