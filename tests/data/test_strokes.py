import numpy as np
import pytest

from dlcourse.data import SIGNS, make_signs
from dlcourse.data.glyphs import LETTERS
from dlcourse.data.signs import sketch_signs
from dlcourse.data.strokes import image_of, strokes_from_text, text_of


def test_a_text_is_read_as_it_was_written():
    for sign in sketch_signs(6, seed=3):
        for strokes, pen in sign:
            text = text_of(strokes, pen)
            again, width = strokes_from_text(text)
            assert text_of(again, width) == text
            assert width == pytest.approx(pen, abs=0.05001)
            for stroke, other in zip(strokes, again, strict=True):
                np.testing.assert_allclose(np.clip(stroke, 0, 31.5), other, atol=0.25001)


def test_a_line_is_as_wide_as_its_pen_and_soft_at_the_edge():
    image = image_of([np.array([[8.0, 16.0], [24.0, 16.0]])], pen=2.5)
    assert image.shape == (1, 32, 32)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[0, 12:21, 16], [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(image[0, 16, 4:9], [0, 0, 0.5, 1, 1])


def test_a_dot_is_round_and_what_lies_outside_is_cut_off():
    dot = image_of([np.array([[10.0, 20.0]])], pen=3)
    assert dot[0, 20, 10] == dot[0, 20, 12] == dot[0, 22, 10] == 1
    assert dot.sum() == pytest.approx(np.pi * 2.5**2, rel=0.05)
    half = image_of([np.array([[-8.0, 5.0], [4.0, 5.0]])], pen=2)
    np.testing.assert_array_equal(half[0, 5, :7], [1, 1, 1, 1, 1, 1, 0])


@pytest.mark.parametrize("text", ["", "M", "M.", "M.0", "M.000", "M.0g W4", "M..0g", ".0g", "M.0gé1", 7, None])
def test_a_text_that_is_no_drawing_is_refused(text):
    with pytest.raises(ValueError, match="expected a pen and strokes"):
        strokes_from_text(text)


def test_signs_are_repeatable_and_neither_letters_nor_digits():
    data = make_signs(4, seed=2)
    assert data.X.shape == (20, 1, 32, 32)
    assert data.classes == tuple(SIGNS)
    assert not set(data.classes) & set(LETTERS + "0123456789")
    np.testing.assert_array_equal(data.y, np.repeat(np.arange(5), 4))
    np.testing.assert_array_equal(data.X, make_signs(4, seed=2).X)
    assert not np.array_equal(data.X, make_signs(4, seed=3).X)
    assert data.X.min() == 0
    assert data.X.max() == 1
    with pytest.raises(ValueError, match="each is 0"):
        make_signs(0)
