"""Make the maps of the label-spread explorer anew: ``python -m benchmarks.label_maps``."""

from __future__ import annotations

import json

from dlcourse.widgets.label_spread_run import FILE, make_maps


def main() -> None:
    maps = make_maps()
    lines = ",\n".join(f' "{name}": {json.dumps(points, separators=(",", ":"))}' for name, points in maps.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"Wrote {FILE} ({FILE.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
