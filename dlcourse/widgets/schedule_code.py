"""The schedule explorer's "code for this setting": the same run in a cell of plain Python."""

from __future__ import annotations

from dlcourse.widgets.schedule_run import (
    BATCH_SIZE,
    BATCHES,
    EPOCHS,
    MOMENTUM,
    SIZES,
    WARM_UP,
    Setting,
    each_batch,
    kind_of,
)

__all__ = ["code_for"]

_CELL = """\
import numpy as np

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.models import mlp

train, val, _ = data.stratified_split(data.load_digits(), (0.6, 0.2, 0.2), seed=0)
train = train.subset(np.arange({images}))
dl.manual_seed(0)
model = mlp(dl, {sizes})
optimizer = dl.optim.SGD(model.parameters(), lr={rate}, momentum={momentum})
{schedule}
batches = data.Batches(train.X, train.y, batch_size={batch_size}, seed=0)
cross_entropy = dl.functional.cross_entropy


def cost(part):
    with dl.no_grad():
        return cross_entropy(model(dl.tensor(part.X)), dl.tensor(part.y)).item()


val_cost, rates = cost(val), []
for epoch in range({epochs}):
    for X, y in batches:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        cross_entropy(model(dl.tensor(X)), dl.tensor(y)).backward()
        optimizer.step()
{after_batch}    val_cost = cost(val)
{after_epoch}
print(f"last rate = {{rates[-1]:.6g}}")
print(f"validation cost = {{cost(val):.6g}}")
"""


def code_for(setting: Setting) -> str:
    """A cell that trains as the explorer does and prints the last rate and the validation cost."""
    tick = _tick(setting)
    if each_batch(setting):
        tick = [f"if len(rates) < {EPOCHS * BATCHES}:  # the last update needs no next rate", *_indent(tick, 1)]
    text = "\n".join(_indent(tick, 2 if each_batch(setting) else 1)) + "\n"
    return _CELL.format(
        images=BATCHES * BATCH_SIZE,
        sizes=SIZES,
        rate=setting.rate,
        momentum=MOMENTUM,
        schedule="\n".join(_schedule(setting)),
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        after_batch=text if each_batch(setting) else "",
        after_epoch="" if each_batch(setting) else text,
    )


def _schedule(setting: Setting) -> list[str]:
    """The lines that make the schedule."""
    name, options = kind_of(setting)
    target = "clock" if setting.bug == "compound" else "optimizer"
    lines = []
    if setting.bug == "compound":
        lines.append(f"clock = dl.optim.SGD([dl.tensor([0.0], requires_grad=True)], lr={setting.rate})")
    arguments = ", ".join([target, *(f"{key}={value!r}" for key, value in options.items())])
    lines.append(f"scheduler = dl.schedule.{name}({arguments})")
    if _is_warmed(setting):
        lines.append(f"warm_up = dl.schedule.LinearLR({target}, start_factor=0.1, total_iters={WARM_UP})")
        if setting.kind != "plateau":
            lines.append(
                f"scheduler = dl.schedule.SequentialLR({target}, [warm_up, scheduler], milestones=[{WARM_UP}])"
            )
    if setting.bug == "early" and setting.kind != "plateau":
        lines.append("scheduler.step()  # bug: before the first update")
    if setting.bug == "compound":
        lines.append('optimizer.param_groups[0]["lr"] = clock.param_groups[0]["lr"]')
    if setting.kind == "plateau" and _is_warmed(setting):
        lines.append("ticks = 0")
    return lines


def _tick(setting: Setting) -> list[str]:
    """The lines that step the schedule."""
    note = "  # bug: this schedule counts the other unit" if setting.bug == "unit" else ""
    step = f"scheduler.step(val_cost){note}" if setting.kind == "plateau" else f"scheduler.step(){note}"
    lines = [step]
    if setting.kind == "plateau" and _is_warmed(setting):
        lines = ["ticks += 1", f"if ticks <= {WARM_UP}:", "    warm_up.step()", "else:", f"    {step}"]
    if setting.bug == "compound":
        factor = f'clock.param_groups[0]["lr"] / {setting.rate}'
        lines.append(f'optimizer.param_groups[0]["lr"] *= {factor}  # bug: lowers what is lowered already')
    return lines


def _is_warmed(setting: Setting) -> bool:
    return setting.warm_up and setting.kind != "one-cycle"


def _indent(lines: list[str], levels: int) -> list[str]:
    return ["    " * levels + line for line in lines]
