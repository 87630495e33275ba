"""The graph: order, accumulation, depth, and every error that a user can meet."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.numpy.graph import Operation, Tensor
from dlcourse.numpy.settings import is_grad_enabled, no_grad


def test_the_example_of_the_lecture() -> None:
    x, y, z = (dl.tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    f = (x + y) * z
    f.backward()
    assert (f.item(), x.grad, y.grad, z.grad) == (-12.0, -4.0, -4.0, 3.0)


def test_a_diamond_adds_up_what_arrives() -> None:
    x = dl.tensor(3.0, requires_grad=True)
    a, b = x * 2.0, x * x
    (a * b + a).backward()
    assert x.grad == 3 * 2 * 3.0**2 + 2  # d(2x³ + 2x)/dx


def test_each_node_runs_backward_once_even_when_paths_multiply() -> None:
    calls = []

    class Counted(Operation):
        def forward(self, a: np.ndarray) -> np.ndarray:
            return a + a

        def backward(self, grad: np.ndarray) -> np.ndarray:
            calls.append(1)
            return 2 * grad

    x = dl.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):  # 2**60 paths
        y = Counted.apply(y) + y
    y.backward()
    assert len(calls) == 60
    assert x.grad == pytest.approx(3.0**60)


def test_a_chain_of_100_000_nodes_runs_and_is_destroyed() -> None:
    x = dl.tensor(1.5, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1.0
    for _ in range(100_000):
        y = y * 1.0
    del y  # never differentiated: freeing it must not recurse either
    gc.collect()


def test_second_backward_is_refused() -> None:
    x = dl.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"already used .* backward\(retain_graph=True\)"):
        y.backward()


def test_second_backward_through_a_shared_part_is_refused() -> None:
    x = dl.tensor(2.0, requires_grad=True)
    shared = x * x
    (shared * 3.0).backward()
    with pytest.raises(RuntimeError, match="already used"):
        (shared * 4.0).backward()


def test_retain_graph_allows_a_second_backward_and_gradients_add_up() -> None:
    x = dl.tensor(2.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad == 8.0


def test_backward_frees_what_was_kept() -> None:
    y = dl.tensor([1.0, 2.0], requires_grad=True).exp()
    operation = y.operation
    y.sum().backward()
    assert operation is not None
    assert vars(operation) == {"used": True}


def test_no_graph_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"backward: this tensor has no graph; .* requires_grad=True"):
        (dl.tensor(1.0) * 2.0).backward()
    x = dl.tensor(1.0, requires_grad=True)
    with no_grad():
        y = x * 2.0
    with pytest.raises(RuntimeError, match=r"no_grad\(\)"):
        y.backward()


def test_only_a_single_number_has_a_default_gradient() -> None:
    x = dl.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"a tensor of shape \(2,\) needs gradient"):
        (x * 2.0).backward()
    with pytest.raises(RuntimeError, match=r"gradient has shape \(3,\), expected \(2,\)"):
        (x * 2.0).backward(np.ones(3))


def test_a_leaf_can_be_the_root() -> None:
    x = dl.tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad == 1.0


def test_the_gradient_of_a_leaf_is_its_own_memory() -> None:
    a, b = (dl.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    (a + b).sum().backward()
    assert a.grad is not None
    a.grad *= 5.0
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])
    upstream = np.ones(2, np.float32)
    c = dl.tensor([1.0, 2.0], requires_grad=True)
    c.backward(upstream)
    upstream[:] = 7.0
    np.testing.assert_array_equal(c.grad, [1.0, 1.0])


@pytest.mark.parametrize("size", [3, 5000])
def test_gradients_never_share_memory_whatever_backward_returns(size: int) -> None:
    class Careless(Operation):
        def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
            self.kept = a + 1
            return a + b

        def backward(self, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return self.kept, self.kept

    a, b = (dl.ones(size, requires_grad=True) for _ in range(2))
    out = Careless.apply(a, b)
    out.backward(np.ones(size), retain_graph=True)
    assert a.grad is not None
    a.grad *= 7.0
    np.testing.assert_array_equal(b.grad, 2.0)
    out.backward(np.ones(size))
    np.testing.assert_array_equal(b.grad, 4.0)


def test_retain_grad_wants_a_gradient() -> None:
    with pytest.raises(RuntimeError, match="retain_grad: this tensor has requires_grad=False"):
        dl.tensor(1.0).retain_grad()


def test_integers_carry_no_gradient() -> None:
    with pytest.raises(TypeError, match=r"needs floating-point data, got int64; write 1.0 instead of 1"):
        dl.tensor([1, 2], requires_grad=True)


@pytest.mark.parametrize("data", ["text", [None], [1j], {"a": 1}])
def test_only_numbers_become_tensors(data: object) -> None:
    with pytest.raises(TypeError, match="data must be numbers or booleans"):
        Tensor(data)  # type: ignore[arg-type]


def test_a_wrong_operation_is_named() -> None:
    class Forgetful(Operation):
        def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return a * b

        def backward(self, grad: np.ndarray) -> np.ndarray:
            return grad

    class Misshapen(Forgetful):
        def backward(self, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[override]
            return grad[:1], grad

    x = dl.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Forgetful.backward returned 1 gradients, expected 2: one for each input"):
        Forgetful.apply(x, x).sum().backward()
    with pytest.raises(RuntimeError, match=r"Misshapen.backward returned a gradient of shape \(1,\) for input 0, "):
        Misshapen.apply(x, x).sum().backward()


def test_an_operation_without_forward_or_backward_is_named() -> None:
    class Empty(Operation):
        pass

    class Half(Operation):
        def forward(self, a: np.ndarray) -> np.ndarray:
            return a * 1

    x = dl.tensor(1.0, requires_grad=True)
    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty.apply(x)
    with pytest.raises(NotImplementedError, match="Half has no backward"):
        Half.apply(x).backward()


def test_no_grad_is_undone_by_an_error_and_belongs_to_one_thread() -> None:
    with pytest.raises(ZeroDivisionError), no_grad():
        _ = 1 / 0
    assert is_grad_enabled()
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_the_default_dtype_must_be_floating() -> None:
    with pytest.raises(TypeError, match="set_default_dtype: dtype must be a floating-point type, got int64"):
        dl.set_default_dtype(dl.int64)


def test_a_checkpoint_draws_the_same_random_numbers_again() -> None:
    dl.manual_seed(0)
    drawn = []

    def noisy(x: Tensor) -> Tensor:
        noise = dl.init.normal_(dl.zeros(3))
        drawn.append(noise.data)
        return x * noise

    x = dl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    dl.checkpoint(noisy, x).sum().backward()
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(x.grad, drawn[0])
