"""The cell of Python that repeats a race of the optimizer race."""

from __future__ import annotations

from collections.abc import Mapping

from dlcourse.widgets.expression import FUNCTIONS, parse
from dlcourse.widgets.race_run import RACERS, STEPS, Slice, Surface

__all__ = ["code_for"]

_UNCORRECTED = """\
        if name == "Adam":  # without its bias correction
            optimizer.param_groups[0]["lr"] = lr * (1 - 0.9**step) / (1 - 0.999**step) ** 0.5
"""


def code_for(surface: Surface, rates: Mapping[str, float], bug: bool) -> str:
    """The race as a loop; every line of the formula becomes a line of the cost."""
    if isinstance(surface, Slice):
        return _in_the_slice(surface, rates, bug)
    *names, last = [part.strip() for part in surface.formula.split(";") if part.strip()]
    body = "".join(f"    {part}\n" for part in names)
    used = sorted({node.operation for node in parse(surface.formula).nodes} & set(FUNCTIONS))
    functions = "".join(f"{name} = {_FUNCTIONS[name]}\n" for name in used)
    return f"""\
import numpy as np

import dlcourse.numpy as dl

{functions}
def cost(x, y):
{body}    return {last}


racers = {{
{_racers(rates)}}}
for name, (method, options) in racers.items():
    w = dl.tensor(np.array({list(surface.start)}), requires_grad=True)
    optimizer, lr = method([w], **options), options["lr"]
    for step in range(1, {STEPS} + 1):
        optimizer.zero_grad()
        cost(w[0], w[1]).backward()
{_UNCORRECTED if bug else ""}        optimizer.step()
    print(f"{{name:<16}}", w.data, cost(w[0], w[1]).item())
"""


def _in_the_slice(surface: Surface, rates: Mapping[str, float], bug: bool) -> str:
    return f"""\
import numpy as np

import dlcourse.numpy as dl
from dlcourse.widgets.race_slice import cost_and_slope

# cost_and_slope interpolates a table of costs at w + x d1 + y d2. Made anew in ten seconds, it would be:
# from dlcourse.widgets.race_slice import PLACES, costs_at
# costs = costs_at(PLACES)  # trains the network and uses loss_slice and random_direction of lecture 06

racers = {{
{_racers(rates)}}}
for name, (method, options) in racers.items():
    w = dl.tensor(np.array({list(surface.start)}), requires_grad=True)
    optimizer, lr = method([w], **options), options["lr"]
    for step in range(1, {STEPS} + 1):
        w.grad = cost_and_slope(w.data[None])[1][0]
{_UNCORRECTED if bug else ""}        optimizer.step()
    print(f"{{name:<16}}", w.data, cost_and_slope(w.data[None])[0][0])
"""


def _racers(rates: Mapping[str, float]) -> str:
    return "".join(
        f'    "{name}": (dl.optim.{kind}, {_arguments({"lr": rates[name], **options})}),\n'
        for name, (kind, options) in RACERS.items()
    )


_FUNCTIONS = {name: f"dl.functional.{name}" for name in ("relu", "sigmoid", "tanh")} | {
    "exp": "lambda z: z.exp()",
    "log": "lambda z: z.log()",
    "sqrt": "lambda z: z.sqrt()",
    "abs": "lambda z: z.abs()",
    "max": "dl.maximum",
    "min": "dl.minimum",
}


def _arguments(options: Mapping[str, object]) -> str:
    return "{" + ", ".join(f'"{name}": {value!r}' for name, value in options.items()) + "}"
