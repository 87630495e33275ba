"""What the bank calls right is what the course's reference library computes."""

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.checks.bank import load
from dlcourse.checks.compare import agree

SEEDS = range(3)


def leaf(array):
    return dl.tensor(np.array(array, dtype=np.float64), requires_grad=True)


def compare(question, got, inputs):
    right = load(question).expected(inputs)
    for name, array in got.items():
        assert agree(np.asarray(array), right[name], 1e-9), name


@pytest.mark.parametrize("seed", SEEDS)
def test_gates(seed):
    functions = {
        "01.exp_gate": lambda x: x.exp(),
        "01.reciprocal_gate": lambda x: 1 / x,
        "01.sigmoid_gate": dl.functional.sigmoid,
        "01.relu_gate": dl.functional.relu,
    }
    for question, function in functions.items():
        inputs = load(question).draw(seed)
        x = leaf(inputs["x"])
        z = function(x)
        output = "s" if question == "01.sigmoid_gate" else "z"
        z.backward(inputs[f"d{output}"])
        compare(question, {output: z.data, "dx": x.grad}, inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_multiply_gate(seed):
    inputs = load("01.multiply_gate").draw(seed)
    x, y = leaf(inputs["x"]), leaf(inputs["y"])
    z = x * y
    z.backward(inputs["dz"])
    compare("01.multiply_gate", {"z": z.data, "dx": x.grad, "dy": y.grad}, inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_sigmoid_neuron(seed):
    inputs = load("01.sigmoid_neuron").draw(seed)
    w, x = leaf(inputs["w"]), leaf(inputs["x"])
    s = dl.functional.sigmoid(w[0] * x[0] + w[1] * x[1] + w[2])
    s.backward()
    compare("01.sigmoid_neuron", {"s": s.data, "dw": w.grad, "dx": x.grad}, inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_linear(seed):
    inputs = load("01.linear").draw(seed)
    X, W, b = (leaf(inputs[name]) for name in ("X", "W", "b"))
    z = dl.functional.linear(X, W, b)
    z.backward(inputs["dz"])
    compare("01.linear", {"z": z.data, "dX": X.grad, "dW": W.grad, "db": b.grad}, inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_layer_network(seed):
    inputs = load("01.two_layer_gradients").draw(seed)
    X, y = (dl.tensor(inputs[name]) for name in ("X", "y"))
    W1, b1, W2, b2 = (leaf(inputs[name]) for name in ("W1", "b1", "W2", "b2"))
    y_hat = dl.functional.linear(dl.functional.relu(dl.functional.linear(X, W1, b1)), W2, b2)
    cost = dl.functional.mse_loss(y_hat, y)
    cost.backward()
    compare("01.two_layer_loss", {"y_hat": y_hat.data, "L": cost.data}, inputs)
    grads = {"dW1": W1.grad, "db1": b1.grad, "dW2": W2.grad, "db2": b2.grad}
    compare("01.two_layer_gradients", grads, inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_graphs(seed):
    question = load("01.backward")
    inputs = question.draw(seed)
    a, b, c = (leaf(value) for value in inputs["x"])
    u, tanh = a * b, dl.functional.tanh
    ((u + a) * tanh(tanh(u)) + b).backward()
    right = question.expected(inputs)["gradients of (u + a)·tanh tanh u + b, u = a·b"]
    assert agree(np.array([a.grad, b.grad]), right[:2], 1e-9)
    a, b, c = (leaf(value) for value in inputs["x"])
    u = a + b
    (u * c + tanh(u)).backward()
    right = question.expected(inputs)["gradients of u·c + tanh u, u = a + b"]
    assert agree(np.array([a.grad, b.grad, c.grad]), right[:3], 1e-9)


def test_the_graph_with_two_depths_has_its_known_gradients():
    """u = ab, f = (u + a) tanh tanh u + b at a = 1.3, b = −0.7 has the gradients −0.2663 and 0.3476."""
    from dlcourse.checks.bank.graph_walks import run_backward
    from dlcourse.checks.drives import graph

    got = graph.backward(run_backward, np.array([1.3, -0.7, 1.0]))
    got = got["gradients of (u + a)·tanh tanh u + b, u = a·b"][:2]
    assert np.allclose(got, [-0.2663, 0.3476], atol=5e-5)
