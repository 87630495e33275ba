"""How a question scores: errors, unusable results, two mistakes at once, hostile output."""

import dataclasses

import numpy as np
import pytest

from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check
from dlcourse.checks.compare import agree, validate
from dlcourse.checks.drives.report import error_report
from dlcourse.checks.drives.values import Unusable
from dlcourse.checks.errors import StudentError
from dlcourse.checks.judge import Judge
from dlcourse.checks.question import Invariant, Question
from dlcourse.checks.render import verdict_message

LINEAR = load("01.linear")


class Right:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dz):
        return dz @ self.W, dz.T @ self.X, dz.sum(0)


def test_an_answer_written_like_a_student_passes():
    verdict = run_check(LINEAR, Right, seed=11)
    assert (verdict.status, verdict.points, verdict.passed) == ("right", LINEAR.points, True)


def test_an_exception_shows_the_students_own_line():
    class Broken(Right):
        def backward(self, dz):
            return dz @ self.W.T, dz.T @ self.X, dz.sum(0)

    verdict = run_check(LINEAR, Broken, seed=11)
    assert verdict.kind == "raised"
    assert verdict.got == "at   return dz @ self.W.T, dz.T @ self.X, dz.sum(0)"
    assert verdict.summary.startswith("Your code stopped with ValueError: matmul")
    assert verdict.variant == "through_transpose"  # the known mistake that raises the very same error


def test_an_exception_inside_a_library_still_shows_the_students_line():
    class Broken(Right):
        def forward(self, X):
            return np.concatenate([X, np.ones((2, 2))], axis=1)

    verdict = run_check(LINEAR, Broken, seed=11)
    assert verdict.got == "at   return np.concatenate([X, np.ones((2, 2))], axis=1)"


@pytest.mark.parametrize(
    ("backward", "words"),
    [
        (lambda self, dz: None, "backward returned None, expected dX, dW, db. Is a `return` missing?"),
        (lambda self, dz: dz, "backward returned one ndarray, expected 3 values: dX, dW, db."),
        (lambda self, dz: (dz, dz), "backward returned 2 values, expected 3: dX, dW, db."),
        (lambda self, dz: (dz, None, dz), "DW from backward returned None. Is a `return` missing?"),
        (lambda self, dz: (dz, "text", dz), "expected an array of numbers"),
        (lambda self, dz: (dz, [[1, 2], [3]], dz), "returned a list of 2 parts that is not an array of numbers."),
        (lambda self, dz: (dz, {"a": 1}, dz), "expected an array of numbers"),
    ],
)
def test_unusable_results_are_explained(backward, words):
    verdict = run_check(LINEAR, type("Layer", (Right,), {"backward": backward}), seed=11)
    assert verdict.kind == "unusable"
    assert verdict.points == 0
    assert words.lower() in verdict.summary.lower()


def test_an_object_in_place_of_its_class_is_explained():
    verdict = run_check(load("01.relu_gate"), np.ones(3), seed=1)
    assert "pass the class itself" in verdict.summary.lower()
    verdict = run_check(load("01.gradient_step"), 3.0, seed=1)
    assert "pass the function itself" in verdict.summary.lower()


def test_wrong_signatures_tell_how_the_check_calls():
    verdict = run_check(load("01.gradient_step"), lambda W: W, seed=1)
    assert verdict.kind == "raised"
    assert "W = gradient_step(W, dW, lr)" in verdict.pattern


def test_exit_does_not_stop_the_notebook():
    def leave(W, dW, lr):
        raise SystemExit(3)

    assert run_check(load("01.gradient_step"), leave, seed=1).kind == "raised"


def test_an_interrupt_is_not_swallowed():
    def slow(W, dW, lr):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_check(load("01.gradient_step"), slow, seed=1)


def test_two_mistakes_at_once_name_the_first_and_say_where_else_to_look():
    class Two(Right):
        def backward(self, dz):
            return dz @ self.W, self.X.T @ dz, dz.mean(0)

    verdict = run_check(LINEAR, Two, seed=11)
    assert verdict.variant == "weight_transposed"
    assert verdict.summary.startswith("dW:")
    assert verdict.diagnosis.endswith(", in “dW”; mend this first, then look at “db”")
    assert verdict.points == 0


def test_a_known_and_an_unknown_mistake_still_name_the_known_one():
    class Two(Right):
        def backward(self, dz):
            return dz @ self.W, dz.T @ self.X * 1.7, dz.sum(0) + 3

    verdict = run_check(LINEAR, Two, seed=11)
    assert (verdict.diagnosis, verdict.variant) == ("", "")
    assert "1.7 times" in verdict.pattern


def test_half_of_a_known_mistake_is_not_called_by_its_name():
    class Half(Right):
        def backward(self, dz):
            return dz @ self.W, dz.T @ self.X / len(self.X), dz.sum(0)  # the known mistake divides db as well

    verdict = run_check(LINEAR, Half, seed=11)
    assert verdict.variant == ""
    assert verdict.pattern == "Every entry of your dW is 0.2 times the expected one, which is 1/N here."


def test_an_unknown_mistake_is_not_recognised():
    class Odd(Right):
        def backward(self, dz):
            return np.cos(dz @ self.W), dz.T @ self.X, dz.sum(0)

    verdict = run_check(LINEAR, Odd, seed=11)
    assert not verdict.recognised
    assert (verdict.diagnosis, verdict.pattern) == ("", "")


def test_a_pattern_alone_does_not_make_a_mistake_a_known_one():
    class Scaled(Right):
        def backward(self, dz):
            return 1.7 * dz @ self.W, dz.T @ self.X, dz.sum(0)

    class Flat(Right):
        def backward(self, dz):
            return (dz @ self.W).ravel(), dz.T @ self.X, dz.sum(0)

    for student, words in ((Scaled, "1.7 times the expected one"), (Flat, "only its shape is not")):
        verdict = run_check(LINEAR, student, seed=11)
        assert words in verdict.pattern
        assert not verdict.recognised
        assert "This check does not recognise the mistake." in verdict_message(verdict).lines


def test_a_students_changes_to_the_inputs_do_not_reach_the_expected_values():
    class Changes(Right):
        def forward(self, X):
            X *= 0
            self.W *= 0
            return super().forward(X)

    assert run_check(LINEAR, Changes, seed=11).points == 0


def test_lists_and_tensors_count_as_arrays():
    import torch

    class Lists(Right):
        def backward(self, dz):
            dX, dW, db = super().backward(dz)
            return [dX.tolist(), torch.from_numpy(dW), tuple(db)]

    assert run_check(LINEAR, Lists, seed=11).passed


def test_float32_in_between_is_noticed():
    class Single(Right):
        def backward(self, dz):
            return super().backward(dz.astype(np.float32))

    class AllSingle(Right):
        def backward(self, dz):
            return tuple(g.astype(np.float32) for g in super().backward(dz))

    assert run_check(LINEAR, Single, seed=11).points == 0
    verdict = run_check(LINEAR, AllSingle, seed=11)
    assert verdict.kind == "dtype"
    assert "float32" in verdict.pattern


class Hostile(np.ndarray):
    """An array that claims to be equal to everything."""

    def __eq__(self, other):
        return np.ones(self.shape, bool)

    def __sub__(self, other):
        return np.zeros(self.shape)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "right",
        {},
        {"z": np.ones((5, 4))},
        {"z": None, "dX": None, "dW": None, "db": None},
        {name: np.zeros((3, 3)).view(Hostile) for name in ("z", "dX", "dW", "db")},
        {name: np.array(["x"]) for name in ("z", "dX", "dW", "db")},
        {name: np.array([object()]) for name in ("z", "dX", "dW", "db")},
        {name: np.array(1, dtype="M8[s]") for name in ("z", "dX", "dW", "db")},
        {name: np.broadcast_to(np.zeros(1), (5_000_000,)) for name in ("z", "dX", "dW", "db")},
        {name: [[1.0]] for name in ("z", "dX", "dW", "db")},
    ],
)
def test_output_that_is_not_plain_arrays_scores_zero(raw):
    verdict = LINEAR.grade(lambda arrays: raw, 5)
    assert (verdict.status, verdict.points, verdict.kind) == ("wrong", 0, "missing")


def test_extra_outputs_are_ignored():
    right = LINEAR.expected(LINEAR.draw(5))
    assert LINEAR.grade(lambda arrays: {**right, "points": np.array(99.0)}, 5).points == LINEAR.points


def test_nan_everywhere_never_passes():
    right = LINEAR.expected(LINEAR.draw(5))
    assert LINEAR.grade(lambda arrays: {k: np.full(v.shape, np.nan) for k, v in right.items()}, 5).points == 0


def test_validate_names_what_is_wrong():
    assert validate({"a": np.ones(2)}, ("a", "b"))[1] == "b did not come back"
    assert validate({"a": np.ones(2)}, ("a",))[1] == ""


def test_agree_is_tight_and_knows_zero_up_to_rounding():
    want = np.array([1.0, 0.0, -1e6])
    assert agree(want * (1 + 1e-12), want, 1e-9)
    assert agree(want + np.array([0, 1e-8, 0]), want, 1e-9)  # 1e-8 beside a million is rounding
    assert not agree(want * (1 + 1e-7), want, 1e-9)
    assert not agree(want[:2], want, 1e-9)


def test_the_graders_side_of_an_error_is_cut_and_kept_as_text():
    report = error_report(ValueError("x" * 10_000))
    error = StudentError.from_report(report)
    assert len(error.message) == 500
    verdict = LINEAR.grade(lambda arrays: (_ for _ in ()).throw(error), 5)
    assert (verdict.kind, verdict.points) == ("raised", 0)
    assert StudentError.from_report({"name": 7}).name == "7"


def toy(**more):
    return Question(
        "99.toy",
        title="Toy",
        points=2,
        minutes=1,
        called_as="f(x)",
        tested="x",
        inputs=lambda rng: {"x": rng.normal(size=(4, 3))},
        drive=lambda student, x: {"p": student(x)},
        answer=lambda x: {"p": x / x.sum(1, keepdims=True)},
        **more,
    )


def test_equivalents_get_full_points_and_conventions_what_they_say():
    question = toy()

    @question.accepts("the columns sum to one")
    def columns(x):
        return {"p": x / x.sum(0)}

    @question.convention("in percent", ask="Here from 0 to 1.")
    def percent(x):
        return {"p": 100 * x / x.sum(1, keepdims=True)}

    verdict = run_check(question, lambda x: x / x.sum(0), 3)
    assert (verdict.status, verdict.points) == ("right", 2)
    assert "the columns sum to one" in verdict.summary
    verdict = run_check(question, lambda x: 100 * x / x.sum(1, keepdims=True), 3)
    assert (verdict.status, verdict.points, verdict.passed) == ("convention", 0, False)
    assert verdict.diagnosis == "in percent"


def test_ambiguous_mistakes_are_not_named():
    question = toy()

    @question.wrong("one reason", ask="Why?")
    def one(x):
        return {"p": x}

    @question.wrong("another reason", ask="Why?")
    def other(x):
        return {"p": x * 1.0}

    assert run_check(question, lambda x: x, 3).diagnosis == ""


def test_invariants_are_told_only_when_broken():
    question = toy(invariants=(Invariant("each row sums to one", lambda out, _: np.allclose(out["p"].sum(1), 1)),))
    assert "each row sums to one" in run_check(question, lambda x: x**2, 3).pattern
    swapped = run_check(question, lambda x: (x / x.sum(1, keepdims=True))[:, ::-1], 3)
    assert "each row sums to one" not in swapped.pattern


def test_a_variant_name_is_used_once_and_its_outputs_are_known():
    question = toy()

    @question.wrong("a", ask="?")
    def twice(x):
        return {"q": x}

    with pytest.raises(ValueError, match="registered twice"):
        question.wrong("b", ask="?")(twice)
    with pytest.raises(ValueError, match="unknown outputs"):
        run_check(question, lambda x: x, 3)


def test_verdicts_are_plain_values():
    import json

    verdict = run_check(LINEAR, Right, seed=11)
    assert json.loads(json.dumps(verdict.as_dict()))["passed"] is True


@pytest.mark.parametrize("settings", [{"all": "raise"}, {"all": "warn"}])
def test_a_students_numpy_settings_do_not_disturb_a_check(settings):
    class Explodes(Right):
        def backward(self, dz):
            with np.errstate(all="ignore"):
                return tuple(g / 0.0 for g in super().backward(dz))

    with np.errstate(**settings):
        assert run_check(LINEAR, Right, seed=11).passed
        assert run_check(LINEAR, Explodes, seed=11).kind == "not finite"
        assert run_check(load("01.sigmoid_gate"), Right, seed=11).points == 0


def _accuracy(raw, inputs):
    if raw["predictions"].shape != inputs["labels"].shape:
        raise Unusable("predict: expected one class for each image")
    return {"accuracy, counted up to 0.9": min(0.9, (raw["predictions"] == inputs["labels"]).mean())}


JUDGED = Question(
    "98.reaches_90",
    points=2,
    minutes=1,
    title="A judged question",
    called_as="predictions = student(images)",
    tested="a test set that the code has not seen",
    inputs=lambda rng: {"images": rng.normal(size=(40, 2)), "labels": np.repeat([0, 1], 20)},
    drive=lambda student, images: {"predictions": student(images)},
    judge=Judge(reads=("predictions",), facts=_accuracy, hidden=("labels",)),
    answer=lambda: {"accuracy, counted up to 0.9": 0.9},
)


def test_a_judge_sees_what_the_students_code_does_not():
    seen = []

    def guess(arrays):
        seen.extend(arrays)
        return {"predictions": np.repeat([0, 1], 20)}

    assert JUDGED.grade(guess, 1).passed
    assert seen == ["images"]


def test_a_judged_answer_that_falls_short_is_told_by_how_much():
    verdict = JUDGED.grade(lambda arrays: {"predictions": np.zeros(40)}, 1)
    assert (verdict.points, verdict.status) == (0, "wrong")
    assert "0.5" in verdict.got
    assert "0.9" in verdict.want


def test_what_a_judge_measured_is_told_whether_the_goal_is_reached_or_not():
    def measured(raw, inputs):
        return f"Right: {(raw['predictions'] == inputs['labels']).mean():.0%}."

    telling = dataclasses.replace(JUDGED, judge=dataclasses.replace(JUDGED.judge, measured=measured))
    assert telling.grade(lambda arrays: {"predictions": np.zeros(40)}, 1).summary.endswith("differs. Right: 50%.")
    right = telling.grade(lambda arrays: {"predictions": np.repeat([0, 1], 20)}, 1)
    assert right.passed
    assert right.summary == "Everything agrees. Right: 100%."


def test_a_measurement_that_fails_does_not_stop_the_grader():
    def measured(raw, inputs):
        return f"Right: {raw['predictions'][99]}"

    broken = dataclasses.replace(JUDGED, judge=dataclasses.replace(JUDGED.judge, measured=measured))
    assert broken.grade(lambda arrays: {"predictions": np.repeat([0, 1], 20)}, 1).summary == "Everything agrees."


@pytest.mark.parametrize(
    "raw",
    [{}, {"predictions": np.zeros(3)}, {"accuracy, counted up to 0.9": np.array(0.9)}, None, {"predictions": "90 %"}],
)
def test_facts_cannot_be_handed_in_instead_of_the_answer(raw):
    verdict = JUDGED.grade(lambda arrays: raw, 1)
    assert (verdict.points, verdict.kind) == (0, "missing")


def test_shapes_that_break_a_judge_are_no_usable_answer():
    broken = dataclasses.replace(
        JUDGED, judge=Judge(("predictions",), lambda raw, inputs: {"a": raw["predictions"][99]})
    )
    verdict = broken.grade(lambda arrays: {"predictions": np.zeros(3)}, 1)
    assert verdict.kind == "missing"
    assert "IndexError" in verdict.summary
