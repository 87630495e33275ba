"""Figures: the same bytes for the same picture, an alternative text, no information by colour alone."""

import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

from dlcourse import plots


def drawing():
    figure, axes = plots.subplots()
    for slope in (1, 2, 3):
        axes.plot([0, slope], label=str(slope))
    axes.legend()
    return figure


@pytest.fixture(autouse=True)
def settings():
    with matplotlib.rc_context():
        yield


@pytest.fixture
def displayed(monkeypatch):
    """Pretend to be in Jupyter; collect what is shown."""
    shown = []
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: object())
    monkeypatch.setattr(
        "IPython.display.display", lambda data, raw, metadata: shown.append((data, metadata)) if raw else None
    )
    return shown


def test_the_same_picture_has_the_same_bytes():
    first, second = plots.png(drawing()), plots.png(drawing())
    assert first == second
    assert b"Software" not in first
    assert b"Matplotlib" not in first


def test_a_picture_is_small_and_no_pixel_moves_visibly():
    """A drawing with lines, text and a continuous colour map, against the picture with all its colours."""
    figure, axes = plots.subplots(1, 2)
    for slope in range(6):
        axes[0].plot([0, slope], label=str(slope))
    axes[0].legend()
    axes[1].imshow(np.add.outer(np.arange(40), np.arange(40)), cmap="cividis")
    full = io.BytesIO()
    figure.savefig(full, format="png", dpi=200)
    small = plots.png(figure)
    assert len(small) < 0.55 * len(full.getvalue())
    before, after = (np.asarray(Image.open(f).convert("RGB"), dtype=int) for f in (full, io.BytesIO(small)))
    assert np.abs(before - after).max() <= 16
    assert (after[0, 0] == 255).all()  # white stays white


def test_a_figure_carries_its_text(displayed):
    plots.show(drawing(), alt=" Three lines. ")
    ((data, metadata),) = displayed
    assert data["text/plain"] == "Three lines."
    assert data["image/png"].startswith("iVBOR")
    assert metadata == {"image/png": {"alt": "Three lines.", "width": 700}}


def test_axes_stand_for_their_figure(displayed):
    plots.show(drawing().axes[0], alt="Three lines.")
    assert len(displayed) == 1


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_text_is_refused(alt):
    with pytest.raises(ValueError, match=r"plots\.show: alt is empty, expected a sentence"):
        plots.show(drawing(), alt=alt)


def test_anything_but_a_figure_is_refused():
    with pytest.raises(TypeError, match=r"plots\.show: figure is list, expected a Matplotlib Figure or Axes"):
        plots.show([1, 2], alt="Two numbers.")


def test_without_jupyter_the_text_is_printed(capsys):
    plots.show(drawing(), alt="Three lines.")
    assert capsys.readouterr().out == "[figure] Three lines.\n"


def test_a_figure_of_pyplot_is_closed_and_not_shown_twice(request):
    figure, axes = pyplot.subplots()
    axes.plot([1, 2])
    displayed = request.getfixturevalue("displayed")
    plots.show(figure, alt="A line.")
    assert len(displayed) == 1
    assert not pyplot.fignum_exists(figure.number)


def test_lines_differ_by_more_than_colour():
    looks = [(line.get_color(), line.get_linestyle()) for line in drawing().axes[0].lines]
    assert len({colour for colour, _ in looks}) == len({style for _, style in looks}) == 3


def test_the_palette_is_okabe_and_itos():
    assert len(set(plots.PALETTE.values())) == 8
    assert plots.PALETTE["vermillion"] == "#D55E00"
    with pytest.raises(TypeError):
        plots.PALETTE["red"] = "#FF0000"


def test_importing_plots_does_not_load_pyplot():
    code = "import sys, dlcourse.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
