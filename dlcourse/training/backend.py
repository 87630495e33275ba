"""The few things that differ between the twins, so that the loop and the callbacks are written once."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import dlcourse.numpy

if TYPE_CHECKING:
    import torch

__all__ = ["Backend", "NumpyBackend", "TorchBackend", "backend_of", "best_device"]

Array = NDArray[Any]


class Backend:
    """One of the twins, as the trainer sees it; ``twin`` is its module."""

    name: str
    twin: ModuleType

    def __init__(self, model: Any) -> None:
        self.model = model

    def tensor(self, values: Any) -> Any:
        """A tensor where the model is; floating-point numbers get the model's dtype, whole ones int64."""
        raise NotImplementedError

    def autocast(self) -> AbstractContextManager[Any]:
        """The context of the forward pass."""
        return nullcontext()

    def all_finite(self, tensors: list[Any]) -> bool:
        """Whether no entry of any of the tensors or arrays is NaN or infinite."""
        return all(bool(np.isfinite(self.array(t)).all()) for t in tensors)

    def array(self, x: Any) -> Array:
        """The numbers of a tensor, outside any graph; they may share its memory."""
        array: Array = self.twin.to_numpy(x)
        return array

    def is_tensor(self, x: Any) -> bool:
        """Whether ``x`` is a tensor of this twin."""
        return isinstance(x, self.twin.Tensor)

    def copy_state(self) -> dict[str, Any]:
        """Copies of the model's weights and buffers."""
        return {key: np.array(value) for key, value in self.twin.to_numpy(self.model.state_dict()).items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Put copied weights and buffers back into the model."""
        self.model.load_state_dict(state)

    def rng_state(self) -> Any:
        """Where the library's random numbers stand."""
        return self.twin.get_rng_state()

    def set_rng_state(self, state: Any) -> None:
        """Continue the random numbers from there."""
        self.twin.set_rng_state(state)

    def write_arrays(self, path: Path, arrays: dict[str, Any], metadata: dict[str, str]) -> None:
        """Write a safetensors file."""
        from safetensors.numpy import save_file

        save_file({key: np.array(a, order="C") for key, a in arrays.items()}, path, metadata)


class NumpyBackend(Backend):
    """``dlcourse.numpy``."""

    name = "numpy"
    twin = dlcourse.numpy

    def tensor(self, values: Any) -> Any:
        """A tensor with the model's dtype, or int64."""
        array = self.array(values)
        return dlcourse.numpy.Tensor(array.astype(_dtype_for(array, self._dtype()), copy=False))

    def _dtype(self) -> np.dtype[Any]:
        first = next((p.data.dtype for p in self.model.parameters()), None)
        return dlcourse.numpy.get_default_dtype() if first is None else first


class TorchBackend(Backend):
    """``dlcourse.torch``, on the model's device."""

    name = "torch"

    def __init__(self, model: Any, autocast: bool = False) -> None:
        super().__init__(model)
        import dlcourse.torch

        self.twin = dlcourse.torch
        self.mixed = autocast

    def tensor(self, values: Any) -> Any:
        """A tensor on the model's device with the model's dtype, or int64."""
        import torch

        first = next(self.model.parameters(), None)
        device, dtype = (None, torch.get_default_dtype()) if first is None else (first.device, first.dtype)
        tensor = torch.as_tensor(values)
        if tensor.is_floating_point():
            return tensor.to(device, dtype, non_blocking=True)
        return tensor.to(device, torch.bool if tensor.dtype == torch.bool else torch.int64, non_blocking=True)

    def autocast(self) -> AbstractContextManager[Any]:
        """Mixed precision where it was asked for: bfloat16, which needs no scaling of the loss."""
        import torch

        if not self.mixed:
            return nullcontext()
        device = next(self.model.parameters()).device.type
        context: AbstractContextManager[Any] = torch.autocast(device, dtype=torch.bfloat16)
        return context

    def all_finite(self, tensors: list[Any]) -> bool:
        """Whether no entry is NaN or infinite, with one transfer from the device."""
        import torch

        if not tensors:
            return True
        return bool(torch.stack([t.isfinite().all() for t in tensors]).all().item())

    def copy_state(self) -> dict[str, Any]:
        """Copies of the model's weights and buffers, on their device."""
        return {key: value.detach().clone() for key, value in self.model.state_dict().items()}

    def rng_state(self) -> Any:
        """Where the random numbers of the CPU and of each accelerator stand."""
        import torch

        return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}

    def set_rng_state(self, state: Any) -> None:
        """Continue the random numbers from there."""
        import torch

        torch.set_rng_state(state["cpu"].cpu())
        if torch.cuda.is_available() and state["cuda"]:
            torch.cuda.set_rng_state_all([s.cpu() for s in state["cuda"]])

    def write_arrays(self, path: Path, arrays: dict[str, Any], metadata: dict[str, str]) -> None:
        """Write a safetensors file."""
        import torch
        from safetensors.torch import save_file

        tensors = {key: torch.as_tensor(value).detach().cpu().clone().contiguous() for key, value in arrays.items()}
        save_file(tensors, path, metadata)


def backend_of(model: Any, device: str | torch.device | None = None, autocast: bool = False) -> Backend:
    """The backend of a model, which is moved to ``device`` when one is given.

    Raises ``TypeError`` for what is a Module of neither twin, and ``ValueError`` when a NumPy model is asked for a
    device or for mixed precision.
    """
    if isinstance(model, dlcourse.numpy.nn.Module):
        if device not in (None, "cpu"):
            raise ValueError(f"Trainer: device={device!r} needs a model of dlcourse.torch; NumPy runs on the CPU")
        if autocast:
            raise ValueError("Trainer: autocast=True needs a model of dlcourse.torch")
        return NumpyBackend(model)
    torch = sys.modules.get("torch")  # a torch model can only exist when torch has been imported
    if torch is None or not isinstance(model, torch.nn.Module):
        raise TypeError(f"Trainer: model must be a Module of dlcourse.numpy or of torch, got {type(model).__name__}")
    if device is not None:
        model.to(device)
    return TorchBackend(model, autocast)


def best_device() -> str:
    """Name the accelerator of this machine as torch does, or "cpu" where there is none."""
    import torch

    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return "cpu" if accelerator is None else accelerator.type


def _dtype_for(array: Array, floating: np.dtype[Any]) -> np.dtype[Any]:
    if array.dtype.kind == "f":
        return floating
    return array.dtype if array.dtype.kind == "b" else np.dtype(np.int64)
