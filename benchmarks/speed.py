"""Speed against named peers: ``python -m benchmarks.speed`` (``make bench``), at most five minutes.

Everything runs in one process and with one thread. A whole run writes ``benchmarks/RESULTS.md``;
with ``--only NAME`` (which may be repeated) or ``--tiny`` the result is printed and nothing is written.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.speed_report import Report

FILES = ("training", "conv", "norm", "optimizers", "models", "imports", "scaling")
FOLDER = Path(__file__).parent
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

HOW = """Every candidate does the same work on the same numbers in float32. Candidates take turns, forwards and \
backwards, after a warm-up; a time is the median over the rounds, and a ratio is the median of the ratios round by \
round, with the middle half of the rounds in brackets where there is room. Times are CPU times of the process, unless \
a section says otherwise. Only ratios carry over to other machines."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", help="run this section and print it")
    parser.add_argument("--tiny", action="store_true", help="run everything once at small size, to see that it works")
    options = parser.parse_args(arguments)
    limit_threads()
    load_sections()

    from benchmarks.speed_report import SECTIONS
    from benchmarks.speed_timing import Effort

    chosen = options.only or list(SECTIONS)
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown:
        parser.error(f"--only: no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    effort = Effort(rounds=1, seconds=0.0, tiny=True) if options.tiny else Effort()
    started = time.monotonic()
    reports, failed = run_sections(chosen, effort)
    seconds = time.monotonic() - started
    if options.only or options.tiny or failed:
        print(f"Nothing written after {seconds:.0f} s: " + (f"{', '.join(failed)} failed" if failed else "partial run"))
    else:
        write(reports, seconds, FOLDER)
        print(f"Wrote benchmarks/RESULTS.md after {seconds:.0f} s")
    return int(bool(failed))


def limit_threads() -> None:
    """One thread for every library. BLAS reads the variables when NumPy is imported, so this comes first."""
    for name in THREAD_LIMITS:
        os.environ[name] = "1"
    import torch

    torch.set_num_threads(1)


def load_sections() -> None:
    """Import the files of sections, which fills ``SECTIONS`` in this order."""
    for name in FILES:
        importlib.import_module(f"benchmarks.speed_{name}")


def run_sections(names: Sequence[str], effort: object) -> tuple[dict[str, Report], list[str]]:
    """Run and print the sections. One that fails is printed and named, and the others still run."""
    from benchmarks.speed_report import SECTIONS
    from benchmarks.speed_timing import Effort

    assert isinstance(effort, Effort)
    reports: dict[str, Report] = {}
    failed: list[str] = []
    for name in names:
        print(f"\n## {SECTIONS[name].title}\n", flush=True)
        try:
            reports[name] = SECTIONS[name].run(effort)
        except Exception:
            traceback.print_exc()
            failed.append(name)
        else:
            print(reports[name].text, flush=True)
            for target in reports[name].targets:
                print(f"- {target.promise}: {target.measured} ({target.bound}), {'met' if target.met else 'NOT MET'}")
    return reports, failed


def write(reports: Mapping[str, Report], seconds: float, folder: Path) -> None:
    """Write RESULTS.md and its pictures; the old file stays until the new one is complete."""
    from benchmarks.speed_machine import description
    from benchmarks.speed_report import GRADING, SECTIONS, find_section, table

    results = folder / "RESULTS.md"
    grading = find_section(results.read_text("utf-8"), GRADING) if results.exists() else ""
    targets = [
        (t.promise, t.bound, t.measured, "met" if t.met else "**not met**") for r in reports.values() for t in r.targets
    ]
    today = datetime.now(UTC).date().isoformat()
    parts = [
        "# Speed",
        f"Written by `make bench` on {today}, in {seconds:.0f} seconds, on this machine:",
        description(),
        HOW,
        "## Targets",
        table(("promise", "target", "measured", "verdict"), targets, words=True),
    ]
    for name, report in reports.items():
        parts += [f"## {SECTIONS[name].title}", report.text]
        for figure in report.figures:
            (folder / figure.name).write_bytes(figure.png)
            parts.append(f"![{figure.alt}]({figure.name})")
    if grading:
        parts += [f"## {GRADING}", grading]
    beside = folder / "RESULTS.new"
    beside.write_text("\n\n".join(parts) + "\n", "utf-8")
    beside.replace(results)


if __name__ == "__main__":
    sys.exit(main())
