"""Train the small network of the convolution explorer and write dlcourse/widgets/convolution_weights.json.

    python -m benchmarks.convolution_weights

It takes a minute. Another processor or library may end in slightly other weights; the tests check what is stored.
"""

from __future__ import annotations

import json

import numpy as np
import torch

import dlcourse.torch as dl
from dlcourse import data
from dlcourse.widgets.convolution_run import FILE, KERNELS, LETTERS, SAMPLES, SIDE

SEED, EPOCHS, BATCH = 0, 20, 50
TRAIN, TEST = 4000, 1000
F, nn = dl.functional, dl.nn


def letters(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """``n`` letters of 16 × 16 pixels in whole hundredths, and their classes."""
    glyphs = data.make_glyphs(n, LETTERS, seed=seed)
    half = glyphs.X.reshape(-1, 1, SIDE, 2, SIDE, 2).mean(axis=(3, 5))
    return torch.from_numpy(np.round(half, 2)).float(), torch.from_numpy(glyphs.y)


def build() -> nn.Sequential:
    """Two blocks of convolution, ReLU and pooling, and one dense layer: 60 + 440 + 1290 weights."""
    dl.manual_seed(SEED)
    return nn.Sequential(
        nn.Conv2d(1, KERNELS, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(KERNELS, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * (SIDE // 4) ** 2, len(LETTERS)),
    )  # fmt: skip


def fit(model: nn.Sequential, X: torch.Tensor, y: torch.Tensor) -> None:
    """Adam with one cycle of the rate."""
    optimizer = dl.optim.Adam(model.parameters(), lr=0.01)
    cycle = dl.schedule.OneCycleLR(optimizer, 0.01, total_steps=EPOCHS * (len(X) // BATCH) + 1)
    rng = np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        for batch in rng.permutation(len(X)).reshape(-1, BATCH):
            optimizer.zero_grad()
            F.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
            cycle.step()


def score(model: nn.Sequential, X: torch.Tensor, y: torch.Tensor) -> float:
    """The share of right answers, in %."""
    with torch.no_grad():
        return round(100 * (model(X).argmax(dim=1) == y).float().mean().item(), 1)


def main() -> None:
    """Train, round, measure the rounded network, and store it."""
    model = build()
    fit(model, *letters(TRAIN, 0))
    places = {"conv1": (model[0], 2), "conv2": (model[3], 3), "dense": (model[7], 3)}
    weights = {}
    with torch.no_grad():
        for name, (layer, digits) in places.items():
            for kind in ("weight", "bias"):
                values = np.round(getattr(layer, kind).double().numpy(), digits) + 0.0
                getattr(layer, kind).copy_(torch.from_numpy(values))
                weights[f"{name}.{kind}"] = values.tolist()
    X, y = letters(TEST, 1)
    accuracy = score(model, X, y)
    with torch.no_grad():
        right = model(X).softmax(dim=1)[torch.arange(TEST), y]
        for layer in (model[0], model[3]):
            layer.weight.copy_(layer.weight.flip(2, 3))
    turned = score(model, X, y)
    samples = {}
    for letter in SAMPLES:  # the one that the network is surest of
        places_of = torch.nonzero(y == LETTERS.index(letter))[:, 0]
        best = places_of[right[places_of].argmax()]
        samples[letter] = np.rint(100 * X[best, 0].double().numpy()).astype(int).tolist()
    stored = {"seed": SEED, "accuracy": accuracy, "turned": turned, "samples": samples, "weights": weights}
    FILE.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{accuracy} % of {TEST} new letters, with turned kernels {turned} %")


if __name__ == "__main__":
    main()
