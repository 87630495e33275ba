"""Rows for convolution, pooling, normalisation and dropout, as functions and as layers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from tests.parity.harness import Arrays, array, constant, distribution, fixed, function, layer, scenario

FLAT = {"N": (2, 5), "D": 3}
IMAGE = {"C": 4, "K": 6, "H": (7, 9), "W": (10, 12)}
GEOMETRY = {"stride": [1, (2, 3)], "padding": [0, (1, 2)], "dilation": [1, (2, 1)]}
CONV = "functional.conv2d"


def conv(*options: Any) -> Callable[..., Any]:
    return lambda f, x, w, b=None: f(x, w, b, *options)


def inverse_std(results: Arrays) -> float:
    """The largest intermediate term of a norm is max|x| / √(var + ε), whatever comes out: eps 1e-5, var 0."""
    largest = max(np.abs(v).max() for k, v in results.items() if v.size and "input" in k)
    return float(largest / np.sqrt(1e-5) * max(1.0, largest))


def running(f: Any, x: Any, *rest: Any, **options: Any) -> Any:
    """Call a norm with running statistics, and join them to the output, so that they are compared too."""
    mean, var = rest[0].detach(), rest[1].detach()
    if not hasattr(mean, "lerp_"):
        mean, var = mean.data, var.data
    return f(x, mean, var, *rest[2:], **options)


def buffers_move(name: str, second: str) -> Callable[[ModuleType, np.random.Generator], Arrays]:
    def run(twin: ModuleType, rng: np.random.Generator) -> Arrays:
        dtype = twin.get_default_dtype()
        x = twin.tensor(rng.normal(size=(5, 3, 2, 4)), dtype=dtype)
        mean, spread = (twin.tensor(v, dtype=dtype) for v in (rng.normal(size=3), rng.uniform(0.5, 2, size=3)))
        arrays = (mean, spread) if hasattr(mean, "lerp_") else (mean.data, spread.data)
        mode = {"use_input_stats": True} if second == "instance" else {"training": True}
        out = getattr(twin.functional, name)(x, *arrays, momentum=0.3, **mode)
        return {"out": twin.to_numpy(out), "mean": twin.to_numpy(mean), "spread": twin.to_numpy(spread)}

    return run


def masked(name: str, shape: tuple[int, ...], **options: Any) -> Callable[[ModuleType, np.random.Generator], Arrays]:
    """The mask differs between the twins; that the gradient meets the same mask as the input, and scale, do not."""

    def run(twin: ModuleType, rng: np.random.Generator) -> Arrays:
        twin.manual_seed(int(rng.integers(1000)))
        dtype = twin.get_default_dtype()
        x = twin.tensor(rng.uniform(0.5, 1.5, size=shape), dtype=dtype, requires_grad=True)
        upstream = twin.tensor(rng.uniform(0.5, 1.5, size=shape), dtype=dtype)
        out = getattr(twin.functional, name)(x, **options)
        (out * upstream).sum().backward()
        values, gradient, scale = twin.to_numpy(out), twin.to_numpy(x.grad), twin.to_numpy(upstream)
        quiet = getattr(twin.functional, name)(x, **options, training=False)
        ratio = values / twin.to_numpy(x)
        return {
            "x": twin.to_numpy(x),
            "same mask": values / twin.to_numpy(x) - gradient / scale,
            "two levels": np.array((np.isclose(ratio, 0) | np.isclose(ratio, ratio.max())).all()),
            "evaluation": twin.to_numpy(quiet),
            "nothing": twin.to_numpy(getattr(twin.functional, name)(x, **{**options, "p": 0.0})),
        }

    return run


def mask(name: str, shape: tuple[int, ...], **options: Any) -> Callable[[ModuleType, int], np.ndarray]:
    """What survives: the share of each row or image, and for images which of four neighbours do."""

    def sample(twin: ModuleType, seed: int) -> np.ndarray:
        twin.manual_seed(seed)
        alive = twin.to_numpy(getattr(twin.functional, name)(twin.ones(*shape), **options)) > 0
        if alive.ndim == 2:
            return np.array(alive.mean(axis=1))
        shares = alive.mean(axis=(2, 3)).ravel()
        corner = alive[:, :, -3:-1, -3:-1].reshape(-1, 4) @ [2, 4, 8, 16]
        return np.concatenate([shares, corner + 2])

    return sample


def module_mask(name: str, shape: tuple[int, ...], **options: Any) -> Callable[[ModuleType, int], np.ndarray]:
    def sample(twin: ModuleType, seed: int) -> np.ndarray:
        twin.manual_seed(seed)
        module = getattr(twin.nn, name)(**options)
        x = twin.ones(*shape)
        assert module.eval()(x) is x or (twin.to_numpy(module(x)) == 1).all()
        return np.array((twin.to_numpy(module.train()(x)) > 0).reshape(shape[0] * shape[1], -1).mean(axis=-1))

    return sample


POOLS = {"kernel_size": [2, (3, 2)], "stride": [None, (1, 2)], "padding": [0, 1]}
ZERO_VARIANCE = fixed(np.repeat(np.arange(6.0).reshape(2, 3, 1, 1) * 0 + 5.0, 4, axis=3))

ROWS = [
    function(CONV, array("N C H W"), array("K C 3 2"), array("K"), sizes=IMAGE, options=GEOMETRY),
    function(CONV, array("N C H W"), array("K C 2 3"), sizes=IMAGE, id=f"{CONV}-without-bias"),
    function(CONV, constant("N C H W"), array("K C 2 3"), array("K"), sizes=IMAGE, id=f"{CONV}-data"),
    function(
        CONV, array("N 4 H W"), array("6 2 3 3"), array("6"), sizes=IMAGE, call=conv(2, 1, 1, 2), id=f"{CONV}-groups"
    ),
    function(
        CONV, array("N 4 H W"), array("8 1 3 2"), array("8"), sizes=IMAGE, call=conv(1, 1, 2, 4), id=f"{CONV}-depthwise"
    ),
    function(CONV, array("N C H W"), array("K C 1 1"), sizes=IMAGE, id=f"{CONV}-1x1"),
    function(CONV, array("N C 2 3"), array("K C 3 3"), sizes=IMAGE, call=conv(1, 3), id=f"{CONV}-mostly-padding"),
    function(CONV, array("N C 1 1"), array("K C 3 3"), sizes=IMAGE, call=conv(2, 1), id=f"{CONV}-one-pixel"),
    function(CONV, array("N C 5 7"), array("K C 5 7"), sizes=IMAGE, id=f"{CONV}-whole-image"),
    layer(
        "nn.Conv2d",
        array("N 4 H W"),
        arguments=lambda d: (4, 6, (3, 2)),
        options=GEOMETRY | {"groups": [1, 2], "bias": [True, False]},
        sizes=IMAGE,
        evaluate=False,
    ),
    function("functional.max_pool2d", array("N C H W"), sizes=IMAGE, options=POOLS | {"dilation": [1, (1, 2)]}),
    function(
        "functional.max_pool2d",
        fixed(np.zeros((1, 2, 4, 6))),
        options={"kernel_size": [2, 3]},
        id="functional.max_pool2d-ties",
    ),
    function(
        "functional.max_pool2d",
        fixed(-np.ones((1, 2, 4, 6))),
        options={"kernel_size": [3], "padding": [1]},
        id="functional.max_pool2d-border",
    ),
    function(
        "functional.avg_pool2d", array("N C H W"), sizes=IMAGE, options=POOLS | {"count_include_pad": [True, False]}
    ),
    function(
        "functional.adaptive_avg_pool2d",
        array("N C H W"),
        sizes=IMAGE,
        options={"output_size": [1, 3, (2, 5), (13, 4)]},
    ),
    layer("nn.MaxPool2d", array("N C H W"), sizes=IMAGE, options=POOLS, evaluate=False),
    layer(
        "nn.AvgPool2d",
        array("N C H W"),
        sizes=IMAGE,
        options=POOLS | {"count_include_pad": [True, False]},
        evaluate=False,
    ),
    layer("nn.AdaptiveAvgPool2d", array("N C H W"), sizes=IMAGE, options={"output_size": [1, (2, 3)]}, evaluate=False),
    function(
        "functional.batch_norm",
        array("N C"),
        array("C", 0.5, 1),
        array("C", 0.5, 1),
        array("C"),
        array("C"),
        call=running,
        options={"training": [False], "momentum": [0.2], "eps": [1e-3]},
    ),
    scenario("functional.batch_norm", buffers_move("batch_norm", "batch"), id="functional.batch_norm-buffers"),
    layer(
        "nn.BatchNorm1d",
        array("N D"),
        arguments=lambda d: (d.D,),
        sizes={"N": (2, 5)},
        accepts_one=False,
        options={"affine": [True, False], "momentum": [0.1, 0.5, None], "eps": [1e-5, 1e-2]},
    ),
    layer("nn.BatchNorm1d", array("N D T"), arguments=lambda d: (d.D,), id="nn.BatchNorm1d-sequences"),
    layer(
        "nn.BatchNorm1d",
        array("N D"),
        arguments=lambda d: (d.D,),
        options={"track_running_stats": [False]},
        accepts_one=False,
        id="nn.BatchNorm1d-untracked",
    ),
    layer("nn.BatchNorm2d", array("N C H W"), arguments=lambda d: (d.C,), sizes=IMAGE),
    layer("nn.BatchNorm2d", ZERO_VARIANCE, arguments=lambda d: (3,), scale=inverse_std, id="nn.BatchNorm2d-variance-0"),
    function(
        "functional.layer_norm",
        array("N T D"),
        array("D"),
        array("D"),
        call=lambda f, x, w, b: f(x, (x.shape[-1],), w, b),
    ),
    function(
        "functional.layer_norm",
        array("N T D"),
        array("T D"),
        call=lambda f, x, w: f(x, tuple(x.shape[1:]), w, None, 1e-2),
        id="functional.layer_norm-two-axes",
    ),
    layer(
        "nn.LayerNorm",
        array("N D"),
        arguments=lambda d: (d.D,),
        options={"elementwise_affine": [True, False], "bias": [True, False]},
    ),
    layer(
        "nn.LayerNorm", array("N C H W"), arguments=lambda d: ((d.C, d.H, d.W),), sizes=IMAGE, id="nn.LayerNorm-images"
    ),
    layer(
        "nn.LayerNorm",
        fixed(np.full((2, 3), 5.0)),
        arguments=lambda d: (3,),
        scale=inverse_std,
        id="nn.LayerNorm-variance-0",
    ),
    function("functional.instance_norm", array("N C H W"), sizes=IMAGE, call=lambda f, x: f(x, eps=1e-2)),
    function(
        "functional.instance_norm",
        array("N C H W"),
        array("C", 0.5, 1),
        array("C", 0.5, 1),
        array("C"),
        array("C"),
        sizes=IMAGE,
        call=running,
        options={"use_input_stats": [False]},
        accepts_empty=False,
        id="functional.instance_norm-running",
    ),
    scenario(
        "functional.instance_norm", buffers_move("instance_norm", "instance"), id="functional.instance_norm-buffers"
    ),
    layer(
        "nn.InstanceNorm2d",
        array("N C H W"),
        arguments=lambda d: (d.C,),
        sizes=IMAGE,
        accepts_empty=False,
        options={"affine": [True, False], "track_running_stats": [True, False]},
    ),
    function("functional.group_norm", array("N 6 H W"), array("6"), array("6"), call=lambda f, x, w, b: f(x, 3, w, b)),
    function(
        "functional.group_norm", array("N 6"), call=lambda f, x: f(x, 2, eps=1e-2), id="functional.group_norm-features"
    ),
    layer("nn.GroupNorm", array("N 6 H W"), arguments=lambda d: (2, 6), options={"affine": [True, False]}),
    function(
        "functional.batch_renorm",
        array("N C"),
        array("C", 0.5, 1),
        array("C", 0.5, 1),
        array("C"),
        array("C"),
        call=running,
        options={"training": [False]},
    ),
    scenario("functional.batch_renorm", buffers_move("batch_renorm", "renorm"), id="functional.batch_renorm-buffers"),
    layer(
        "nn.BatchRenorm1d",
        array("N D"),
        arguments=lambda d: (d.D,),
        sizes={"N": (2, 5)},
        accepts_one=False,
        options={"affine": [True, False], "r_max": [1.0, 1.1, 3.0], "d_max": [0.0, 0.1, 5.0]},
    ),
    layer("nn.BatchRenorm1d", array("N D T"), arguments=lambda d: (d.D,), id="nn.BatchRenorm1d-sequences"),
    layer("nn.BatchRenorm2d", array("N C H W"), arguments=lambda d: (d.C,), sizes=IMAGE),
    layer(
        "nn.BatchRenorm2d", ZERO_VARIANCE, arguments=lambda d: (3,), scale=inverse_std, id="nn.BatchRenorm2d-variance-0"
    ),
    scenario("functional.dropout", masked("dropout", (6, 5), p=0.4)),
    distribution("functional.dropout", mask("dropout", (300, 40), p=0.3), id="functional.dropout-mask"),
    scenario("functional.dropout2d", masked("dropout2d", (6, 5, 2, 3), p=0.4)),
    distribution("functional.dropout2d", mask("dropout2d", (60, 20, 4, 3), p=0.3), id="functional.dropout2d-mask"),
    scenario("functional.drop_block2d", masked("drop_block2d", (2, 3, 6, 7), p=0.3, block_size=2)),
    distribution(
        "functional.drop_block2d",
        mask("drop_block2d", (60, 20, 9, 8), p=0.2, block_size=3),
        id="functional.drop_block2d-mask",
    ),
    distribution(
        "functional.drop_block2d",
        mask("drop_block2d", (60, 20, 9, 8), p=0.3, block_size=4),
        id="functional.drop_block2d-even",
    ),
    distribution("nn.Dropout", module_mask("Dropout", (300, 40), p=0.3)),
    distribution("nn.Dropout2d", module_mask("Dropout2d", (60, 20, 4, 3), p=0.3)),
    distribution("nn.DropBlock2d", module_mask("DropBlock2d", (60, 20, 9, 8), p=0.2, block_size=3)),
]
