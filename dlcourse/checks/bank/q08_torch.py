"""Exercise 08: batch norm as a PyTorch module.

The known mistakes are written as a student would write them and go through the drive.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import torch_norm
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 6

Arrays = dict[str, Any]


def _right_class() -> Any:
    """The right module. Its steps are methods, so that a mistake is a class with one of them changed."""
    import torch

    class BatchNorm(torch.nn.Module):
        weight: Any
        bias: Any
        running_mean: Any
        running_var: Any

        def __init__(self, features: int) -> None:
            super().__init__()
            self.learn(torch.ones(features), torch.zeros(features))
            self.register(torch.zeros(features), torch.ones(features))

        def learn(self, weight: Any, bias: Any) -> None:
            self.weight, self.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)

        def register(self, mean: Any, var: Any) -> None:
            self.register_buffer("running_mean", mean)
            self.register_buffer("running_var", var)

        def forward(self, x: Any) -> Any:
            if self.training:
                mean, var = self.statistics(x)
                self.remember(x)
            else:
                mean, var = self.running_mean, self.running_var
            return self.normalised(x, mean, var)

        def normalised(self, x: Any, mean: Any, var: Any) -> Any:
            return self.weight * (x - mean) / self.root(var) + self.bias

        def root(self, var: Any) -> Any:
            return torch.sqrt(var + 1e-5)

        def statistics(self, x: Any) -> tuple[Any, Any]:
            return x.mean(0), x.var(0, correction=0)

        def remember(self, x: Any) -> None:
            self.fade(x.detach().mean(0), x.detach().var(0, correction=1))

        def fade(self, mean: Any, var: Any, new: float = 0.1) -> None:
            self.running_mean = (1 - new) * self.running_mean + new * mean
            self.running_var = (1 - new) * self.running_var + new * var

    return BatchNorm


def _inputs(rng: np.random.Generator) -> Arrays:
    return {
        "batches": np.array([3.0, -2.0, 5.0]) + rng.normal(size=(3, 5, 3)) * np.array([2.0, 0.5, 1.5]),
        "new": np.array([3.0, -2.0, 5.0]) + rng.normal(size=(2, 3)),
        "weight": rng.choice([-1.0, 1.0], 3) * rng.uniform(0.5, 2.0, 3),
        "bias": rng.normal(size=3),
        "dy": rng.normal(size=(5, 3)),
    }


norm_module = Question(
    "08.norm_module",
    points=4,
    minutes=20,
    title="Batch norm as a PyTorch module",
    called_as="norm = BatchNorm1d(features); y = norm(x)",
    tested=(
        "what is registered, and where weight and bias start; three training batches with the gradients of the last; "
        "then eval() and two examples"
    ),
    inputs=_inputs,
    drive=torch_norm.norm_module,
    answer=lambda **inputs: torch_norm.norm_module(_right_class(), **inputs),
    steps=("y in training", "running_mean", "running_var"),
    rtol=1e-6,
    off_limits=(
        "torch.nn.BatchNorm1d",
        "torch.nn.LazyBatchNorm1d",
        "torch.nn.SyncBatchNorm",
        "torch.nn.functional.batch_norm",
        "torch.batch_norm",
        "torch.native_batch_norm",
        "dlcourse.torch",
    ),
)
norm_module.hint("What is learned is an nn.Parameter; what is only remembered is registered with self.register_buffer.")
norm_module.hint("self.training says in which mode the module is; train() and eval() set it.")
norm_module.hint("x.var(0, correction=0) divides by N, x.var(0) by N - 1. Which one goes where?")
norm_module.hint("Wrap the update of the running statistics in torch.no_grad(), or detach what goes in.")


@norm_module.wrong(
    "the running statistics are plain attributes: state_dict does not have them",
    ask="You save the trained model and load it elsewhere. Where do its running statistics come from?",
    as_student=True,
)
def plain_statistics(features: int) -> Any:
    class Plain(_right_class()):  # type: ignore[misc]
        def register(self, mean: Any, var: Any) -> None:
            self.running_mean, self.running_var = mean, var

    return Plain(features)


@norm_module.wrong(
    "the running statistics are parameters: an optimizer would train them",
    ask="Does the cost of a training batch depend on the running mean?",
    as_student=True,
)
def trained_statistics(features: int) -> Any:
    import torch

    class Trained(_right_class()):  # type: ignore[misc]
        def register(self, mean: Any, var: Any) -> None:
            self.running_mean, self.running_var = torch.nn.Parameter(mean), torch.nn.Parameter(var)

        def fade(self, mean: Any, var: Any, new: float = 0.1) -> None:
            self.running_mean.data = (1 - new) * self.running_mean.data + new * mean
            self.running_var.data = (1 - new) * self.running_var.data + new * var

    return Trained(features)


@norm_module.wrong(
    "the running statistics are parameters, although without a gradient",
    ask="Which list do optimizers and those who count weights go through? What does register_buffer do instead?",
    as_student=True,
)
def frozen_statistics(features: int) -> Any:
    import torch

    class Frozen(_right_class()):  # type: ignore[misc]
        def register(self, mean: Any, var: Any) -> None:
            self.running_mean = torch.nn.Parameter(mean, requires_grad=False)
            self.running_var = torch.nn.Parameter(var, requires_grad=False)

        def fade(self, mean: Any, var: Any, new: float = 0.1) -> None:
            self.running_mean.data = (1 - new) * self.running_mean.data + new * mean
            self.running_var.data = (1 - new) * self.running_var.data + new * var

    return Frozen(features)


@norm_module.wrong(
    "weight or bias starts elsewhere: weight should be all ones and bias all zeros",
    ask="What should an untrained batch norm do to x̂?",
    as_student=True,
)
def other_start(features: int) -> Any:
    import torch

    class Random(_right_class()):  # type: ignore[misc]
        def learn(self, weight: Any, bias: Any) -> None:
            super().learn(torch.rand(len(weight)), bias)

    return Random(features)


@norm_module.wrong(
    "weight and bias are plain tensors: the optimizer never sees them",
    ask="Print list(norm.parameters()). What is in it?",
    as_student=True,
)
def plain_weights(features: int) -> Any:
    class Plain(_right_class()):  # type: ignore[misc]
        def learn(self, weight: Any, bias: Any) -> None:
            self.weight, self.bias = weight.requires_grad_(), bias.requires_grad_()

    return Plain(features)


@norm_module.wrong(
    "the running statistics are updated inside the graph, which then grows with every step",
    ask="Each step adds to the graph of the last. Which line needs torch.no_grad() or detach()?",
    as_student=True,
)
def graph_kept(features: int) -> Any:
    class Attached(_right_class()):  # type: ignore[misc]
        def remember(self, x: Any) -> None:
            self.fade(x.mean(0), x.var(0, correction=1))

    return Attached(features)


@norm_module.wrong(
    "mean and variance are cut out of the graph, so dL/dx has the direct path only",
    ask="Do the outputs of a batch depend on an example through its mean?",
    as_student=True,
)
def statistics_detached(features: int) -> Any:
    class Detached(_right_class()):  # type: ignore[misc]
        def statistics(self, x: Any) -> tuple[Any, Any]:
            mean, var = super().statistics(x)
            return mean.detach(), var.detach()

    return Detached(features)


@norm_module.wrong(
    "the batch is normalised with torch's default variance, which divides by N - 1",
    ask="What does `correction` do in x.var(0, correction=0)?",
    as_student=True,
)
def default_variance(features: int) -> Any:
    class Unbiased(_right_class()):  # type: ignore[misc]
        def statistics(self, x: Any) -> tuple[Any, Any]:
            return x.mean(0), x.var(0)

    return Unbiased(features)


@norm_module.wrong(
    "self.training is not asked: eval() changes nothing",
    ask="Where does your forward look at the mode?",
    as_student=True,
)
def mode_ignored(features: int) -> Any:
    class Ignoring(_right_class()):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            self.remember(x)
            return self.normalised(x, *self.statistics(x))

    return Ignoring(features)


@norm_module.wrong(
    "eval() moves the running statistics, too",
    ask="May the answer for an image depend on those that were read before?",
    as_student=True,
)
def moved_in_evaluation(features: int) -> Any:
    class Moving(_right_class()):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            self.remember(x)
            mean, var = self.statistics(x) if self.training else (self.running_mean, self.running_var)
            return self.normalised(x, mean, var)

    return Moving(features)


@norm_module.wrong("eps is left out", ask="What does a feature do whose values are all equal?", as_student=True)
def no_eps(features: int) -> Any:
    class Bare(_right_class()):  # type: ignore[misc]
        def root(self, var: Any) -> Any:
            return var.sqrt()

    return Bare(features)


@norm_module.convention(
    "eps is added to the deviation, outside the root; here it belongs under it",
    ask="For a variance of 1e-5: what is √(var + eps), and what is √var + eps?",
    as_student=True,
)
def eps_outside(features: int) -> Any:
    class Outside(_right_class()):  # type: ignore[misc]
        def root(self, var: Any) -> Any:
            return var.sqrt() + 1e-5

    return Outside(features)


@norm_module.wrong(
    "the running statistics are never updated",
    ask="What are running_mean and running_var after training?",
    as_student=True,
)
def never_updated(features: int) -> Any:
    class Frozen(_right_class()):  # type: ignore[misc]
        def remember(self, x: Any) -> None:
            pass

    return Frozen(features)


@norm_module.wrong(
    "training normalises with the running statistics too",
    ask="Is the mean of a training batch's output the bias?",
    as_student=True,
)
def running_in_training(features: int) -> Any:
    class Running(_right_class()):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            if self.training:
                self.remember(x)
            return self.normalised(x, self.running_mean, self.running_var)

    return Running(features)


@norm_module.convention(
    "momentum weighs the old value, as in some libraries; in PyTorch 0.1 is the weight of the new batch",
    ask="After one batch, is running_mean near the batch's mean or near 0?",
    as_student=True,
)
def momentum_of_the_old(features: int) -> Any:
    class Old(_right_class()):  # type: ignore[misc]
        def remember(self, x: Any) -> None:
            self.fade(x.detach().mean(0), x.detach().var(0, correction=1), new=0.9)

    return Old(features)


@norm_module.convention(
    "the running variance collects the biased variance; PyTorch remembers the unbiased one",
    ask="Five examples: how far is the average of their biased variances from the true variance?",
    as_student=True,
)
def biased_running_variance(features: int) -> Any:
    class Biased(_right_class()):  # type: ignore[misc]
        def remember(self, x: Any) -> None:
            self.fade(x.detach().mean(0), x.detach().var(0, correction=0))

    return Biased(features)


QUESTIONS = (norm_module,)
