"""Exercise 06: an optimizer in PyTorch.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_optimizers
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 8

Arrays = dict[str, Any]


def _adamax_class(**faults: Any) -> Any:
    """A subclass of ``torch.optim.Optimizer``; ``faults`` replaces parts of it. PyTorch is imported when it is made."""
    import torch

    def mean(s: Any, g: Any, beta1: float) -> None:
        s["m"] = beta1 * s["m"] + (1 - beta1) * g

    def size(s: Any, g: Any, beta2: float, eps: float) -> None:
        s["u"] = torch.maximum(beta2 * s["u"], g.abs() + eps)

    def quotient(s: Any, beta1: float, beta2: float, eps: float) -> Any:  # noqa: ARG001
        return s["m"] / (1 - beta1 ** s["t"]) / s["u"]

    def rate(optimizer: Any, group: Any) -> Any:  # noqa: ARG001
        return group["lr"]

    parts: dict[str, Any] = {"mean": mean, "size": size, "quotient": quotient, "rate": rate, "groups": None, **faults}

    class AdaMax(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 2e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8) -> None:
            super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

        @torch.no_grad()
        def step(self) -> None:  # type: ignore[override]
            for group in self.param_groups[: parts["groups"]]:
                beta1, beta2 = group["betas"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    s = self.state[p]
                    if not s or parts.get("forgets"):
                        s.update(t=0, m=torch.zeros_like(p), u=torch.zeros_like(p))
                    s["t"] += 1
                    parts["mean"](s, p.grad, beta1)
                    parts["size"](s, p.grad, beta2, group["eps"])
                    p -= parts["rate"](self, group) * parts["quotient"](s, beta1, beta2, group["eps"])

    return AdaMax


def _made(**faults: Any) -> Any:
    """A student's class as the drive calls it: made when it is called."""
    return lambda *arguments, **options: _adamax_class(**faults)(*arguments, **options)


adamax = Question(
    "06.adamax",
    points=4,
    minutes=15,
    title="AdaMax as an optimizer of PyTorch",
    called_as="optimizer = AdaMax(params); optimizer.step()",
    tested="six steps of two groups, one with a rate of its own and one whose rate falls half way, with gradients of "
    "size 1 to 0.0001; one tensor has no gradient",
    inputs=lambda rng: {
        "weight": rng.normal(size=(3, 2)),
        "bias": rng.normal(size=4),
        "dW": rng.normal(size=(6, 3, 2)) * np.array([[1.0, 1e-4], [3.0, 1e-2], [0.1, 1.0]]),
        "db": np.where(np.arange(6)[:, None] + np.arange(4) == 0, 0.0, rng.normal(size=(6, 4))),
        "rate": rng.uniform(0.05, 0.1),
    },
    drive=torch_optimizers.adamax,
    answer=lambda **inputs: torch_optimizers.adamax(_made(), **inputs),
    steps=("change of the weights", "change of the bias (a group with its own rate)"),
    off_limits=("torch.optim.Adamax", "torch.optim.adamax", "dlcourse.numpy.optim", "dlcourse.torch.optim"),
)
adamax.hint("Two loops: over self.param_groups, and over group['params']. The rate and the betas are the group's.")
adamax.hint("self.state[p] is a dict for each tensor, empty before the first step: put t, m and u there.")
adamax.hint("torch.maximum(a, b) compares entry by entry. `p -= …` changes the tensor; `p = p - …` makes another one.")


@adamax.wrong("the bars of |g| are missing", ask="After negative gradients only: what is u?", as_student=True)
def no_bars(*arguments: Any, **options: Any) -> Any:
    import torch

    def size(s: Any, g: Any, beta2: float, eps: float) -> None:
        s["u"] = torch.maximum(beta2 * s["u"], g + eps)

    return _adamax_class(size=size)(*arguments, **options)


@adamax.wrong("u is put under a root", ask="Which unit has u already?", as_student=True)
def root_of_u(*arguments: Any, **options: Any) -> Any:
    def quotient(s: Any, beta1: float, beta2: float, eps: float) -> Any:  # noqa: ARG001
        return s["m"] / (1 - beta1 ** s["t"]) / s["u"].sqrt()

    return _adamax_class(quotient=quotient)(*arguments, **options)


@adamax.wrong("u is corrected, too", ask="Is a maximum too small in the first step?", as_student=True)
def corrected_u(*arguments: Any, **options: Any) -> Any:
    def quotient(s: Any, beta1: float, beta2: float, eps: float) -> Any:  # noqa: ARG001
        return s["m"] / (1 - beta1 ** s["t"]) / (s["u"] / (1 - beta2 ** s["t"]))

    return _adamax_class(quotient=quotient)(*arguments, **options)


@adamax.wrong(
    "m is not corrected for its start at 0", ask="How long is the first step, compared with lr?", as_student=True
)
def bare_m(*arguments: Any, **options: Any) -> Any:
    def quotient(s: Any, beta1: float, beta2: float, eps: float) -> Any:  # noqa: ARG001
        return s["m"] / s["u"]

    return _adamax_class(quotient=quotient)(*arguments, **options)


@adamax.wrong("u is the mean of |g|, not the largest", ask="Which of beta2 u and |g| survives?", as_student=True)
def mean_size(*arguments: Any, **options: Any) -> Any:
    def size(s: Any, g: Any, beta2: float, eps: float) -> None:
        s["u"] = beta2 * s["u"] + (1 - beta2) * (g.abs() + eps)

    return _adamax_class(size=size)(*arguments, **options)


@adamax.wrong("one maximum for the whole tensor", ask="Does each weight have a size of its own?", as_student=True)
def one_maximum(*arguments: Any, **options: Any) -> Any:
    import torch

    def size(s: Any, g: Any, beta2: float, eps: float) -> None:
        s["u"] = torch.maximum(beta2 * s["u"], g.abs().max() + eps)

    return _adamax_class(size=size)(*arguments, **options)


@adamax.wrong(
    "the rate is read where the optimizer was made, so that groups and schedules have no effect",
    ask="Where does a schedule write the new rate?",
    as_student=True,
)
def deaf_rate(*arguments: Any, **options: Any) -> Any:
    return _adamax_class(rate=lambda optimizer, group: optimizer.defaults["lr"])(*arguments, **options)  # noqa: ARG005


@adamax.wrong("only the first group is updated", ask="Over what does your outer loop run?", as_student=True)
def first_group(*arguments: Any, **options: Any) -> Any:
    return _adamax_class(groups=1)(*arguments, **options)


@adamax.wrong("m, u and t begin anew in each step", ask="When is self.state[p] empty?", as_student=True)
def forgetful(*arguments: Any, **options: Any) -> Any:
    return _adamax_class(forgets=True)(*arguments, **options)


@adamax.wrong(
    "the tensors do not move: the new values go into another tensor",
    ask="`p = p - a` and `p -= a`: which of the two changes the model?",
)
def another_tensor(dW: Any, db: Any) -> Arrays:
    return {
        "change of the weights": np.zeros_like(dW),
        "change of the bias (a group with its own rate)": np.zeros_like(db),
    }


@adamax.wrong("the gradients are changed", ask="Who else reads .grad after your step?")
def spoils_gradients() -> Arrays:
    return {"the gradients are left as they were": np.array(False)}


@adamax.convention(
    "eps is added where u divides, not inside the maximum as in PyTorch",
    ask="What is u for a weight whose gradient was always 0?",
    as_student=True,
    full=True,
)
def eps_in_the_quotient(*arguments: Any, **options: Any) -> Any:
    import torch

    def size(s: Any, g: Any, beta2: float, eps: float) -> None:  # noqa: ARG001
        s["u"] = torch.maximum(beta2 * s["u"], g.abs())

    def quotient(s: Any, beta1: float, beta2: float, eps: float) -> Any:  # noqa: ARG001
        return s["m"] / (1 - beta1 ** s["t"]) / (s["u"] + eps)

    return _adamax_class(size=size, quotient=quotient)(*arguments, **options)


QUESTIONS = (adamax,)
