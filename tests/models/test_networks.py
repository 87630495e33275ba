import subprocess
import sys

import numpy as np
import pytest
import torch

import dlcourse.models
import dlcourse.numpy
import dlcourse.torch
from dlcourse.models import alexnet, cifar_resnet, digit_resnet, lenet5, mlp, resnet18, resnet34, resnet50, vgg16
from dlcourse.models.resnet import BasicBlock, Bottleneck


def meta(make):
    with torch.device("meta"):
        return make()


def parameters(model):
    return sum(int(np.prod(parameter.shape)) for parameter in model.parameters())


def test_importing_models_does_not_load_torch():
    program = "import sys, dlcourse.models, dlcourse.numpy; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unknown_names_are_errors():
    with pytest.raises(AttributeError, match="has no attribute 'resnet19'"):
        dlcourse.models.resnet19  # noqa: B018
    assert all(hasattr(dlcourse.models, name) for name in dlcourse.models.__all__)


@pytest.mark.parametrize(
    ("make", "count", "keys"),
    [
        (alexnet, 61_100_840, 16),
        (vgg16, 138_357_544, 32),
        (resnet18, 11_689_512, 122),
        (resnet34, 21_797_672, 218),
        (resnet50, 25_557_032, 320),
    ],
)
def test_published_parameter_counts_and_number_of_keys(make, count, keys):
    model = meta(make)
    assert parameters(model) == count
    assert len(model.state_dict()) == keys


def test_the_keys_are_torchvisions():
    """Spelled out for one block of each kind, with the shapes that published files have."""
    shapes = {key: tuple(value.shape) for key, value in meta(resnet50).state_dict().items()}
    expected = {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_mean": (64,),
        "bn1.num_batches_tracked": (),
        "layer1.0.conv1.weight": (64, 64, 1, 1),
        "layer1.0.conv3.weight": (256, 64, 1, 1),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer1.0.downsample.1.running_var": (256,),
        "layer3.5.bn3.bias": (1024,),
        "layer4.0.conv2.weight": (512, 512, 3, 3),
        "layer4.0.downsample.0.weight": (2048, 1024, 1, 1),
        "fc.weight": (1000, 2048),
        "fc.bias": (1000,),
    }
    assert {key: shapes[key] for key in expected} == expected
    eighteen = {key: tuple(value.shape) for key, value in meta(resnet18).state_dict().items()}
    assert "layer1.0.downsample.0.weight" not in eighteen
    assert eighteen["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert eighteen["layer4.1.conv2.weight"] == (512, 512, 3, 3)
    vgg = meta(vgg16).state_dict()
    assert list(vgg)[:2] == ["features.0.weight", "features.0.bias"]
    assert [key for key in vgg if key.startswith("features.28")] == ["features.28.weight", "features.28.bias"]
    assert tuple(vgg["classifier.0.weight"].shape) == (4096, 25088)
    alex = meta(alexnet).state_dict()
    assert tuple(alex["features.10.weight"].shape) == (256, 256, 3, 3)
    assert [key for key in alex if key.endswith("weight")][-3:] == [f"classifier.{i}.weight" for i in (1, 4, 6)]


@pytest.mark.parametrize("make", [resnet18, resnet50, alexnet])
def test_imagenet_networks_run_on_other_sizes_and_classes(make):
    torch.manual_seed(0)
    model = make(classes=5).eval()
    with torch.no_grad():
        assert model(torch.randn(2, 3, 96, 96)).shape == (2, 5)


def test_vgg_gives_logits_of_the_right_shape():
    assert meta(lambda: vgg16(7))(torch.empty(2, 3, 224, 224, device="meta")).shape == (2, 7)


def test_resnet_features_are_what_the_last_layer_sees():
    torch.manual_seed(0)
    model = resnet18(classes=4).eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        features = model.features(x)
        assert features.shape == (1, 512)
        assert torch.equal(model.fc(features), model(x))


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_a_block_whose_branch_is_zero_is_the_identity_on_positive_inputs(block):
    module = block(8 * block.expansion, 8).eval()
    for name, parameter in module.named_parameters():
        if "bn" in name:
            torch.nn.init.zeros_(parameter)
    x = torch.rand(2, 8 * block.expansion, 5, 5)
    assert torch.equal(module(x), x)
    plain = block(8 * block.expansion, 8, residual=False).eval()
    for name, parameter in plain.named_parameters():
        if "bn" in name:
            torch.nn.init.zeros_(parameter)
    assert plain(x).abs().max() == 0


def test_cifar_resnet_counts_depth_and_plain_twin():
    assert parameters(cifar_resnet(20)) == 272_474
    layers = [m for m in cifar_resnet(32).modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    assert len([m for m in layers if getattr(m, "kernel_size", None) != (1, 1)]) == 32
    plain = cifar_resnet(20, residual=False)
    assert not any("downsample" in key for key in plain.state_dict())
    assert plain(torch.randn(2, 3, 32, 32)).shape == (2, 10)
    assert cifar_resnet(8, classes=3, channels=1)(torch.randn(2, 1, 16, 16)).shape == (2, 3)
    with pytest.raises(ValueError, match=r"depth is 18, expected 6n \+ 2"):
        cifar_resnet(18)


@pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
def test_mlp_has_activations_between_layers_only(dl):
    model = mlp(dl, [12, 7, 5, 3], dl.nn.Tanh)
    kinds = [type(layer).__name__ for layer in model]
    assert kinds == ["Flatten", "Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert parameters(model) == 13 * 7 + 8 * 5 + 6 * 3
    x = dl.tensor(np.random.default_rng(0).normal(size=(4, 3, 2, 2)).astype(np.float32))
    assert tuple(model(x).shape) == (4, 3)
    with pytest.raises(ValueError, match=r"mlp: sizes is \[3\], expected two or more"):
        mlp(dl, [3])


def test_mlp_agrees_between_the_backends():
    ours, theirs = mlp(dlcourse.numpy, [6, 5, 4]), mlp(dlcourse.torch, [6, 5, 4])
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(dlcourse.numpy.tensor(x)).data, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [28, 32])
def test_lenet5_in_torch(size):
    model = lenet5(dlcourse.torch, size=size)
    assert parameters(model) == 61_706
    assert model(torch.zeros(2, 1, size, size)).shape == (2, 10)
    with pytest.raises(ValueError, match="lenet5: size is 30, expected 28 or 32"):
        lenet5(dlcourse.torch, size=30)


TWINS = pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])


@TWINS
def test_digit_resnet_counts_and_features(dl):
    model = digit_resnet(dl)
    assert parameters(model) == 77_754
    assert parameters(digit_resnet(dl, 43)) == 79_899
    x = dl.tensor(np.random.default_rng(0).normal(size=(2, 1, 32, 32)).astype(np.float32))
    assert tuple(model(x).shape) == (2, 10)
    assert tuple(model[:-1](x).shape) == (2, 64)
    assert tuple(digit_resnet(dl, width=8)[:-1](x).shape) == (2, 32)


@pytest.mark.parametrize(("make", "size"), [(lenet5, 28), (digit_resnet, 32)])
def test_images_networks_agree_between_the_backends(make, size):
    """Outputs and every gradient, in float64, in training and in evaluation mode."""
    torch.manual_seed(0)
    ours, theirs = make(dlcourse.numpy).double(), make(dlcourse.torch).double()
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x, y = np.random.default_rng(0).normal(size=(3, 1, size, size)), np.array([1, 0, 7])
    for mode in (True, False):
        for dl, model in ((dlcourse.numpy, ours), (dlcourse.torch, theirs)):
            model.train(mode)
            model.zero_grad()
            dl.functional.cross_entropy(model(dl.tensor(x)), dl.tensor(y)).backward()
        theirs_by_name = dict(theirs.named_parameters())
        for name, parameter in ours.named_parameters():
            expected = theirs_by_name[name].grad.numpy()
            scale = np.abs(expected).max()
            np.testing.assert_allclose(parameter.grad, expected, rtol=1e-8, atol=1e-10 * max(scale, 1), err_msg=name)
    np.testing.assert_allclose(
        ours(dlcourse.numpy.tensor(x)).data, theirs(torch.tensor(x)).detach().numpy(), rtol=1e-9, atol=1e-12
    )


@TWINS
def test_digit_resnet_learns_a_few_digits(dl):
    from dlcourse.data import load_digits

    dl.manual_seed(0)
    data = load_digits(32)
    X, y = dl.tensor(data.X[:30]), dl.tensor(data.y[:30])
    model = digit_resnet(dl, width=8)
    optimizer = dl.optim.SGD(list(model.parameters()), lr=0.1)
    losses = []
    for _ in range(30):
        model.zero_grad()
        loss = dl.functional.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
