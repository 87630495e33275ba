"""Measure transfer learning: the numbers that lecture 13 shows.

    python -m benchmarks.transfer --workers 2                   # about an hour on two cores
    python -m benchmarks.transfer --only rates labels           # some experiments; the others keep their numbers

Every training is one job with a seed of its own; finished jobs are kept in build/transfer.jsonl, from which an
interrupted run goes on. The results are written to dlcourse/transfer/results.json.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from dlcourse.models import zoo
from dlcourse.transfer.results import FILE
from dlcourse.transfer.study import EXPERIMENTS, run

SEEDS = range(5)
Job = tuple[str, str, str, int, int]  # experiment, task, case, labels, seed


def all_jobs(only: list[str]) -> list[Job]:
    return [(name, *case, seed) for name in only for case in EXPERIMENTS[name].cases for seed in SEEDS]


def work(job: Job) -> tuple[Job, dict[str, float]]:
    import torch

    torch.set_num_threads(1)
    return job, run(*job)


def finished(path: Path) -> dict[Job, dict[str, float]]:
    """What an earlier run left; a last line that was cut off is passed over."""
    done: dict[Job, dict[str, float]] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            job, found = json.loads(line)
        except ValueError:
            continue
        done[tuple(job)] = found
    return done


def conditions() -> dict[str, Any]:
    packages = ("torch", "numpy", "scikit-learn", "matplotlib", "pillow")
    return {
        "seeds": len(SEEDS),
        "versions": {name: version(name).split("+")[0] for name in packages},
        "weights": {name: zoo.card(name).sha256 for name in zoo.names()},
    }


def entries(jobs: list[Job], done: dict[Job, dict[str, float]]) -> list[dict[str, Any]]:
    """For each case of an experiment and each of its numbers the percentages of all seeds."""
    table: dict[tuple[str, str, int], list[float]] = {}
    for job in jobs:
        _, task, _, labels, _ = job
        for name, percent in done[job].items():
            table.setdefault((task, name, labels), []).append(round(percent, 2))
    return [
        {"task": task, "case": case, "labels": labels, "percent": percent}
        for (task, case, labels), percent in sorted(table.items())
    ]


def write(only: list[str], done: dict[Job, dict[str, float]]) -> None:
    known = json.loads(FILE.read_text("utf-8"))["experiments"] if FILE.exists() else {}
    for name in only:
        known[name] = entries(all_jobs([name]), done)
    lines = ",\n".join(
        f' "{name}": [\n' + ",\n".join(f"  {json.dumps(entry)}" for entry in known[name]) + "\n ]"
        for name in sorted(known)
    )
    FILE.write_text(f'{{"conditions": {json.dumps(conditions())},\n"experiments": {{\n{lines}\n}}}}\n', "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="+", choices=list(EXPERIMENTS), default=list(EXPERIMENTS))
    parser.add_argument("--kept", type=Path, default=Path("build/transfer.jsonl"), help="where finished jobs are kept")
    options = parser.parse_args()
    options.kept.parent.mkdir(parents=True, exist_ok=True)
    jobs, done = all_jobs(options.only), finished(options.kept)
    left = [job for job in jobs if job not in done]
    with ProcessPoolExecutor(options.workers) as pool, options.kept.open("a", encoding="utf-8") as kept:
        tasks = [pool.submit(work, job) for job in left]
        for task in tqdm(as_completed(tasks), total=len(jobs), initial=len(jobs) - len(left), unit="job"):
            job, found = task.result()
            done[job] = found
            kept.write(json.dumps([job, found]) + "\n")
            kept.flush()
    write(options.only, done)
    print(f"Wrote {FILE}\nnext: git diff {FILE.name}, then dlcourse refresh lectures/13_transfer.ipynb")


if __name__ == "__main__":
    main()
