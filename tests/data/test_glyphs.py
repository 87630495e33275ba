import hashlib
import warnings

import numpy as np
import pytest

from dlcourse.data import cache_dir, load_digits, load_glyphs, make_glyphs
from dlcourse.data import glyphs as module
from dlcourse.data.fonts import FONTS, master_images


def test_images_are_bounded_bytes_and_repeatable():
    data = make_glyphs(300, seed=7)
    assert data.X.shape == (300, 1, 32, 32)
    assert data.X.dtype == np.float32
    assert data.X.min() == 0
    assert data.X.max() <= 1
    np.testing.assert_allclose(data.X * 255, np.rint(data.X * 255), atol=1e-4)
    assert np.array_equal(data.X, make_glyphs(300, seed=7).X)
    assert not np.array_equal(data.y, make_glyphs(300, seed=8).y)
    assert len(data.classes) == 43
    assert data.counts().max() < 20


def test_chunks_do_not_change_what_an_image_looks_like_on_average():
    """A whole set and one image at a time have the same mean ink: nothing depends on the chunk."""
    one_by_one = np.mean([make_glyphs(1, seed=seed).X.mean() for seed in range(200)])
    assert one_by_one == pytest.approx(make_glyphs(1500).X.mean(), abs=0.015)


def test_masters_have_ink_in_the_middle_for_every_font():
    masters = master_images("AIg1")
    assert masters.shape == (len(FONTS), 4, 64, 64) == (22, 4, 64, 64)
    assert masters.max((2, 3)).min() > 0.3
    assert masters[:, :, :6].max() == 0
    assert masters[:, :, :, -6:].max() == 0


def test_glyphs_look_like_digits():
    """A nearest-neighbour classifier that has seen glyph digits only reads handwritten ones, far above chance."""
    from sklearn.neighbors import KNeighborsClassifier

    glyphs, digits = make_glyphs(2000, module.DIGITS).flat(), load_digits(32).flat()
    score = KNeighborsClassifier(3).fit(glyphs.X, glyphs.y).score(digits.X, digits.y)
    assert score > 0.4
    assert abs(glyphs.X.mean() - digits.X.mean()) < 0.05


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="make_glyphs: n is 0, expected 1 or more"):
        make_glyphs(0)
    with pytest.raises(ValueError, match="load_glyphs: characters is 'AA', expected two or more different"):
        load_glyphs(10, "AA")
    with pytest.raises(ValueError, match="character ' ' leaves no ink"):
        make_glyphs(10, "A ")


def test_second_call_reads_the_cache(monkeypatch):
    first = load_glyphs(50)
    (file,) = cache_dir().iterdir()
    assert file.name.startswith("glyphs-")
    monkeypatch.setattr(module, "_arrays", lambda *_: pytest.fail("made again"))
    second = load_glyphs(50)
    assert np.array_equal(first.X, second.X)
    assert np.array_equal(first.y, second.y)


def test_the_cache_key_depends_on_every_argument():
    load_glyphs(20)
    load_glyphs(21)
    load_glyphs(20, seed=1)
    load_glyphs(20, "ABC")
    assert len(list(cache_dir().iterdir())) == 4


@pytest.mark.parametrize("damage", ["truncated", "altered", "other", "empty"])
def test_a_damaged_cache_file_is_named_and_left(damage):
    right = load_glyphs(50)
    (file,) = cache_dir().iterdir()
    content = file.read_bytes()
    if damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "altered":
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    else:
        np.savez(file, images=np.zeros((50, 32, 32), np.uint8), labels=np.zeros(50, int))
    before = hashlib.sha256(file.read_bytes()).digest()
    with pytest.warns(UserWarning, match=rf"{file.name} is damaged .* left as it is"):
        again = load_glyphs(50)
    assert np.array_equal(right.X, again.X)
    assert hashlib.sha256(file.read_bytes()).digest() == before


def test_a_pickle_in_the_cache_is_never_loaded():
    load_glyphs(50)
    (file,) = cache_dir().iterdir()
    np.savez(file, images=np.array([object()]), labels=np.zeros(1))
    with pytest.warns(UserWarning, match="is damaged"):
        load_glyphs(50)


def test_a_failed_write_leaves_nothing_behind(monkeypatch):
    import os

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="cannot keep glyphs in .*no space left"):
        data = load_glyphs(50)
    assert len(data) == 50
    assert list(cache_dir().iterdir()) == []


def test_without_a_cache_folder_data_are_still_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("DLCOURSE_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot keep glyphs"):
        assert len(load_glyphs(50)) == 50


def test_the_default_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("DLCOURSE_CACHE")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache_dir().name == "dlcourse"
