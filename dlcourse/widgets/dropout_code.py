"""The dropout explorer's "code for this setting": train the network, ask all 256 sub-networks, and compare."""

from __future__ import annotations

from dlcourse.widgets.dropout_run import NOISE, RATE, STEPS, TEST, TRAINING, UNITS

__all__ = ["code_for"]

_CELL = """\
from itertools import product

import numpy as np

import dlcourse.numpy as dl
from dlcourse import data

F, nn, p = dl.functional, dl.nn, {p}


def moons(n, seed):
    points = data.make_moons(n, noise={noise}, seed=seed)
    return 0.7 * (points.X - np.array([0.5, 0.25])), points.y == 1


X, y = moons{training}
dl.manual_seed(0)
model = nn.Sequential(nn.Linear(2, {units}), nn.ReLU(), nn.Dropout(p), nn.Linear({units}, 1))
optimizer = dl.optim.Adam(model.parameters(), lr={rate})
inputs, targets = dl.tensor(X.astype(np.float32)), dl.tensor(y[:, None].astype(np.float32))
for _ in range({steps}):
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(model(inputs), targets).backward()
    optimizer.step()

W1, b1, w2, b2 = (dl.to_numpy(w.detach()).astype(float) for w in model.parameters())
X, y = moons{test}
parts = np.maximum(X @ W1.T + b1, 0) * w2  # what each unit adds to the logit
masks = np.array(list(product((0, 1), repeat={units})))
chance = np.where(masks == 1, 1 - p, p).prod(axis=1)
P = 1 / (1 + np.exp(-(masks @ parts.T / (1 - p) + b2)))  # one row for each sub-network


def report(name, P):
    right = 100 * ((P > 0.5) == y).mean()
    print(f"{{name}}: {{right:.1f}} % right, cost {{-np.log(np.where(y, P, 1 - P)).mean():.3f}}")


print(f"a single sub-network: {{100 * chance @ ((P > 0.5) == y).mean(axis=1):.1f}} % right")
report("all {masks} together", chance @ P)
report("one pass", 1 / (1 + np.exp(-(parts.sum(axis=1) + b2))))
report("one pass, nothing divided", 1 / (1 + np.exp(-(parts.sum(axis=1) / (1 - p) + b2))))
print(f"largest spread of a probability: {{np.sqrt(chance @ (P - chance @ P) ** 2).max():.3f}}")
"""


def code_for(p: str) -> str:
    """A cell that prints what single sub-networks, all of them and one pass reach on the test points."""
    return _CELL.format(
        p=p, noise=NOISE, rate=RATE, steps=STEPS, units=UNITS, masks=2**UNITS, training=TRAINING, test=TEST
    )
