"""The checks of the recipe, before a long training run, on any model of either backend."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dlcourse.diagnostics.flow import Loss, update_ratios
from dlcourse.diagnostics.laboratory import Laboratory
from dlcourse.diagnostics.report import Finding, Report
from dlcourse.diagnostics.units import dead_units, saturation_share
from dlcourse.models.trace import trace
from dlcourse.numpy.gradcheck import directional_check
from dlcourse.training.backend import Array, Backend

__all__ = ["sanity_report"]

_BATCH = 256  # examples that the checks look at
_FEW = 20  # examples that every network must be able to learn by heart
_EPOCHS = 200
_RATES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)


def sanity_report(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    lr: float = 0.1,
    loss: Loss | None = None,
    first_loss: float | None = None,
    penalty: Callable[[Any], Any] | None = None,
    seed: int = 0,
) -> Report:
    """Check a fresh ``model`` on inputs ``X`` (N, …) and class numbers ``y`` (N,), before training it for long.

    inputs                   finite, about zero-centred, about unit size
    first loss               chance level, log C for cross-entropy
    regularisation           the cost rises when the penalty is cranked up
    gradient                 backward agrees with a difference quotient, in float64
    dead units               ReLU units that are 0 for every example
    saturation               sigmoid and tanh units at the ends of their range
    update ratio             of one SGD step at rate ``lr``
    overfit 20 examples      plain SGD reaches 100 % and nearly no loss

    ``loss(output, y)`` is cross-entropy on logits if left out; ``first_loss`` is what it should be
    at first, ``penalty(model)`` the penalty at strength 1, half the squared weights if left out.
    The model is left as it was, but for cleared gradients. Takes seconds for small networks.
    Raises ``ValueError`` for inputs and labels that do not fit or fewer than 20 examples.
    """
    inputs, labels = np.asarray(X), np.asarray(y)
    if len(inputs) != len(labels) or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"sanity_report: X has shape {inputs.shape} and y {labels.shape} of {labels.dtype}, "
            f"expected (N, …) and class numbers (N,)"
        )
    if len(inputs) < _FEW:
        raise ValueError(f"sanity_report: got {len(inputs)} examples, expected {_FEW} or more")
    order = np.random.default_rng(seed).permutation(len(inputs))[:_BATCH]
    with Laboratory(model, loss) as lab:
        findings = [_inputs(inputs[order])]
        batch = inputs[order], labels[order]
        findings += [
            _first_loss(lab, *batch, expected=first_loss),
            _regularisation(lab, *batch, penalty=penalty),
            _gradient(lab, *batch, seed=seed),
            *_units(lab, *batch),
            _update_ratio(lab, *batch, lr=lr),
            _overfit(lab, *batch),
        ]
    return Report("Sanity checks", tuple(findings))


def _inputs(X: Array) -> Finding:
    values = X.astype(np.float64)
    if not np.isfinite(values).all():
        return Finding("inputs", False, "some inputs are NaN or infinite", "clean the data before anything else")
    mean, size = float(values.mean()), float(values.std())
    seen = f"mean {mean:.3g}, standard deviation {size:.3g}"
    fine = abs(mean) <= max(size, 1e-12) and 0.1 <= size <= 10
    advice = "" if fine else "subtract the training set's mean and divide by its standard deviation"
    return Finding("inputs", fine, seen, advice)


def _first_loss(lab: Laboratory, X: Array, y: Array, expected: float | None) -> Finding:
    lab.model.eval()
    with lab.backend.twin.no_grad():
        output = lab.model(lab.backend.tensor(X))
        found = lab.loss(output, lab.backend.tensor(y)).item()
    if expected is None and lab.own_loss:
        return Finding("first loss", math.isfinite(found), f"{found:.4g}; give first_loss to compare it with")
    chance = math.log(output.shape[-1]) if expected is None else expected
    seen = f"{found:.4g}, expected about {chance:.4g}" + (" (log of the number of classes)" if expected is None else "")
    fine = abs(found - chance) <= 0.1 * abs(chance)
    advice = "" if fine else "the last layer's weights are too large, or the loss gets something else than logits"
    return Finding("first loss", fine, seen, advice)


def _regularisation(lab: Laboratory, X: Array, y: Array, penalty: Callable[[Any], Any] | None) -> Finding:
    with lab.backend.twin.no_grad():
        plain = lab.cost(X, y).item()
        size = float(_half_squares(lab)) if penalty is None else float(penalty(lab.model))
    strength = plain / size if size > 0 else 1.0  # a strength that about doubles the cost
    seen = f"cost {plain:.4g}, with strength {strength:.2g} {plain + strength * size:.4g}"
    advice = "" if size > 0 else "the penalty is not above 0: are all weights zero, or is its sign wrong?"
    return Finding("regularisation", size > 0, seen, advice)


def _half_squares(lab: Laboratory) -> float:
    weights = [lab.backend.array(parameter) for parameter in lab.model.parameters()]
    return 0.5 * sum(float(np.sum(np.square(w, dtype=np.float64))) for w in weights)


def _gradient(lab: Laboratory, X: Array, y: Array, seed: int) -> Finding:
    """On a copy in float64 and in evaluation mode, so that nothing is random."""
    double = Laboratory(copy.deepcopy(lab.model).double().eval(), lab.loss)
    backend, model = double.backend, double.model
    few = X[:8], y[:8]
    model.zero_grad()
    double.cost(*few).backward()
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    missing = [name for name, p in named.items() if p.grad is None]
    if missing or not named:
        seen = f"no gradient arrives at {', '.join(missing) or 'any parameter'}"
        return Finding("gradient", False, seen, "is it used in forward, and is nothing cut off by detach?")
    gradients = [np.array(backend.array(p.grad)) for p in named.values()]
    start = {key: np.array(backend.array(value)) for key, value in model.state_dict().items()}

    def cost_of(*arrays: Array) -> float:
        _load(backend, {**start, **dict(zip(named, arrays, strict=True))})
        with backend.twin.no_grad():
            return float(double.cost(*few).item())

    arrays = [np.array(backend.array(p)) for p in named.values()]
    # Short steps, since a step over the kink of a ReLU spoils the difference; the median, since one may still do so.
    eps = 1e-5 / math.sqrt(sum(array.size for array in arrays))
    directions = [directional_check(cost_of, arrays, gradients, 1, eps, seed + number) for number in range(5)]
    error = float(np.median(directions))
    advice = "" if error < 1e-4 else "a backward is wrong, or the loss has kinks right here: try other examples"
    return Finding("gradient", error < 1e-4, f"differs from the difference quotient by {error:.1e} of its size", advice)


def _load(backend: Backend, arrays: dict[str, Array]) -> None:
    if backend.name == "torch":
        import torch

        backend.load_state({key: torch.as_tensor(array) for key, array in arrays.items()})
    else:
        backend.load_state(arrays)


def _units(lab: Laboratory, X: Array, y: Array) -> list[Finding]:
    lab.model.eval()
    with lab.backend.twin.no_grad(), trace(lab.model) as calls:
        lab.cost(X, y)
    outputs = [(call.name, call.kind, np.array(lab.backend.array(call.output))) for call in calls]
    dead = {name: dead_units(a).mean() for name, kind, a in outputs if kind == "ReLU"}
    ranges = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0)}
    ends = {name: saturation_share(a, *ranges[kind]) for name, kind, a in outputs if kind in ranges}
    advice = "lower the learning rate, use He initialisation or a leaky ReLU, and look at the bias"
    too_large = "the weights or the inputs are too large: use Xavier initialisation and standardise"
    return [
        _worst("dead units", dead, 0.5, "of the units are 0 for every example", "no ReLU layer", advice),
        _worst("saturation", ends, 0.3, "of the outputs are at the ends", "no sigmoid or tanh layer", too_large),
    ]


def _worst(name: str, shares: dict[str, float], limit: float, what: str, none: str, advice: str) -> Finding:
    if not shares:
        return Finding(name, True, none)
    worst = max(shares, key=lambda layer: shares[layer])
    fine = shares[worst] <= limit
    return Finding(name, fine, f"at most {100 * shares[worst]:.0f} % {what} (layer {worst})", "" if fine else advice)


def _update_ratio(lab: Laboratory, X: Array, y: Array, lr: float) -> Finding:
    lab.without_dropout()
    lab.model.zero_grad()
    lab.cost(X, y).backward()
    weights = {name for name, p in lab.model.named_parameters() if len(p.shape) > 1 and p.requires_grad}
    with update_ratios(lab.model) as ratios:
        lab.backend.twin.optim.SGD(list(lab.model.parameters()), lr=lr).step()
    lab.reset()
    found = [ratios[name] for name in weights if math.isfinite(ratios[name])]
    if not found or max(found) == 0:
        return Finding("update ratio", False, "no weight moves", "are all gradients or all weights zero?")
    middle = float(np.median(found))
    seen = f"{middle:.1e} at rate {lr:g}; a ratio of 1e-3 needs a rate of about {lr * 1e-3 / middle:.1g}"
    fine = 1e-5 <= middle <= 1e-1
    return Finding("update ratio", fine, seen, "" if fine else "change the learning rate by the factor named")


def _overfit(lab: Laboratory, X: Array, y: Array) -> Finding:
    """Plain SGD on all 20 examples at once; the first rate that succeeds is enough."""
    few = X[:_FEW], y[:_FEW]
    best: tuple[float, float, float] = (math.inf, 0.0, 0.0)
    for rate in _RATES:
        cost, accuracy = _train(lab, few, rate)
        if math.isfinite(cost) and cost < best[0]:
            best = (cost, accuracy, rate)
        if best[0] < 0.05 and best[1] == 1:
            break
    lab.reset()
    cost, accuracy, rate = best
    seen = f"after {_EPOCHS} epochs at rate {rate:g} cost {cost:.2g}, accuracy {100 * accuracy:.0f} %"
    fine = cost < 0.05 and accuracy == 1
    advice = "something is broken: do labels belong to inputs, do gradients reach all layers, is the rate in range?"
    return Finding(f"overfit {_FEW} examples", fine, seen, "" if fine else advice)


def _train(lab: Laboratory, few: tuple[Array, Array], rate: float) -> tuple[float, float]:
    lab.reset()
    lab.without_dropout()
    optimizer = lab.backend.twin.optim.SGD(list(lab.model.parameters()), lr=rate)
    cost = math.inf
    with np.errstate(all="ignore"):
        for _ in range(_EPOCHS):
            lab.model.zero_grad()
            loss = lab.cost(*few)
            cost = loss.item()
            if not math.isfinite(cost) or cost < 0.01:
                break
            loss.backward()
            optimizer.step()
        with lab.backend.twin.no_grad():
            output = lab.backend.array(lab.model(lab.backend.tensor(few[0])))
    return cost, float(np.mean(output.argmax(-1) == few[1]))
