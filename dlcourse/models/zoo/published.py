"""Published ImageNet weights for the ResNets of this course.

The parameters of :func:`~dlcourse.models.resnet18` and its relatives have torchvision's names, so the files that
torchvision publishes fit. Nothing in the course needs them; they are for your own photographs.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlcourse.models.resnet import ResNet

__all__ = ["IMAGENET", "IMAGENET_MEAN", "IMAGENET_STD", "Published", "load_imagenet"]

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of red, green and blue in [0, 1] in the pretraining: use these, not those of your images."""

_HOST = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class Published:
    """A file of weights: its address, its SHA-256, its size in megabytes, and its top-1 accuracy as published, in %."""

    url: str
    sha256: str
    megabytes: int
    top1: float


IMAGENET: Mapping[str, Published] = MappingProxyType(
    {
        "resnet18": Published(
            f"{_HOST}resnet18-f37072fd.pth",
            "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
            47,
            69.76,
        ),
        "resnet34": Published(
            f"{_HOST}resnet34-b627a593.pth",
            "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f",
            87,
            73.31,
        ),
        "resnet50": Published(
            f"{_HOST}resnet50-0676ba61.pth",
            "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
            103,
            76.13,
        ),
    }
)
"""torchvision's first weights (``IMAGENET1K_V1``), with which most papers compare."""


def load_imagenet(name: str, file: str | Path | None = None, classes: int | None = None) -> ResNet:
    """A ResNet with ImageNet weights, in evaluation mode: ``load_imagenet("resnet18", classes=5)``.

    ``file`` is a copy that you have, ``.pth`` or ``.safetensors``; nothing is downloaded then, and its names and
    shapes are checked. Without it torchvision's file is downloaded once into the cache folder and its hash
    checked. With ``classes`` the last layer is a new one. Reading a file runs no code from it.

    Inputs are (N, 3, H, W), red first, in [0, 1], minus ``IMAGENET_MEAN``, divided by ``IMAGENET_STD``.
    Raises ``ValueError`` for an unknown name, a damaged or a wrong file, ``FileNotFoundError`` and ``ConnectionError``.
    """
    import torch

    import dlcourse.models

    if name not in IMAGENET:
        raise ValueError(f"load_imagenet: there is no network {name!r}, expected one of {', '.join(IMAGENET)}")
    state = _read(_find(name, file))
    with torch.device("meta"):  # no random weights are drawn for what the file replaces
        model: ResNet = getattr(dlcourse.models, name)()
    own = model.state_dict()
    problem = _difference(own, state)
    if problem:
        raise ValueError(f"load_imagenet: {file or IMAGENET[name].url} does not fit {name}: {problem}")
    # Files that are older than the counter of batch norm lack it; nothing but momentum=None reads it.
    counters = {key: torch.tensor(0) for key in own if key.endswith("num_batches_tracked")}
    model.load_state_dict({**counters, **state}, assign=True)
    if classes is not None:
        model.fc = torch.nn.Linear(model.fc.in_features, classes)
    return model.eval().requires_grad_()


def _find(name: str, file: str | Path | None) -> Path:
    from dlcourse.data.cache import cache_dir
    from dlcourse.data.download import fetch

    if file is None:
        return fetch(IMAGENET[name].url, IMAGENET[name].sha256, cache_dir() / "imagenet")
    if not Path(file).is_file():
        raise FileNotFoundError(f"load_imagenet: there is no file {file}")
    return Path(file)


def _read(path: Path) -> dict[str, Any]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        message = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"load_imagenet: {path} is damaged or holds no plain weights ({message})") from None
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"load_imagenet: {path} holds a {type(state).__name__}, expected a state_dict of tensors")
    return dict(state)


def _difference(own: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """What keeps ``state`` from being loaded, or an empty string."""
    missing = [key for key in own if key not in state and not key.endswith("num_batches_tracked")]
    extra = [key for key in state if key not in own]
    shapes = [
        f"{key} has shape {tuple(value.shape)}, expected {tuple(own[key].shape)}"
        for key, value in state.items()
        if key in own and value.shape != own[key].shape
    ]
    found = [f"{key} is missing" for key in missing] + [f"{key} is not expected" for key in extra] + shapes
    return "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
