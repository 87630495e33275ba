"""A model on the bench: whatever the checks do to it, afterwards it is as it was."""

from __future__ import annotations

from typing import Any

from dlcourse.diagnostics.flow import Loss
from dlcourse.models.trace import require_model
from dlcourse.training.backend import Array, backend_of

__all__ = ["Laboratory"]


class Laboratory:
    """The model with its backend and loss; afterwards everything is put back."""

    def __init__(self, model: Any, loss: Loss | None) -> None:
        require_model(model, "sanity_report")
        self.model, self.backend = model, backend_of(model)
        self.own_loss = loss is not None
        self.loss: Loss = loss or self.backend.twin.functional.cross_entropy

    def __enter__(self) -> Laboratory:
        self.state, self.random = self.backend.copy_state(), self.backend.rng_state()
        self.modes = [(module, module.training) for module in self.model.modules()]
        return self

    def __exit__(self, *_: object) -> None:
        self.reset()
        self.backend.set_rng_state(self.random)
        for module, training in self.modes:
            module.training = training

    def reset(self) -> None:
        """The first weights again, and no gradients."""
        self.backend.load_state(self.state)
        self.model.zero_grad()

    def cost(self, X: Array, y: Array) -> Any:
        """The loss of a batch as a tensor."""
        return self.loss(self.model(self.backend.tensor(X)), self.backend.tensor(y))

    def without_dropout(self) -> None:
        """Training mode for all layers but dropout: regularisation off."""
        self.model.train()
        for module in self.model.modules():
            if type(module).__name__.startswith("Drop"):
                module.eval()
