"""Exercise 13: a student learns from a teacher and from labels."""

from __future__ import annotations

from typing import Any

from dlcourse.checks.drives import transfer
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 3


def _parts(z: Any, teacher: Any, y: Any, T: float) -> tuple[Any, Any]:
    """KL of the softened probabilities, and cross-entropy with the labels."""
    import torch

    F = torch.nn.functional
    q = F.softmax(teacher.detach() / T, 1)
    soft = (q * (q.log() - F.log_softmax(z / T, 1))).sum(1).mean()
    return soft, F.cross_entropy(z, y)


def _loss(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return alpha * T**2 * soft + (1 - alpha) * hard


distillation_loss = Question(
    "13.distillation_loss",
    points=5,
    minutes=15,
    title="The loss of a student",
    called_as="loss = distillation_loss(z_student, z_teacher, y, T, alpha)",
    tested="logits of 6 images in 4 classes: the loss, and its gradients for student and teacher",
    inputs=lambda rng: {
        "z_student": 2 * rng.normal(size=(6, 4)),
        "z_teacher": 3 * rng.normal(size=(6, 4)),
        "y": rng.integers(0, 4, size=6),
        "temperature": rng.uniform(2.5, 4.0),
        "alpha": rng.uniform(0.6, 0.8),
    },
    drive=transfer.distillation_loss,
    answer=lambda **inputs: transfer.distillation_loss(_loss, **inputs),
    scales=lambda z_student, temperature: {
        "N": float(len(z_student)),
        "C": float(z_student.shape[1]),
        "T": float(temperature),
        "T²": float(temperature) ** 2,
    },
    axes=dict.fromkeys(("dz of the student", "dz of the teacher"), ("image", "class")),
    off_limits=(
        "dlcourse.transfer",
        "dlcourse.torch.functional.distillation_loss",
        "dlcourse.torch.nn.DistillationLoss",
    ),
)
distillation_loss.hint("Divide both sets of logits by T, for the soft part only. The labels meet the plain logits.")
distillation_loss.hint("KL(q ‖ p) = Σ q (log q − log p): sum over the classes, mean over the images.")
distillation_loss.hint("z_teacher.detach(): the teacher is a given, and gets no gradient.")


@distillation_loss.wrong(
    "the factor T² is missing",
    ask="The gradient of the soft part shrinks like 1/T². What keeps it level?",
    as_student=True,
)
def no_square(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return alpha * soft + (1 - alpha) * hard


@distillation_loss.wrong(
    "the factor is T, not T²", ask="Divide z by T: how many factors 1/T has the gradient?", as_student=True
)
def only_once(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return alpha * T * soft + (1 - alpha) * hard


@distillation_loss.wrong(
    "T² multiplies both parts", ask="Is there a temperature in the part with the labels?", as_student=True
)
def square_of_both(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return T**2 * (alpha * soft + (1 - alpha) * hard)


@distillation_loss.wrong(
    "alpha and 1 - alpha are exchanged", ask="Which part does alpha = 1 leave, in the formula?", as_student=True
)
def weights_exchanged(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    return _loss(z, teacher, y, T, 1 - alpha)


@distillation_loss.wrong(
    "the part with the labels is not weighted", ask="Do your two weights add up to 1?", as_student=True
)
def hard_unweighted(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return alpha * T**2 * soft + hard


@distillation_loss.wrong(
    "student and teacher are exchanged in the KL divergence",
    ask="Whose probabilities weigh the terms of the sum?",
    as_student=True,
)
def reversed_kl(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    import torch

    F = torch.nn.functional
    log_p, log_q = F.log_softmax(z / T, 1), F.log_softmax(teacher.detach() / T, 1)
    soft = (log_p.exp() * (log_p - log_q)).sum(1).mean()
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(z, y)


@distillation_loss.wrong(
    "the mean runs over images and classes, as kl_div does by default",
    ask="What does reduction='mean' divide by? And 'batchmean'?",
    as_student=True,
)
def mean_over_entries(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return alpha * T**2 * soft / z.shape[1] + (1 - alpha) * hard


@distillation_loss.wrong(
    "the soft part is a sum over the images", ask="Does the loss double when the batch does?", as_student=True
)
def sum_over_images(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher, y, T)
    return alpha * T**2 * soft * len(z) + (1 - alpha) * hard


@distillation_loss.wrong(
    "only the teacher is softened",
    ask="The student should give the teacher's answer at the same T. Does it?",
    as_student=True,
)
def student_at_one(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft = _parts(z * T, teacher, y, T)[0]
    return alpha * T**2 * soft + (1 - alpha) * _parts(z, teacher, y, T)[1]


@distillation_loss.wrong("only the student is softened", ask="At which T does the teacher speak?", as_student=True)
def teacher_at_one(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft, hard = _parts(z, teacher * T, y, T)
    return alpha * T**2 * soft + (1 - alpha) * hard


@distillation_loss.wrong(
    "the labels are compared with softened logits", ask="Will the student be used at T, or at 1?", as_student=True
)
def softened_labels(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    soft = _parts(z, teacher, y, T)[0]
    return alpha * T**2 * soft + (1 - alpha) * _parts(z / T, teacher, y, T)[1]


@distillation_loss.wrong(
    "a gradient flows into the teacher", ask="Should the teacher move towards the student?", as_student=True
)
def teacher_learns(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    import torch

    F = torch.nn.functional
    log_p, log_q = F.log_softmax(z / T, 1), F.log_softmax(teacher / T, 1)
    soft = (log_q.exp() * (log_q - log_p)).sum(1).mean()
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(z, y)


@distillation_loss.wrong(
    "the teacher's logits are taken for probabilities: their softmax is missing",
    ask="Do the teacher's numbers sum to 1?",
    as_student=True,
)
def raw_teacher(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    import torch

    F = torch.nn.functional
    soft = -(teacher.detach() / T * F.log_softmax(z / T, 1)).sum(1).mean()
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(z, y)


@distillation_loss.convention(
    "the soft part is a cross-entropy: it differs from KL by the teacher's entropy, a constant, and trains alike",
    ask="What is its smallest value, and what is that of KL?",
    as_student=True,
)
def cross_entropy(z: Any, teacher: Any, y: Any, T: float, alpha: float) -> Any:
    import torch

    F = torch.nn.functional
    soft = -(F.softmax(teacher.detach() / T, 1) * F.log_softmax(z / T, 1)).sum(1).mean()
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(z, y)


QUESTIONS = (distillation_loss,)
