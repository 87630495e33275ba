"""The files from elsewhere are the published ones, and their licences are with them."""

import hashlib

import pytest

from dlcourse.slides import assets

VENDOR = assets.HERE / "vendor"

HASHES = {name: digest for digest, name in (line.split() for line in (VENDOR / "SHA256SUMS").read_text().splitlines())}


def test_every_folder_has_a_licence_and_a_row_in_the_readme():
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    folders = sorted(path.name for path in VENDOR.iterdir() if path.is_dir())
    assert folders == ["mathjax", "reveal.js", "source-code-pro", "source-sans-3"]
    for folder in folders:
        assert (VENDOR / folder / "LICENSE").stat().st_size > 500
        assert f"| `{folder}/` |" in readme


@pytest.mark.parametrize("name", sorted(HASHES))
def test_a_file_is_as_published(name):
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == HASHES[name]


def test_no_other_file_is_there():
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert {name for name in files if not name.endswith(("LICENSE", "README.md", "SHA256SUMS"))} == set(HASHES)


def test_inlined_scripts_cannot_end_early():
    for script in (assets.mathjax(), assets.reveal(), assets.notes_plugin()):
        assert "</script" not in script
        assert "<!--" not in script
        assert "sourceMappingURL" not in script


def test_fonts_are_data_and_cover_greek():
    styles = assets.styles()
    assert styles.count("@font-face") == len(list(VENDOR.glob("source-*/*.woff2"))) == 10
    assert "U+0370-03FF" in styles
