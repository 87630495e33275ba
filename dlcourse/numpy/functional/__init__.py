"""Operations as functions, under the names and signatures of ``torch.nn.functional``."""

from dlcourse.numpy.functional.activation import elu, gelu, leaky_relu, relu, selu, sigmoid, step, tanh
from dlcourse.numpy.functional.batch_renorm import batch_renorm
from dlcourse.numpy.functional.conv import conv2d
from dlcourse.numpy.functional.cross_entropy import cross_entropy
from dlcourse.numpy.functional.dropout import drop_block2d, dropout, dropout2d
from dlcourse.numpy.functional.linear import linear
from dlcourse.numpy.functional.loss import binary_cross_entropy_with_logits, mse_loss
from dlcourse.numpy.functional.normalization import batch_norm, group_norm, instance_norm, layer_norm
from dlcourse.numpy.functional.objectives import (
    balancing_weights,
    distillation_loss,
    elastic_net_penalty,
    l1_penalty,
    l2_penalty,
    multi_task_loss,
)
from dlcourse.numpy.functional.pooling import adaptive_avg_pool2d, avg_pool2d, max_pool2d
from dlcourse.numpy.functional.softmax import log_softmax, maxout, softmax

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
