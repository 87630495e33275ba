"""The convolution explorers: maps and counts against torch in float64, code, words, state and export size."""

import contextlib
import io

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dlcourse.widgets.convolution import ConvolutionExplorer
from dlcourse.widgets.convolution_geometry import ConvolutionGeometry
from dlcourse.widgets.convolution_places import mends, places
from dlcourse.widgets.convolution_run import FRAME, KERNELS, LETTERS, network, pixels_of, run, sample
from dlcourse.widgets.export import LIMIT, payload


@pytest.mark.parametrize("turned", [False, True])
def test_maps_are_torchs(turned):
    w = {name: torch.from_numpy(values) for name, values in network()["weights"].items()}
    for image in (sample("R"), pixels_of(FRAME)):
        kernels = w["conv1.weight"].flip(2, 3) if turned else w["conv1.weight"]
        z = F.conv2d(torch.from_numpy(image)[None, None], kernels, w["conv1.bias"], padding=1)
        pooled = F.max_pool2d(F.relu(z), 2)
        for kernel in range(KERNELS):
            maps = run(image, kernel, turned)
            np.testing.assert_allclose(maps.z, z[0, kernel].numpy(), atol=1e-12)
            np.testing.assert_allclose(maps.pooled, pooled[0, kernel].numpy(), atol=1e-12)


def test_counts_and_sizes_are_torchs():
    for size, kernel, stride, padding in np.ndindex(7, 5, 4, 4):
        found = places(size + 4, kernel + 1, stride + 1, padding)
        if found.outputs == 0:
            continue
        x = torch.zeros(1, 1, found.size, found.size, dtype=torch.float64, requires_grad=True)
        ones = torch.ones(1, 1, found.kernel, found.kernel, dtype=torch.float64)
        z = F.conv2d(x, ones, stride=found.stride, padding=found.padding)
        z.sum().backward()
        assert z.shape[2] == found.outputs
        np.testing.assert_array_equal(x.grad[0, 0], np.outer(found.reads, found.reads))


def test_code_state_and_export():
    explorer = ConvolutionExplorer(image="R", kernel="5")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    assert "by hand: 2.9114 and z: 2.9114" in out.getvalue()
    for made in (explorer, ConvolutionGeometry(size=8)):
        assert type(made).from_state(made.state).values == made.values
        assert len(payload(made.recipe())) < LIMIT


def test_a_drawing_that_is_none_is_refused():
    result = ConvolutionExplorer(image="drawn", pixels="xyz").result
    assert result["error"]["control"] == "pixels"


@pytest.mark.parametrize("kernel", [3, 5])
def test_the_code_of_the_geometry_counts_what_the_picture_counts(kernel):
    explorer = ConvolutionGeometry(size=8, kernel=kernel)
    out, found = io.StringIO(), places(8, kernel, 2, 0)
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    assert f"outputs: ({found.outputs}, {found.outputs})" in out.getvalue()
    assert str(np.outer(found.reads, found.reads)) in out.getvalue()


def test_the_code_of_a_kernel_that_does_not_fit_raises_as_it_says():
    explorer = ConvolutionGeometry(size=4, kernel=5)
    assert "no window fits" in explorer.result["texts"][0]
    with pytest.raises(ValueError, match="kernel"):
        exec(explorer.result["code"], {})


def test_every_setting_that_is_recommended_comes_out_even():
    advised = 0
    for size, kernel, stride, padding in np.ndindex(7, 5, 4, 4):
        found = places(size + 4, kernel + 1, stride + 1, padding)
        for other in mends(found) if found.outputs and (found.unread or not found.is_even) else []:
            advised += 1
            assert other.is_even
            assert not other.unread
    assert advised > 50


def test_the_words_say_what_the_network_answers():
    explorer = ConvolutionExplorer(image="R")
    best = int(explorer.compute("R", "1", False, "")["_maps"].answer.argmax())
    assert f"says {LETTERS[best]} " in explorer.result["texts"][0]
    assert "Not trained so" in ConvolutionExplorer(turned=True).result["texts"][0]
