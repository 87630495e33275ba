"""Networks of the course, and the table that describes any network.

Small networks run on both backends: their first argument is the backend,

    import dlcourse.numpy as dl        # or: import dlcourse.torch as dl
    model = lenet5(dl)

Large ones are torch only, with torchvision's parameter names. Importing this package does not load
torch: the large networks do when they are first used.
"""

from typing import TYPE_CHECKING, Any

from dlcourse.models.digit_resnet import digit_resnet
from dlcourse.models.lenet import lenet5
from dlcourse.models.mlp import mlp
from dlcourse.models.summary import LayerRow, Summary, summary
from dlcourse.models.trace import LayerCall, trace

if TYPE_CHECKING:
    from dlcourse.models.alex_net import alexnet
    from dlcourse.models.resnet import cifar_resnet, resnet18, resnet34, resnet50
    from dlcourse.models.vgg import vgg16

__all__ = [
    "LayerCall",
    "LayerRow",
    "Summary",
    "alexnet",
    "cifar_resnet",
    "digit_resnet",
    "lenet5",
    "mlp",
    "resnet18",
    "resnet34",
    "resnet50",
    "summary",
    "trace",
    "vgg16",
]

_TORCH_ONLY = {
    "alexnet": "dlcourse.models.alex_net",
    "cifar_resnet": "dlcourse.models.resnet",
    "resnet18": "dlcourse.models.resnet",
    "resnet34": "dlcourse.models.resnet",
    "resnet50": "dlcourse.models.resnet",
    "vgg16": "dlcourse.models.vgg",
}


def __getattr__(name: str) -> Any:
    if name not in _TORCH_ONLY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_TORCH_ONLY[name]), name)
