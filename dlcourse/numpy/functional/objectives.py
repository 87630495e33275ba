"""What is added to, or built from, the basic losses: distillation, several tasks at once, penalties on weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dlcourse.numpy.functional.softmax import log_softmax, softmax
from dlcourse.numpy.graph import Tensor

__all__ = [
    "balancing_weights",
    "distillation_loss",
    "elastic_net_penalty",
    "l1_penalty",
    "l2_penalty",
    "multi_task_loss",
]


def distillation_loss(student: Tensor, teacher: Tensor, temperature: float = 2.0) -> Tensor:
    """How far a student's softened probabilities are from a teacher's (Hinton, Vinyals & Dean, 2015).

        L = T² · mean_n KL(softmax(teacher / T) ‖ softmax(student / T))        logits (N, C)

    A temperature above 1 shows how the teacher ranks the wrong classes. The gradient shrinks as
    1/T², hence the factor. No gradient goes to the teacher. Raises ``ValueError`` for different
    shapes or a temperature that is not positive.
    """
    if student.shape != teacher.shape or student.ndim != 2:
        raise ValueError(
            f"distillation_loss: student has shape {student.shape} and teacher {teacher.shape}, expected both (N, C)"
        )
    if temperature <= 0:
        raise ValueError(f"distillation_loss: temperature is {temperature}, expected a positive number")
    log_p = log_softmax(student / temperature, 1)
    soft_teacher = teacher.detach() / temperature
    q, log_q = softmax(soft_teacher, 1), log_softmax(soft_teacher, 1)
    return (q * (log_q - log_p)).sum(1).mean() * temperature**2


def multi_task_loss(losses: Sequence[Tensor], weights: Sequence[float] | None = None) -> Tensor:
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


def balancing_weights(losses: Sequence[Tensor]) -> list[float]:
    """The weights that bring each of these losses to 1, so that none drowns the others: 1 / loss.

    Compute them once, from the first batch. Raises ``ValueError`` for a loss that is not positive.
    """
    values = [loss.item() for loss in losses]
    for i, value in enumerate(values):
        if not value > 0:
            raise ValueError(f"balancing_weights: loss {i} is {value}, expected a positive number")
    return [1 / value for value in values]


def l1_penalty(parameters: Iterable[Tensor], strength: float) -> Tensor:
    """λ Σ abs(w): pulls every weight towards 0 with the same force, so small ones vanish."""
    return strength * _total("l1_penalty", [w.abs().sum() for w in parameters])


def l2_penalty(parameters: Iterable[Tensor], strength: float) -> Tensor:
    """λ/2 Σ w²: its gradient is λw, the "weight decay" of plain gradient descent."""
    return strength / 2 * _total("l2_penalty", [(w * w).sum() for w in parameters])


def elastic_net_penalty(parameters: Iterable[Tensor], l1: float, l2: float) -> Tensor:
    """l1 Σ abs(w) + l2/2 Σ w²: both at once (Zou & Hastie, 2005)."""
    weights = list(parameters)
    return l1_penalty(weights, l1) + l2_penalty(weights, l2)


def _total(function: str, terms: Sequence[Tensor]) -> Tensor:
    if len(terms) == 0:
        raise ValueError(f"{function}: got no parameters, expected at least one")
    return multi_task_loss(terms)
