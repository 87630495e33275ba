"""Mistakes and good answers of exercise 01, written out as students write them, through the real drives."""

import numpy as np
import pytest
import torch

from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check


class ClassCache:
    """Keeps the inputs on the class instead of on the object."""

    def forward(self, x, y):
        ClassCache.x, ClassCache.y = x, y
        return x * y

    def backward(self, dz):
        return ClassCache.y * dz, ClassCache.x * dz


class Overwrites:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        x, y = self.x, self.y
        x = y * dz
        return x, x * dz


class ExpTwice:
    def forward(self, x):
        self.z = np.exp(x)
        return self.z

    def backward(self, dz):
        return np.exp(self.z) * dz


class SigmoidOverflow:
    def forward(self, x):
        with np.errstate(over="ignore", invalid="ignore"):
            self.s = np.exp(x) / (1 + np.exp(x))
        return self.s

    def backward(self, ds):
        return self.s * (1 - self.s) * ds


class SigmoidTwice:
    @staticmethod
    def sigmoid(x):
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))

    def forward(self, x):
        self.s = self.sigmoid(x)
        return self.s

    def backward(self, ds):
        return self.sigmoid(self.s) * (1 - self.sigmoid(self.s)) * ds


class ReluByUpstream:
    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, dz):
        return np.maximum(dz, 0)


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dz):
        return dz @ self.W, dz.T @ self.X, dz.sum(axis=0)


class LinearMean(Linear):
    def backward(self, dz):
        dX, dW, _ = super().backward(dz)
        return dX, dW, np.mean(dz, axis=0)


class LinearInOut(Linear):
    def backward(self, dz):
        dX, _, db = super().backward(dz)
        return dX, self.X.T @ dz, db


class LinearKeepdims(Linear):
    def backward(self, dz):
        dX, dW, _ = super().backward(dz)
        return dX, dW, dz.sum(axis=0, keepdims=True)


class ReluInPlace:
    """Every number is right, and the gate before it finds its x changed."""

    def forward(self, x):
        x[x < 0] = 0
        self.x = x
        return x

    def backward(self, dz):
        return dz * (self.x > 0)


class ReluInPlaceOnTheWayBack:
    def forward(self, x):
        self.z = np.maximum(0, x)
        return self.z

    def backward(self, dz):
        dz[self.z <= 0] = 0
        return dz


class ExpInPlace:
    def forward(self, x):
        self.z = np.exp(x)
        return self.z

    def backward(self, dz):
        self.z *= dz
        return self.z


class LinearChangesItsBias(Linear):
    def forward(self, X):
        z = super().forward(X)
        self.b += 1
        return z


class MultiplyInPlace:
    """The product lies in x, so dy is wrong as well."""

    def forward(self, x, y):
        self.x, self.y = x, y
        x *= y
        return x

    def backward(self, dz):
        return self.y * dz, self.x * dz


def neuron(w, x, slope, bias):
    a = w[:2] @ x + w[2]
    s = 1 / (1 + np.exp(-a))
    da = slope(a, s)
    return s, da * np.array([*x, bias]), da * w[:2]


def order(root, visited=None):
    visited = [] if visited is None else visited
    for parent in root.parents:
        if parent not in visited:
            order(parent, visited)
    visited.append(root)
    return visited


def order_without_memory(root):
    result = []
    for parent in root.parents:
        result += order_without_memory(parent)
    return [*result, root]


def backward_overwrites(root):
    root.grad = 1
    for node in reversed(order(root)):
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad = node.grad * local


def backward_resends(root):
    if root.grad == 0:
        root.grad = 1.0
    for parent, local in zip(root.parents, root.local_grads):
        parent.grad += root.grad * local
        backward_resends(parent)


def backward_forgets_the_seed(root):
    for node in reversed(order(root)):
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += node.grad * local


def two_layer_without_mask(X, y, W1, b1, W2, b2):
    a1 = np.maximum(0, X @ W1.T + b1)
    dy = 2 * (a1 @ W2.T + b2 - y) / y.size
    dz1 = dy @ W2
    return dz1.T @ X, dz1.sum(0), dy.T @ a1, dy.sum(0)


def loss_that_changes_x(X, y, W1, b1, W2, b2):
    a1 = np.maximum(0, X @ W1.T + b1)
    X *= 0.5
    prediction = a1 @ W2.T + b2
    return prediction, ((prediction - y) ** 2).mean()


def gradients_that_change_y(X, y, W1, b1, W2, b2):
    z1 = X @ W1.T + b1
    a1 = np.maximum(0, z1)
    y -= a1 @ W2.T + b2
    dy = -2 * y / y.size
    dz1 = dy @ W2 * (z1 > 0)
    return dz1.T @ X, dz1.sum(0), dy.T @ a1, dy.sum(0)


def neuron_that_changes_w(w, x):
    s = 1 / (1 + np.exp(-(w[:2] @ x + w[2])))
    slope = s * (1 - s)
    w *= slope
    return s, slope * np.array([x[0], x[1], 1.0]), w[:2]


def step_that_scales_the_gradient(W, dW, lr):
    dW *= lr
    return W - dW


def step_that_accumulates(model, optimizer, loss_function, X, y):
    model.train()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate_without_eval(model, X):
    with torch.no_grad():
        return model(X)


def freeze_the_module_object(model):
    model.body.requires_grad = False
    return model.parameters()


def order_by_value(root):
    order = []

    def visit(node):
        if any(node.value == known.value for known in order):
            return
        for parent in node.parents:
            visit(parent)
        order.append(node)

    visit(root)
    return order


MISTAKES = [
    ("01.multiply_gate", ClassCache, "product_shared_cache"),
    ("01.multiply_gate", Overwrites, "overwritten"),
    ("01.exp_gate", ExpTwice, "exp_of_output"),
    ("01.sigmoid_gate", SigmoidOverflow, "overflow"),
    ("01.sigmoid_gate", SigmoidTwice, "sigmoid_twice"),
    ("01.relu_gate", ReluByUpstream, "mask_from_upstream"),
    ("01.relu_gate", ReluInPlace, "forward_writes"),
    ("01.relu_gate", ReluInPlaceOnTheWayBack, "backward_writes"),
    ("01.exp_gate", ExpInPlace, "backward_writes"),
    ("01.linear", LinearChangesItsBias, "forward_writes"),
    ("01.multiply_gate", MultiplyInPlace, "forward_writes"),
    ("01.sigmoid_neuron", lambda w, x: neuron(w, x, lambda a, s: s * (1 - s), w[2]), "bias_times_itself"),
    ("01.sigmoid_neuron", lambda w, x: neuron(w, x, lambda a, s: a * (1 - a), 1.0), "slope_of_sum"),
    ("01.linear", LinearMean, "bias_mean"),
    ("01.linear", LinearInOut, "weight_transposed"),
    ("01.linear", LinearKeepdims, "bias_kept_axis"),
    ("01.topological_order", order_without_memory, "repeats"),
    ("01.topological_order", order_by_value, "by_value"),
    ("01.backward", backward_overwrites, "overwrite"),
    ("01.backward", backward_resends, "resend"),
    ("01.backward", backward_forgets_the_seed, "no_seed"),
    ("01.two_layer_gradients", two_layer_without_mask, "no_mask"),
    ("01.gradient_step", lambda W, dW, lr: W + lr * dW, "uphill"),
    ("01.gradient_step", lambda W, dW, lr: None, "unchanged"),
    ("01.gradient_step", step_that_scales_the_gradient, "inputs_changed"),
    ("01.sigmoid_neuron", neuron_that_changes_w, "inputs_changed"),
    ("01.two_layer_loss", loss_that_changes_x, "inputs_changed"),
    ("01.two_layer_gradients", gradients_that_change_y, "inputs_changed"),
    ("01.training_step", step_that_accumulates, "no_zero_grad"),
    ("01.evaluate", evaluate_without_eval, "no_eval"),
    ("01.freeze_body", freeze_the_module_object, "attribute_only"),
]


@pytest.mark.parametrize("seed", [1, 77])
@pytest.mark.parametrize(("question", "student", "name"), MISTAKES, ids=[f"{q}-{n}" for q, _, n in MISTAKES])
def test_a_students_mistake_is_named(question, student, name, seed):
    verdict = run_check(load(question), student, seed)
    assert verdict.variant == name
    assert verdict.points == 0


def step_with_the_loss_turned_round(model, optimizer, loss_function, X, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_function(y, model(X))
    loss.backward()
    optimizer.step()
    return loss.item()


def test_the_loss_tells_prediction_and_target_apart():
    assert run_check(load("01.training_step"), step_with_the_loss_turned_round, 1).points == 0


def backward_along_each_path(root):
    """Right, if slow: each path carries its own product, and the products are added up."""

    def send(node, gradient):
        node.grad += gradient
        for parent, local in zip(node.parents, node.local_grads):
            send(parent, gradient * local)

    send(root, 1.0)


def backward_when_complete(root):
    """Kahn's way: a node passes its gradient on when all its consumers have sent theirs."""
    nodes = order(root)
    waiting = {node: sum(node is parent for other in nodes for parent in other.parents) for node in nodes}
    root.grad, ready = 1.0, [root]
    while ready:
        node = ready.pop()
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += node.grad * local
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)


def step_in_place(W, dW, lr):
    W -= lr * dW


def step_with_cleared_grads(model, optimizer, loss_function, X, y):
    model.train()
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    return float(loss)


def evaluate_in_inference_mode(model, X):
    mode = model.training
    model.eval()
    with torch.inference_mode():
        prediction = model(X)
    if mode:
        model.train()
    return prediction


def freeze_and_hand_over_everything(model):
    for parameter in model.body.parameters():
        parameter.requires_grad = False
    return model.parameters()  # the optimizer skips what has no gradient


class TiedRelu:
    def forward(self, x):
        self.z = x * (x > 0)
        return self.z

    def backward(self, dz):
        return np.where(self.z > 0, dz, 0)


GOOD = [
    ("01.backward", backward_along_each_path),
    ("01.backward", backward_when_complete),
    ("01.topological_order", order),
    ("01.gradient_step", step_in_place),
    ("01.training_step", step_with_cleared_grads),
    ("01.evaluate", evaluate_in_inference_mode),
    ("01.freeze_body", freeze_and_hand_over_everything),
    ("01.relu_gate", TiedRelu),
    ("01.linear", Linear),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [1, 77])
@pytest.mark.parametrize(("question", "student"), GOOD, ids=[f"{q}-{s.__name__}" for q, s in GOOD])
def test_another_right_way_gets_all_points(question, student, seed):
    verdict = run_check(load(question), student, seed)
    assert verdict.passed, verdict
