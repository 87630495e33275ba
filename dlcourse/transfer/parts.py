"""The parts of a pretrained network: its features, which parts learn, and how fast each of them does.

Everything here runs on both twins and expects a network whose last part is called ``head``, as those of
:mod:`dlcourse.models.zoo` are.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dlcourse.training import Callback
from dlcourse.training.backend import backend_of

__all__ = ["FrozenStatistics", "features", "freeze", "parameter_groups"]

Model = Any
_BATCH = 500


def features(model: Model, X: NDArray[Any], part: str = "") -> NDArray[np.float32]:
    """What the head sees of each image: (N, C, H, W) to (N, D), in evaluation mode and without gradients.

    With ``part``, such as "block1", the outputs of that part instead, averaged over the image's positions.
    The network comes back in the mode in which it was found.
    """
    backend, training = backend_of(model), model.training
    names = [name for name, _ in model.named_children()]
    if part and part not in names:
        raise ValueError(f"features: there is no part {part!r}, expected one of {', '.join(names)}")
    body = model[: names.index(part) + 1] if part else model[:-1]
    model.eval()
    with backend.twin.no_grad():
        outputs = [backend.array(body(backend.tensor(X[i : i + _BATCH]))) for i in range(0, len(X), _BATCH)]
    model.train(training)
    together: NDArray[np.float32] = np.concatenate(outputs)
    return together.mean(axis=(2, 3)) if together.ndim == 4 else together


def freeze(model: Model, *names: str) -> None:
    """Let the parts ``names`` keep their weights, and every other part learn: ``freeze(model, "stem", "block1")``.

    This is one of three switches. The running statistics of a frozen batch norm still move in training mode, see
    :class:`FrozenStatistics`, and gradients still flow through. Raises ``ValueError`` for a part that is not there.
    """
    parts = dict(model.named_children())
    unknown = [name for name in names if name not in parts]
    if unknown:
        raise ValueError(f"freeze: there is no part {unknown[0]!r}, expected some of {', '.join(parts)}")
    for name, part in parts.items():
        for parameter in part.parameters():
            parameter.requires_grad = name not in names


class FrozenStatistics(Callback):
    """Keep the batch norms of the parts ``names``, or all of them, in evaluation mode while the rest trains.

    They then use the running statistics of the pretraining, and these stay as they are.
    """

    order: ClassVar[int] = 10

    def __init__(self, *names: str) -> None:
        self.names = names

    def on_epoch_start(self, trainer: Any) -> None:
        """Undo what ``model.train()`` did to them."""
        for name, module in trainer.model.named_modules():
            chosen = not self.names or name.split(".")[0] in self.names
            if chosen and type(module).__name__.startswith("BatchNorm"):
                module.eval()


def parameter_groups(model: Model, lr: float, head_lr: float, factor: float = 1.0) -> list[dict[str, Any]]:
    """Groups for an optimizer: ``head_lr`` for the head, ``lr`` for the part below it, ``lr · factor`` for the next.

    With a ``factor`` below 1 the rates are discriminative (Howard & Ruder, 2018): the closer to the pixels, the more
    general the features and the smaller the rate. Frozen parameters are left out, and parts without any.
    """
    groups = []
    rate = lr
    for name, part in reversed(list(model.named_children())):
        parameters = [parameter for parameter in part.parameters() if parameter.requires_grad]
        own = head_lr if name == "head" else rate
        if parameters:
            groups.append({"params": parameters, "lr": own, "name": name})
        if name != "head" and list(part.parameters()):
            rate *= factor
    return groups[::-1]
