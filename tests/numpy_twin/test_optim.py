"""What optimizers share: arguments, groups, state, weight decay, saving; and each formula's first steps by hand."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import numpy as np
import pytest

from dlcourse.numpy import Tensor, optim

# name: arguments that move every part of the formula
EVERY: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01},
    "Adagrad": {"lr_decay": 0.1, "initial_accumulator_value": 0.2},
    "Adadelta": {"weight_decay": 0.01},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "Adam": {"amsgrad": True, "weight_decay": 0.1},
    "AdamW": {"weight_decay": 0.1},
    "NAdam": {"decoupled_weight_decay": True, "weight_decay": 0.1},
    "Adamax": {},
    "RAdam": {"betas": (0.9, 0.9)},
    "Ranger": {"k": 3},
    "SWATS": {"tolerance": 10.0, "patience": 2},
}


def leaf(*shape: int, seed: int = 0, dtype: Any = np.float64) -> Tensor:
    return Tensor(np.random.default_rng(seed).normal(size=shape).astype(dtype), requires_grad=True)


def step(optimizer: Any, tensors: list[Tensor], rng: np.random.Generator, times: int = 1) -> None:
    for _ in range(times):
        for p in tensors:
            p.grad = (p.data + rng.normal(size=p.data.shape)).astype(p.data.dtype)
        optimizer.step()


def build(name: str, tensors: list[Tensor]) -> Any:
    return getattr(optim, name)(tensors, **EVERY[name])


# ---- groups, state, saving -----------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_weights_are_written_in_place(name: str) -> None:
    p = leaf(4, 3)
    memory, view, before = p.data, p.data.T, p.data.copy()
    step(build(name, [p]), [p], np.random.default_rng(1), 7)
    assert p.data is memory
    assert np.shares_memory(view, p.data)
    assert (p.data != before).all()


@pytest.mark.parametrize("name", EVERY)
def test_float32_stays_float32(name: str) -> None:
    p = leaf(4, 3, dtype=np.float32)
    optimizer = build(name, [p])
    step(optimizer, [p], np.random.default_rng(1), 8)
    assert p.data.dtype == np.float32
    for state in optimizer.state_dict()["state"].values():
        for slot, value in state.items():
            if isinstance(value, np.ndarray):
                assert value.dtype == np.float32, slot


@pytest.mark.parametrize("name", EVERY)
def test_a_loaded_optimizer_continues_exactly(name: str) -> None:
    p, q = leaf(4, 3), leaf(4, 3)
    first = build(name, [p])
    step(first, [p], np.random.default_rng(1), 7)
    saved = first.state_dict()
    q.data[...] = p.data
    second = getattr(optim, name)([q])  # the options come with the state
    second.load_state_dict(saved)
    step(first, [p], np.random.default_rng(2), 9)
    step(second, [q], np.random.default_rng(2), 9)
    np.testing.assert_array_equal(p.data, q.data)


@pytest.mark.parametrize("name", EVERY)
def test_a_saved_state_does_not_change_afterwards(name: str) -> None:
    p = leaf(4, 3)
    optimizer = build(name, [p])
    step(optimizer, [p], np.random.default_rng(1), 3)
    saved = optimizer.state_dict()
    kept = {slot: np.copy(value) for slot, value in saved["state"][0].items()}
    step(optimizer, [p], np.random.default_rng(1), 4)
    for slot, value in kept.items():
        np.testing.assert_array_equal(saved["state"][0][slot], value)


def test_groups_have_their_own_options_and_may_join_later() -> None:
    a, b, c = leaf(3), leaf(3), leaf(3)
    optimizer = optim.SGD([{"params": [a], "lr": 1.0, "name": "head"}, {"params": b}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 0.01})
    for p in (a, b, c):
        p.data[...] = 0.0
        p.grad = np.ones(3)
    optimizer.step()
    assert [p.data[0] for p in (a, b, c)] == pytest.approx([-1.0, -0.1, -0.01])
    assert optimizer.param_groups[0]["name"] == "head"


def test_tensors_without_a_gradient_are_left_alone() -> None:
    a, b = leaf(3), leaf(3)
    before = b.data.copy()
    optimizer = optim.AdamW([a, b], weight_decay=0.5)
    a.grad = np.ones(3)
    optimizer.step()
    np.testing.assert_array_equal(b.data, before)
    assert list(optimizer.state_dict()["state"]) == [0]


def test_zero_grad_forgets_or_fills() -> None:
    a, b = leaf(3), leaf(2)
    optimizer = optim.SGD([a, b])
    a.grad = np.ones(3)
    optimizer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(a.grad, np.zeros(3))
    assert b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


def test_a_closure_gives_the_loss_and_the_gradients() -> None:
    p = Tensor([3.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5)

    def closure() -> float:
        p.grad = 2 * p.data
        return float(p.data[0] ** 2)

    assert optimizer.step(closure) == 9.0
    assert p.data[0] == 0.0
    assert optim.Lookahead(optim.SGD([p])).step(closure) == 0.0


def test_a_subclass_is_only_its_formula() -> None:
    class Mine(optim.Optimizer):
        defaults: ClassVar = {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8}
        state: ClassVar = ("v",)

        def step_one(self, w: Any, g: Any, s: Any, *, lr: float, alpha: float, eps: float) -> Any:
            s.v = alpha * s.v + (1 - alpha) * g**2
            return w - lr * g / (np.sqrt(s.v) + eps)

    p, q = leaf(4, 3), leaf(4, 3)
    step(Mine([p], 0.05), [p], np.random.default_rng(1), 5)
    step(optim.RMSprop([q], lr=0.05), [q], np.random.default_rng(1), 5)
    np.testing.assert_allclose(p.data, q.data, rtol=1e-12)
    assert str(inspect.signature(Mine)) == "(params, lr=0.01, alpha=0.99, eps=1e-08)"


def test_a_base_without_a_formula_says_so() -> None:
    class Nothing(optim.Optimizer):
        defaults: ClassVar = {"lr": 1.0}

    p = leaf(2)
    p.grad = np.ones(2)
    with pytest.raises(NotImplementedError, match="Nothing has no step_one"):
        Nothing([p]).step()


# ---- formulas by hand ----------------------------------------------------------------------------


def one_step(name: str, gradient: float = 0.5, **options: Any) -> float:
    """How far w = 0 moves in the first step, in units of the rate."""
    p = Tensor(np.zeros(1), requires_grad=True)
    optimizer = getattr(optim, name)([p], lr=0.01, **options)
    p.grad = np.array([gradient])
    optimizer.step()
    return float(-p.data[0] / 0.01)


def test_first_steps() -> None:
    assert one_step("SGD") == pytest.approx(0.5)
    assert one_step("SGD", momentum=0.9, dampening=0.5) == pytest.approx(0.5)  # the first buffer is the gradient
    assert one_step("SGD", momentum=0.9, nesterov=True) == pytest.approx(0.95)
    assert one_step("Adagrad") == pytest.approx(1.0)
    assert one_step("RMSprop") == pytest.approx(10.0)  # 1 / √(1 - 0.99)
    assert one_step("Adam") == pytest.approx(1.0)
    assert one_step("Adamax") == pytest.approx(1.0)
    assert one_step("RAdam") == pytest.approx(0.5)  # momentum only, as v is worth one gradient
    assert one_step("Adadelta") == pytest.approx(0.5 * np.sqrt(1e-6) / np.sqrt(0.025 + 1e-6))


def test_epsilon_outside_the_root_shows_with_tiny_gradients() -> None:
    assert one_step("RMSprop", 1e-9) == pytest.approx(1e-9 / (1e-10 + 1e-8))
    assert one_step("Adam", 1e-8) == pytest.approx(0.5)


def test_weight_decay_coupled_and_decoupled() -> None:
    moves = {}
    for name, options in (("Adam", {}), ("AdamW", {}), ("SGD", {}), ("Adam", {"decoupled_weight_decay": True})):
        p = Tensor(np.array([2.0]), requires_grad=True)
        optimizer = getattr(optim, name)([p], lr=0.1, weight_decay=0.5, **options)
        p.grad = np.zeros(1)
        optimizer.step()
        moves[name, bool(options)] = p.data[0]
    assert moves["SGD", False] == pytest.approx(2.0 * (1 - 0.1 * 0.5))
    assert moves["AdamW", False] == pytest.approx(2.0 * (1 - 0.1 * 0.5))  # a share of the weight
    assert moves["Adam", True] == moves["AdamW", False]
    assert moves["Adam", False] == pytest.approx(2.0 - 0.1)  # a full step, whatever the strength


def test_lookahead_goes_forward_and_half_back() -> None:
    p = Tensor(np.zeros(1), requires_grad=True)
    optimizer = optim.Lookahead(optim.SGD([p], lr=1.0), k=4, alpha=0.25)
    path = []
    for _ in range(8):
        p.grad = np.array([-1.0])
        optimizer.step()
        path.append(float(p.data[0]))
    assert path == [1, 2, 3, 1, 2, 3, 4, 2]


def test_a_schedule_on_lookahead_reaches_the_inner_optimizer() -> None:
    p = leaf(2)
    inner = optim.SGD([p], lr=1.0)
    optimizer = optim.Lookahead(inner)
    optimizer.param_groups[0]["lr"] = 0.25
    assert inner.param_groups[0]["lr"] == 0.25
    q = leaf(3)
    optimizer.add_param_group({"params": [q], "lr": 3.0})
    assert inner.param_groups[1]["lr"] == 3.0
    assert optimizer.param_groups[1]["lookahead_k"] == 5


def test_swats_switches_once_its_rate_has_settled_and_then_is_sgd() -> None:
    p = Tensor(np.array([3.0, -2.0]), requires_grad=True)
    optimizer = optim.SWATS([p], lr=0.1, tolerance=0.05, patience=3)
    scale = np.array([1.0, 2.0])
    for _ in range(300):
        p.grad = scale * p.data
        optimizer.step()
        if optimizer.param_groups[0]["phase"] == "sgd":
            break
    group = optimizer.param_groups[0]
    assert group["phase"] == "sgd"
    assert group["sgd_lr"] > 0
    before, rate = p.data.copy(), group["sgd_lr"]
    p.grad = scale * p.data
    g = p.grad.copy()
    group["lr"] *= 0.5  # a schedule acts on the new rate as on the old
    optimizer.step()
    np.testing.assert_allclose(p.data, before - 0.1 * 0.5 * rate * g, rtol=1e-12)


def test_swats_survives_a_gradient_of_zero() -> None:
    p = Tensor(np.array([3.0]), requires_grad=True)
    optimizer = optim.SWATS([p])
    p.grad = np.zeros(1)
    optimizer.step()
    assert p.data[0] == 3.0
    assert optimizer.param_groups[0]["estimate"] == 0.0


# ---- refusals ------------------------------------------------------------------------------------


def product() -> Tensor:
    return leaf(2) * leaf(2)


def shared() -> list[Any]:
    p = leaf(2)
    return [{"params": [p]}, {"params": [p]}]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: optim.SGD(leaf(2)), TypeError, "SGD: params must be a list of Tensors or of dicts, got Tensor"),
        (lambda: optim.SGD(3), TypeError, "SGD: params must be a list of Tensors or of dicts, got int"),
        (lambda: optim.SGD([np.ones(2)]), TypeError, "SGD: params must be Tensors, got ndarray at position 0"),
        (lambda: optim.SGD([]), ValueError, "SGD: params is empty"),
        (lambda: optim.SGD([leaf(2), product()]), ValueError, r"SGD: params\[1\] of shape \(2,\) is the result of an"),
        (lambda: optim.SGD([leaf(2)] * 2), ValueError, r"SGD: params\[1\] of shape \(2,\) appears more than once"),
        (lambda: optim.SGD(shared()), ValueError, r"SGD: params\[0\] of shape \(2,\) appears more than once"),
        (
            lambda: optim.SGD([{"weights": []}]),
            ValueError,
            r'SGD: a group needs the key "params", got the keys \[\'weig',
        ),
        (
            lambda: optim.SGD([leaf(2)], rate=1),
            TypeError,
            "SGD: got an unexpected keyword argument 'rate'; its options",
        ),
        (lambda: optim.SGD([leaf(2)], 1, lr=1), TypeError, "SGD: multiple values for argument 'lr'"),
        (lambda: optim.SGD([leaf(2)], -0.1), ValueError, "SGD: lr must be at least 0, got -0.1"),
        (lambda: optim.SGD([leaf(2)], float("nan")), ValueError, "SGD: lr must be at least 0, got nan"),
        (lambda: optim.SGD([leaf(2)], "fast"), ValueError, "SGD: lr must be a number, got 'fast'"),
        (lambda: optim.SGD([leaf(2)], momentum=-1), ValueError, "SGD: momentum must be at least 0, got -1"),
        (lambda: optim.SGD([leaf(2)], weight_decay=-1), ValueError, "SGD: weight_decay must be at least 0, got -1"),
        (
            lambda: optim.SGD([leaf(2)], nesterov=True),
            ValueError,
            "SGD: nesterov=True needs momentum > 0 and dampening",
        ),
        (lambda: optim.SGD([{"params": [leaf(2)], "lr": -1}]), ValueError, "SGD: lr must be at least 0, got -1"),
        (lambda: optim.Adam([leaf(2)], betas=(0.9, 1.0)), ValueError, r"Adam: betas\[1\] must be in \[0, 1\), got 1.0"),
        (lambda: optim.Adam([leaf(2)], betas=0.9), ValueError, "Adam: betas must be a pair of numbers, got 0.9"),
        (lambda: optim.Adam([leaf(2)], eps=-1), ValueError, "Adam: eps must be at least 0, got -1"),
        (lambda: optim.Adadelta([leaf(2)], rho=1.5), ValueError, r"Adadelta: rho must be in \[0, 1\], got 1.5"),
        (lambda: optim.RMSprop([leaf(2)], alpha=-1), ValueError, "RMSprop: alpha must be at least 0, got -1"),
        (lambda: optim.Adagrad([leaf(2)], lr_decay=-1), ValueError, "Adagrad: lr_decay must be at least 0, got -1"),
        (lambda: optim.NAdam([leaf(2)], momentum_decay=-1), ValueError, "NAdam: momentum_decay must be at least 0"),
        (
            lambda: optim.Adagrad([leaf(2)], initial_accumulator_value=-1),
            ValueError,
            "initial_accumulator_value must be",
        ),
        (lambda: optim.SWATS([leaf(2)], tolerance=0), ValueError, "SWATS: tolerance must be greater than 0, got 0"),
        (
            lambda: optim.SWATS([leaf(2)], patience=0),
            ValueError,
            "SWATS: patience must be a whole number of at least 1",
        ),
        (lambda: optim.Lookahead([leaf(2)]), TypeError, "Lookahead: optimizer must be an Optimizer, got list"),
        (
            lambda: optim.Lookahead(optim.SGD([leaf(2)]), k=0),
            ValueError,
            "Lookahead: k must be a whole number of at le",
        ),
        (
            lambda: optim.Lookahead(optim.SGD([leaf(2)]), alpha=2),
            ValueError,
            r"Lookahead: alpha must be in \[0, 1\], got",
        ),
        (lambda: optim.Ranger([leaf(2)], lr=-1), ValueError, "RAdam: lr must be at least 0, got -1"),
        (
            lambda: optim.clip_grad_norm_([leaf(2)], -1),
            ValueError,
            "clip_grad_norm_: max_norm must be at least 0, got -1",
        ),
        (lambda: optim.clip_grad_value_([leaf(2)], -1), ValueError, "clip_grad_value_: clip_value must be at least 0"),
        (lambda: optim.max_norm_([leaf(2, 2)], 0), ValueError, "max_norm_: max_norm must be greater than 0, got 0"),
    ],
)
def test_refusals_name_the_argument(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def saved(**changes: Any) -> dict[str, Any]:
    p = leaf(4, 3)
    optimizer = optim.SGD([p], lr=0.5, momentum=0.9)
    step(optimizer, [p], np.random.default_rng(1))
    state = optimizer.state_dict()
    state["param_groups"][0].update(changes)
    return state


def test_states_that_do_not_fit_are_refused_and_change_nothing() -> None:
    wrong_shape = optim.SGD([leaf(3, 4)], lr=0.1)
    with pytest.raises(
        ValueError, match=r"SGD.load_state_dict: momentum_buffer of tensor 0 has shape \(4, 3\), expected"
    ):
        wrong_shape.load_state_dict(saved())
    more = optim.SGD([leaf(4, 3), leaf(2)], lr=0.1)
    with pytest.raises(ValueError, match=r"the saved groups hold \[1\] tensors, those of this optimizer \[2\]"):
        more.load_state_dict(saved())
    with pytest.raises(ValueError, match="maximize=True; here only minimizing exists"):
        optim.SGD([leaf(4, 3)]).load_state_dict(saved(maximize=True))
    for optimizer in (wrong_shape, more):
        assert optimizer.param_groups[0]["lr"] == 0.1
        assert optimizer.state_dict()["state"] == {}


# ---- limits --------------------------------------------------------------------------------------


def test_clipping_returns_the_norm_and_leaves_small_gradients() -> None:
    p, q = leaf(3), leaf(2)
    p.grad = np.array([3.0, 0.0, 0.0])
    norm = optim.clip_grad_norm_([p, q], 10.0)
    assert norm.item() == 3.0
    np.testing.assert_array_equal(p.grad, [3.0, 0.0, 0.0])
    assert optim.clip_grad_norm_([q], 1.0).item() == 0.0


def test_a_norm_that_is_not_finite_can_be_an_error() -> None:
    p = leaf(2)
    p.grad = np.array([np.inf, 1.0])
    with pytest.raises(RuntimeError, match=r"clip_grad_norm_: the norm of order 2.0 of the gradients is inf"):
        optim.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(p.grad, [np.inf, 1.0])


def test_max_norm_leaves_rows_in_the_ball_and_biases_alone() -> None:
    w, b = Tensor(np.array([[3.0, 4.0], [0.3, 0.4]]), requires_grad=True), Tensor(np.array([9.0]), requires_grad=True)
    optim.max_norm_([w, b], 1.0)
    np.testing.assert_allclose(w.data, [[0.6, 0.8], [0.3, 0.4]], rtol=1e-15)
    assert b.data[0] == 9.0
    zero = Tensor(np.zeros((2, 2)), requires_grad=True)
    optim.max_norm_(zero, 1.0)
    np.testing.assert_array_equal(zero.data, np.zeros((2, 2)))
