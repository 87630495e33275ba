"""A question: what it tests, what is right, and the mistakes that it knows by name.

A definition in the bank reads like a marking scheme::

    relu_gate = Question("01.relu_gate", points=2, title="The ReLU gate", ...,
                         inputs=lambda rng: ..., drive=gates.one_input_gate, answer=relu)

    @relu_gate.wrong("the mask comes from dz", ask="The gate was set by x. Where is x in your backward?")
    def mask_from_upstream(x, dz):
        return {"dx": dz * (dz > 0)}

``Question.grade`` is the one scoring routine, in the notebook, in the tests and in the grader.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlcourse.checks.compare import agree, agree_all, validate
from dlcourse.checks.diagnose import Difference, describe
from dlcourse.checks.diagnose.errors import explain_error
from dlcourse.checks.drives.report import error_report
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.errors import StudentError
from dlcourse.checks.judge import Judge
from dlcourse.checks.matching import same_error, same_first_output, same_outputs
from dlcourse.checks.off_limits import Use
from dlcourse.checks.variants import Outcome, Outputs, Variant, call_with, run_variant
from dlcourse.checks.verdict import Verdict

__all__ = ["Invariant", "Question", "Written"]

Array = NDArray[Any]
Call = Callable[[dict[str, Array]], Outputs]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Invariant:
    """Something that every right answer has: "each row of dz sums to zero".

    ``holds(outputs, inputs)`` says whether the outputs have it. It must hold for the reference.
    """

    says: str
    holds: Callable[[Mapping[str, Array], Mapping[str, Array]], bool]


@dataclass(frozen=True)
class Written:
    """A question that is answered in words and marked by a person, along ``rubric``."""

    id: str
    title: str
    points: float
    minutes: int
    rubric: tuple[str, ...]


@dataclass(eq=False)
class Question:
    """One thing the student writes, and how it is scored.

    ``inputs(rng)`` draws float64 arrays; ``drive(student, **inputs)`` turns the student's object
    into named arrays; ``answer`` takes the inputs that it names and returns the right ones, in the
    order in which they are compared: intermediates first, so the first difference is the first mistake.

    ``called_as`` tells how the check calls the student's object, ``tested`` what was tested.
    ``scales`` names the numbers that a wrong factor could be made of, such as N.
    ``axes`` names the axes of an output, ``labels`` its entries, ``steps`` the outputs whose first axis is time.
    ``off_limits`` are the names that a solution must not call. ``minutes`` is an estimate.
    ``judge`` computes the outputs from what the drive returned, where a property counts and not a number.
    ``trains`` marks a question whose check trains a network, which takes seconds: the check says so first.
    """

    id: str
    title: str
    points: float
    minutes: int
    called_as: str
    tested: str
    inputs: Callable[[np.random.Generator], dict[str, Any]]
    drive: Callable[..., Outputs]
    answer: Callable[..., dict[str, Any]]
    scales: Callable[..., dict[str, float]] | None = None
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    off_limits: tuple[str, ...] = ()
    rtol: float = 1e-9
    judge: Judge | None = None
    trains: bool = False
    variants: list[Variant] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def wrong(self, says: str, *, ask: str, as_student: bool = False) -> Callable[[F], F]:
        """Register a known mistake: 0 points, named. See :class:`Variant`."""
        return self._register("wrong", says, ask, as_student, False)

    def convention(self, says: str, *, ask: str = "", as_student: bool = False, full: bool = False) -> Callable[[F], F]:
        """Register an answer that is right elsewhere: named, never called wrong; ``full`` gives all points."""
        return self._register("convention", says, ask, as_student, full)

    def accepts(self, says: str, *, as_student: bool = False) -> Callable[[F], F]:
        """Register an equivalent that must get full points although its numbers differ."""
        return self._register("accepts", says, "", as_student, True)

    def hint(self, text: str) -> None:
        """Add the next step of the hint ladder."""
        self.hints.append(text)

    def _register(
        self,
        kind: Literal["wrong", "convention", "accepts"],
        says: str,
        ask: str,
        as_student: bool,
        full: bool,
    ) -> Callable[[F], F]:
        def register(compute: F) -> F:
            name = compute.__name__
            if any(known.name == name for known in self.variants):
                raise ValueError(f"question {self.id}: variant {name} is registered twice")
            self.variants.append(Variant(name, kind, says, ask, compute, as_student, full))
            return compute

        return register

    @property
    def drive_path(self) -> str:
        """``module:function`` of the drive, by which the sandbox finds it."""
        return f"{self.drive.__module__}:{self.drive.__qualname__}"

    @property
    def version(self) -> str:
        """Eight hex digits that change when the definition, its drive or its points change."""
        sources = [inspect.getsource(inspect.getmodule(part) or part) for part in (self.answer, self.drive)]
        text = "\n".join([self.id, repr(self.points), *sources])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def draw(self, seed: int) -> dict[str, Array]:
        """The input arrays for a seed: float64, except where a question needs integers or booleans."""
        return {name: np.asarray(value) for name, value in self.inputs(np.random.default_rng(seed)).items()}

    def expected(self, inputs: Mapping[str, Array]) -> Outputs:
        """The right outputs."""
        with np.errstate(all="ignore"):
            answer = call_with(self.answer, inputs)
        return {name: np.asarray(value) for name, value in answer.items()}

    def run(self, student: Any, inputs: Mapping[str, Array]) -> Outputs:
        """The outputs of a student's object, run here. Raises ``Unusable`` when there are none."""
        arrays = {name: array.copy() for name, array in inputs.items()}
        if self.judge is None:
            return self.drive(student, **arrays)
        outputs, problem = self.judge.outputs(self.drive(student, **self.judge.sent(arrays)), inputs)
        if problem:
            raise Unusable(problem)
        return outputs

    def outcome(self, variant: Variant, inputs: Mapping[str, Array], right: Outputs) -> Outcome:
        """What a registered variant gives on these inputs."""
        return run_variant(variant, inputs, right, self.run)

    def grade(self, call: Call, seed: int) -> Verdict:
        """Score one answer. ``call(arrays)`` runs the drive, here or in the sandbox, and may raise.

        An exception of the student's code becomes a verdict; so does output that is unusable.
        """
        inputs = self.draw(seed)
        sent = self.judge.sent(inputs) if self.judge else inputs
        try:
            raw = call({name: array.copy() for name, array in sent.items()})
        except (Exception, SystemExit) as error:
            return self._failed(error, inputs, self.expected(inputs))
        outputs, problem = self.judge.outputs(raw, inputs) if self.judge else (raw, "")
        if problem:
            return self._unusable(problem)
        verdict = self.score(outputs, inputs)
        measured = self.judge.says(raw, inputs) if self.judge else ""
        return replace(verdict, summary=f"{verdict.summary} {measured}") if measured else verdict

    def score(self, outputs: Any, inputs: Mapping[str, Array]) -> Verdict:
        """Score outputs against the right ones. They are not trusted to be arrays, nor to be all there."""
        right = self.expected(inputs)
        outputs, problem = validate(outputs, tuple(right))
        if problem:
            return self._unusable(problem)
        if agree_all(outputs, right, self.rtol):
            return self._verdict("right", kind="agrees", summary="Everything agrees.")
        with np.errstate(all="ignore"):  # whatever the student's settings are, odd numbers are no errors here
            return self._differs(outputs, inputs, right)

    def uses(self, use: Use) -> Verdict:
        """The verdict on an answer that calls what it should write: 0 points, whatever it computes."""
        summary = f"Your answer uses {use.name}, which this question asks you to write yourself."
        return self._verdict("wrong", kind="off limits", summary=summary, got=f"at   {use.line}")

    def _unusable(self, problem: str) -> Verdict:
        return self._verdict("wrong", kind="missing", summary=f"Your answer gives no usable result: {problem}.")

    def _verdict(self, status: Literal["right", "wrong", "convention"], **fields: Any) -> Verdict:
        full = fields.pop("full", False)
        earned = self.points if status == "right" or (status == "convention" and full) else 0
        return Verdict(self.id, self.title, status, points=earned, out_of=self.points, tested=self.tested, **fields)

    def _failed(self, error: BaseException, inputs: Mapping[str, Array], right: Outputs) -> Verdict:
        student = error if isinstance(error, StudentError) else StudentError.from_report(error_report(error))
        if student.name == "NotImplementedError":
            return self._verdict("wrong", kind="not started", summary=f"Not answered yet. {student.message}".strip())
        if student.name == "Unusable":
            return self._verdict("wrong", kind="unusable", summary=_sentence(student.message))
        variant = same_error(self._outcomes(inputs, right), str(student))
        return self._verdict(
            "wrong",
            kind="raised",
            summary=_sentence(f"Your code stopped with {student.name}: {' '.join(student.message.split())}"),
            got=f"at   {student.line}" if student.line else "",
            pattern=explain_error(student.name, student.message, self.called_as),
            **_named(variant),
        )

    def _differs(self, outputs: Outputs, inputs: Mapping[str, Array], right: Outputs) -> Verdict:
        outcomes = self._outcomes(inputs, right)
        same = same_outputs(outcomes, outputs, self.rtol)
        accepted = [variant for variant in same if variant.kind == "accepts"]
        if accepted:
            return self._verdict("right", kind="agrees", summary=f"Everything agrees: {accepted[0].says}.")
        wrong = [name for name in right if not agree(outputs[name], right[name], self.rtol)]
        fields = self._description(wrong[0], outputs, inputs, right)
        if len(same) == 1:
            status: Literal["wrong", "convention"] = "wrong" if same[0].kind == "wrong" else "convention"
            return self._verdict(status, full=same[0].full, **fields, **_named(same[0]))
        # Two mistakes at once: name the one behind the first output that differs, if it is a known one.
        first = same_first_output(outcomes, outputs, right, wrong, self.rtol) if not same else None
        also = f", in “{wrong[0]}”; mend this first, then look at {_listed(wrong[1:])}" if first else ""
        return self._verdict("wrong", **fields, **_named(first, also))

    def _outcomes(self, inputs: Mapping[str, Array], right: Outputs) -> list[tuple[Variant, Outcome]]:
        return [(variant, self.outcome(variant, inputs, right)) for variant in self.variants]

    def _description(self, name: str, outputs: Outputs, inputs: Mapping[str, Array], right: Outputs) -> dict[str, Any]:
        """What the generic tier says about the first output that differs, as fields of a verdict."""
        difference = Difference(
            name=name,
            got=outputs[name],
            want=right[name],
            inputs=inputs,
            right=right,
            scales=call_with(self.scales, inputs) if self.scales else {},
            axes=self.axes.get(name, ()),
            labels=self.labels.get(name, ()),
            is_steps=name in self.steps,
            rtol=self.rtol,
        )
        broken = [rule.says for rule in self.invariants if not _holds(rule, outputs, inputs)]
        return asdict(describe(difference, broken))


def _named(variant: Variant | None, also: str = "") -> dict[str, str]:
    """The fields of a verdict that name a known answer."""
    if variant is None:
        return {}
    return {"diagnosis": variant.says + also, "variant": variant.name, "ask": variant.ask}


def _holds(rule: Invariant, outputs: Outputs, inputs: Mapping[str, Array]) -> bool:
    try:
        with np.errstate(all="ignore"):
            return bool(rule.holds(outputs, inputs))
    except Exception:  # outputs of a wrong shape: the shape is reported instead
        return True


def _listed(names: list[str]) -> str:
    """The names in quotes, since some are whole sentences."""
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


_BEGINS_WITH_CODE = re.compile(r"[\w.]+( from [\w.]+)? returned |[\w.]+: ")


def _sentence(text: str) -> str:
    """With a capital letter, unless it begins with the name of the student's code, and a full stop."""
    first = text[:1] if _BEGINS_WITH_CODE.match(text) else text[:1].upper()
    return first + text[1:] + ("" if text.endswith(("?", ".", ")")) else ".")
