"""How long each lecture takes and how much memory: ``python -m benchmarks.lectures``.

Every lecture runs in a fresh kernel, as ``dlcourse refresh`` runs it, one after another. Where
bubblewrap is installed, the kernel has no network, so a lecture that downloads something fails.
The time counts from the kernel's start to its end; the memory is the largest resident set of any
process of the lecture. Writes ``benchmarks/LECTURES.md`` once all have run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "benchmarks" / "LECTURES.md"
HEADER = """# Time and memory of the lectures

Written by `python -m benchmarks.lectures` on {day}: {cores} cores, {network}.
{limits}

| lecture | seconds | peak memory, MB |
|---|---:|---:|
"""
MEMORY_LIMIT = 1500.0  # MB, each lecture
LECTURE_LIMIT = 60.0  # seconds, each lecture
GROUP_LIMITS = {(2, 7): 240.0, (8, 14): 300.0}  # seconds, all lectures of the group together
# The whole file system as it is, but of the network only an empty loopback, through which Jupyter talks to its kernel.
WITHOUT_NETWORK = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]


@dataclass(frozen=True)
class Run:
    """What one lecture needed."""

    name: str
    seconds: float
    megabytes: float

    @property
    def number(self) -> int:
        """The lecture's number, the start of its name."""
        return int(self.name[:2])

    def __str__(self) -> str:
        return f"| {self.name} | {self.seconds:.1f} | {self.megabytes:.0f} |"


def run_here(path: Path) -> Run:
    """Run the lecture in a kernel that is a child of this process, which must have had no other."""
    from dlcourse.notebooks.cells import read
    from dlcourse.notebooks.execute import execute

    started = time.perf_counter()
    execute(read(path), path)
    seconds = time.perf_counter() - started
    return Run(path.stem, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def run_apart(path: Path, shield: list[str]) -> Run:
    """Run the lecture in a process of its own behind ``shield``, the start of a command line."""
    command = [*shield, sys.executable, "-m", "benchmarks.lectures", "--one", str(path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{path.name} failed:\n{result.stderr[-4000:]}")
    return Run(**json.loads(result.stdout.splitlines()[-1]))


def verdict(what: str, found: float, limit: float, unit: str) -> str:
    return f"{what} {found:.0f} {unit} (at most {limit:.0f} wanted: {'met' if found <= limit else 'not met'})"


def table(runs: list[Run], *, offline: bool) -> str:
    """The whole page, the targets' verdicts first."""
    limits = [verdict("Longest", max(run.seconds for run in runs), LECTURE_LIMIT, "s")]
    for (first, last), limit in GROUP_LIMITS.items():
        total = sum(run.seconds for run in runs if first <= run.number <= last)
        limits.append(verdict(f"lectures {first:02} to {last:02} together", total, limit, "s"))
    limits.append(verdict("most memory", max(run.megabytes for run in runs), MEMORY_LIMIT, "MB"))
    head = HEADER.format(
        day=datetime.now(UTC).date(),
        cores=os.cpu_count(),
        network="without network" if offline else "network not cut off (bubblewrap is missing)",
        limits=";\n".join(limits) + ".",
    )
    return head + "".join(f"{run}\n" for run in runs)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", type=Path, metavar="NOTEBOOK", help="run one notebook here and print its row as JSON")
    one = parser.parse_args(arguments).one
    if one is not None:
        print(json.dumps(vars(run_here(one.resolve()))))
        return
    shield = WITHOUT_NETWORK if shutil.which("bwrap") else []
    paths = sorted((ROOT / "lectures").glob("[0-9][0-9]_*.ipynb"))
    runs = [run_apart(path, shield) for path in tqdm(paths, unit="lecture")]
    beside = TABLE.with_suffix(".new")
    beside.write_text(table(runs, offline=bool(shield)), "utf-8")
    beside.replace(TABLE)
    print(f"Wrote {TABLE}")


if __name__ == "__main__":
    main()
