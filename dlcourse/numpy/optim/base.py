"""What every optimizer shares: parameter groups, state, weight decay, saving and loading.

A subclass says only what makes it different::

    class RMSprop(Optimizer):
        defaults = {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8}     # arguments after `params`, in order
        state = ("v",)                                          # zeros like w before the first step

        def step_one(self, w, g, s, *, lr, alpha, eps):         # the formula, for one tensor
            s.v = alpha * s.v + (1 - alpha) * g**2
            return w - lr * g / (np.sqrt(s.v) + eps)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter as Argument
from inspect import Signature
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from dlcourse.numpy.graph import Array, Tensor
from dlcourse.numpy.optim.groups import Group, Params, array_of, as_groups, check_params, params_of
from dlcourse.numpy.optim.limits import check_options

__all__ = ["Group", "Optimizer", "Params"]


class Optimizer:
    """Base of all optimizers; see the module's docstring for how to write one.

    ``params`` is a list of tensors, or a list of groups: dicts with ``"params"`` and the options
    that differ from the arguments, as in ``SGD([{"params": head, "lr": 1.0}, {"params": body}], lr=0.1)``.

    ``weight_decay`` λ is handled here. Coupled (L2): λw is added to the gradient. Decoupled
    (Loshchilov & Hutter, 2019): w shrinks by the factor 1 - lr λ before the step.

    Raises ``TypeError`` for a wrong argument name and for params that are not tensors;
    ``ValueError`` for a value out of range, an empty list, a tensor that is not a leaf, and a
    tensor given twice.
    """

    defaults: ClassVar[dict[str, Any]] = {"lr": 1e-3}
    state: ClassVar[tuple[str, ...]] = ()
    torch_names: ClassVar[dict[str, str]] = {}  # what state_dict calls a slot of the state, where torch's name differs
    decoupled: ClassVar[bool] = False  # how weight decay is done unless the option decoupled_weight_decay says so

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "defaults" in cls.__dict__:  # so that help(SGD) shows the arguments
            options = [Argument(n, Argument.POSITIONAL_OR_KEYWORD, default=v) for n, v in cls.defaults.items()]
            cls.__signature__ = Signature(  # type: ignore[attr-defined]
                [Argument("params", Argument.POSITIONAL_OR_KEYWORD), *options]
            )

    def __init__(self, params: Params, *args: Any, **options: Any) -> None:
        self.options = self._bind(params, args, options)
        self.param_groups: list[Group] = []
        self._state: dict[int, SimpleNamespace] = {}
        for group in as_groups(type(self).__name__, params):
            self.add_param_group(group)

    def step_one(self, *args: Any, **options: Any) -> Array:
        """Return the new weights of one tensor: ``step_one(self, w, g, s, *, lr, ...)``.

        ``w`` weights, ``g`` gradient, ``s`` the state: the slots named in ``state``, and ``s.t``, the number
        of this step, from 1. The options are those in ``defaults`` except weight decay. ``w`` may be changed
        in place and returned, which saves a copy; ``g`` must stay as it is.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step_one")

    def start(self, *args: Any, **options: Any) -> None:
        """Set the slots that do not start as zeros: ``start(self, s, *, lr, ...)``, once for each tensor."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every tensor that has a gradient, in place.

        ``closure``, when given, computes the loss and the gradients first; its result is returned.
        """
        loss = None if closure is None else closure()
        for group in self.param_groups:
            self.step_group(group)
        return loss

    def step_group(self, group: Group) -> None:
        """Update the tensors of one group: weight decay, then the formula."""
        options = self.formula_options(group)
        lr, decay = group["lr"], group.get("weight_decay", 0)
        decoupled = group.get("decoupled_weight_decay", self.decoupled)
        for p in group["params"]:
            if p.grad is None:
                continue
            w, g = p.data, p.grad
            s = self.state_of(p, options)
            s.t += 1
            if decay and decoupled:
                w = w * (1 - lr * decay)
            elif decay:
                g = g + decay * w
            new = self.step_one(w, g, s, **options)
            if new is not p.data:
                p.data[...] = new

    def formula_options(self, group: Group) -> dict[str, Any]:
        """The options that ``step_one`` gets: all but weight decay, which is done before."""
        return {n: group[n] for n in self.options if n not in ("weight_decay", "decoupled_weight_decay")}

    def state_of(self, p: Tensor, options: dict[str, Any]) -> SimpleNamespace:
        """The state of one tensor, made when first asked for."""
        s = self._state.get(id(p))
        if s is None:
            s = self._state[id(p)] = self._new_state(p, options)
        return s

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: ``backward()`` adds to what is there."""
        for p in self._all_params():
            p.grad = None if set_to_none or p.grad is None else np.zeros_like(p.grad)

    def add_param_group(self, param_group: Group) -> None:
        """Add a group, a dict with ``"params"`` and its own options, for example a layer that thaws."""
        name = type(self).__name__
        group = {**self.options, **param_group, "params": params_of(name, param_group)}
        check_params(name, group["params"], list(self._all_params()))
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: Group) -> None:
        """Raise ``ValueError`` naming an option of ``group`` that is out of its range."""
        check_options(type(self).__name__, {name: group[name] for name in self.options})

    def state_dict(self) -> dict[str, Any]:
        """Everything ``load_state_dict`` needs to go on exactly here, under torch's names.

        ``{"state": {i: {...}}, "param_groups": [...]}`` where tensor i is the i-th over all groups. The same
        optimizer of torch loads it once the arrays are tensors:
        ``{**saved, "state": {i: dlcourse.torch.from_numpy(s) for i, s in saved["state"].items()}}``.
        """
        position = {id(p): i for i, p in enumerate(self._all_params())}
        state = {position[key]: self._save_state(s) for key, s in self._state.items()}
        groups = [{**group, "params": [position[id(p)] for p in group["params"]]} for group in self.param_groups]
        return {"state": dict(sorted(state.items())), "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from ``state_dict``, made by this class here or by its twin in torch.

        Raises ``ValueError`` when groups, numbers of tensors or shapes differ; nothing is changed then.
        """
        name, saved = type(self).__name__, state_dict["param_groups"]
        sizes, saved_sizes = [len(g["params"]) for g in self.param_groups], [len(g["params"]) for g in saved]
        if sizes != saved_sizes:
            raise ValueError(
                f"{name}.load_state_dict: the saved groups hold {saved_sizes} tensors, those of this optimizer {sizes}"
            )
        if any(g.get("maximize") for g in saved):
            raise ValueError(
                f"{name}.load_state_dict: the saved optimizer has maximize=True; here only minimizing exists"
            )
        groups = [{**g, **old, "params": g["params"]} for g, old in zip(self.param_groups, saved, strict=True)]
        state = {}
        for group, old in zip(groups, saved, strict=True):
            for i, p in zip(old["params"], group["params"], strict=True):
                if i in state_dict["state"]:
                    state[id(p)] = self._load_state(i, p, group, state_dict["state"][i])
        self.param_groups, self._state = groups, state

    def _save_state(self, s: SimpleNamespace) -> dict[str, Any]:
        return {self._outside(n): np.copy(v) if isinstance(v, np.ndarray) else v for n, v in vars(s).items()}

    def _load_state(self, i: int, p: Tensor, group: Group, saved: dict[str, Any]) -> SimpleNamespace:
        s = self._new_state(p, self.formula_options(group))
        inside = {self._outside(n): n for n in (*vars(s), *self.state)}
        for outside, value in saved.items():
            slot = inside.get(outside, outside)
            if value is None:
                continue
            if np.ndim(value) == 0 and slot not in self.state:
                setattr(s, slot, int(value) if slot == "t" else float(value))
                continue
            if np.shape(value) != p.data.shape:
                raise ValueError(
                    f"{type(self).__name__}.load_state_dict: {outside} of tensor {i} has shape {np.shape(value)}, "
                    f"expected {p.data.shape}"
                )
            setattr(s, slot, array_of(value, p.data.dtype))
        return s

    def _bind(self, params: Params, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
        signature: Signature = self.__signature__  # type: ignore[attr-defined]
        try:
            bound = signature.bind(params, *args, **options)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}; its options are {', '.join(self.defaults)}") from None
        bound.apply_defaults()
        return {name: bound.arguments[name] for name in self.defaults}

    def _new_state(self, p: Tensor, options: dict[str, Any]) -> SimpleNamespace:
        s = SimpleNamespace(t=0, **{slot: np.zeros_like(p.data) for slot in self.state})
        self.start(s, **options)
        return s

    def _outside(self, slot: str) -> str:
        return "step" if slot == "t" else self.torch_names.get(slot, slot)

    def _all_params(self) -> Iterator[Tensor]:
        for group in self.param_groups:
            yield from group["params"]
