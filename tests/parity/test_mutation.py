"""The mutation script finds wrong gradients, and says so when a right one fails. All of it runs in `make proof`."""

from __future__ import annotations

import pytest

from benchmarks import mutate_backward
from dlcourse.numpy.functional.linear import Linear


def test_every_mistake_in_the_linear_layer_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutate_backward.main(["--operation", "Linear", "--minimum", "1.0"]) == 0
    assert "mutants noticed: 100.0%" in capsys.readouterr().out


def test_mutants_are_wrong_in_the_ways_they_say() -> None:
    mistakes = [mutant.mistake for mutant in mutate_backward.mutants(Linear)]
    for kind in ("product in the wrong order", "transpose missing", "wrong axis", "* 2", "* -1"):
        assert any(kind in mistake for mistake in mistakes), kind


def test_rows_that_see_nothing_let_the_mutant_survive() -> None:
    mutant = next(mutate_backward.mutants(Linear))
    assert mutate_backward.survives(mutant, [])


def test_the_unchanged_backward_passes_its_rows() -> None:
    rows = mutate_backward.rows_by_operation()[Linear]
    assert mutate_backward.survives(mutate_backward.unchanged(Linear), rows)
