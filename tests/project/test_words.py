"""The project speaks of itself alone, and the checkout stays small."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTING = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
TRACKED = [ROOT / name for name in LISTING.stdout.splitlines() if (ROOT / name).is_file()]
SUFFIXES = {".py", ".md", ".toml", ".yml", ".yaml", ".ipynb", ".js", ".css", ".j2", ".bib"}
TEXT = [p for p in TRACKED if p.suffix in SUFFIXES and "vendor" not in p.parts]


def test_no_absolute_path_of_a_developers_machine():
    here = re.compile(re.escape(str(ROOT)) + "|" + re.escape(str(Path.home())) + "/")
    assert [path for path in TEXT if here.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("suffix", [".py", ".md", ".ipynb"])
def test_no_star_imports(suffix):
    star = re.compile(r"^\s*(\")?from \S+ import \*", re.MULTILINE)
    assert [p for p in TEXT if p.suffix == suffix and star.search(p.read_text("utf-8"))] == []


def test_no_notebook_over_one_and_a_half_megabytes_and_the_checkout_under_sixty():
    large = {p.name: p.stat().st_size for p in TRACKED if p.suffix == ".ipynb" and p.stat().st_size > 1_500_000}
    assert large == {}
    assert sum(p.stat().st_size for p in TRACKED) < 60_000_000
