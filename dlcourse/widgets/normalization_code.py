"""The normalisation explorer's "code for this setting"."""

from __future__ import annotations

from dlcourse.widgets.normalization_run import CHANNELS, EPS, GROUPS, IMAGES, LENGTH, STEPS, UNITS

__all__ = ["axes_code", "values_code"]

_FEATURES = """\
import numpy as np

import dlcourse.numpy as dl
from dlcourse import data

F = dl.functional
images = data.load_digits().X.reshape(-1, 64).astype(float)
images = (images - images.mean(axis=0)) / (images - images.mean(axis=0)).std()
hidden = images[np.random.default_rng(0).permutation(len(images))[:{images}]]
rng = np.random.default_rng(0)
for inputs, outputs in ((64, 32), (32, 32)):  # two ReLU layers with He weights
    hidden = np.maximum(hidden @ rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)), 0)
X = (hidden @ rng.normal(0, np.sqrt(2 / 32), (32, 8)))[:, {units}]  # three features of the third
m, v, eps = X.mean(axis=0), X.var(axis=0), {eps}
gamma, beta = {parameters}
"""
_TRAIN = """
Y = np.concatenate(
    [F.batch_norm(dl.tensor(x), None, None, dl.tensor(gamma), dl.tensor(beta), training=True, eps=eps).data
     for x in np.split(X, len(X) // {size})]
)  # all images, in batches of {size}
"""
_TRAIN_ONE = """
try:
    F.batch_norm(dl.tensor(X[:1]), None, None, training=True)
except ValueError as error:
    print("refused:", error)
Y = np.stack([gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta for x in X[:, None]])[:, 0]
"""
_COLLECT = """
running_mean, running_var = np.zeros(3), np.ones(3)
rng = np.random.default_rng(1)
for _ in range({steps}):
    x = X[rng.choice(len(X), {size}, replace=False)]
    {update}
"""
_UPDATE = "F.batch_norm(dl.tensor(x), running_mean, running_var, training=True, momentum={momentum}, eps=eps)"
_BUG = """\
running_mean += {momentum} * (x.mean(axis=0) - running_mean)
    running_var += {momentum} * (x.var(axis=0) - running_var)  # the bug: divided by N, not by N - 1"""
_REFUSED = "pass  # one image: N - 1 = 0, the layer refuses it"
_EVAL = """
Y = F.batch_norm(dl.tensor(X), running_mean, running_var, dl.tensor(gamma), dl.tensor(beta), eps=eps).data
"""
_REPORT = """
print("running mean", running_mean.round(4), "variance", running_var.round(4), "after {steps} batches")
print("y: mean", Y.mean(axis=0).round(4), "standard deviation", Y.std(axis=0).round(4))
"""
_AXES = """\
import numpy as np

import dlcourse.numpy as dl

x = np.random.default_rng(4).integers(0, 10, ({size}, {channels}, {length})).astype(float)  # (N, C, L)
{shape}
mean, var = x.mean(axis={axes}, keepdims=True), x.var(axis={axes}, keepdims=True)
y = ((x - mean) / np.sqrt(var + {eps})).reshape({size}, {channels}, {length})
print("means:", mean.size)
print("the first has mean", mean.flat[0].round(4), "and variance", var.flat[0].round(4))
print("the same as dlcourse:", np.allclose(y, {call}.data))
"""
_NORMS = {
    "batch": ("(0, 2)", "dl.functional.batch_norm(dl.tensor(x), None, None, training=True)"),
    "layer": ("(1, 2)", f"dl.functional.layer_norm(dl.tensor(x), ({CHANNELS}, {LENGTH}))"),
    "instance": ("2", "dl.functional.instance_norm(dl.tensor(x))"),
    "group": ("(2, 3)", f"dl.functional.group_norm(dl.tensor(whole), {GROUPS})"),
}


def values_code(size: int, momentum: str, biased: bool, gamma: str, mode: str) -> str:
    """A cell that prints the running statistics after all batches, and the size of what comes out."""
    parameters = "np.sqrt(v + eps), m  # they undo it" if gamma == "undo" else "np.ones(3), np.zeros(3)"
    update = _BUG if biased else _UPDATE if size > 1 else _REFUSED
    train = _TRAIN_ONE if size == 1 else _TRAIN
    return (
        _FEATURES.format(images=IMAGES, units=UNITS, eps=EPS, parameters=parameters)
        + _COLLECT.format(steps=STEPS, size=size, update=update.format(momentum=momentum))
        + (train.format(size=size) if mode == "train" else _EVAL)
        + _REPORT.format(steps=STEPS)
    )


def axes_code(norm: str, size: int) -> str:
    """A cell that takes the means over the right axes, and compares with the library."""
    axes, call = _NORMS[norm]
    groups = f"whole, x = x, x.reshape({size}, {GROUPS}, {CHANNELS // GROUPS}, {LENGTH})  # two groups of channels\n"
    cell = _AXES if norm == "group" else _AXES.replace("{shape}\n", "")
    return cell.format(
        size=size, channels=CHANNELS, length=LENGTH, eps=EPS, axes=axes, call=call, shape=groups.rstrip()
    )
