"""The long repetitions behind the course's promises: ``python -m benchmarks.proof`` (``make proof``).

``make test`` runs everything once. Here the same tests run many times, with more seeds, with one
and with two threads. The dated table goes to ``benchmarks/PROOF.md``. ``--only TEXT`` runs the
proofs whose name contains TEXT and keeps the other rows of the table.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "benchmarks" / "PROOF.md"
HEADER = """# Proof

Written by `make proof`. Each row is a promise of the course, tried many times.

| proof | runs | result | seconds | date |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Proof:
    """A command that must succeed ``runs`` times in a row, each time under each of the environments."""

    name: str
    command: list[str]
    runs: int = 1
    environments: tuple[dict[str, str], ...] = field(default=({},))


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "--no-header", *arguments]


def nbval(*notebooks: str) -> list[str]:
    return pytest("--nbval", "-p", "dlcourse.notebooks.nbval_tolerance", *notebooks)


def lectures(first: int, last: int) -> list[str]:
    """The lectures with these numbers and all between them."""
    paths = sorted((ROOT / "lectures").glob("[0-9][0-9]_*.ipynb"))
    return [str(path) for path in paths if first <= int(path.name[:2]) <= last]


ONE_AND_TWO_THREADS = ({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"})
# NumPy's and torch's kernels for processors with AVX-512, with AVX2 and with neither. They round differently.
PROCESSORS = (
    {"OPENBLAS_CORETYPE": "SkylakeX", "ATEN_CPU_CAPABILITY": "avx512"},
    {"OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2"},
    {"OPENBLAS_CORETYPE": "Sandybridge", "ATEN_CPU_CAPABILITY": "default"},
)

PROOFS = [
    Proof(
        "strict nbval, lectures 00 and 01, ten times, 1 and 2 threads",
        nbval("lectures/00_start_here.ipynb", "lectures/01_backprop.ipynb"),
        runs=10,
        environments=ONE_AND_TWO_THREADS,
    ),
    *(
        Proof(
            f"strict nbval, lectures {first:02} to {last:02}, three times, 1 and 2 threads",
            # One lecture at a time: on two cores, two kernels of two threads each wait for one another.
            nbval(*lectures(first, last)),
            3,
            ONE_AND_TWO_THREADS,
        )
        for first, last in ((2, 7), (8, 14))
    ),
    Proof(
        "strict nbval, all lectures, with the arithmetic of three kinds of processor",
        nbval("-n", "2", "--dist", "loadfile", "lectures"),
        environments=tuple({"OMP_NUM_THREADS": "1", **processor} for processor in PROCESSORS),
    ),
    Proof(
        "every wrong answer rejected and named, solutions pass, stubs fail: 18 further seeds; mutants of the solutions",
        pytest("-m", "proof", "tests/checks", "tests/exercises"),
    ),
    Proof(
        "a class of 200, a quarter of it hostile, graded twice and killed ten times: one result, every mistake named",
        pytest("-m", "proof", "tests/grading"),
    ),
    Proof(
        "mutants of every backward are caught by the parity tests", [sys.executable, "-m", "benchmarks.mutate_backward"]
    ),
]


def prove(proof: Proof) -> str:
    """Run one proof and return its row of the table."""
    started, done, last = time.monotonic(), 0, ""
    total = proof.runs * len(proof.environments)
    for environment in proof.environments:
        for _ in range(proof.runs):
            result = subprocess.run(
                proof.command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
            )
            lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
            last = lines[-1] if lines else ""
            if result.returncode:
                print("\n".join(lines[-40:]))
                break
            done += 1
            print(f"  {done}/{total}  {last}", flush=True)
    outcome = re.sub(r" in [\d.]+s.*", "", last.strip("= ")) if done == total else f"FAILED after {done}: {last}"
    today = datetime.now(UTC).date().isoformat()
    return f"| {proof.name} | {done}/{total} | {outcome} | {time.monotonic() - started:.0f} | {today} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="run the proofs whose name contains this text")
    chosen = parser.parse_args().only
    rows = dict.fromkeys((proof.name for proof in PROOFS), "")
    if TABLE.exists():
        for line in TABLE.read_text("utf-8").splitlines():
            name = line.split("|")[1].strip() if line.startswith("| ") else ""
            if name in rows:
                rows[name] = line
    for proof in PROOFS:
        if chosen in proof.name:
            print(proof.name, flush=True)
            rows[proof.name] = prove(proof)
            _write(rows)
    return int(any("FAILED" in row for row in rows.values()))


def _write(rows: dict[str, str]) -> None:
    beside = TABLE.with_suffix(".new")
    beside.write_text(HEADER + "".join(row + "\n" for row in rows.values() if row), "utf-8")
    beside.replace(TABLE)


if __name__ == "__main__":
    sys.exit(main())
