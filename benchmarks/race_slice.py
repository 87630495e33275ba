"""Train the network behind the optimizer race's last surface and write dlcourse/widgets/race_slice.json.

    python -m benchmarks.race_slice

It takes ten seconds. Seeds of the network, its data and both directions are in dlcourse/widgets/race_slice.py, which
also holds the recipe; a test recomputes a few of the costs.
"""

import json

from dlcourse.widgets.race_slice import (
    BATCH,
    DIGITS,
    DIRECTIONS,
    FILE,
    PLACES,
    RATE,
    REACH,
    SEED,
    SIZES,
    STEPS,
    costs_at,
)


def main() -> None:
    """Compute the table and store it beside its recipe."""
    costs = [[float(f"{cost:.6g}") for cost in row] for row in costs_at(PLACES)]
    recipe = {
        "sizes": SIZES,
        "digits": DIGITS,
        "steps": STEPS,
        "batch": BATCH,
        "rate": RATE,
        "seed": SEED,
        "directions": DIRECTIONS,
        "reach": REACH,
    }
    FILE.write_text(json.dumps({**recipe, "costs": costs}, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(costs)} x {len(costs)} costs from {min(map(min, costs)):.3g} to {max(map(max, costs)):.3g}")


if __name__ == "__main__":
    main()
