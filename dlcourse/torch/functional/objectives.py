"""What is added to, or built from, the basic losses: distillation, several tasks at once, penalties on weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch.nn import functional as F

__all__ = [
    "balancing_weights",
    "distillation_loss",
    "elastic_net_penalty",
    "l1_penalty",
    "l2_penalty",
    "multi_task_loss",
]


def distillation_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float = 2.0) -> torch.Tensor:
    """How far a student's softened probabilities are from a teacher's (Hinton, Vinyals & Dean, 2015).

        L = T² · mean_n KL(softmax(teacher / T) ‖ softmax(student / T))        logits (N, C)

    No gradient goes to the teacher. Raises ``ValueError`` for different shapes or a temperature that
    is not positive.
    """
    if student.shape != teacher.shape or student.ndim != 2:
        raise ValueError(
            f"distillation_loss: student has shape {tuple(student.shape)} and teacher {tuple(teacher.shape)}, expected "
            f"both (N, C)"
        )
    if temperature <= 0:
        raise ValueError(f"distillation_loss: temperature is {temperature}, expected a positive number")
    log_p = F.log_softmax(student / temperature, 1)
    log_q = F.log_softmax(teacher.detach() / temperature, 1)
    return F.kl_div(log_p, log_q, reduction="none", log_target=True).sum(1).mean() * temperature**2


def multi_task_loss(losses: Sequence[torch.Tensor], weights: Sequence[float] | None = None) -> torch.Tensor:
    """Σ_i weight_i · loss_i: one number to train several tasks by. Without weights, the plain sum.

    Raises ``ValueError`` for no losses, or another number of weights than of losses.
    """
    if len(losses) == 0:
        raise ValueError("multi_task_loss: got no losses, expected at least one")
    factors = [1.0] * len(losses) if weights is None else list(weights)
    if len(factors) != len(losses):
        raise ValueError(f"multi_task_loss: got {len(factors)} weights for {len(losses)} losses, expected as many")
    total = losses[0] * factors[0]
    for loss, factor in zip(losses[1:], factors[1:], strict=True):
        total = total + loss * factor
    return total


def balancing_weights(losses: Sequence[torch.Tensor]) -> list[float]:
    """The weights that bring each of these losses to 1, so that none drowns the others: 1 / loss.

    Compute them once, from the first batch. Raises ``ValueError`` for a loss that is not positive.
    """
    values = [float(loss.item()) for loss in losses]
    for i, value in enumerate(values):
        if not value > 0:
            raise ValueError(f"balancing_weights: loss {i} is {value}, expected a positive number")
    return [1 / value for value in values]


def l1_penalty(parameters: Iterable[torch.Tensor], strength: float) -> torch.Tensor:
    """λ Σ abs(w): pulls every weight towards 0 with the same force, so small ones vanish."""
    return strength * _total("l1_penalty", [w.abs().sum() for w in parameters])


def l2_penalty(parameters: Iterable[torch.Tensor], strength: float) -> torch.Tensor:
    """λ/2 Σ w²: its gradient is λw, the "weight decay" of plain gradient descent."""
    return strength / 2 * _total("l2_penalty", [(w * w).sum() for w in parameters])


def elastic_net_penalty(parameters: Iterable[torch.Tensor], l1: float, l2: float) -> torch.Tensor:
    """l1 Σ abs(w) + l2/2 Σ w²: both at once (Zou & Hastie, 2005)."""
    weights = list(parameters)
    return l1_penalty(weights, l1) + l2_penalty(weights, l2)


def _total(function: str, terms: Sequence[torch.Tensor]) -> torch.Tensor:
    if len(terms) == 0:
        raise ValueError(f"{function}: got no parameters, expected at least one")
    return multi_task_loss(terms)
