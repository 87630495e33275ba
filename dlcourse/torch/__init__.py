"""The names of ``dlcourse.numpy`` on PyTorch.

Where torch has the thing, this is torch's own; the rest is written in torch operations, so it runs
on any device. Changing ``import dlcourse.numpy as dl`` to ``import dlcourse.torch as dl`` changes
the backend of a program that uses these names only.
"""

if __name__ == "torch":  # Python was started inside the package's folder, where this file hides the real PyTorch
    raise ImportError("this folder hides PyTorch: start Python in the folder above dlcourse/")


from torch import (
    Tensor,
    cat,
    float32,
    float64,
    get_default_dtype,
    get_rng_state,
    int64,
    is_grad_enabled,
    manual_seed,
    maximum,
    minimum,
    no_grad,
    ones,
    set_default_dtype,
    set_rng_state,
    stack,
    tensor,
    where,
    zeros,
)

from dlcourse.torch import functional, gradcheck, init, nn, optim, schedule
from dlcourse.torch.checkpointing import checkpoint
from dlcourse.torch.creation import from_numpy, to_numpy
from dlcourse.torch.drawing import graph_nodes
from dlcourse.torch.nn import Parameter

__all__ = [
    "Parameter",
    "Tensor",
    "cat",
    "checkpoint",
    "float32",
    "float64",
    "from_numpy",
    "functional",
    "get_default_dtype",
    "get_rng_state",
    "gradcheck",
    "graph_nodes",
    "init",
    "int64",
    "is_grad_enabled",
    "manual_seed",
    "maximum",
    "minimum",
    "nn",
    "no_grad",
    "ones",
    "optim",
    "schedule",
    "set_default_dtype",
    "set_rng_state",
    "stack",
    "tensor",
    "to_numpy",
    "where",
    "zeros",
]
