"""Torch's own optimizers, and those that torch does not have, as proper ``torch.optim.Optimizer`` classes."""

from torch.optim import SGD, Optimizer

__all__ = ["SGD", "Optimizer"]
