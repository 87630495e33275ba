"""The parity harness: one row of a table proves that a name means the same in both twins.

A row says which name, with which inputs. The harness runs it in NumPy and in torch, in float64,
with random awkward sizes and a random upstream gradient, and compares the output, the gradient of
every input and parameter, and every buffer. The difference must stay below 1e-12 of the largest
number that took part.

    function("functional.linear", array("N D"), array("M D"), array("M"))
    layer("nn.Linear", array("N D"), arguments=lambda d: (d.D, d.M), options={"bias": [True, False]})

Letters are sizes: the same letter is the same size everywhere in the row. Files called
``rows_*.py`` in this folder each have a list ``ROWS``; ``table.py`` collects them.
"""

from __future__ import annotations

import copy
import importlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import dlcourse.numpy
import dlcourse.torch

TOLERANCE = 1e-12
Arrays = dict[str, np.ndarray]
Sizes = SimpleNamespace


@dataclass(frozen=True)
class Input:
    """How to draw one input: ``draw(rng, sizes)`` gives an array, or a list of arrays."""

    draw: Callable[[np.random.Generator, Sizes], Any]
    differentiable: bool = True


@dataclass(frozen=True)
class Row:
    """One public name and how it is compared. ``run(twin, rng, sizes, options)`` returns named arrays."""

    name: str
    kind: str  # "value", "trajectory" or "distribution"
    run: Callable[[ModuleType, np.random.Generator, Sizes, dict[str, Any]], Arrays]
    options: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    scale: Callable[[Arrays], float] | None = None  # the largest intermediate term, where no array shows it
    sizes: Mapping[str, int | tuple[int, int]] = field(default_factory=dict)  # a size, or a range, for some letters
    tolerance: float = TOLERANCE
    accepts_empty: bool = True  # whether N = 0 is tested as well
    accepts_one: bool = True  # whether N = 1 works; otherwise both twins must raise ValueError
    float32: bool = True  # whether a run in float32 must stay in float32
    id: str = ""

    def __str__(self) -> str:
        return self.id or self.name

    def choices(self) -> Iterator[dict[str, Any]]:
        """Every combination of the options."""
        names = list(self.options)
        for values in itertools.product(*self.options.values()):
            yield dict(zip(names, values, strict=True))


# ---- inputs ----------------------------------------------------------------------------------


def array(letters: str, low: float | None = None, high: float | None = None, scale: float = 1.0) -> Input:
    """Normal numbers, or uniform ones from ``low`` to ``high``; never contiguous, so strides are tested too."""

    def draw(rng: np.random.Generator, sizes: Sizes) -> np.ndarray:
        shape = shape_of(letters, sizes)
        values = scale * rng.normal(size=shape) if low is None else rng.uniform(low, high, size=shape)
        return scattered(values)

    return Input(draw)


def constant(letters: str, low: float | None = None, high: float | None = None) -> Input:
    """As ``array``, but no gradient is asked for."""
    return Input(array(letters, low, high).draw, differentiable=False)


def integers(letters: str, below: str) -> Input:
    """Integers from 0 up to the size named by ``below``: class numbers."""
    return Input(lambda rng, sizes: rng.integers(0, getattr(sizes, below), shape_of(letters, sizes)), False)


def probabilities(letters: str) -> Input:
    """Rows that are positive and sum to 1 along axis 1."""

    def draw(rng: np.random.Generator, sizes: Sizes) -> np.ndarray:
        values = rng.uniform(0.1, 1.0, size=shape_of(letters, sizes))
        return scattered(values / values.sum(1, keepdims=True))

    return Input(draw)


def fixed(values: Any, differentiable: bool = True) -> Input:
    """Given numbers: for corners such as ±1000."""
    return Input(lambda rng, sizes: np.array(values), differentiable)


def several(*inputs: Input) -> Input:
    """A list of inputs as one argument, as ``cat`` takes it."""
    return Input(lambda rng, sizes: [part.draw(rng, sizes) for part in inputs], inputs[0].differentiable)


def shape_of(letters: str, sizes: Sizes) -> tuple[int, ...]:
    return tuple(int(letter) if letter.isdigit() else getattr(sizes, letter) for letter in letters.split())


def scattered(values: np.ndarray) -> np.ndarray:
    """The same values as every second entry of a larger array in Fortran order."""
    if values.ndim == 0:
        return values
    store = np.empty((2 * values.shape[0], *values.shape[1:]), values.dtype, order="F")
    store[::2] = values
    return store[::2]


# ---- kinds of rows ---------------------------------------------------------------------------


def function(name: str, *inputs: Input, call: Callable[..., Any] | None = None, **row: Any) -> Row:
    """Row for a function of tensors. ``call(function, *tensors, **options)`` if it is not called plainly."""

    def run(twin: ModuleType, rng: np.random.Generator, sizes: Sizes, options: dict[str, Any]) -> Arrays:
        target = lookup(twin, name)
        tensors = [to_tensor(twin, spec, spec.draw(rng, sizes)) for spec in inputs]
        out = call(target, *tensors, **options) if call else target(*tensors, **options)
        return backward(rng, out, named(tensors))

    return Row(name, "value", run, **row)


def method(name: str, *inputs: Input, call: Callable[..., Any], **row: Any) -> Row:
    """Row for what tensors can do: operators and methods. ``call(*tensors)`` does it."""
    return function("Tensor", *inputs, call=lambda _, *tensors, **options: call(*tensors, **options), id=name, **row)


def layer(
    name: str,
    *inputs: Input,
    arguments: Callable[[Sizes], tuple[Any, ...]] = lambda sizes: (),
    build: Callable[..., Any] | None = None,
    evaluate: bool = True,
    **row: Any,
) -> Row:
    """Row for a module: three steps in training mode, so buffers move, then evaluation mode.

    torch's module is made first; its state goes over to NumPy's with ``load_state_dict``, and at
    the end NumPy's state goes back to a fresh torch module, which must then agree.
    """

    def run(twin: ModuleType, rng: np.random.Generator, sizes: Sizes, options: dict[str, Any]) -> Arrays:
        def make(which: ModuleType) -> Any:
            module = (build or (lambda _, cls, *args, **kw: cls(*args, **kw)))(
                which, lookup(which, name), *arguments(sizes), **options
            )
            return module.to(which.get_default_dtype())

        torch.manual_seed(int(rng.integers(2**31)))
        source = make(dlcourse.torch)
        randomise(source, rng)
        module = make(twin)
        keys = {
            key: (value.shape, str(value.dtype)) for key, value in dlcourse.torch.to_numpy(source.state_dict()).items()
        }
        own = {key: (value.shape, str(value.dtype)) for key, value in twin.to_numpy(module.state_dict()).items()}
        assert own == keys, f"{name}: state_dict has {own}, torch's has {keys}"
        module.load_state_dict(twin.from_numpy(copied(dlcourse.torch.to_numpy(source.state_dict()))))

        results: Arrays = {}
        for step in range(3 if evaluate else 1):
            results |= run_module(twin, module, inputs, rng, sizes, f"train{step}.")
        if evaluate:
            module.eval()
            results |= run_module(twin, module, inputs, rng, sizes, "eval.")
        back = make(dlcourse.torch)
        back.load_state_dict(dlcourse.torch.from_numpy(copied(twin.to_numpy(module.state_dict()))))
        for key, value in dlcourse.torch.to_numpy(back.state_dict()).items():
            results[f"state.{key}"] = value
        return results

    return Row(name, "value", run, **row)


def run_module(
    twin: ModuleType, module: Any, inputs: Sequence[Input], rng: np.random.Generator, sizes: Sizes, prefix: str
) -> Arrays:
    tensors = [to_tensor(twin, spec, spec.draw(rng, sizes)) for spec in inputs]
    module.zero_grad()
    out = module(*tensors)
    results = backward(rng, out, named(tensors) | dict(module.named_parameters()))
    results |= {f"buffer.{name}": twin.to_numpy(buffer).copy() for name, buffer in module.named_buffers()}
    return {prefix + name: value for name, value in results.items()}


def scenario(name: str, run: Callable[..., Arrays], **row: Any) -> Row:
    """Row for anything else: ``run(twin, rng)`` does something with the twin and returns named arrays."""
    return Row(name, "value", lambda twin, rng, sizes, options: run(twin, rng, **options), **row)


def distribution(name: str, sample: Callable[[ModuleType, int], np.ndarray], **row: Any) -> Row:
    """Row for random numbers: ``sample(twin, seed)`` gives many draws; moments and quantiles are compared."""

    def run(twin: ModuleType, rng: np.random.Generator, sizes: Sizes, options: dict[str, Any]) -> Arrays:
        seed = int(rng.integers(2**31))
        first, again = sample(twin, seed, **options), sample(twin, seed, **options)
        np.testing.assert_array_equal(first, again, err_msg=f"{name}: the same seed gave different numbers")
        assert not np.array_equal(first, sample(twin, seed + 1, **options)), f"{name}: the seed changes nothing"
        return {"sample": first}

    return Row(name, "distribution", run, **({"accepts_empty": False, "float32": False} | row))


# ---- running ---------------------------------------------------------------------------------


def lookup(twin: ModuleType, name: str) -> Any:
    """``functional.relu`` of a twin, importing the module on the way."""
    *modules, last = name.split(".")
    path = ".".join([twin.__name__, *modules])
    return getattr(importlib.import_module(path), last)


def to_tensor(twin: ModuleType, spec: Input, values: Any) -> Any:
    if isinstance(values, list):
        return [to_tensor(twin, spec, part) for part in values]
    values = np.asarray(values)
    floating = values.dtype.kind == "f"
    if floating:
        values = np.asarray(values.astype(dlcourse.numpy.get_default_dtype(), order="K"))
    if twin is dlcourse.numpy:
        return twin.Tensor(values, requires_grad=spec.differentiable and floating)
    tensor = torch.from_numpy(values)  # keeps the strides
    return tensor.requires_grad_(spec.differentiable and floating)


def named(tensors: Sequence[Any]) -> dict[str, Any]:
    flat = {}
    for i, tensor in enumerate(tensors):
        for j, part in enumerate(tensor if isinstance(tensor, list) else [tensor]):
            flat[f"input{i}.{j}" if isinstance(tensor, list) else f"input{i}"] = part
    return flat


def backward(rng: np.random.Generator, out: Any, leaves: Mapping[str, Any]) -> Arrays:
    """Send random gradients back from the output, and collect output and gradients."""
    upstream = rng.normal(size=tuple(out.shape))
    results = {"out": numpy_of(out).copy()}
    if out.requires_grad:
        results["upstream"] = upstream.astype(results["out"].dtype)
        out.backward(like(out, results["upstream"]))
    for name, leaf in leaves.items():
        results[name] = numpy_of(leaf).copy()
        if leaf.requires_grad:
            grad = np.zeros(tuple(leaf.shape), numpy_of(leaf).dtype) if leaf.grad is None else numpy_of(leaf.grad)
            results[f"grad.{name}"] = grad.copy()
    return results


def like(out: Any, values: np.ndarray) -> Any:
    return torch.from_numpy(np.asarray(values)) if isinstance(out, torch.Tensor) else values


def numpy_of(x: Any) -> np.ndarray:
    return dlcourse.torch.to_numpy(x) if isinstance(x, torch.Tensor) else dlcourse.numpy.to_numpy(x)


def copied(state: Mapping[str, np.ndarray]) -> Arrays:
    return {key: np.array(value) for key, value in state.items()}


def randomise(module: torch.nn.Module, rng: np.random.Generator) -> None:
    """Give every floating-point entry of the state a random value; those that must be positive stay so."""
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                low = 0.5 if "var" in name or "std" in name else -1.0
                value.copy_(torch.from_numpy(np.asarray(rng.uniform(low, 1.5, size=tuple(value.shape)))))


def draw_sizes(row: Row, rng: np.random.Generator, n: int | None = None) -> Sizes:
    """Sizes for the letters: N, and others that all differ, so that no shape is square by chance."""
    letters = [letter for letter in "CDHKMOTW" if letter not in row.sizes]
    others = rng.permutation(np.arange(2, 2 + len(letters)))
    sizes = Sizes(
        N=int(rng.integers(2, 7)), **{letter: int(size) for letter, size in zip(letters, others, strict=True)}
    )
    for letter, size in row.sizes.items():
        setattr(sizes, letter, size if isinstance(size, int) else int(rng.integers(size[0], size[1] + 1)))
    if n is not None:
        sizes.N = n
    return sizes


def refuse_one_example(row: Row) -> None:
    """Both twins must raise ``ValueError`` for a batch of one."""
    for twin, options in itertools.product((dlcourse.numpy, dlcourse.torch), row.choices()):
        rng = np.random.default_rng(1)
        with pytest.raises(ValueError):
            run_twin(row, twin, rng, draw_sizes(row, rng, 1), options, "float64")


def compare(row: Row, seed: int, n: int | None = None, dtype: str = "float64", some: int | None = None) -> None:
    """Run a row in both twins and raise ``AssertionError`` where they differ.

    Every combination of options is run, or ``some`` of them, picked by the seed.
    """
    choices = list(row.choices())
    if some is not None and some < len(choices):
        choices = [choices[i] for i in np.random.default_rng(seed).permutation(len(choices))[:some]]
    for options in choices:
        rng = np.random.default_rng(seed)
        sizes = draw_sizes(row, rng, n)
        got, expected = (
            run_twin(row, twin, copy.deepcopy(rng), sizes, options, dtype) for twin in (dlcourse.numpy, dlcourse.torch)
        )
        where = f"{row} with {options}, sizes {vars(sizes)}, seed {seed}"
        assert got.keys() == expected.keys(), f"{where}: NumPy gave {sorted(got)}, torch {sorted(expected)}"
        if row.kind == "distribution":
            compare_distributions(where, got["sample"], expected["sample"])
            continue
        finite = [np.abs(v[np.isfinite(v)]).max() for v in expected.values() if v.size and np.isfinite(v).any()]
        scale = max([0.0, *(float(x) for x in finite), row.scale(expected) if row.scale else 0.0])
        tolerance = row.tolerance if dtype == "float64" else 1e-5
        for key, want in expected.items():
            assert got[key].shape == want.shape, f"{where}: {key} has shape {got[key].shape}, expected {want.shape}"
            assert got[key].dtype == want.dtype, f"{where}: {key} is {got[key].dtype}, expected {want.dtype}"
            np.testing.assert_allclose(got[key], want, rtol=0, atol=tolerance * scale, err_msg=f"{where}: {key}")


def run_twin(
    row: Row, twin: ModuleType, rng: np.random.Generator, sizes: Sizes, options: dict[str, Any], dtype: str
) -> Arrays:
    before = dlcourse.numpy.get_default_dtype(), dlcourse.torch.get_default_dtype()
    dlcourse.numpy.set_default_dtype(getattr(dlcourse.numpy, dtype))
    dlcourse.torch.set_default_dtype(getattr(dlcourse.torch, dtype))
    try:
        with np.errstate(all="ignore"):
            return {key: np.asarray(value) for key, value in row.run(twin, rng, sizes, options).items()}
    finally:
        dlcourse.numpy.set_default_dtype(before[0])
        dlcourse.torch.set_default_dtype(before[1])


def compare_distributions(where: str, a: np.ndarray, b: np.ndarray) -> None:
    """The two-sample Kolmogorov-Smirnov test, at a level where chance fails once in a million, and the shapes."""
    assert a.shape == b.shape, f"{where}: shape {a.shape}, expected {b.shape}"
    first, second = np.sort(a.ravel()), np.sort(b.ravel())
    points = np.concatenate([first, second])
    share_a = np.searchsorted(first, points, side="right") / first.size
    share_b = np.searchsorted(second, points, side="right") / second.size
    distance = float(np.abs(share_a - share_b).max())
    limit = 2.7 * np.sqrt(1 / first.size + 1 / second.size)
    assert distance <= limit, f"{where}: the distributions differ by {distance:.4f}, expected at most {limit:.4f}"
