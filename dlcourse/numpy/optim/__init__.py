"""Optimizers in torch's names, argument order and defaults: a file for each method, the machinery in `base`."""

from dlcourse.numpy.optim.adadelta import Adadelta
from dlcourse.numpy.optim.adagrad import Adagrad
from dlcourse.numpy.optim.adam import Adam, AdamW
from dlcourse.numpy.optim.adamax import Adamax
from dlcourse.numpy.optim.base import Optimizer
from dlcourse.numpy.optim.clip import clip_grad_norm_, clip_grad_value_, max_norm_
from dlcourse.numpy.optim.lookahead import Lookahead, Ranger
from dlcourse.numpy.optim.nadam import NAdam
from dlcourse.numpy.optim.radam import RAdam
from dlcourse.numpy.optim.rmsprop import RMSprop
from dlcourse.numpy.optim.sgd import SGD
from dlcourse.numpy.optim.swats import SWATS

__all__ = [
    "Optimizer",
    "SGD",
    "Adagrad",
    "Adadelta",
    "RMSprop",
    "Adam",
    "AdamW",
    "NAdam",
    "Adamax",
    "RAdam",
    "Lookahead",
    "Ranger",
    "SWATS",
    "clip_grad_norm_",
    "clip_grad_value_",
    "max_norm_",
]
