"""The base of every explorer: controls, numbers from Python, a drawing in JavaScript.

A subclass names its ``title``, ``drawing`` and ``controls`` and writes :meth:`Explorer.compute`,
``describe``, ``code`` and ``figure``. Everything else is here: checking what the reader sets, the
state as a short string, what the notebook stores, and what the front end is told.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote, unquote

import anywidget
import traitlets
from matplotlib.figure import Figure

from dlcourse.plots import png
from dlcourse.widgets.arrays import for_kernel, is_finite
from dlcourse.widgets.bundle import FOLDER, bundle
from dlcourse.widgets.controls import Control, Player, Presets, Toggle

__all__ = ["MIME", "Explorer", "InputError", "Question"]

MIME = "application/vnd.dlcourse.explorer+json"
VERSION = 1
_PREDICT = Toggle("predict", label="Predict first")


class InputError(ValueError):
    """A value that the reader can correct: shown beside ``control``, from character ``start`` to ``end``."""

    def __init__(self, message: str, control: str, start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.control, self.start, self.end = control, start, end


@dataclass(frozen=True)
class Question:
    """What the reader predicts before it is shown; right is any number from ``low`` to ``high``."""

    text: str
    answer: str
    low: float
    high: float


class Explorer(anywidget.AnyWidget):
    """An interactive picture. ``GraphExplorer(step=3)`` in a cell shows it; keywords set its controls.

    Raises ``TypeError`` for a keyword that is no control and ``ValueError`` for a value that the
    control does not allow.
    """

    title: ClassVar[str] = ""
    drawing: ClassVar[Path] = FOLDER
    controls: ClassVar[tuple[Control, ...]] = ()
    predicts: ClassVar[bool] = False

    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    # What a subclass writes, with its controls' names as parameters: describe(self, result, rate, step)

    def compute(self, *_: Any, **values: Any) -> dict[str, Any]:
        """The numbers of the picture: small arrays, lists, texts. With a player, ``frames`` is a list.

        ``values`` are those of all controls but the presets and the player. Keys that start with _
        stay in Python. Raises :class:`InputError` for what the reader can correct.
        """
        raise NotImplementedError(f"{type(self).__name__} has no compute")

    def describe(self, *result: Any, **values: Any) -> str:
        """The picture in words, headline first; ``values`` include the player's place."""
        raise NotImplementedError(f"{type(self).__name__} has no describe")

    def code(self, *_: Any, **values: Any) -> str:
        """A cell of Python that gives the numbers of this picture."""
        raise NotImplementedError(f"{type(self).__name__} has no code")

    def figure(self, *result: Any, **values: Any) -> Figure:
        """The picture that a notebook stores."""
        raise NotImplementedError(f"{type(self).__name__} has no figure")

    def heading(self, *_: Any, **_values: Any) -> str:
        """What the picture is of, in a few words; it begins the stored picture's alternative text."""
        return self.title

    def question(self, *_result: Any, **_values: Any) -> Question | None:
        """What to predict before this picture is shown. Asked only where ``predicts`` is True."""
        return None

    def settle(self, values: dict[str, Any]) -> dict[str, Any]:
        """Bring values that depend on each other into agreement."""
        return values

    # Making one

    def __init__(self, **values: Any) -> None:
        self._settling = True
        start = self.complete(values)
        super().__init__(spec=self._spec(start), values=start, result=for_kernel(self.evaluate(start)))
        self._settling = False

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Make the explorer as ``state`` describes it. Raises ``ValueError`` for a string that it did not write."""
        by_name = {control.name: control for control in cls.all_controls()}
        values = {}
        for part in state.split("&") if state else []:
            name, equals, text = part.partition("=")
            if not equals or name not in by_name:
                raise ValueError(f"from_state: got {part!r}, expected NAME=VALUE with one of {', '.join(by_name)}")
            values[name] = by_name[name].from_text(unquote(text))
        return cls(**values)

    @classmethod
    def all_controls(cls) -> tuple[Control, ...]:
        """The controls, and "predict first" where the explorer asks questions."""
        return (*cls.controls, _PREDICT) if cls.predicts else cls.controls

    # Using it

    @property
    def state(self) -> str:
        """Everything that is set, as one short string for :meth:`from_state`; empty at the start."""
        return "&".join(filter(None, [self._state(self.values, passive=False), self._state(self.values, passive=True)]))

    def update(self, **values: Any) -> None:
        """Set controls, as the reader does. Raises as the constructor does."""
        self.values = self.complete(values, self.values)

    def reset(self) -> None:
        """Return to the values that the explorer was made with."""
        self.values = self.spec["start"]

    # Values and results

    def complete(self, values: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All values: those given, what a preset among them sets, and the rest from ``base`` or the defaults."""
        known = {control.name: control for control in self.all_controls()}
        for name in values:
            if name not in known:
                raise TypeError(f"{type(self).__name__}: got {name!r}, expected one of {', '.join(known)}")
        full = {name: control.default for name, control in known.items()} if base is None else dict(base)
        for presets in self._presets():
            chosen = presets.clean(values.get(presets.name, "" if base is not None else presets.default))
            full.update(presets.sets.get(chosen, {}))
        full = {name: control.clean(values.get(name, full[name])) for name, control in known.items()}
        full = self.settle(full)
        for presets in self._presets():
            full[presets.name] = presets.match(full)
        return full

    def evaluate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The picture for these values, with its texts, questions, code and state; or the reader's error."""
        settings = {c.name: values[c.name] for c in self.controls if not isinstance(c, Player | Presets)}
        state = self._state(values, passive=False)
        try:
            picture = self.compute(**settings)
        except InputError as error:
            return {**_refused(error, state), "values": self._settings(values)}
        stopped = _stop(picture)
        moments = [{**settings, **self._moment(i)} for i in range(len(picture.get("frames", [None])))]
        texts = [self.describe(picture, **moment) for moment in moments]
        if stopped:
            texts[-1] += f"\n{stopped}"
        questions = [self.question(picture, **moment) if self.predicts else None for moment in moments]
        return {
            "values": self._settings(values),
            "error": None,
            "picture": {key: value for key, value in picture.items() if not key.startswith("_")},
            "texts": texts,
            "questions": [question and vars(question) for question in questions],
            "stopped": stopped,
            "code": self.code(**settings),
            "state": state,
        }

    def still(self) -> tuple[Figure, str]:
        """The stored picture and its words. At the start of a recording it shows the end, where all is visible."""
        result = self.evaluate(self.values)
        last = len(result["texts"]) - 1
        place = self.values[self._player.name] or last if self._player else 0
        place = min(place, last)
        settings = {c.name: self.values[c.name] for c in self.controls if not isinstance(c, Player | Presets)}
        if result["error"]:
            return _words_only(result["texts"][0]), result["texts"][0]
        return self.figure(result["picture"], **settings, **self._moment(place)), result["texts"][place]

    def recipe(self) -> dict[str, Any]:
        """What the notebook stores, and all that an export needs: which explorer, in which state."""
        owner = next(c for c in type(self).__mro__ if "compute" in vars(c))
        return {"version": VERSION, "explorer": f"{owner.__module__}:{owner.__qualname__}", "state": self.state}

    @property
    def _esm(self) -> str:
        # anywidget prefers a module's own export named render to the default one, so only the default is exported.
        module = bundle(FOLDER / "frame.js", self.drawing).replace("export const {", "const {")
        return module + "export default { render: (c) => render(c, createDrawing) };\n"

    _css = FOLDER / "frame.css"

    @property
    def _player(self) -> Player | None:
        return next((c for c in self.controls if isinstance(c, Player)), None)

    def _moment(self, place: int) -> dict[str, int]:
        return {self._player.name: place} if self._player else {}

    def _presets(self) -> list[Presets]:
        return [c for c in self.controls if isinstance(c, Presets)]

    def _spec(self, start: dict[str, Any]) -> dict[str, Any]:
        name = next(c for c in type(self).__mro__ if "compute" in vars(c)).__name__
        return {"title": self.title, "name": name, "controls": [c.spec() for c in self.all_controls()], "start": start}

    def is_passive(self, control: Control) -> bool:
        """Whether a control changes only what is shown, and needs nothing computed."""
        return control is self._player or control is _PREDICT

    def _settings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that a result belongs to: the front end draws a result only while they are set."""
        return {c.name: values[c.name] for c in self.all_controls() if not self.is_passive(c)}

    def _state(self, values: Mapping[str, Any], passive: bool) -> str:
        """``name=value`` joined by &, for what differs from the defaults; a preset stands for what it sets."""
        base = {c.name: c.default for c in self.all_controls()}
        for presets in self._presets():
            base.update(presets.sets[values[presets.name] or presets.default])
            base[presets.name] = presets.default if values[presets.name] else ""
        changed = [c for c in self.all_controls() if self.is_passive(c) == passive and values[c.name] != base[c.name]]
        return "&".join(f"{c.name}={quote(c.to_text(values[c.name]), safe=_READABLE)}" for c in changed)

    @traitlets.observe("values")
    def _on_values(self, change: dict[str, Any]) -> None:
        if self._settling:
            return
        try:
            values = self.complete(dict(change["new"]))
        except (TypeError, ValueError) as error:  # the front end sent what no control allows
            self.result = _refused(InputError(str(error), ""), "")
            return
        self._settling = True
        self.values = values
        self._settling = False
        if any(values[c.name] != change["old"].get(c.name) for c in self.all_controls() if not self.is_passive(c)):
            self.result = for_kernel(self.evaluate(values))

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        live = super()._repr_mimebundle_(**options) or ({}, {})
        data = dict(live[0] if isinstance(live, tuple) else live)
        figure, words = self.still()
        sentences = [self.heading(**self.values), *words.splitlines()]
        alt = " ".join(f"{sentence.rstrip('.')}." for sentence in sentences)
        data["text/plain"] = alt
        data["image/png"] = base64.b64encode(png(figure)).decode("ascii")
        data[MIME] = self.recipe()
        width = round(figure.get_figwidth() * 100)
        return data, {"image/png": {"alt": alt, "width": width}}


_READABLE = " ()*+/,:;=-.^"


def _stop(picture: dict[str, Any]) -> str:
    """Cut the frames behind the first one with a number that is not finite; returns what to say about it."""
    frames = picture.get("frames")
    if frames is None:
        return "" if is_finite(picture) else "Stopped: a number is no longer finite."
    for place, frame in enumerate(frames):
        if not is_finite(frame):
            del frames[place + 1 :]
            return "Stopped here: a number is no longer finite (inf or nan)."
    return ""


def _refused(error: InputError, state: str) -> dict[str, Any]:
    """The result that shows an error where a picture would be."""
    place = {"control": error.control, "start": error.start, "end": error.end}
    nothing = {"picture": {}, "questions": [None], "stopped": "", "code": ""}
    return {"error": place, "texts": [str(error)], "state": state, **nothing}


def _words_only(words: str) -> Figure:
    figure = Figure(figsize=(7, 1.2))
    figure.text(0.02, 0.5, words, va="center", fontsize=11)
    return figure
