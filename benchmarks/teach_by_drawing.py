"""The teach-by-drawing explorer's networks from scratch, and how long teaching takes.

``python -m benchmarks.teach_by_drawing`` trains the networks anew, stores their answers and times every way of
learning; ``--times`` only times. The times are written to ``benchmarks/TEACHING.md``.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from dlcourse.widgets.teach_by_drawing_run import WAYS, Lesson, signs_lesson, teach
from dlcourse.widgets.teach_by_drawing_scratch import EACH, FILE, make_answers

TABLE = Path(__file__).with_name("TEACHING.md")
ROUNDS = 5
HEADER = """# How long teaching by drawing takes

Written by `python -m benchmarks.teach_by_drawing` on {day}: {cores} cores, {load:.0f} processes waiting for them.
Seconds from five signs' drawings to a head or a network that answers, the shortest of {rounds} (one network).
A head in less than a second: {met}.

| drawings of each sign | {ways} |
|---:|{rules}|
"""


def main() -> None:
    if "--times" not in sys.argv:
        answers = make_answers()
        lines = ",\n".join(
            f' "{name}": {json.dumps(shares, separators=(",", ":"))}' for name, shares in answers.items()
        )
        FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        print(f"Wrote {FILE} ({FILE.stat().st_size / 1000:.0f} kB)")
    TABLE.write_text(times(), "utf-8")
    print(f"Wrote {TABLE}")


def times() -> str:
    """The table: a row for each number of drawings, two columns for each way, without and with augmentation."""
    columns = [(way, augment) for way in WAYS for augment in (False, True)]
    for way in WAYS:
        teach(signs_lesson(1, 1), way, False)  # libraries and weights are loaded
    rows = {each: [shortest(each, way, augment) for way, augment in columns] for each in EACH}
    heads = [row[place] for row in rows.values() for place, (way, _) in enumerate(columns) if way != "scratch"]
    head = HEADER.format(
        day=datetime.now(UTC).date(),
        cores=os.cpu_count(),
        load=os.getloadavg()[0],
        rounds=ROUNDS,
        met="met" if max(heads) < 1 else "not met",
        ways=" | ".join(f"{WAYS[way]}{', augmented' * augment}" for way, augment in columns),
        rules="---:|" * (len(columns) - 1) + "---:",
    )
    body = (f"| {each} | {' | '.join(f'{seconds:.3f}' for seconds in row)} |\n" for each, row in rows.items())
    return head + "".join(body)


def shortest(each: int, way: str, augment: bool) -> float:
    """The shortest of a few lessons in one way, in seconds; networks from scratch learn in one."""
    lesson = signs_lesson(each, 1)
    fresh = [Lesson(lesson.names, lesson.taught, number=k) for k in range(10, 10 + (1 if way == "scratch" else ROUNDS))]
    return min(teach(one, way, augment).seconds for one in fresh)


if __name__ == "__main__":
    main()
