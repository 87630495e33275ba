"""The controls of an explorer: what can be set, to which values, and what becomes of it in exported slides.

``export`` is ``"table"`` (every value is computed when the slides are made), ``"recording"`` (the
steps of each entry are recorded) or ``"off"`` (fixed there; the reader is sent to JupyterLab).
"""
# ruff: noqa: D102  # Control says what each method does

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

__all__ = ["Choice", "Control", "Menu", "Numbers", "Player", "Points", "Presets", "Slider", "Text", "Toggle"]

Export = Literal["table", "recording", "off"]


@dataclass(frozen=True)
class Control:
    """Something with a name, a label and a value. Subclasses say which values it may take."""

    name: str
    _: KW_ONLY
    label: str = ""
    export: Export = "table"
    kind: ClassVar[str] = ""

    @property
    def default(self) -> Any:
        """The value at the start and after a reset."""
        raise NotImplementedError(f"{type(self).__name__} has no default")

    def options(self) -> list[Any]:
        """Every value the control can take, for the tables of an export. Raises ``TypeError`` for endless ones."""
        raise TypeError(f"{self.name}: a {type(self).__name__} has no list of values; give it export='off'")

    def clean(self, value: Any) -> Any:
        """Return ``value`` as this control keeps it. Raises ``ValueError`` when it is not allowed."""
        raise NotImplementedError(f"{type(self).__name__} has no clean")

    def to_text(self, value: Any) -> str:
        """The value in a state string."""
        return str(value)

    def from_text(self, text: str) -> Any:
        """The value back from a state string. Raises ``ValueError`` when it is not allowed."""
        return self.clean(text)

    def spec(self) -> dict[str, Any]:
        """What the front end needs to draw the control."""
        return {"kind": self.kind, "name": self.name, "label": self.label or self.name, "export": self.export}

    def _refuse(self, value: Any, expected: str) -> ValueError:
        return ValueError(f"{self.name}: got {value!r}, expected {expected}")


@dataclass(frozen=True)
class Choice(Control):
    """One of a few words. ``values`` are the words, or a mapping from word to what the reader sees."""

    values: tuple[str, ...] | Mapping[str, str] = ()
    kind: ClassVar[str] = "choice"

    @property
    def default(self) -> str:
        return next(iter(self.values))

    def options(self) -> list[str]:
        return list(self.values)

    def clean(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.values:
            raise self._refuse(value, f"one of {', '.join(self.values)}")
        return value

    def spec(self) -> dict[str, Any]:
        shown = self.values if isinstance(self.values, Mapping) else {value: value for value in self.values}
        return {**super().spec(), "options": [[value, text] for value, text in shown.items()]}


@dataclass(frozen=True)
class Menu(Choice):
    """A choice that is folded up until it is opened, for explorers with many controls; ``start`` is its default."""

    start: str = ""
    kind: ClassVar[str] = "menu"

    @property
    def default(self) -> str:
        return self.clean(self.start) if self.start else super().default


@dataclass(frozen=True)
class Slider(Control):
    """A number from ``low`` to ``high`` in ``steps`` equal steps; in equal ratios when ``log``."""

    low: float = 0.0
    high: float = 1.0
    steps: int = 10
    start: float | None = None
    log: bool = False
    kind: ClassVar[str] = "slider"

    @property
    def default(self) -> float:
        return self.clean(self.low if self.start is None else self.start)

    def options(self) -> list[float]:
        grid = np.geomspace if self.log else np.linspace
        return [float(f"{value:.6g}") for value in grid(self.low, self.high, self.steps + 1)]

    def clean(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._refuse(value, "a number")
        if not self.low <= value <= self.high:
            raise self._refuse(value, f"a number from {self.low} to {self.high}")
        distance = (lambda v: abs(math.log(v / value))) if self.log else (lambda v: abs(v - value))
        return min(self.options(), key=distance)

    def to_text(self, value: Any) -> str:
        return f"{value:.6g}"

    def from_text(self, text: str) -> float:
        return self.clean(_number(self, text))

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "values": self.options()}


@dataclass(frozen=True)
class Toggle(Control):
    """Off or on."""

    start: bool = False
    kind: ClassVar[str] = "toggle"

    @property
    def default(self) -> bool:
        return self.start

    def options(self) -> list[bool]:
        return [False, True]

    def clean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._refuse(value, "True or False")
        return value

    def to_text(self, value: Any) -> str:
        return "1" if value else "0"

    def from_text(self, text: str) -> bool:
        if text not in ("0", "1"):
            raise self._refuse(text, "0 or 1")
        return text == "1"


@dataclass(frozen=True)
class Text(Control):
    """A line that the reader types. It exists live only."""

    start: str = ""
    limit: int = 200
    export: Export = "off"
    kind: ClassVar[str] = "text"

    @property
    def default(self) -> str:
        return self.start

    def clean(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.limit:
            raise self._refuse(
                value if not isinstance(value, str) else value[:20] + "…", f"at most {self.limit} characters"
            )
        return value

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "limit": self.limit}


@dataclass(frozen=True)
class Numbers(Control):
    """A few named numbers; which names there are may change with the other controls. Live only."""

    start: Mapping[str, float] = field(default_factory=dict)
    limit: int = 20
    export: Export = "off"
    kind: ClassVar[str] = "numbers"

    @property
    def default(self) -> dict[str, float]:
        return dict(self.start)

    def clean(self, value: Any) -> dict[str, float]:
        if not isinstance(value, Mapping) or len(value) > self.limit:
            raise self._refuse(type(value).__name__, f"at most {self.limit} named numbers")
        for name, number in value.items():
            good = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
            if not isinstance(name, str) or not good:
                raise self._refuse(number, f"a number for {name}")
        return {name: float(number) for name, number in value.items()}

    def to_text(self, value: Any) -> str:
        return ",".join(f"{name}:{number!r}" for name, number in value.items())

    def from_text(self, text: str) -> dict[str, float]:
        pairs = [pair.partition(":") for pair in text.split(",") if pair]
        return self.clean({name: _number(self, number) for name, _, number in pairs})


@dataclass(frozen=True)
class Points(Control):
    """Points of two classes that the reader places in the picture, as ``[x, y, label]``. Live only."""

    extent: float = 1.0  # x and y lie from -extent to extent
    limit: int = 40
    export: Export = "off"
    kind: ClassVar[str] = "points"

    @property
    def default(self) -> list[list[float]]:
        return []

    def clean(self, value: Any) -> list[list[float]]:
        if not isinstance(value, (list, tuple)) or len(value) > self.limit:
            raise self._refuse(type(value).__name__, f"a list of at most {self.limit} points")
        return [self._point(point) for point in value]

    def _point(self, point: Any) -> list[float]:
        expected = f"[x, y, label], x and y from {-self.extent} to {self.extent}, label 0 or 1"
        if not isinstance(point, (list, tuple)) or len(point) != 3:
            raise self._refuse(point, expected)
        if not all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in point):
            raise self._refuse(point, expected)
        x, y, label = (float(part) for part in point)
        if not (abs(x) <= self.extent and abs(y) <= self.extent and label in (0.0, 1.0)):
            raise self._refuse(point, expected)
        return [round(x, 2), round(y, 2), label]

    def to_text(self, value: Any) -> str:
        return ";".join(" ".join(f"{part:g}" for part in point) for point in value)

    def from_text(self, text: str) -> list[list[float]]:
        return self.clean([[_number(self, part) for part in point.split()] for point in text.split(";") if point])


@dataclass(frozen=True)
class Presets(Control):
    """Named settings of other controls: choosing one sets them, changing them by hand leaves the preset.

    ``sets`` maps each name to the values it sets. The value is the name, or ``""`` for a setting of
    the reader's own.
    """

    sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kind: ClassVar[str] = "presets"

    @property
    def default(self) -> str:
        return next(iter(self.sets))

    def options(self) -> list[str]:
        return list(self.sets)

    def clean(self, value: Any) -> str:
        if not isinstance(value, str) or (value and value not in self.sets):
            raise self._refuse(value, f"one of {', '.join(self.sets)}")
        return value

    def members(self) -> set[str]:
        """The names of the controls that presets set."""
        return {name for values in self.sets.values() for name in values}

    def match(self, values: Mapping[str, Any]) -> str:
        """The preset that these values are, or ``""``."""
        return next((name for name, sets in self.sets.items() if all(values[k] == v for k, v in sets.items())), "")

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "sets": [[name, dict(values)] for name, values in self.sets.items()]}


@dataclass(frozen=True)
class Player(Control):
    """The place in time: which of the result's ``frames`` is shown. Moving it computes nothing."""

    export: Export = "recording"
    seconds: float = 1.4  # for each frame while playing
    kind: ClassVar[str] = "player"

    @property
    def default(self) -> int:
        return 0

    def clean(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._refuse(value, "a whole number from 0")
        return value

    def from_text(self, text: str) -> int:
        if not text.isdecimal() or len(text) > 9:
            raise self._refuse(text, "a whole number from 0")
        return int(text)

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "seconds": self.seconds}


def _number(control: Control, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise control._refuse(text, "a number") from None
