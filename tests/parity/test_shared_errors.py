"""What is ours in both twins has the same errors, with the same words, in both."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import dlcourse.numpy
import dlcourse.torch

ERRORS: dict[str, tuple[Callable[[ModuleType], Any], str]] = {
    "maxout": (
        lambda dl: dl.functional.maxout(dl.zeros(2, 5), 2),
        "maxout: pieces is 2, expected a divisor of 5, the length",
    ),
    "maxout-0": (lambda dl: dl.functional.maxout(dl.zeros(2, 5), 0), "maxout: pieces is 0, expected a divisor of 5"),
    "Maxout-pieces": (lambda dl: dl.nn.Maxout(3, 2, 0)(dl.zeros(1, 3)), "maxout: pieces is 0"),
    "drop_block2d-p": (
        lambda dl: dl.functional.drop_block2d(dl.zeros(1, 1, 4, 4), 1.5, 2),
        "drop_block2d: p is 1.5, expected a probability from 0 to 1",
    ),
    "drop_block2d-size": (
        lambda dl: dl.functional.drop_block2d(dl.zeros(1, 1, 4, 6), 0.1, 5),
        r"drop_block2d: input has shape \(1, 1, 4, 6\) and block_size is 5, expected images \(N, C, H, W\) and a block",
    ),
    "DropBlock2d": (lambda dl: dl.nn.DropBlock2d(-0.5), "DropBlock2d: p is -0.5, expected a probability from 0 to 1"),
    "batch_renorm-axes": (
        lambda dl: dl.functional.batch_renorm(dl.zeros(3), dl.zeros(3), dl.ones(3)),
        r"batch_renorm: input has shape \(3,\), expected \(N, C, ...\)",
    ),
    "batch_renorm-weight": (
        lambda dl: dl.functional.batch_renorm(dl.zeros(2, 3), dl.zeros(3), dl.ones(3), dl.zeros(2)),
        r"batch_renorm: weight has shape \(2,\), expected \(3,\) because input is \(2, 3\)",
    ),
    "batch_renorm-limits": (
        lambda dl: dl.functional.batch_renorm(dl.zeros(2, 3), dl.zeros(3), dl.ones(3), r_max=0.5),
        "batch_renorm: r_max is 0.5 and d_max 5.0, expected r_max >= 1 and d_max >= 0",
    ),
    "batch_renorm-one": (
        lambda dl: dl.nn.BatchRenorm1d(3)(dl.zeros(1, 3)),
        r"batch_renorm: input has shape \(1, 3\), expected more than one value per channel in training",
    ),
    "BatchRenorm1d": (
        lambda dl: dl.nn.BatchRenorm1d(3)(dl.zeros(4, 2)),
        r"BatchRenorm1d: input has shape \(4, 2\), expected 2 or 3 axes and 3 channels in axis 1",
    ),
    "BatchRenorm2d": (
        lambda dl: dl.nn.BatchRenorm2d(3)(dl.zeros(4, 3)),
        r"BatchRenorm2d: .* expected 4 axes and 3 channels",
    ),
    "distillation-shape": (
        lambda dl: dl.functional.distillation_loss(dl.zeros(2, 3), dl.zeros(2, 4)),
        r"distillation_loss: student has shape \(2, 3\) and teacher \(2, 4\), expected both \(N, C\)",
    ),
    "distillation-temperature": (
        lambda dl: dl.nn.DistillationLoss(0.0)(dl.zeros(2, 3), dl.zeros(2, 3)),
        "distillation_loss: temperature is 0.0, expected a positive number",
    ),
    "multi_task-none": (
        lambda dl: dl.functional.multi_task_loss([]),
        "multi_task_loss: got no losses, expected at least one",
    ),
    "multi_task-weights": (
        lambda dl: dl.nn.MultiTaskLoss([1.0])(dl.tensor(1.0), dl.tensor(2.0)),
        "multi_task_loss: got 1 weights for 2 losses, expected as many",
    ),
    "balancing": (
        lambda dl: dl.functional.balancing_weights([dl.tensor(1.0), dl.tensor(0.0)]),
        "balancing_weights: loss 1 is 0.0, expected a positive number",
    ),
    "balancing-nan": (
        lambda dl: dl.functional.balancing_weights([dl.tensor(float("nan"))]),
        "balancing_weights: loss 0 is nan, expected a positive number",
    ),
    "l1": (lambda dl: dl.functional.l1_penalty([], 1.0), "l1_penalty: got no parameters, expected at least one"),
    "l2": (lambda dl: dl.functional.l2_penalty([], 1.0), "l2_penalty: got no parameters, expected at least one"),
    "elastic": (lambda dl: dl.functional.elastic_net_penalty([], 1.0, 1.0), "l1_penalty: got no parameters"),
    "residual": (
        lambda dl: dl.nn.Residual(dl.nn.Linear(3, 2))(dl.zeros(1, 3)),
        r"Residual: body gives shape \(1, 2\), expected \(1, 3\), the shape that shortcut gives",
    ),
}


@pytest.mark.parametrize("twin", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_what_came_and_what_was_expected(name: str, twin: ModuleType) -> None:
    call, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call(twin)
