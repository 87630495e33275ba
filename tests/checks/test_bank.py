"""Every question of the bank keeps its promises: right passes, known mistakes are named and not confused."""

from itertools import combinations

import numpy as np
import pytest

from dlcourse.checks.bank import all_questions
from dlcourse.checks.compare import agree_all
from dlcourse.checks.errors import StudentError
from dlcourse.checks.question import Question
from dlcourse.checks.render import verdict_message
from dlcourse.checks.variants import Outcome

QUESTIONS = all_questions()
SEEDS = [101, 202, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(1000, 1018))]
questions = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
seeds = pytest.mark.parametrize("seed", SEEDS)


def replay(question: Question, outcome: Outcome, seed: int):
    """The verdict on the outcome of a variant, as if a student's own code had come to it."""

    def fail(arrays):
        name, _, message = outcome.error.partition(": ")
        raise StudentError(name, message)

    if outcome.error:
        return question.grade(fail, seed)
    outputs = {name: np.array(value) for name, value in outcome.outputs.items()}
    if question.judge:
        return question.score(outputs, question.draw(seed))
    return question.grade(lambda arrays: outputs, seed)


def outcomes(question: Question, seed: int):
    inputs = question.draw(seed)
    right = question.expected(inputs)
    return right, [(variant, question.outcome(variant, inputs, right)) for variant in question.variants]


@questions
@seeds
def test_the_right_answer_gets_all_points(question, seed):
    right = question.expected(question.draw(seed))
    verdict = replay(question, Outcome(right), seed)
    assert verdict.status == "right"
    assert verdict.points == question.points
    assert verdict.passed


@questions
@seeds
def test_every_known_mistake_is_rejected_and_named(question, seed):
    for variant, outcome in outcomes(question, seed)[1]:
        if variant.kind != "wrong":
            continue
        verdict = replay(question, outcome, seed)
        assert verdict.status == "wrong", variant.name
        assert verdict.points == 0, variant.name
        assert verdict.variant == variant.name
        assert verdict.diagnosis == variant.says
        assert verdict.ask == variant.ask


@questions
@seeds
def test_conventions_are_named_and_equivalents_accepted(question, seed):
    for variant, outcome in outcomes(question, seed)[1]:
        if variant.kind == "wrong":
            continue
        verdict = replay(question, outcome, seed)
        if variant.kind == "accepts":
            assert verdict.status == "right", variant.name
            assert verdict.points == question.points
        else:
            assert verdict.status == "convention", variant.name
            assert verdict.variant == variant.name
            assert verdict.points == (question.points if variant.full else 0)


@questions
@seeds
def test_no_two_variants_are_confused(question, seed):
    all_outcomes = outcomes(question, seed)[1]
    for (one, first), (other, second) in combinations(all_outcomes, 2):
        if first.error or second.error:
            assert first.error != second.error, (one.name, other.name)
        else:
            assert not agree_all(first.outputs, second.outputs, question.rtol), (one.name, other.name)


@questions
@seeds
@pytest.mark.parametrize("fill", [0.0, 1.0, -0.37])
def test_constants_score_zero(question, seed, fill):
    right = question.expected(question.draw(seed))
    shapes = {name: value.shape for name, value in right.items()}
    if question.judge:
        shapes = dict.fromkeys(question.judge.reads, (12,))
    verdict = question.grade(lambda arrays: {name: np.full(shape, fill) for name, shape in shapes.items()}, seed)
    assert verdict.status == "wrong"
    assert verdict.points == 0


@questions
@seeds
def test_giving_an_input_back_scores_zero(question, seed):
    inputs = question.draw(seed)
    right = question.expected(inputs)
    names = question.judge.reads if question.judge else tuple(right)
    for name in question.judge.sent(inputs) if question.judge else inputs:
        verdict = question.grade(lambda arrays, name=name: dict.fromkeys(names, arrays[name]), seed)
        assert verdict.points == 0, name


@questions
def test_a_stub_is_not_started_and_scores_zero(question):
    def call(arrays):
        raise NotImplementedError(f"{question.id}: write it")

    verdict = question.grade(call, 3)
    assert (verdict.kind, verdict.points) == ("not started", 0)
    assert question.id in verdict.summary


@questions
def test_invariants_hold_for_the_right_answer(question):
    for seed in range(5):
        inputs = question.draw(seed)
        for rule in question.invariants:
            assert rule.holds(question.expected(inputs), inputs), rule.says


@questions
def test_the_definition_is_complete(question):
    wrong = [variant for variant in question.variants if variant.kind == "wrong"]
    assert len(wrong) >= 3
    assert question.hints
    assert question.points > 0
    assert question.minutes > 0
    assert question.id.count(".") == 1
    for text in [question.title, question.tested, *(variant.says for variant in question.variants)]:
        assert not text.endswith("."), f"{text!r} is part of a longer sentence"
    for variant in wrong:
        assert variant.ask.endswith("?"), f"{question.id} {variant.name}: a teacher asks, {variant.ask!r}"
    for hint in question.hints:
        assert hint.endswith((".", "?"))


@questions
def test_inputs_are_float64_and_differ_between_seeds(question):
    first, second = question.draw(1), question.draw(2)
    assert any(not np.array_equal(first[name], second[name]) for name in first)
    assert {array.dtype.kind for array in first.values()} <= {"f", "i", "b"}
    assert all(array.dtype == np.float64 for array in first.values() if array.dtype.kind == "f")


def test_ids_are_unique():
    ids = [question.id for question in QUESTIONS]
    assert len(ids) == len(set(ids))


def test_the_version_follows_the_definition():
    question = QUESTIONS[0]
    before = question.version
    assert before == question.version
    question.points += 1
    try:
        assert question.version != before
    finally:
        question.points -= 1


@questions
def test_every_message_reads_well(question):
    for variant, outcome in outcomes(question, seed=1)[1]:
        verdict = replay(question, outcome, 1)
        lines = verdict_message(verdict, live=False).lines
        sentences = [line for line in lines if not line.startswith(" ")]  # the others are numbers and code
        assert sentences[0] == f"Tested: {question.tested}."
        for sentence in sentences:
            assert sentence.endswith((".", "?", ")")), sentence
            assert not sentence.endswith((".. ", "?.", "..")), sentence
            assert "  " not in sentence, sentence
            assert len(sentence) < 400, sentence
        if variant.kind != "accepts":
            assert any(variant.says in sentence for sentence in sentences)
            assert variant.ask in sentences


@questions
def test_two_mistakes_at_once_never_pass_and_never_name_a_third(question):
    """The outputs of two mistakes, mixed in every way in which a student could mix them."""
    right, all_outcomes = (question.expected(question.draw(5)), outcomes(question, 5)[1])
    known = [(variant, outcome.outputs) for variant, outcome in all_outcomes if not outcome.error]
    for (one, first), (other, second) in combinations(known, 2):
        for name in right:
            mixed = {**first, name: second[name]}
            if agree_all(mixed, right, question.rtol) or any(
                agree_all(mixed, outputs, question.rtol) for _, outputs in known
            ):
                continue
            verdict = replay(question, Outcome(mixed), 5)
            assert verdict.points == 0, (one.name, other.name, name)
            if verdict.variant:
                named = {variant.name: outputs for variant, outputs in known}[verdict.variant]
                shown = verdict.diagnosis.split(", in “")[-1].split("”;")[0]
                assert agree_all({shown: mixed[shown]}, {shown: named[shown]}, question.rtol)
