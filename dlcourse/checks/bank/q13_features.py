"""Exercise 13: what the head sees, and a head of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import transfer
from dlcourse.checks.question import Question

__all__ = ["QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]


# ---- features


def _head_inputs(model: Any, X: Any) -> Any:
    import torch

    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = model[:-1](X)
    model.train(was_training)
    return found


def _model(rng: np.random.Generator) -> Arrays:
    D, H, K, C = 3, 5, 4, 2
    W2 = rng.normal(size=(K, H))
    W2[1] = -rng.uniform(0.5, 2.0) * W2[0]  # so that the last ReLU cuts something off, whatever comes in
    return {
        "W1": rng.normal(size=(H, D)),
        "W2": W2,
        "W3": rng.normal(size=(C, K)),
        "mean": rng.normal(size=H),
        "var": rng.uniform(0.5, 2.0, size=H),
        "X": rng.normal(1.0, 2.0, size=(6, D)),
    }


head_inputs = Question(
    "13.head_inputs",
    points=3,
    minutes=8,
    title="What the head sees",
    called_as="H = head_inputs(model, X)",
    tested="a network with batch normalisation, once found in train mode and once in eval mode",
    inputs=_model,
    drive=transfer.head_inputs,
    answer=lambda **inputs: transfer.head_inputs(_head_inputs, **inputs),
    off_limits=("dlcourse.transfer",),
)
head_inputs.hint("model[:-1] is a Sequential of all parts but the last, and shares its weights with the model.")
head_inputs.hint("As in 01.evaluate: eval mode for the layers, no_grad for the bookkeeping, then the mode you found.")


@head_inputs.wrong(
    "the body runs in train mode: it uses the batch's statistics and moves the running ones",
    ask="Would the features of one image be the same in another batch?",
    as_student=True,
)
def in_train_mode(model: Any, X: Any) -> Any:
    import torch

    with torch.no_grad():
        return model[:-1](X)


@head_inputs.wrong("a graph is recorded", ask="Will you ever go backward through the body?", as_student=True)
def graph_kept(model: Any, X: Any) -> Any:
    was_training = model.training
    model.eval()
    found = model[:-1](X)
    model.train(was_training)
    return found


@head_inputs.wrong("the model is left in eval mode", ask="In which mode did you find it?", as_student=True)
def left_in_eval(model: Any, X: Any) -> Any:
    import torch

    model.eval()
    with torch.no_grad():
        return model[:-1](X)


@head_inputs.wrong(
    "these are the logits, behind the head",
    ask="Which part do you want to replace, and what goes into it?",
    as_student=True,
)
def logits(model: Any, X: Any) -> Any:
    import torch

    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = model(X)
    model.train(was_training)
    return found


@head_inputs.wrong(
    "the last part of the body is missing, too",
    ask="What stands between the last linear layer and the head?",
    as_student=True,
)
def one_part_short(model: Any, X: Any) -> Any:
    import torch

    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = model[:-2](X)
    model.train(was_training)
    return found


@head_inputs.wrong(
    "the head is cut off the model itself",
    ask="The caller still needs the whole model. What is left of it?",
    as_student=True,
)
def beheaded(model: Any, X: Any) -> Any:
    del model[-1]
    import torch

    was_training = model.training
    model.eval()
    with torch.no_grad():
        found = model(X)
    model.train(was_training)
    return found


# ---- a linear probe


def _fit(A: Any, y: Any, lr: float, steps: int) -> tuple[Any, Any]:
    """Softmax regression by full batches, from zero."""
    W, b = np.zeros((3, A.shape[1])), np.zeros(3)
    for _ in range(steps):
        dz = (_softmax(A @ W.T + b) - np.eye(3)[y]) / len(y)
        W, b = W - lr * dz.T @ A, b - lr * dz.sum(axis=0)
    return W, b


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _logits(A: Any, y: Any, A_new: Any, lr: float, steps: int) -> Arrays:
    W, b = _fit(A, y, lr, steps)
    return {"logits": A_new @ W.T + b}


def _probe(H: Any, y: Any, H_new: Any, lr: float, steps: int) -> Arrays:
    mean, deviation = H.mean(axis=0), H.std(axis=0)
    return _logits((H - mean) / deviation, y, (H_new - mean) / deviation, lr, steps)


linear_probe = Question(
    "13.linear_probe",
    points=4,
    minutes=15,
    title="A linear probe",
    called_as="logits = linear_probe(H, y, H_new, classes, lr, steps)",
    tested="features of 11 images in three classes, on four very different scales; the logits of 5 new images",
    inputs=lambda rng: {
        "H": rng.normal(size=(11, 4)) * [0.1, 1.0, 5.0, 30.0] + [0.0, 2.0, -3.0, 10.0],
        "y": np.concatenate([rng.permutation(3), rng.integers(0, 3, size=8)]),
        "H_new": rng.normal(0.5, 1.0, size=(5, 4)) * [0.1, 1.0, 5.0, 30.0] + [0.0, 2.0, -3.0, 10.0],
        "lr": rng.uniform(0.3, 0.6),
        "steps": rng.integers(6, 10),
    },
    drive=transfer.linear_probe,
    answer=lambda H, y, H_new, lr, steps: {
        **_probe(H, y, H_new, float(lr), int(steps)),
        "the features are unchanged": True,
    },
    scales=lambda H: {"N": float(len(H))},
    axes={"logits": ("image", "class")},
    rtol=1e-7,
    off_limits=("dlcourse.transfer", "sklearn", "torch.optim", "dlcourse.numpy.optim", "dlcourse.torch.optim"),
)
linear_probe.hint("mean and std of H along axis 0 serve for both: for H and for H_new.")
linear_probe.hint(
    "dz = (softmax(z) - one_hot) / N, dW = dz.T @ A, db = the sum of dz over the images. As in lecture 04."
)


@linear_probe.wrong(
    "the new features are standardised with their own statistics",
    ask="A single new image would have a deviation of 0. Whose statistics does the head know?",
)
def own_statistics(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    A, A_new = ((part - part.mean(axis=0)) / part.std(axis=0) for part in (H, H_new))
    return _logits(A, y, A_new, float(lr), int(steps))


@linear_probe.wrong(
    "the statistics are taken over training and new features together",
    ask="Had you seen the new images when you trained?",
)
def joint_statistics(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    both = np.concatenate([H, H_new])
    A, A_new = ((part - both.mean(axis=0)) / both.std(axis=0) for part in (H, H_new))
    return _logits(A, y, A_new, float(lr), int(steps))


@linear_probe.wrong("the features are not standardised", ask="One feature is 300 times as large as another. Who wins?")
def raw_features(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    return _logits(H, y, H_new, float(lr), int(steps))


@linear_probe.wrong(
    "one mean and one deviation stand for all features", ask="How many means does a table of four columns have?"
)
def one_scale(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    A, A_new = ((part - H.mean()) / H.std() for part in (H, H_new))
    return _logits(A, y, A_new, float(lr), int(steps))


@linear_probe.wrong("only the training features are standardised", ask="Which numbers was the head trained on?")
def new_left_raw(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    return _logits((H - H.mean(axis=0)) / H.std(axis=0), y, H_new, float(lr), int(steps))


@linear_probe.wrong("the gradient is a sum over the images, not the mean", ask="What does lr mean when N doubles?")
def summed(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    return _probe(H, y, H_new, float(lr) * len(y), int(steps))


@linear_probe.wrong("the steps go uphill", ask="Does the cost fall?")
def uphill(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    return _probe(H, y, H_new, -float(lr), int(steps))


@linear_probe.wrong("one step is missing", ask="How many numbers does range(1, steps) give?")
def one_step_short(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    return _probe(H, y, H_new, float(lr), int(steps) - 1)


@linear_probe.wrong("probabilities are returned, not logits", ask="Can a logit be negative? Can yours?")
def probabilities(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    return {"logits": _softmax(_probe(H, y, H_new, float(lr), int(steps))["logits"])}


@linear_probe.wrong("the bias does not learn", ask="The classes are not equally frequent. Which parameter says so?")
def no_bias(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    mean, deviation = H.mean(axis=0), H.std(axis=0)
    A, W = (H - mean) / deviation, np.zeros((3, H.shape[1]))
    for _ in range(int(steps)):
        W -= float(lr) * ((_softmax(A @ W.T) - np.eye(3)[y]) / len(y)).T @ A
    return {"logits": (H_new - mean) / deviation @ W.T}


@linear_probe.wrong("the features you were given are changed", ask="`H -= mean` works in place. Who else holds H?")
def in_place() -> Arrays:
    return {"the features are unchanged": False}


@linear_probe.convention(
    "the deviation divides by N - 1, as torch.std does unless told otherwise",
    ask="How much do the two differ for this many images?",
    full=True,
)
def sample_deviation(H: Any, y: Any, H_new: Any, lr: Any, steps: Any) -> Arrays:
    A, A_new = ((part - H.mean(axis=0)) / H.std(axis=0, ddof=1) for part in (H, H_new))
    return _logits(A, y, A_new, float(lr), int(steps))


QUESTIONS = (head_inputs, linear_probe)
