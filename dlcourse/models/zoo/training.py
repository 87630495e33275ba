"""Train a network of the zoo and write it down with its card."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlcourse.data.batches import Batches
from dlcourse.data.dataset import Dataset
from dlcourse.data.fonts import versions
from dlcourse.data.glyphs import load_glyphs
from dlcourse.models.zoo.card import Card
from dlcourse.models.zoo.loading import load
from dlcourse.models.zoo.recipes import Recipe, held_out
from dlcourse.training import Callback, ProgressBar, Schedule, Trainer, accuracy

__all__ = ["expected_range", "pretrain", "save", "versions_used"]


def pretrain(recipe: Recipe, seed: int = 0, progress: bool = True) -> Any:
    """Train a network of this ``recipe``; ``seed`` decides the first weights and the order of the images.

    The images themselves are the same for every seed. Runs on torch.
    """
    import dlcourse.torch as dl

    glyphs = load_glyphs(recipe.images, recipe.characters)
    dl.manual_seed(seed)
    model = recipe.model(dl)
    batches = Batches(*glyphs.to_torch(), recipe.batch_size, drop_last=True, seed=seed)
    optimizer = dl.optim.AdamW(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    cycle = dl.schedule.OneCycleLR(optimizer, recipe.lr, total_steps=recipe.epochs * len(batches))
    callbacks: list[Callback] = [Schedule(cycle, every="batch")]
    if progress:
        callbacks.append(ProgressBar())
    Trainer(model, optimizer, dl.nn.CrossEntropyLoss(), {"accuracy": accuracy}, callbacks).fit(batches, recipe.epochs)
    return model


def save(name: str, model: Any, recipe: Recipe, seed: int, folder: str | Path) -> Card:
    """Write the weights in half precision to ``folder``, with a card, and measure what was written.

    Half precision halves the file and costs at most a tenth of a point of accuracy.
    """
    from safetensors.numpy import save as pack

    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    state = {key: value.cpu().numpy() for key, value in model.state_dict().items()}
    halved = {key: a.astype(np.float16) if a.dtype.kind == "f" else a for key, a in state.items()}
    content = pack(halved, {"dlcourse": f"{name}, seed {seed}"})  # one entry: safetensors shuffles several
    (place / f"{name}.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    Card(name, digest, recipe, seed, accuracy=0.0).write(place)  # so that it can be loaded and measured
    measured = _accuracy(load(name, folder=place), held_out(recipe))
    card = Card(name, digest, recipe, seed, measured, made_with=versions_used())
    card.write(place)
    return card


def expected_range(accuracies: Sequence[float]) -> tuple[float, float]:
    """Where one further training should end with a probability of 99 %, given those of other seeds.

    The prediction interval of the normal distribution, m ± t · s · √(1 + 1/n), widened to whole tenths of a percent.
    """
    from scipy.stats import t  # type: ignore[import-untyped]

    values = np.asarray(accuracies, dtype=np.float64)
    n = len(values)
    if n < 3:
        raise ValueError(f"expected_range: got {n} accuracies, expected 3 or more")
    half = t.ppf(0.995, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n)
    low, high = np.floor((values.mean() - half) * 1000) / 1000, np.ceil((values.mean() + half) * 1000) / 1000
    return float(max(0.0, low)), float(min(1.0, high))


def _accuracy(model: Any, data: Dataset) -> float:
    import dlcourse.torch as dl

    outputs = []
    with dl.no_grad():
        for start in range(0, len(data), 500):
            outputs.append(dl.to_numpy(model(dl.tensor(data.X[start : start + 500]))))
    return accuracy(np.concatenate(outputs), data.y)


def versions_used() -> dict[str, str]:
    """The versions of what decides the glyphs and the arithmetic."""
    import torch

    return {"torch": torch.__version__.split("+")[0], **versions()}
