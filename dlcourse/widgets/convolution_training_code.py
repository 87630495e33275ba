"""The "code for this setting" of the explorer of a convolutional network in training."""

from __future__ import annotations

from dlcourse.widgets.convolution_run import KERNELS, LETTERS
from dlcourse.widgets.convolution_training_run import BATCH, HELD, MOMENTUM, SAMPLES, SECOND, STEPS, TRAIN

__all__ = ["code_for"]

_CELL = """\
import numpy as np

import dlcourse.numpy as dl
from dlcourse import data

F, nn, real = dl.functional, dl.nn, dict(dtype=np.float64)
glyphs = data.make_glyphs({train} + {held}, "{letters}", seed=0)
X = glyphs.X.reshape(-1, 1, 16, 2, 16, 2).mean(axis=(3, 5), dtype=np.float64).round(2)
y, new = glyphs.y, slice({train}, None)

dl.manual_seed({seed})
model = nn.Sequential(
    nn.Conv2d(1, {first}, 3, padding=1, **real), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d({first}, {second}, 3, padding=1, **real), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear({dense}, {classes}, **real))
{equal}optimizer = dl.optim.SGD(model.parameters(), lr={rate}, momentum={momentum})
rng = np.random.default_rng({seed})
batches = np.concatenate([rng.permutation({train}) for _ in range({epochs})]).reshape(-1, {batch})
for step in range({steps} + 1):
    rows = batches[step]
    optimizer.zero_grad()
    cost = F.cross_entropy(model(dl.tensor(X[rows])), dl.tensor(y[rows]))
    cost.backward()
    if step % 20 == 0:
        with dl.no_grad():
            right = model(dl.tensor(X[new])).data.argmax(axis=1) == y[new]
        print(f"step {{step}}: cost {{cost.item():.2f}}, {{100 * right.mean():.0f}} % right")
    if step < {steps}:
        optimizer.step()

sample = X[new][y[new] == "{letters}".index("{sample}")][{number}]
with dl.no_grad():
    maps = model[:2](dl.tensor(sample[None]))
    answer = F.softmax(model(dl.tensor(sample[None])), dim=1).data[0]
print("activations of layer 1: largest", maps.data.max().round(3))
print("weights of layer 1: largest size", abs(model[0].weight.data).max().round(3))
print("their gradient: length", np.linalg.norm(model[0].weight.grad).round(3))
print("{sample}:", dict(zip("{letters}", answer.round(3).tolist())))
"""

_EQUAL = """\
for layer in (model[0], model[3]):  # the bug: all kernels of a layer start equal
    layer.weight.data[...] = layer.weight.data[:1, :1]
    layer.bias.data[...] = layer.bias.data[0]
"""


def code_for(rate: str, sample: str, equal: bool, seed: str) -> str:
    """The training as a loop; at the end the numbers of the last step's images and its answer to the letter."""
    return _CELL.format(
        train=TRAIN,
        held=HELD,
        letters=LETTERS,
        classes=len(LETTERS),
        first=KERNELS,
        second=SECOND,
        dense=16 * SECOND,
        equal=_EQUAL if equal else "",
        rate=rate,
        momentum=MOMENTUM,
        seed=seed,
        epochs=STEPS * BATCH // TRAIN + 1,
        batch=BATCH,
        steps=STEPS,
        sample=sample,
        number=SAMPLES[sample],
    )
