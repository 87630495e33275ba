"""Train every network of the zoo with five seeds, to see how much an accuracy depends on the seed.

    python -m benchmarks.zoo --workers 2            # writes the spread onto the cards that come with the course
    python -m benchmarks.zoo --workers 2 --ship     # and replaces their weights by those of seed 0

The range on a card is where one further training should end with a probability of 99 %; tests compare with it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from dlcourse.models import zoo
from dlcourse.models.zoo.training import expected_range, versions_used

SEEDS = range(5)


def train_one(name: str, seed: int, folder: Path) -> tuple[str, int, float]:
    import torch

    torch.set_num_threads(1)
    recipe = zoo.RECIPES[name]
    model = zoo.pretrain(recipe, seed, progress=False)
    return name, seed, zoo.save(name, model, recipe, seed, folder / str(seed)).accuracy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--ship", action="store_true", help="replace the weights that come with the course")
    options = parser.parse_args()
    found: dict[str, dict[int, float]] = {name: {} for name in zoo.RECIPES}
    with tempfile.TemporaryDirectory() as temporary, ProcessPoolExecutor(options.workers) as pool:
        folder = Path(temporary)
        jobs = [pool.submit(train_one, name, seed, folder) for seed in SEEDS for name in zoo.RECIPES]
        for job in tqdm(as_completed(jobs), total=len(jobs), unit="network"):
            name, seed, accuracy = job.result()
            found[name][seed] = accuracy
        for name, accuracies in found.items():
            if options.ship:
                for suffix in ("safetensors", "json"):
                    shutil.copy(folder / "0" / f"{name}.{suffix}", zoo.FOLDER)
            values = tuple(accuracies[seed] for seed in SEEDS)
            card = replace(
                zoo.card(name), retrained=values, expected=expected_range(values), retrained_with=versions_used()
            )
            card.write(zoo.FOLDER)
            print(f"{name}: {', '.join(f'{100 * v:.1f}' for v in values)} %, expected {card.expected}")
    print(f"Wrote {zoo.FOLDER}\nnext: dlcourse zoo list, then python -m benchmarks.transfer")


if __name__ == "__main__":
    main()
