"""Exercise 04: clipping by value and by norm, and a clipped training step in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import deep
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 4

Arrays = dict[str, Any]
_LIBRARY = ("torch.nn.utils", "dlcourse.numpy.optim", "dlcourse.torch.optim")
_ORDER = "Which gradient does step() read: the one before or the one after clipping?"


def _inputs(rng: np.random.Generator) -> Arrays:
    return {
        "dW": 3 * rng.normal(size=(4, 3)),
        "db": rng.choice([-1.0, 1.0], 4) * np.array([0.4, 1.7, 2.2, 0.8]) * rng.uniform(0.8, 1.2, 4),
        "short_dW": 0.02 * rng.normal(size=(4, 3)),
        "short_db": 0.02 * rng.normal(size=4),
    }


def _norm(*grads: Any) -> Any:
    return np.sqrt(sum((g**2).sum() for g in grads))


def _unchanged(short_dW: Any, short_db: Any) -> Arrays:
    return {
        "short dW": short_dW,
        "short db": short_db,
        "the gradient you were given was changed": np.array(False),
    }


clip_by_value = Question(
    "04.clip_by_value",
    points=2,
    minutes=5,
    title="Clip by value",
    called_as="[dW, db] = clip_by_value([dW, db], 1.0)",
    tested="a gradient with entries beyond ±1 and one with all entries inside; the arrays given must stay as they are",
    inputs=_inputs,
    drive=deep.clip_gradients,
    answer=lambda dW, db, short_dW, short_db: {
        "dW": dW.clip(-1, 1),
        "db": db.clip(-1, 1),
        **_unchanged(short_dW, short_db),
    },
    off_limits=_LIBRARY,
)
clip_by_value.hint("Every entry by itself: what is above the limit becomes the limit, and likewise below.")


@clip_by_value.wrong("only large positive entries are cut", ask="What should become of −5?")
def upper_only(dW: Any, db: Any) -> Arrays:
    return {"dW": np.minimum(dW, 1), "db": np.minimum(db, 1)}


@clip_by_value.wrong("entries beyond the limit become 0", ask="Is a long gradient worth nothing, or is it too long?")
def zeroed(dW: Any, db: Any) -> Arrays:
    return {"dW": np.where(np.abs(dW) > 1, 0, dW), "db": np.where(np.abs(db) > 1, 0, db)}


@clip_by_value.wrong("everything is scaled by the largest entry", ask="May an entry inside the limit change?")
def scaled_by_largest(dW: Any, db: Any) -> Arrays:
    most = max(np.abs(dW).max(), np.abs(db).max())
    return {"dW": dW / most, "db": db / most}


@clip_by_value.wrong("the bias gradient is left out", ask="How many arrays are in the list?")
def bias_forgotten(db: Any) -> Arrays:
    return {"db": db}


@clip_by_value.wrong("the gradient is clipped by its norm", ask="Does each entry stay by itself?")
def by_norm(dW: Any, db: Any) -> Arrays:
    return {"dW": dW / _norm(dW, db), "db": db / _norm(dW, db)}


clip_by_norm = Question(
    "04.clip_by_norm",
    points=3,
    minutes=8,
    title="Clip by norm",
    called_as="[dW, db] = clip_by_norm([dW, db], 1.0)",
    tested="a gradient whose norm, over both arrays, is above 1 and one whose norm is below; the arrays given must "
    "stay as they are",
    inputs=_inputs,
    drive=deep.clip_gradients,
    answer=lambda dW, db, short_dW, short_db: {
        "dW": dW / _norm(dW, db),
        "db": db / _norm(dW, db),
        **_unchanged(short_dW, short_db),
    },
    off_limits=_LIBRARY,
)
clip_by_norm.hint("One norm for all arrays together: the root of the sum of all squares.")
clip_by_norm.hint("Scale only when the norm is above the limit, and all arrays by the same number.")


@clip_by_norm.wrong("each array is clipped by its own norm", ask="Which number keeps the direction of the whole step?")
def separate_norms(dW: Any, db: Any) -> Arrays:
    return {"dW": dW / max(_norm(dW), 1), "db": db / max(_norm(db), 1)}


@clip_by_norm.wrong(
    "short gradients are stretched to the limit too", ask="What should clipping do to a short gradient?"
)
def always_scaled(dW: Any, db: Any, short_dW: Any, short_db: Any) -> Arrays:
    norm, short = _norm(dW, db), _norm(short_dW, short_db)
    return {"dW": dW / norm, "db": db / norm, "short dW": short_dW / short, "short db": short_db / short}


@clip_by_norm.wrong("the gradient is divided by the squared norm", ask="How long is g / ‖g‖²?")
def squared_norm(dW: Any, db: Any) -> Arrays:
    norm = _norm(dW, db) ** 2
    return {"dW": dW / norm, "db": db / norm}


@clip_by_norm.wrong("the gradient is clipped by value", ask="Is the direction of the step still the same?")
def by_value(dW: Any, db: Any) -> Arrays:
    return {"dW": dW.clip(-1, 1), "db": db.clip(-1, 1)}


for _clipping in (clip_by_value, clip_by_norm):

    @_clipping.wrong(
        "the arrays that were given are changed",
        ask="Who else holds them? `g *= c` changes them for all; what does `g * c` do?",
    )
    def inputs_changed() -> Arrays:
        return {"the gradient you were given was changed": np.array(True)}


@clip_by_norm.accepts("1e-6 is added to the norm, as PyTorch does")
def as_in_torch(dW: Any, db: Any) -> Arrays:
    norm = _norm(dW, db) + 1e-6
    return {"dW": dW / norm, "db": db / norm}


# ---- in PyTorch


def _step(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any, max_norm: float) -> Any:
    import torch

    optimizer.zero_grad()
    loss_function(model(X), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return norm


def _batches(rng: np.random.Generator) -> Arrays:
    X, W = rng.normal(size=(4, 6, 3)), rng.normal(size=(2, 3))
    y = X @ W.T + np.array([4.0, 0.05, 5.0, 0.05])[:, None, None] * rng.normal(size=(4, 6, 2))
    return {"W": W, "X": X, "y": y}


clipped_step = Question(
    "04.clipped_step",
    points=3,
    minutes=10,
    title="A clipped training step in PyTorch",
    called_as="norm = clipped_step(model, optimizer, loss_function, X, y, max_norm)",
    tested="four steps with max_norm 0.5 and gradients of different length; the norm before clipping is returned",
    inputs=_batches,
    drive=deep.clipped_step,
    answer=lambda **inputs: deep.clipped_step(_step, **inputs),
    steps=("weights", "norm before clipping"),
    rtol=1e-6,
)
clipped_step.hint("Clipping changes .grad in place. Between which two lines of the loop does it belong?")
clipped_step.hint("torch.nn.utils.clip_grad_norm_ returns the norm that it found.")


@clipped_step.wrong("the gradient is clipped after the step", ask=_ORDER, as_student=True)
def after_step(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any, max_norm: float) -> Any:
    import torch

    optimizer.zero_grad()
    loss_function(model(X), y).backward()
    optimizer.step()
    return torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)


@clipped_step.wrong(
    "the gradients are not cleared", ask="backward() adds to what is in .grad. What is in there?", as_student=True
)
def not_cleared(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any, max_norm: float) -> Any:
    import torch

    loss_function(model(X), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return norm


@clipped_step.wrong("the gradient is clipped by value", ask="Does its direction stay the same?", as_student=True)
def value_instead(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any, max_norm: float) -> Any:
    import torch

    optimizer.zero_grad()
    loss_function(model(X), y).backward()
    norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters()])
    torch.nn.utils.clip_grad_value_(model.parameters(), max_norm)
    optimizer.step()
    return norm


@clipped_step.wrong("the loss is returned", ask="What does clip_grad_norm_ give back?", as_student=True)
def loss_returned(model: Any, optimizer: Any, loss_function: Any, X: Any, y: Any, max_norm: float) -> Any:
    import torch

    optimizer.zero_grad()
    loss = loss_function(model(X), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss


QUESTIONS = (clip_by_value, clip_by_norm, clipped_step)
