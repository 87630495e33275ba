"""The augmentation composer's "code for this setting": the same three runs in a cell of plain Python."""

from __future__ import annotations

from dlcourse.widgets.augmentation_run import BATCH_SIZE, LABELS, RATE, SEEDS, SIZE, STRENGTHS, UPDATES, Setting

__all__ = ["code_for"]

_CELL = """\
from dataclasses import replace

import numpy as np

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.data.augment import {names}
from dlcourse.models import mlp

train, val, _ = data.stratified_split(data.load_digits(), (0.5, 0.3, 0.2), seed=0)
place = RandomCrop({size}, padding={room})  # each digit anywhere on a page of {size} × {size}
train, val = replace(train, X=place(train.X, seed=1)), replace(val, X=place(val.X, seed=2))
mean, std = float(train.X.mean()), float(train.X.std())


def standardise(X):
    return ((X - mean) / std).astype(np.float32)


read = []
for seed in range({seeds}):
    few, _ = data.stratified_split(train, ({labels}, len(train) - {labels}), seed=seed)
    augment = Compose([{steps}], seed)
    dl.manual_seed(seed)
    model = mlp(dl, [{size} * {size}, 100, 10])
    optimizer = dl.optim.Adam(model.parameters(), lr={rate})
    rng = np.random.default_rng(seed)
    for _ in range({updates}):
        batch = rng.choice({labels}, {batch_size})
        X = {look}
        cost = dl.functional.cross_entropy(model(dl.tensor(X)), dl.tensor(few.y[batch]))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    answers = dl.to_numpy(model(dl.tensor(standardise(val.X)))).argmax(axis=1)
    read.append(100 * (answers == val.y).mean())
print("accuracies in % =", ", ".join(f"{{value:.4f}}" for value in read))
"""


def code_for(setting: Setting) -> str:
    """A cell that trains as the explorer does and prints the accuracy of each seed."""
    steps = _steps(setting)
    names = sorted({"Compose", "RandomCrop", *(step.partition("(")[0] for step in steps)})
    right, bug = "standardise(augment(few.X[batch]))", "augment(standardise(few.X[batch]))  # bug: standardised first"
    return _CELL.format(
        names=", ".join(names),
        size=SIZE,
        room=SIZE - 8,
        seeds=SEEDS,
        labels=LABELS,
        steps=", ".join(steps),
        rate=RATE,
        updates=UPDATES,
        batch_size=BATCH_SIZE,
        look=bug if setting.too_early else right,
    )


def _steps(setting: Setting) -> list[str]:
    """The pipeline as it is written."""
    strength = STRENGTHS[setting.strength]
    steps = [
        (setting.turn, f"Rotate({strength['turn']})"),
        (setting.mirror, "HorizontalFlip()"),
        (setting.move, f"RandomCrop({SIZE}, padding={strength['move']})"),
        (setting.jitter, f"ColorJitter({strength['jitter']}, {strength['jitter']})"),
        (setting.noise, f"GaussianNoise({strength['noise']})"),
    ]
    return [text for wanted, text in steps if wanted]
