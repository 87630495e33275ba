"""Real learning curves: small networks of the NumPy twin, trained on digits in the ways that go wrong."""

from __future__ import annotations

import numpy as np

import dlcourse.numpy as dl
from dlcourse.data import Batches, Standardizer, load_digits
from dlcourse.models import mlp


def digits(examples=1000, validation=400, seed=0):
    """Standardised rows and labels: X, y, X_val, y_val."""
    data = load_digits().flat()
    order = np.random.default_rng(seed).permutation(len(data))
    train, val = order[:examples], order[-validation:]
    standardizer = Standardizer().fit(data.X[train])
    return standardizer.transform(data.X[train]), data.y[train], standardizer.transform(data.X[val]), data.y[val]


def cost(model, X, y):
    return dl.functional.cross_entropy(model(dl.tensor(X)), dl.tensor(y))


def train(
    data,
    sizes=(64, 50, 10),
    lr=0.1,
    epochs=10,
    batch_size=50,
    seed=0,
    shuffle=True,
    weights=None,
    activation=None,
    noise=0.0,
):
    """Plain SGD; returns the loss of every step and the validation loss after every epoch.

    ``weights`` is the standard deviation of the first weights (the usual ones if None), ``noise``
    that of what is added to training inputs, as a simple augmentation.
    """
    X, y, X_val, y_val = data
    dl.manual_seed(seed)
    model = mlp(dl, list(sizes), activation)
    rng = np.random.default_rng(seed)
    if weights is not None:
        for parameter in model.parameters():
            parameter.data = rng.normal(0, weights, parameter.shape).astype(np.float32) * (len(parameter.shape) > 1)
    steps, after_epochs = [], [cost(model, X_val, y_val).item()]
    batches = Batches(X, y, batch_size, shuffle=shuffle, seed=seed)
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            for inputs, labels in batches:
                inputs = inputs + noise * rng.normal(size=inputs.shape).astype(np.float32)
                loss = cost(model, inputs, labels)
                model.zero_grad()
                loss.backward()
                for parameter in model.parameters():
                    parameter.data -= np.float32(lr) * parameter.grad
                steps.append(loss.item())
            after_epochs.append(cost(model, X_val, y_val).item())
    return np.array(steps), np.array(after_epochs)
