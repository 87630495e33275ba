"""The reference: deep learning in NumPy, written to be read.

Start with ``graph.py``, then ``arithmetic.py``, ``functional/`` and ``nn/``. The names, argument
orders, defaults and shapes are those of torch; ``dlcourse.torch`` has the same names on PyTorch, so
changing one import changes the backend.
"""

if __name__ == "numpy":  # Python was started inside the package's folder, where this file hides the real NumPy
    raise ImportError("this folder hides NumPy: start Python in the folder above dlcourse/")


from numpy import float32, float64, int64

from dlcourse.numpy.graph import Tensor  # isort: skip  # first: every other file builds on the graph
from dlcourse.numpy import functional, gradcheck, init, nn, optim, schedule
from dlcourse.numpy.checkpointing import checkpoint
from dlcourse.numpy.creation import cat, from_numpy, maximum, minimum, ones, stack, tensor, to_numpy, where, zeros
from dlcourse.numpy.drawing import graph_nodes
from dlcourse.numpy.nn import Parameter
from dlcourse.numpy.random import get_rng_state, manual_seed, set_rng_state
from dlcourse.numpy.settings import get_default_dtype, is_grad_enabled, no_grad, set_default_dtype

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
