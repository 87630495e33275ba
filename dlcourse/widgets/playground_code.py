"""The playground's "code for this setting": the same run in a cell of plain Python."""

from __future__ import annotations

from dlcourse.widgets.playground_run import ACTIVATIONS, DATA, EPOCHS, FEATURES, OWN, POINTS, STARTERS, Setting

__all__ = ["code_for"]

_CELL = """\
import numpy as np

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.models import mlp

{points}
{centre}train, validation = data.stratified_split(points, ({share:g}, {rest:g}), seed={seed})
{own}

def inputs(part):
    x, y = part.X.T
    return np.stack([{features}], axis=1)


def targets(part):
    return {targets}


dl.manual_seed({seed})
model = mlp(dl, {sizes}, dl.nn.{activation})
optimizer = {optimizer}
loss_fn = dl.nn.{loss}()
{order}batches = data.Batches(inputs(train), targets(train), batch_size={batch}, {shuffle}seed={seed})
{weights}
for epoch in range({epochs}):
    for X, y in batches:
        cost = loss_fn(model(dl.tensor(X)), dl.tensor(y)){penalty}
{zero_grad}        cost.backward()
        optimizer.step()

for name, part in (("training", train), ("validation", validation)):
    cost = loss_fn(model(dl.tensor(inputs(part))), dl.tensor(targets(part)))
    print(f"{{name}} cost = {{cost.item():.6g}}")
"""
_CENTRE = "points.X[:] = 0.7 * (points.X - np.array([0.5, 0.25], dtype=np.float32))\n"
_SORT = 'train = train.subset(np.argsort(train.y, kind="stable"))  # the bug: sorted by class, never shuffled\n'
_OWN = """
own = np.array({own}, dtype=np.float32)
X, y = np.concatenate([train.X, own[:, :2]]), np.concatenate([train.y, own[:, 2].astype(int)])
train = data.Dataset("with own points", X, y, train.classes, "points placed by hand")
"""
_STARTERS = """\
starters = np.array({starters}, dtype=np.float32)
points = data.Dataset("own", starters[:, :2], starters[:, 2].astype(int), ("0", "1"), "four points to start with")"""
_PENALTIES = {
    "none": "",
    "L2": " + {strength:g} / 2 * sum((w * w).sum() for w in weights)",
    "L1": " + {strength:g} * sum(w.abs().sum() for w in weights)",
}
_OPTIMIZERS = {"SGD": "SGD(model.parameters(), lr={rate:g})", "Adam": "Adam(model.parameters(), lr={rate:g})"}
_OPTIMIZERS["momentum"] = "SGD(model.parameters(), lr={rate:g}, momentum=0.9)"
_CROSS_ENTROPY = "part.y[:, None].astype(np.float32)"


def code_for(setting: Setting) -> str:
    """Python that trains this network on these data and prints both costs after the last epoch."""
    is_sorted, is_cross_entropy = setting.loop == "sorted", setting.loss == "cross-entropy"
    return _CELL.format(
        points=_points(setting),
        own=_own(setting),
        seed=setting.seed,
        centre=_CENTRE if setting.data == "moons" else "",
        share=setting.share,
        rest=1 - setting.share,
        features=", ".join(FEATURES[setting.features]),
        targets=_CROSS_ENTROPY if is_cross_entropy else f"2 * {_CROSS_ENTROPY} - 1",
        sizes=setting.sizes,
        activation=ACTIVATIONS[setting.activation],
        optimizer="dl.optim." + _OPTIMIZERS[setting.optimizer].format(rate=setting.rate),
        loss="BCEWithLogitsLoss" if is_cross_entropy else "MSELoss",
        order=_SORT if is_sorted else "",
        batch=setting.batch,
        shuffle="shuffle=False, " if is_sorted else "",
        weights="" if setting.penalty == "none" else "weights = [w for w in model.parameters() if len(w.shape) == 2]\n",
        epochs=EPOCHS,
        penalty=_PENALTIES[setting.penalty].format(strength=setting.strength),
        zero_grad="" if setting.loop == "no zero_grad" else "        optimizer.zero_grad()\n",
    )


def _points(setting: Setting) -> str:
    if setting.data == OWN:
        return _STARTERS.format(starters=STARTERS)
    noise = f"{'spread' if setting.data == 'gaussians' else 'noise'}={setting.noise:g}"
    return f"points = data.{DATA[setting.data].__name__}({POINTS}, {noise}, seed={setting.seed})"


def _own(setting: Setting) -> str:
    return _OWN.format(own=[list(point) for point in setting.own]) if setting.own else ""
