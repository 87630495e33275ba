"""Rows for ``functional``: activations, losses and what is built from them. Images and norms have their own file."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.parity.harness import Arrays, array, constant, fixed, function, integers, probabilities, scenario, several

REDUCTIONS = {"reduction": ["mean", "sum", "none"]}
HUGE = fixed([[1000.0, 0.0, -1000.0, 3.0], [-1200.0, -1200.0, -1201.0, -1203.0], [0.0, 0.0, 0.0, 0.0]])
AROUND_0 = fixed([-1e-3, -0.0, 0.0, 1e-3])


def activation(name: str, **options: Any) -> list[Any]:
    full = f"functional.{name}"
    return [
        function(full, array("N D", scale=2.0), options=options),
        function(full, HUGE, options=options, id=f"{full}-huge"),
        function(full, AROUND_0, options=options, id=f"{full}-around-0"),
    ]


def weighted(loss: Any, logits: Any, target: Any, weight: Any, **options: Any) -> Any:
    """Class weights are no input that asks for a gradient."""
    return loss(logits, target, weight, **options)


def ignoring(loss: Any, logits: Any, target: Any, **options: Any) -> Any:
    return loss(logits, target, ignore_index=1, **options)


def balanced(twin: ModuleType, rng: np.random.Generator) -> Arrays:
    losses = [twin.tensor(value, requires_grad=True) for value in (0.25, 4.0)]
    weights = twin.functional.balancing_weights(losses)
    total = twin.functional.multi_task_loss(losses, weights)
    total.backward()
    plain = twin.functional.multi_task_loss(losses)
    return {
        "weights": np.array(weights),
        "total": twin.to_numpy(total),
        "plain": twin.to_numpy(plain),
        "grads": np.array([float(loss.grad) for loss in losses]),
    }


COSTS = {"label_smoothing": [0.0, 0.2], **REDUCTIONS}
CROSS = "functional.cross_entropy"
BCE = "functional.binary_cross_entropy_with_logits"

ROWS = [
    function("functional.linear", array("N D"), array("M D"), array("M")),
    function("functional.linear", array("N D"), array("M D"), id="functional.linear-without-bias"),
    function("functional.linear", array("N T D"), array("M D"), array("M"), id="functional.linear-sequences"),
    function("functional.linear", array("D"), array("M D"), array("M"), id="functional.linear-vector"),
    function("functional.linear", constant("N D"), array("M D"), array("M"), id="functional.linear-data"),
    *activation("relu"),
    *activation("leaky_relu", negative_slope=[0.01, 0.1]),
    *activation("elu", alpha=[1.0, 0.7]),
    *activation("selu"),
    *activation("gelu", approximate=["none", "tanh"]),
    *activation("sigmoid"),
    *activation("tanh"),
    *activation("step"),
    function("functional.softmax", array("N C", scale=3.0), options={"dim": [1, -1]}),
    function("functional.softmax", array("T C H", scale=3.0), options={"dim": [0, 1, -1]}, id="functional.softmax-3d"),
    function("functional.softmax", HUGE, options={"dim": [1]}, id="functional.softmax-huge"),
    function("functional.log_softmax", array("N C", scale=3.0), options={"dim": [1, -1]}),
    function("functional.log_softmax", array("T C H"), options={"dim": [0, 1]}, id="functional.log_softmax-3d"),
    function("functional.log_softmax", HUGE, options={"dim": [1]}, id="functional.log_softmax-huge"),
    function("functional.maxout", array("N 6"), options={"pieces": [1, 2, 3, 6]}),
    function(
        "functional.maxout", array("N 6 D"), options={"pieces": [2], "dim": [1, -2]}, id="functional.maxout-channels"
    ),
    function(
        "functional.maxout", fixed([[1.0, 1.0, 0.0, 2.0]]), options={"pieces": [2, 4]}, id="functional.maxout-ties"
    ),
    function(CROSS, array("N C", scale=3.0), integers("N", below="C"), options=COSTS),
    function(CROSS, HUGE, fixed([1, 3, 0]), options=COSTS, id=f"{CROSS}-huge"),
    function(
        CROSS,
        array("N C"),
        integers("N", "C"),
        constant("C", 0.5, 2),
        call=weighted,
        options=COSTS,
        id=f"{CROSS}-weight",
    ),
    function(
        CROSS,
        array("6 C"),
        fixed([1, 0, 2, 1, 1, 0]),
        sizes={"C": 3},
        call=ignoring,
        options=COSTS,
        id=f"{CROSS}-ignore",
    ),
    function(
        CROSS, array("2 C"), fixed([1, 1]), sizes={"C": 3}, call=ignoring, options=COSTS, id=f"{CROSS}-ignore-all"
    ),
    function(CROSS, array("N C"), probabilities("N C"), options=COSTS, id=f"{CROSS}-soft"),
    function(
        CROSS,
        array("N C"),
        probabilities("N C"),
        constant("C", 0.5, 2),
        call=weighted,
        options=COSTS,
        id=f"{CROSS}-soft-weight",
    ),
    function(CROSS, array("N C H W"), integers("N H W", "C"), options=COSTS, id=f"{CROSS}-pixels"),
    function(
        CROSS,
        array("N C H W"),
        integers("N H W", "C"),
        constant("C", 0.5, 2),
        call=weighted,
        options=COSTS,
        id=f"{CROSS}-pixels-weight",
    ),
    function(CROSS, array("N C T"), probabilities("N C T"), options=COSTS, id=f"{CROSS}-pixels-soft"),
    function(CROSS, array("C"), fixed(1), options=COSTS, id=f"{CROSS}-one-example"),
    function(CROSS, array("4"), fixed([0.1, 0.2, 0.3, 0.4]), options=COSTS, id=f"{CROSS}-one-example-soft"),
    function("functional.mse_loss", array("N D"), array("N D"), options=REDUCTIONS),
    function("functional.mse_loss", array("N D"), constant("N D"), options=REDUCTIONS, id="functional.mse_loss-data"),
    function(BCE, array("N D", scale=3.0), array("N D", 0.0, 1.0), options=REDUCTIONS),
    function(BCE, HUGE, fixed(np.arange(12.0).reshape(3, 4) % 2, False), options=REDUCTIONS, id=f"{BCE}-huge"),
    function(
        BCE,
        array("N D"),
        array("N D", 0.0, 1.0),
        constant("N D", 0.5, 2),
        constant("D", 0.5, 3),
        call=lambda f, z, y, w, p, **options: f(z, y, w, pos_weight=p, **options),
        options=REDUCTIONS,
        id=f"{BCE}-weights",
    ),
    function("functional.distillation_loss", array("N C"), array("N C"), options={"temperature": [1.0, 2.0, 4.5]}),
    function("functional.distillation_loss", HUGE, HUGE, id="functional.distillation_loss-huge"),
    function(
        "functional.multi_task_loss",
        several(array(""), array(""), array("")),
        call=lambda f, losses: f(losses, [0.5, 2.0, 1.5]),
    ),
    function("functional.multi_task_loss", several(array(""), array("")), id="functional.multi_task_loss-plain"),
    scenario("functional.balancing_weights", balanced),
    function("functional.l1_penalty", several(array("D H"), array("D")), options={"strength": [0.3]}),
    function("functional.l2_penalty", several(array("D H"), array("D")), options={"strength": [0.3]}),
    function(
        "functional.elastic_net_penalty", several(array("D H"), array("D")), options={"l1": [0.3, 0.0], "l2": [0.7]}
    ),
]
