"""Torch's own optimizers, and those that torch does not have, as proper ``torch.optim.Optimizer`` classes."""

from torch.optim import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, Optimizer, RAdam, RMSprop

from dlcourse.torch.optim.clip import clip_grad_norm_, clip_grad_value_, max_norm_
from dlcourse.torch.optim.lookahead import Lookahead, Ranger
from dlcourse.torch.optim.swats import SWATS

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
