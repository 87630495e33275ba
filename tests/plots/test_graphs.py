"""Both backends' graphs are drawn in one style, with the same boxes where the arithmetic is the same."""

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse import plots
from dlcourse.plots.graphs import _boxes


def product_plus(lib):
    a, b = lib.tensor(2.0, requires_grad=True), lib.tensor(3.0, requires_grad=True)
    return (a * b + a).exp(), {"a": a, "b": b}


@pytest.mark.parametrize("lib", [dl, torch], ids=["numpy", "torch"])
def test_boxes_are_the_operations_and_the_leaves_below_their_first_use(lib):
    boxes = {box.label: box for box in _boxes(*product_plus(lib))}
    assert list(boxes) == ["a", "b", "Multiply", "Add", "Exp"]
    assert [boxes[name].row for name in ("Multiply", "Add", "Exp")] == [1, 2, 3]
    assert boxes["a"].row == boxes["b"].row == 0
    assert [parent.label for parent in boxes["Add"].inputs] == ["Multiply", "a"]


def test_the_sentence_names_leaves_and_operations_of_each_graph():
    sentence = plots.graphs.describe_graphs({"ours": product_plus(dl), "torch": product_plus(torch)})
    assert sentence == (
        "ours: from the leaves a, b through Multiply, Add, Exp. torch: from the leaves a, b through Multiply, Add, Exp."
    )


def test_no_two_boxes_share_a_place_and_the_picture_has_one_panel_for_each_graph():
    graphs = {"ours": product_plus(dl), "torch": product_plus(torch)}
    figure = plots.graphs.draw_graphs(graphs)
    assert [ax.get_title() for ax in figure.axes] == ["ours", "torch"]
    boxes = _boxes(*graphs["ours"])
    assert len({(box.row, box.column) for box in boxes}) == len(boxes)
    assert [text.get_text() for text in figure.axes[0].texts][:5] == [box.label for box in boxes]


def test_a_tensor_without_a_graph_is_a_named_error():
    with pytest.raises(ValueError, match="draw_graphs: the tensor has no graph"):
        plots.graphs.draw_graphs({"constant": (dl.tensor(np.ones(2)), {})})
