"""The command center: many runs side by side, replayed or live, and a warning where the best lies at an edge."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any, Self

import numpy as np
from matplotlib.figure import Figure

from dlcourse.training.search_results import SearchResults, Trial
from dlcourse.widgets.arrays import for_kernel
from dlcourse.widgets.bundle import FOLDER
from dlcourse.widgets.command_axes import Axis, axis_of, epoch_axis, place_of, score_axis
from dlcourse.widgets.command_code import code_for
from dlcourse.widgets.command_figure import draw
from dlcourse.widgets.command_runs import Board, Curve, board_of, logged
from dlcourse.widgets.controls import Choice, Player, Text
from dlcourse.widgets.explorer import Explorer, InputError, Question
from dlcourse.widgets.numbers import short

__all__ = ["CommandCenter"]

SEARCHES = {"coarse": "coarse", "finer": "finer", "wider": "widened", "halving": "successive halving"}
AGAINST = {"1": "1st axis", "2": "2nd", "3": "3rd"}
TOP = 5  # the best runs that are drawn stronger
ENOUGH = 5  # trials before an edge means anything
MARGIN = 0.1


class CommandCenter(Explorer):
    """Parallel coordinates, a scatter plot and the curves of many runs. ``CommandCenter(search="finer")``.

    Keywords: ``search`` ("coarse", "finer", "wider", "halving": real searches on digits), ``scale`` ("log",
    "linear"), ``against`` ("1", "2", "3": which hyperparameter the scatter plot shows), ``time`` (how many trials
    are shown, from 0) and ``folder``: the runs that ``RunLog`` writes there instead. ``save_space`` beside them lets
    the center see edges. :meth:`watch` follows a folder while a search is running.
    """

    title = "Command center"
    drawing = FOLDER / "command_center.js"
    predicts = True
    controls = (
        Choice("search", label="Search", values=SEARCHES),
        Choice("scale", label="Axes", values=("log", "linear")),
        Choice("against", label="Scatter against", values=AGAINST),
        Text("folder", label="Folder of run logs"),
        Player("time", label="Trial", seconds=0.5),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._stopped = threading.Event()
        self._stopped.set()
        if self.values["folder"] and "time" not in values:
            self._go_to_the_end()

    # The picture

    def compute(self, search: str, scale: str, against: str, folder: str) -> dict[str, Any]:
        """Places from 0 to 1 on every axis, and for each trial what is to be seen. Keys with _ stay in Python."""
        board = self._board(search, folder)
        epochs = max(2, *(len(values) for values in board.curves))
        low, high = _limits(board)
        across, places = epoch_axis(epochs, scale)
        axes = [axis_of(name, distribution, scale) for name, distribution in board.space.items()]
        frames = _frames(board)
        return {
            "label": self.heading(search, scale, against, folder),
            "axes": [axis.spec() for axis in (*axes, score_axis(board.metric, low, high))],
            "against": min(int(against), len(axes)) - 1,
            "epochs": {**across.spec(), "places": places},
            "places": np.array(
                [
                    [place_of(distribution, c[name], scale) for name, distribution in board.space.items()]
                    for c in board.configurations
                ]
            ),
            "curves": _padded(board.curves, epochs, low, high),
            "named": [_configuration(c, board, axes) for c in board.configurations],
            "scores": [[_score(value, board.metric) for value in values] for values in board.curves],
            "frames": frames,
            "_board": board,
            "_axes": axes,
            "_spans": [_span(board, frame, axes) for frame in frames],
        }

    def describe(self, result: dict[str, Any], search: str, folder: str, time: int, **_: Any) -> str:
        """The trial, the best so far, and whether it lies at an edge; in successive halving also the rung."""
        board, frame = result["_board"], result["frames"][time]
        run, epochs = board.events[time]
        said = _score(_at(board.curves[run], epochs), board.metric)
        lines = [f"Trial {time + 1} of {len(board.events)}: {said}. {_best(result, frame)}"]
        if folder and board.running:
            lines[0] += f" {board.running} still running."
        if search == "halving" and not folder:
            lines.append(_rung(board, time))
        lines.append(_edges(board, frame, result["_axes"], time))
        if result["_spans"][time]:
            lines.append(result["_spans"][time])
        return "\n".join(lines)

    def heading(self, search: str, scale: str, against: str, folder: str, **_: Any) -> str:  # noqa: ARG002  # of all pictures
        """Which search it is."""
        return f"Runs logged in {folder}" if folder else f"Search: {SEARCHES[search]}"

    def question(self, result: dict[str, Any], folder: str, time: int, **_: Any) -> Question | None:
        """Before the first trial of a built-in search: the best learning rate."""
        if folder or time > 0:
            return None
        board = result["_board"]
        best = board.configurations[result["frames"][-1]["order"][0]]["lr"]
        return Question("which learning rate will be the best of this search?", _two(best), 0.4 * best, 2.5 * best)

    def code(self, search: str, folder: str, **_: Any) -> str:
        """The same search as a cell, or the cell that reads the folder."""
        return code_for(search, folder)

    def figure(self, result: dict[str, Any], time: int, **_: Any) -> Figure:
        """The three pictures at this trial."""
        return draw(result, time)

    def _board(self, search: str, folder: str) -> Board:
        if not folder.strip():
            return board_of(search)
        try:
            return logged(folder.strip())
        except (ValueError, OSError) as error:
            raise InputError(str(error), "folder") from None

    # Following a folder

    def refresh(self) -> None:
        """Read the folder again. Who looks at the last trial sees the new last one."""
        at_end = self.values["time"] >= len(self.result["texts"]) - 1
        self.result = for_kernel(self.evaluate(self.values))
        if at_end:
            self._go_to_the_end()

    def watch(self, seconds: float = 1.0) -> Self:
        """Refresh whenever the logs have grown, looking every ``seconds``, until :meth:`stop` or the widget is closed.

        A thread does it, so the picture moves while another cell is training. Returns the explorer, to be shown.
        """
        if self._stopped.is_set():
            self._stopped.clear()
            threading.Thread(target=self._follow, args=(seconds,), daemon=True).start()
        return self

    def stop(self) -> None:
        """No longer follow the folder."""
        self._stopped.set()

    def _follow(self, seconds: float) -> None:
        seen = None
        while not self._stopped.is_set() and self.comm is not None:
            present = _signature(self.values["folder"])
            if present != seen:
                seen = present
                self.refresh()
            self._stopped.wait(seconds)
        self._stopped.set()

    def _go_to_the_end(self) -> None:
        self.update(time=len(self.result["texts"]) - 1)


def _signature(folder: str) -> dict[str, int]:
    """The sizes of all logs: what changes when a run goes on."""
    sizes = {}
    for path in Path(folder).glob("*.json*"):
        try:
            sizes[path.name] = path.stat().st_size
        except OSError:  # removed in this very moment
            continue
    return sizes


def _frames(board: Board) -> list[dict[str, Any]]:
    """After each trial: epochs of each run, the order of the runs, which are out, and axes whose best is at an edge."""
    epochs = [0] * len(board.curves)
    begun: dict[int, None] = {}
    frames = []
    for place, (run, have) in enumerate(board.events):
        epochs[run] = have
        begun[run] = None
        order = _order(board, list(begun), epochs)
        out = _out(board, begun, epochs, place)
        frames.append({"epochs": list(epochs), "order": order, "out": out, "edges": _edge_list(board, order, epochs)})
    return frames


def _order(board: Board, begun: list[int], epochs: list[int]) -> list[int]:
    """The runs that have begun, best first: as ``SearchResults`` ranks them, in halving with epochs as budgets."""
    trials = []
    for run in begun:
        score = _at(board.curves[run], epochs[run])
        budget = epochs[run] if board.is_halving else None
        trials.append(Trial({"run": run}, math.nan if score is None else score, budget))
    ranking = SearchResults(tuple(trials), board.space, board.mode).ranking()
    return [int(trial.configuration["run"]) for trial in ranking]


def _out(board: Board, begun: dict[int, None], epochs: list[int], place: int) -> list[int]:
    """The runs that were stopped or have no number; in halving also those that do not get this rung's budget."""
    out = {run for run in begun if run in board.stopped or _is_lost(board.curves[run], epochs[run])}
    if board.is_halving:
        budget = board.events[place][1]
        survivors = {run for run, have in board.events if have == budget}
        out |= {run for run in begun if run not in survivors}
    return sorted(out)


def _edge_list(board: Board, order: list[int], epochs: list[int]) -> list[list[Any]]:
    """[axis, "upper" or "lower"] wherever the best value lies in the outer tenth of a known range."""
    if not board.ranges_known or len(order) < ENOUGH or _at(board.curves[order[0]], epochs[order[0]]) is None:
        return []
    found: list[list[Any]] = []
    for axis, (name, distribution) in enumerate(board.space.items()):
        place = distribution.position(board.configurations[order[0]][name])
        if place is not None and not MARGIN <= place <= 1 - MARGIN:
            found.append([axis, "lower" if place < MARGIN else "upper"])
    return found


def _limits(board: Board) -> tuple[float, float]:
    """The ends of the score's axis: 0 and 1 for an accuracy; a cost above three times the best is drawn at the end."""
    if "accuracy" in board.metric:
        return 0.0, 1.0
    costs = [value for values in board.curves for value in values if value is not None]
    if not costs:
        return 0.0, 1.0
    return 0.0, max(min(max(costs), 3 * min(costs) + 1e-9), 1e-9)


def _padded(curves: list[Curve], epochs: int, low: float, high: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Places of the scores, (runs, epochs), NaN where there is none."""
    table = np.full((len(curves), epochs), np.nan)
    for run, values in enumerate(curves):
        for epoch, value in enumerate(values):
            if value is not None:
                table[run, epoch] = min(max((value - low) / (high - low), 0.0), 1.0)
    return table


def _at(values: Curve, epochs: int) -> float | None:
    return values[epochs - 1] if 0 < epochs <= len(values) else None


def _is_lost(values: Curve, have: int) -> bool:
    return have > 0 and _at(values, have) is None


def _score(value: float | None, metric: str) -> str:
    if value is None:
        return "no number"
    return f"{100 * value:.1f} %" if "accuracy" in metric else short(float(f"{value:.3g}"))


def _configuration(configuration: dict[str, Any], board: Board, axes: list[Axis]) -> str:
    parts = [f"{axis.name} {_two(configuration[name])}" for name, axis in zip(board.space, axes, strict=True)]
    return ", ".join(parts)


def _best(result: dict[str, Any], frame: dict[str, Any]) -> str:
    board, best = result["_board"], frame["order"][0]
    value = _at(board.curves[best], frame["epochs"][best])
    if value is None:
        return "No run has a score yet."
    return f"Best so far {_score(value, board.metric)}: {result['named'][best]}."


def _rung(board: Board, time: int) -> str:
    budgets = sorted({have for _, have in board.events})
    have = board.events[time][1]
    inside = sum(1 for _, budget in board.events if budget == have)
    spent = sum(budget for _, budget in board.events[: time + 1])
    total = sum(budget for _, budget in board.events)
    runs = "1 configuration gets" if inside == 1 else f"{inside} configurations get"
    return (
        f"Rung {budgets.index(have) + 1} of {len(budgets)}: {runs} {have} {'epoch' if have == 1 else 'epochs'}. "
        f"{spent} of {total} epochs spent; all to the end would cost {len(board.curves) * budgets[-1]}."
    )


def _edges(board: Board, frame: dict[str, Any], axes: list[Axis], time: int) -> str:
    if not board.ranges_known:
        return "The ranges are not known, so no edge can be seen; save_space(folder, space) keeps them."
    if len(frame["order"]) < ENOUGH:
        return f"Too few trials to judge the edges: {len(frame['order'])}."
    if not frame["edges"]:
        return "No hyperparameter has its best value at the edge of its range."
    parts = [f"{axes[axis].name} has its best value at the {end} edge of its range" for axis, end in frame["edges"]]
    text = " and ".join(parts)
    advice = ": widen it" if time == len(board.events) - 1 else ""
    return text[:1].upper() + text[1:] + advice + "."


def _span(board: Board, frame: dict[str, Any], axes: list[Axis]) -> str:
    """Which hyperparameters the best runs agree on: the shares of the ranges that they take up."""
    best = [run for run in frame["order"][:TOP] if _at(board.curves[run], frame["epochs"][run]) is not None]
    if len(frame["order"]) < 2 * TOP or len(best) < TOP:
        return ""
    parts = []
    for (name, distribution), axis in zip(board.space.items(), axes, strict=True):
        places = [place_of(distribution, board.configurations[run][name], "log") for run in best]
        parts.append(f"{100 * (max(places) - min(places)):.0f} % of {axis.name}")
    return f"The best {TOP} take up {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."


def _two(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return short(float(f"{value:.2g}")) if isinstance(value, float) else str(value)
