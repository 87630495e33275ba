"""The class report's warnings: code that is alike, and questions that look wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcourse.grading.class_report import class_report_page
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.outcome import Outcome, QuestionScore
from dlcourse.grading.similarity import similar_pairs, token_runs
from tests.grading.mini import EXERCISE

UNUSUAL = """
def walk(nodes, seen, order):
    stack = [(node, iter(node.parents)) for node in nodes if node not in seen]
    while stack:
        node, rest = stack[-1]
        for parent in rest:
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, iter(parent.parents)))
                break
        else:
            order.append(stack.pop()[0])
    return order[::-1] if len(order) > 3 else list(reversed(order))
"""
OTHER = """
def visit(root):
    found = []
    def go(node):
        if node in found:
            return
        for parent in node.parents:
            go(parent)
        found.append(node)
    go(root)
    total = {node: 0.0 for node in found}
    total[root] = 1.0
    for node in reversed(found):
        for parent, slope in zip(node.parents, node.slopes):
            total[parent] += total[node] * slope
    return total
"""


def renamed(source: str) -> str:
    for old, new in (("nodes", "todo"), ("seen", "done"), ("order", "result"), ("parent", "above"), ("stack", "pile")):
        source = source.replace(old, new)
    return "# my own work\n" + source.replace("    while", "    # loop\n    while")


def test_renamed_copies_are_found_and_others_are_not() -> None:
    pairs = similar_pairs({"ann": [UNUSUAL], "bob": [renamed(UNUSUAL)], "cyn": [OTHER]}, [])
    assert [(pair.first, pair.second) for pair in pairs] == [("ann", "bob")]
    assert pairs[0].share > 0.95


def test_what_the_whole_class_writes_is_no_sign() -> None:
    assert similar_pairs({f"s{index}": [UNUSUAL] for index in range(10)}, []) == []


def test_what_the_exercise_gave_is_no_sign() -> None:
    assert similar_pairs({"ann": [UNUSUAL], "bob": [UNUSUAL]}, [UNUSUAL]) == []


def test_short_answers_are_not_compared() -> None:
    assert similar_pairs({"ann": ["x = a @ b + c"], "bob": ["x = a @ b + c"]}, []) == []


@given(st.text())
def test_any_text_has_runs_or_none(source: str) -> None:
    assert all(len(run) == 8 for run in token_runs(source))


def outcomes(points: list[tuple[float, float]], exercise: Exercise) -> list[Outcome]:
    made = []
    for index, each in enumerate(points):
        scores = [
            QuestionScore(
                check.question.id,
                check.grade_id,
                check.question.title,
                value,
                check.question.points,
                "wrong",
                "",
                0,
                "v",
            )
            for check, value in zip(exercise.checks, each, strict=True)
        ]
        made.append(Outcome(f"s{index:02d}", EXERCISE, "", "", "graded", "", scores))
    return made


@pytest.fixture
def exercise(course: Path) -> Exercise:
    return Exercise.load(course / "exercises" / EXERCISE)


def test_a_question_that_nobody_solves_is_doubted(exercise: Exercise) -> None:
    page = class_report_page([(exercise, outcomes([(0, 2)] * 6, exercise))], [], unsafe=False)
    assert page.count("nobody has a point here") == 1


def test_a_few_submissions_are_not_enough_to_doubt(exercise: Exercise) -> None:
    page = class_report_page([(exercise, outcomes([(0, 2)] * 3, exercise))], [], unsafe=False)
    assert "nobody has a point here" not in page


def test_a_question_that_tells_nobody_apart_is_doubted(exercise: Exercise) -> None:
    against = [(3.0, 0.0) if index % 2 else (0.0, 2.0) for index in range(24)]
    page = class_report_page([(exercise, outcomes(against, exercise))], [], unsafe=False)
    assert page.count("who does well elsewhere does not do better here") == 2
    along = [(3.0, 2.0) if index % 2 else (0.0, 0.0) for index in range(24)]
    page = class_report_page([(exercise, outcomes(along, exercise))], [], unsafe=False)
    assert "who does well elsewhere" not in page


@pytest.mark.parametrize(
    ("verdict", "error", "status", "says"),
    [
        ({"kind": "value"}, "", "wrong", "1 × not recognised"),
        ({"kind": "shape"}, "", "wrong", "1 × another shape"),
        ({"kind": "raised"}, "IndexError", "wrong", "1 × stopped with IndexError"),
        ({"kind": "raised"}, "TimeLimit", "wrong", "1 × interrupted at the time limit"),
        ({}, "", "stopped", "1 × not reached"),
        ({}, "ValueError: ours", "error", "1 × not scored, because the grader itself failed"),
        ({"kind": "not started"}, "NotImplementedError", "wrong", "<td>–</td>"),
    ],
)
def test_what_was_wrong_is_counted(
    exercise: Exercise, verdict: dict[str, str], error: str, status: Literal["wrong", "stopped", "error"], says: str
) -> None:
    made = outcomes([(0, 2)], exercise)
    made[0].scores[0] = replace(made[0].scores[0], verdict=verdict, error=error, status=status)
    page = class_report_page([(exercise, made)], [], unsafe=False)
    first, second = page.split("01.multiply_gate")[1].split("01.relu_gate")
    assert says in first
    assert "<td>–</td>" in second, "nobody lost a point there"


def test_the_bars_have_a_header_that_only_readers_of_the_page_hear(exercise: Exercise) -> None:
    page = class_report_page([(exercise, outcomes([(3, 2)], exercise))], [], unsafe=False)
    assert '<th scope="col"><span class="unseen">Students, as a bar</span></th>' in page
    assert ".unseen { position: absolute;" in page


def test_names_in_the_report_are_escaped(exercise: Exercise) -> None:
    made = outcomes([(0, 0)], exercise)
    verdict = {"diagnosis": "<b>bold</b>", "kind": "value"}
    made[0].scores[0] = replace(made[0].scores[0], verdict=verdict)
    assert "&lt;b&gt;bold&lt;/b&gt;" in class_report_page([(exercise, made)], [], unsafe=False)
