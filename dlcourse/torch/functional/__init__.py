"""Operations as functions: torch's own where torch has them."""

from torch import sigmoid, tanh
from torch.nn.functional import (
    adaptive_avg_pool2d,
    avg_pool2d,
    batch_norm,
    binary_cross_entropy_with_logits,
    conv2d,
    cross_entropy,
    dropout,
    dropout2d,
    elu,
    gelu,
    group_norm,
    instance_norm,
    layer_norm,
    leaky_relu,
    linear,
    log_softmax,
    max_pool2d,
    mse_loss,
    relu,
    selu,
    softmax,
)

from dlcourse.torch.functional.activation import maxout, step
from dlcourse.torch.functional.batch_renorm import batch_renorm
from dlcourse.torch.functional.drop_block import drop_block2d
from dlcourse.torch.functional.objectives import (
    balancing_weights,
    distillation_loss,
    elastic_net_penalty,
    l1_penalty,
    l2_penalty,
    multi_task_loss,
)

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "balancing_weights",
    "batch_norm",
    "batch_renorm",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "distillation_loss",
    "drop_block2d",
    "dropout",
    "dropout2d",
    "elastic_net_penalty",
    "elu",
    "gelu",
    "group_norm",
    "instance_norm",
    "l1_penalty",
    "l2_penalty",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool2d",
    "maxout",
    "mse_loss",
    "multi_task_loss",
    "relu",
    "selu",
    "sigmoid",
    "softmax",
    "step",
    "tanh",
]
