import re
import subprocess
import sys

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch
from dlcourse.models import alexnet, lenet5, mlp, resnet18, resnet50, summary, trace, vgg16


@pytest.mark.parametrize(
    ("make", "parameters", "multiply_adds"),
    [
        (vgg16, 138_357_544, 15_470_264_320),
        (alexnet, 61_100_840, 714_188_480),
        (resnet18, 11_689_512, 1_814_073_344),
        (resnet50, 25_557_032, 4_089_184_256),
    ],
)
def test_known_totals(make, parameters, multiply_adds):
    table = summary(make, (3, 224, 224))
    assert table.parameters == table.trainable == parameters
    assert sum(row.parameters for row in table.rows) == parameters
    assert table.multiply_adds == multiply_adds


@pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
def test_lenet5_row_by_row(dl):
    table = summary(lenet5(dl), (1, 28, 28))
    rows = {row.name: (row.output_shape, row.parameters, row.multiply_adds) for row in table.rows}
    assert rows["conv1"] == ((6, 28, 28), 156, 6 * 28 * 28 * 25)
    assert rows["pool1"] == ((6, 14, 14), 0, 0)
    assert rows["conv2"] == ((16, 10, 10), 2416, 16 * 100 * 150)
    assert rows["flatten"] == ((400,), 0, 0)
    assert rows["fc1"] == ((120,), 48_120, 48_000)
    assert rows["fc3"] == ((10,), 850, 840)
    assert table.parameters == 61_706
    floats = 784 + 2 * 6 * 784 + 6 * 196 + 2 * 1600 + 400 + 2 * 120 + 2 * 84 + 10
    assert table.activation_bytes == 4 * floats


def test_vgg_is_described_without_its_weights():
    """In a process of its own: memory stays far below the 553 MB of the weights."""
    program = (
        "import resource, torch; from dlcourse.models import summary, vgg16, mlp; import dlcourse.torch as dl\n"
        "summary(mlp(dl, [2, 2]), (2,))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert summary(vgg16, (3, 224, 224)).parameters == 138357544\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 50_000  # kilobytes


def test_both_backends_give_the_same_table():
    ours, theirs = mlp(dlcourse.numpy, [64, 30, 10]), mlp(dlcourse.torch, [64, 30, 10])
    assert str(summary(ours, (1, 8, 8))) == str(summary(theirs, (1, 8, 8)))


def test_the_model_is_left_as_it_was():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.Dropout())
    model[1].eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    summary(model, (4,))
    assert [module.training for module in model] == [True, False, True]
    assert not model[0]._forward_hooks
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.device.type == "cpu" for parameter in model.parameters())


def test_shared_layers_count_once_and_frozen_ones_do_not_train():
    layer = torch.nn.Linear(4, 4)
    model = torch.nn.Sequential(layer, torch.nn.ReLU(), layer, torch.nn.Linear(4, 2))
    layer.requires_grad_(False)
    table = summary(model, (4,))
    assert table.parameters == 20 + 10
    assert table.trainable == 10
    assert [row.parameters for row in table.rows] == [0, 20, 0, 0, 10]
    assert [row.multiply_adds for row in table.rows] == [0, 16, 0, 16, 8]
    assert "10 trainable" in str(table)


def test_groups_and_layers_with_parameters_beside_parts():
    class Scaled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Conv2d(4, 6, 3, groups=2, bias=False)
            self.scale = torch.nn.Parameter(torch.ones(6, 1, 1))

        def forward(self, x):
            return self.inner(x) * self.scale

    table = summary(Scaled(), (4, 5, 5))
    assert [(row.name, row.parameters, row.multiply_adds) for row in table.rows[1:]] == [
        ("inner", 6 * 2 * 9, 6 * 9 * 18),
        ("Scaled", 6, 0),
    ]


def test_weight_norm_belongs_to_its_layer():
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 3))
    table = summary(torch.nn.Sequential(layer, torch.nn.ReLU()), (4,))
    assert [(row.kind, row.parameters, row.multiply_adds) for row in table.rows[1:]] == [
        ("ParametrizedLinear", 3 + 3 + 12, 12),
        ("ReLU", 0, 0),
    ]
    assert table.parameters == 18


def test_text_and_html_hold_the_same_cells():
    table = summary(mlp(dlcourse.torch, [6, 5]), (6,))
    text = str(table)
    assert "Linear" in text
    assert repr(table) == text
    assert re.search(r"total +35 +30 +44 B", text)
    page = table._repr_html_()
    assert page.count("<tr>") == 5
    assert "<td" in page
    assert "35" in page


def test_large_activations_are_in_gibibytes():
    assert "2.0 GiB" in str(summary(torch.nn.Sequential(torch.nn.ReLU()), (1, 16384, 16384)))


def test_half_precision_takes_half_the_memory():
    model = mlp(dlcourse.torch, [6, 5])
    full = summary(model, (6,)).rows[-1].activation_bytes
    assert summary(model.to(torch.bfloat16), (6,)).rows[-1].activation_bytes == full // 2


@pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
def test_a_shape_that_does_not_fit_is_explained(dl):
    with pytest.raises(ValueError, match=r"summary: the model does not run on one example of shape \(1, 9, 9\): "):
        summary(mlp(dl, [64, 10]), (1, 9, 9))


def test_what_is_no_model_is_named():
    with pytest.raises(TypeError, match="summary: model is int, expected a model or a function that makes one"):
        summary(3, (1,))
    with pytest.raises(TypeError, match=r"summary: model is int, expected a Module of dlcourse"):
        summary(lambda: 3, (1,))


@pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
def test_trace_records_layers_in_order_and_takes_its_hooks_away(dl):
    model = mlp(dl, [4, 3, 2])
    x = dl.tensor(np.ones((5, 4), np.float32))
    with trace(model) as calls:
        model(x)
    model(x)
    assert [(call.name, call.kind) for call in calls] == [
        ("0", "Flatten"),
        ("1", "Linear"),
        ("2", "ReLU"),
        ("3", "Linear"),
    ]
    assert [tuple(call.output.shape) for call in calls] == [(5, 4), (5, 3), (5, 3), (5, 2)]
