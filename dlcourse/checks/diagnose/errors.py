"""Say in plain words what an exception of the student's code most likely means."""

from __future__ import annotations

import re

__all__ = ["explain_error"]

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        "TypeError",
        r"\w\.\w+\(\) takes \d+ positional arguments? but \d+ (was|were) given",
        "The check calls it as {called_as}. Is `self` the first argument of each method?",
    ),
    ("TypeError", r"missing \d+ required|takes .* positional|unexpected keyword", "The check calls it as {called_as}."),
    ("TypeError", r"can't multiply sequence", "A list does not multiply entry by entry; np.array(...) of it does."),
    ("TypeError", r"not subscriptable|not iterable|cannot unpack", "One value is not the sequence you treat it as."),
    (
        "TypeError",
        r"must be Tensor, not numpy",
        "PyTorch got a NumPy array there. torch.tensor(array, dtype=torch.float32) makes a tensor of it.",
    ),
    ("TypeError", r"NoneType", "Something is None there. Does a function that should return a value return one?"),
    (
        "AttributeError",
        r"has no attribute",
        "The name after the dot was never set on this object. Does an earlier "
        "method keep it on self? The check uses {called_as}.",
    ),
    ("NameError", r"is not defined", "This name is unknown there. Is it spelled as above, and was its cell run?"),
    ("UnboundLocalError", r"", "The name gets its value only later in the function, or only in one branch."),
    (
        "ValueError",
        r"matmul|core dimension|shapes .* not aligned",
        "The inner sizes of this matrix product do not fit. Write the two shapes down: (a, b) @ (b, c).",
    ),
    (
        "ValueError",
        r"could not be broadcast|not broadcastable",
        "These two shapes do not fit together. Write both down, from the right.",
    ),
    (
        "ValueError",
        r"too many values to unpack|not enough values",
        "The number of names on the left is not the number of values on the right.",
    ),
    (
        "ValueError",
        r"more than 1 value per channel",
        "Batch norm in training mode needs several examples. Was model.eval() called before the network was asked?",
    ),
    (
        "ValueError",
        r"truth value of an array",
        "`if` needs one yes or no, and an array has many. np.where or a mask works entry by entry.",
    ),
    ("RecursionError", r"", "The function calls itself too deeply. Where does it stop?"),
    ("IndexError", r"", "An index lies outside its array. Which shape does the array have there?"),
    ("ZeroDivisionError", r"", "A denominator is 0 there."),
    (
        "RuntimeError",
        r"backward through the graph a second time",
        "This graph was used before. Every step needs its own forward pass.",
    ),
    ("RuntimeError", r"does not require grad", "No part of this loss depends on a tensor that requires a gradient."),
    ("RuntimeError", r"mat1 and mat2 shapes", "The inner sizes of this matrix product do not fit."),
    ("SystemExit", r"", "The answer must not stop Python."),
)


def explain_error(name: str, message: str, called_as: str) -> str:
    """A sentence for an error by its type name and message, or nothing when none is known."""
    for kind, pattern, meaning in _MEANINGS:
        if kind == name and re.search(pattern, message):
            return meaning.format(called_as=called_as)
    return ""
