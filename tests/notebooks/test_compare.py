"""What counts as the same output: words and whole numbers exactly, floats and pictures nearly."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imsave
from PIL import Image

from dlcourse.notebooks.compare import EXACT, LOOSE, difference, tolerance_for


def printed(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def shown(**data):
    kinds = {"png": "image/png", "plain": "text/plain", "json": "application/json"}
    return [{"output_type": "display_data", "data": {kinds[k]: v for k, v in data.items()}, "metadata": {}}]


def picture(pixels):
    buffer = io.BytesIO()
    imsave(buffer, np.clip(pixels, 0, 1), format="png")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        ("loss 0.51234", "loss 0.51250"),
        ("[ 0.1  -1.25 ]", "[0.10001 -1.25]"),
        ("1e-15", "3e-14"),
        ("0.0", "-0.0"),
        ("1.0", "0.9999"),
        ("1", "0.9999"),
        ("f(x) = 3.14, 12 steps", "f(x) = 3.1401, 12 steps"),
        ("nan inf", "nan inf"),
    ],
)
def test_close_numbers_agree(stored, computed):
    assert difference(printed(stored), printed(computed), EXACT) is None


@pytest.mark.parametrize(
    ("stored", "computed"),
    [
        ("loss 0.51234", "loss 0.51400"),
        ("12 steps", "13 steps"),
        ("loss 0.5", "cost 0.5"),
        ("0.5", "-0.5"),
        ("0.5", "nan"),
        ("0.5 0.6", "0.5"),
        ("0.5", "0.5\n0.6"),
        ("conv2d 1.0", "conv3d 1.0"),
        ("(3, 4)", "(4, 3)"),
        ("10", "100"),
        ("1e-3", "1e-4"),
    ],
)
def test_other_text_differs(stored, computed):
    problem = difference(printed(stored), printed(computed), EXACT)
    assert problem is not None
    assert problem.startswith("stdout: line ")


def test_a_difference_names_the_line_and_both_texts():
    problem = difference(printed("a\nloss 0.5"), printed("a\nloss 0.7"), EXACT)
    assert problem == "stdout: line 2: stored 'loss 0.5', computed 'loss 0.7'"


def test_a_difference_in_a_long_line_shows_the_place():
    problem = difference(printed("a" * 500 + "x" * 500), printed("a" * 500 + "y" * 500), EXACT)
    assert problem == f"stdout: line 1: stored '…{'a' * 40}{'x' * 80}…', computed '…{'a' * 40}{'y' * 80}…'"


def test_training_cells_get_more_room_and_no_more():
    assert difference(printed("0.500"), printed("0.509"), LOOSE) is None
    assert difference(printed("0.500"), printed("0.511"), LOOSE) is not None
    assert tolerance_for(["loose"]) is LOOSE
    assert tolerance_for(["claim", "covers:01.relu"]) is EXACT


def test_ignored_cells_compare_words_and_kinds():
    ignored = tolerance_for(["nbval-ignore-output"])
    assert difference(printed("took 12 ms"), printed("took 900 ms"), ignored) is None
    assert difference(printed("took 12 ms"), printed("needed 12 ms"), ignored) is not None
    assert difference(printed("took 12 ms"), [], ignored) is not None


@given(st.floats(-1e300, 1e300), st.floats(-9e-4, 9e-4))
def test_any_printed_float_agrees_with_its_neighbours(value, relative):
    assert difference(printed(repr(value)), printed(repr(value * (1 + relative))), EXACT) is None


@given(st.integers(), st.integers())
def test_whole_numbers_agree_only_when_equal(a, b):
    assert (difference(printed(str(a)), printed(str(b)), LOOSE) is None) == (a == b)


def test_a_stream_in_pieces_is_one_stream():
    pieces = printed("a 0.5\n") + printed("b 0.6\n")
    assert difference(pieces, printed("a 0.5\nb 0.6\n"), EXACT) is None


def test_an_output_that_is_missing_or_new_differs():
    assert difference(printed("a"), [], EXACT) == "stored outputs are stdout, computed are nothing"
    assert difference([], shown(plain="a"), EXACT) == "stored outputs are nothing, computed are text/plain"


def test_widget_views_are_not_compared():
    view = [{"output_type": "display_data", "metadata": {}, "data": {"application/vnd.jupyter.widget-view+json": {}}}]
    assert difference([], view, EXACT) is None


def test_structured_data_is_compared_whatever_the_order_of_its_keys():
    assert difference(shown(json={"a": 1, "b": 2.0}), shown(json={"b": 2.0, "a": 1}), EXACT) is None
    assert difference(shown(json={"a": 1}), shown(json={"a": 2}), EXACT) is not None


def test_pictures_forgive_smoothing_and_notice_a_moved_curve():
    base = np.ones((200, 300, 3))
    base[100:103] = 0
    softer, moved = base.copy(), base.copy()
    softer[103] = 0.9
    moved[100:103], moved[104:107] = 1, 0
    assert difference(shown(png=picture(base)), shown(png=picture(softer)), EXACT) is None
    assert "of the picture changed" in difference(shown(png=picture(base)), shown(png=picture(moved)), EXACT)


def test_pictures_of_another_size_differ():
    a, b = picture(np.ones((20, 30, 3))), picture(np.ones((30, 20, 3)))
    assert difference(shown(png=a), shown(png=b), LOOSE) == "image/png: stored picture is 30 × 20, computed is 20 × 30"


def test_an_alpha_channel_counts_only_where_something_shines_through():
    def saved(pixels):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format="png")
        return shown(png=base64.b64encode(buffer.getvalue()).decode())

    pixels = np.full((20, 30, 4), 255, dtype=np.uint8)
    assert difference(saved(pixels), saved(pixels[..., :3]), EXACT) is None
    pixels[5:10, :, 3] = 100
    assert difference(saved(pixels), saved(pixels[..., :3]), EXACT) is not None


def test_errors_compare_by_name_and_text():
    def error(value):
        return [{"output_type": "error", "ename": "ValueError", "evalue": value, "traceback": ["<at 0x7f>"]}]

    assert difference(error("x has shape (3,)"), error("x has shape (3,)"), EXACT) is None
    assert difference(error("x has shape (3,)"), error("x has shape (4,)"), EXACT) is not None
