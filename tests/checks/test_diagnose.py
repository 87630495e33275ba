"""The generic tier: each kind of difference is recognised and said in words, and nothing is claimed without reason."""

import math

import numpy as np
import pytest

from dlcourse.checks.diagnose import Difference, describe
from dlcourse.checks.diagnose.errors import explain_error

RNG = np.random.default_rng(5)
X = RNG.normal(size=(5, 3))
WANT = RNG.normal(size=(5, 3))
SCALES = {"N": 5, "C": 3, "lr": 0.03, "1 − p": 0.8}


class WithoutSelf:
    def forward(x):  # noqa: N805 - the mistake
        return x


def say(got, want=WANT, **more):
    return describe(Difference("dW", np.asarray(got), np.asarray(want), **more))


@pytest.mark.parametrize(
    ("factor", "name"),
    [
        (5, "N"),
        (1 / 5, "1/N"),
        (3, "C"),
        (1 / 3, "1/C"),
        (15, "N·C"),
        (1 / 15, "1/(N·C)"),
        (0.6, "C/N"),
        (5 / 3, "N/C"),
        (5 / 4, "N/(N − 1)"),
        (0.03, "lr"),
        (1 / 0.03, "1/lr"),
        (0.8, "1 − p"),
        (1 / 0.8, "1/(1 − p)"),
        (math.sqrt(5), "√N"),
        (2 / 5, "2/N"),
        (1 / math.log(2), "1/ln 2 (log2 instead of ln)"),
    ],
)
def test_a_constant_factor_is_named(factor, name):
    found = say(WANT * factor, scales=SCALES)
    assert found.kind == "value"
    assert found.pattern.startswith(f"Every entry of your dW is {factor:.4g} times the expected one")
    assert name in found.pattern.split("which is ")[1].removesuffix(" here.").split(" or ")


def test_a_quotient_of_two_named_numbers_keeps_its_brackets():
    found = say(WANT * 0.7 / 0.3, scales={"p": 0.3, "1 - p": 0.7})
    assert "which is (1 - p)/p here" in found.pattern


def test_plain_factors_are_given_without_a_name():
    assert say(WANT * 2).pattern == "Every entry of your dW is 2 times the expected one."
    assert say(-WANT).pattern == "Every entry of your dW has the opposite sign."
    assert say(WANT * 0.4711).pattern == "Every entry of your dW is 0.4711 times the expected one."


def test_a_factor_of_a_single_number_needs_a_name():
    assert say(np.array(10.0), np.array(2.0), scales=SCALES).pattern == (
        "Your dW is 5 times the expected one, which is N here."
    )
    assert say(np.array(7.7), np.array(2.0), scales=SCALES).pattern == ""


def test_zeros_and_constants_are_seen():
    assert say(np.zeros_like(WANT)).pattern == "Every entry of your dW is 0."
    assert say(np.full_like(WANT, 3.5)).pattern == "Every entry of your dW is the same number, 3.5."


def test_an_offset_is_seen():
    assert say(WANT + 0.25).pattern == "Every entry of your dW is too large by 0.25."
    assert say(WANT - 4).pattern == "Every entry of your dW is too small by 4."


def test_another_known_array_is_recognised():
    assert say(X, inputs={"X": X}).pattern == "Your dW is exactly the input X."
    assert say(-X, inputs={"X": X}).pattern == "Your dW is exactly minus the input X."
    assert say(X, right={"dX": X, "dW": WANT}).pattern == "Your dW is exactly the right dX."


def test_outputs_in_the_wrong_order_are_recognised_by_their_values_though_the_shapes_differ():
    loss, prediction = np.array([3.5, 1.5]), WANT
    found = describe(Difference("y_hat", loss, prediction, right={"y_hat": prediction, "L": loss}))
    assert (found.kind, found.pattern) == ("shape", "Your y_hat is exactly the right L.")


def test_transposes_and_axis_orders():
    assert say(WANT.T).kind == "shape"
    assert say(WANT.T).pattern == "Your dW is the expected one transposed."
    square = RNG.normal(size=(4, 4))
    assert say(square.T, square).kind == "value"
    assert say(square.T, square).pattern == "Your dW is the expected one transposed."
    images = RNG.normal(size=(2, 3, 4, 5))
    assert "its axes in the order (0, 3, 1, 2)" in say(images.transpose(0, 3, 1, 2), images).pattern


def test_reversed_order():
    assert say(WANT[::-1], axes=("example", "input")).pattern == (
        "Your dW is the expected one in reverse order along axis 0 (example)."
    )


def test_shifts_along_time():
    path = np.cumsum(RNG.normal(size=(6, 2)), axis=0)
    late = np.concatenate([np.zeros((1, 2)), path[:-1]])
    early = np.concatenate([path[1:], np.ones((1, 2))])
    assert "comes one step too late along axis 0" in say(late, path, is_steps=True).pattern
    assert "comes one step too early along axis 0" in say(early, path, is_steps=True).pattern
    assert "comes one place too late" in say(np.roll(WANT, 1, axis=0)).pattern


def test_a_reshape_where_a_transpose_was_meant():
    found = say(WANT.T.reshape(5, 3))
    assert "all the right numbers in the wrong places" in found.pattern
    assert "was a transpose meant?" in found.pattern
    images = RNG.normal(size=(2, 6, 3))
    assert "wrong places" in say(images.reshape(2, 3, 6), images.transpose(0, 2, 1)).pattern


def test_shapes_are_explained():
    assert "only its shape is not" in say(WANT[None]).pattern
    assert "only its shape is not" in say(WANT.ravel()).pattern
    batch = RNG.normal(size=(7, 3))
    assert "Summed over axis 0 your dW is right" in say(batch, batch.sum(0)).pattern
    images = RNG.normal(size=(2, 3, 4, 4))
    assert "Summed over axes 0, 2, 3 your dW is right" in say(images, images.sum((0, 2, 3))).pattern
    assert "has lost 1 of its axes" in say(WANT.mean(0)).pattern
    assert say(np.array(0)).pattern == "Your dW is one number, expected an array of shape (5, 3)."
    found = say(np.ones((2, 2)))
    assert found.summary == "dW: the shape is (2, 2), expected (5, 3)."


def test_not_finite_entries_are_counted():
    broken = WANT.copy()
    broken[1, 2], broken[3, 0], broken[4, 1] = np.nan, np.nan, np.inf
    found = say(broken)
    assert found.kind == "not finite"
    assert found.pattern == "Your dW has 2 NaN and 1 infinite of 15 entries, first at [1, 2]."


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (WANT.astype(np.float32), "to the precision of float32"),
        (np.trunc(WANT * 3).astype(int), "dtype int64: the fractions were cut off"),
        (WANT.astype(complex), "complex numbers"),
    ],
)
def test_dtypes(got, words):
    found = say(got)
    assert found.kind == "dtype"
    assert words in found.pattern


def test_leftovers_of_other_arrays():
    found = say(WANT + 0.1 * X, inputs={"W": X})
    assert found.pattern == "Your dW minus the expected one is exactly 0.1 times the input W."
    found = say(WANT - 0.03 * X, inputs={"W": X.T})
    assert found.pattern == "Your dW minus the expected one is exactly -0.03 times the input W, transposed."


def spoiled(mask):
    """The expected array where ``mask`` is true, something else elsewhere."""
    return np.where(mask, WANT, WANT * RNG.uniform(1.1, 2.0, WANT.shape))


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (X > 0, "exactly where X > 0"),
        (X < 0, "exactly where X < 0"),
        (WANT > 0, "exactly where the right dW > 0"),
        (np.arange(5)[:, None] == np.zeros((1, 3)), "exactly at the first index of axis 0 (example)"),
        (np.arange(5)[:, None] > np.zeros((1, 3)), "everywhere except at the first index of axis 0 (example)"),
        (np.ones((5, 1)) * np.arange(3) == 2, "exactly at the last index of axis 1 (class)"),
        (np.ones((5, 1)) * np.arange(3) == 1, "exactly at index 1 of axis 1 (class)"),
        (np.arange(3) == np.array([[0], [2], [1], [1], [0]]), "in the column of the right class y"),
        (np.arange(3) != np.array([[0], [2], [1], [1], [0]]), "outside the column of the right class y"),
    ],
)
def test_equal_on_a_part_names_the_part(mask, words):
    found = say(
        spoiled(mask),
        inputs={"X": X, "y": np.array([0, 2, 1, 1, 0])},
        right={"dW": WANT},
        axes=("example", "class"),
    )
    assert words in found.pattern, found.pattern
    assert found.pattern.endswith("and nowhere else.") != ("except" in words)


def test_an_exact_zero_is_a_part():
    x = RNG.normal(size=(4, 4))
    x[1, 2] = 0
    want = RNG.normal(size=(4, 4))
    got = np.where(x == 0, want + 1, want)
    assert say(got, want, inputs={"x": x}).pattern == "Your dW agrees exactly where x is not 0, and nowhere else."


def test_borders_and_diagonals():
    want = RNG.normal(size=(2, 5, 6))
    inside = np.zeros(want.shape, bool)
    inside[:, 1:-1, 1:-1] = True
    assert "in the interior (all but the border)" in say(np.where(inside, want, want + X[0, 0] * want**2), want).pattern
    square = RNG.normal(size=(4, 4))
    assert "on the diagonal" in say(square * (0.5 + np.eye(4) / 2) ** 2 * square / square, square).pattern.replace(
        "  ", " "
    )
    assert "on and below the diagonal" in say(np.tril(square), square).pattern


def test_most_of_a_part_is_said_more_carefully():
    mask = np.where(X > 0, True, RNG.random(X.shape) < 0.2)
    mask[np.unravel_index(np.argmin(X), X.shape)] = True
    found = say(spoiled(mask), inputs={"X": X})
    assert found.pattern == "Your dW agrees everywhere where X > 0; all that differs lies elsewhere."


def test_trajectories_tell_the_first_step_that_differs():
    path = RNG.normal(size=(6, 2))
    for first in range(6):
        got = path.copy()
        got[first:] *= RNG.uniform(1.1, 1.5, size=(6 - first, 2))
        summary = say(got, path, is_steps=True).summary
        expected = {
            0: "dW: step 1 differs already.",
            1: "dW: step 1 agrees, step 2 differs.",
        }.get(first, f"dW: steps 1 to {first} agree, step {first + 1} differs.")
        assert summary == expected


def test_the_numbers_of_the_differing_step_are_shown():
    path = np.arange(12.0).reshape(6, 2)
    got = path.copy()
    got[3] += [0.5, 0.25]
    found = say(got, path, is_steps=True)
    assert (found.got.split(), found.want.split()) == (["[", "6.5", "7.25]"], ["[", "6", "7]"])


def test_a_late_difference_of_a_long_path_is_shown_where_it_is():
    path = np.arange(9.0)
    got = path + 0.5 * (path >= 7)
    found = say(got, path, is_steps=True)
    assert (found.got.split(), found.want.split()) == (
        ["[", "7.5", "8.5]", "(from", "step", "8)"],
        ["[", "7", "8]"],
    )


def test_where_counts_entries():
    got = WANT.copy()
    got[2, 1] += 1
    assert say(got).summary == "dW: 1 of 15 entries differs, first at [2, 1]."
    got[4, 0] += 0.7
    assert say(got).summary == "dW: 2 of 15 entries differ, first at [2, 1]."
    assert say(got).got.endswith("(dW[2, :])")
    assert say(WANT * 2).summary == "dW: all 15 entries differ."
    assert say(np.array(2.0), np.array(1.0)).summary == "dW: the value differs."


def test_digits_grow_until_the_difference_shows():
    want = np.array([1.0, 2.0, 3.0])
    found = say(np.array([1.0, 2.000003, 3.0]), want)
    assert found.got != found.want
    assert "2.000003" in found.got


def test_labelled_entries_are_called_by_their_names():
    want = np.array([1.0, 2.0, 3.0])
    found = say(np.array([2.0, 2.0, 5.0]), want, labels=("a", "b", "root"))
    assert found.summary == "dW: 2 of 3 differ: a, root."
    assert say(want * 2, want, labels=("a", "b", "root")).summary == "dW: every one differs."


def test_flags_are_yes_and_no():
    found = say(np.array([True, True]), np.array([True, False]))
    assert (found.got, found.want, found.pattern) == ("[yes yes]", "[yes no]", "")


def test_broken_rules_are_told():
    found = describe(Difference("dz", WANT + X, WANT), ["each row sums to zero"])
    assert "A rule that yours breaks: each row sums to zero." in found.pattern


def test_nothing_is_claimed_about_an_unknown_mistake():
    found = say(RNG.normal(size=WANT.shape), inputs={"X": X}, right={"dW": WANT}, scales=SCALES)
    assert found.pattern == ""


def test_chance_agreement_of_a_single_entry_is_not_called_a_pattern():
    got = RNG.normal(size=WANT.shape)
    got[3, 1] = WANT[3, 1]
    assert say(got, inputs={"X": X}).pattern == ""


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 3), (1, 1), (2, 0, 2)])
def test_odd_shapes_do_no_harm(shape):
    got, want = np.ones(shape), np.full(shape, 3.0)
    found = say(got, want, inputs={"X": np.full(shape, 2.0)}, scales=SCALES) if want.size else None
    assert found is None or found.summary
    assert say(np.ones((2, 3)), want).kind == "shape"


@pytest.mark.parametrize(
    ("raises", "words"),
    [
        (lambda: np.ones((2, 3)) @ np.ones((2, 3)), "inner sizes of this matrix product"),
        (lambda: np.ones((2, 3)) + np.ones((2, 4)), "do not fit together"),
        (lambda: (lambda x: x)(1, 2), "calls it as gate.forward(x)"),
        (lambda: WithoutSelf().forward(2), "Is `self` the first argument"),
        (lambda: [1, 2] * 0.5, "np.array(...)"),
        (lambda: object().cache, "never set on this object"),
        (lambda: bool(np.ones(3)), "one yes or no"),
        (lambda: np.ones(3)[7], "lies outside its array"),
        (lambda: 1 / 0, "denominator is 0"),
        (lambda: None + 1, "Something is None there"),
        (lambda: undefined_name, "unknown there"),  # noqa: F821
    ],
)
def test_common_errors_are_explained(raises, words):
    with pytest.raises(Exception) as caught:  # any kind; its explanation is what is tested
        raises()
    assert words in explain_error(type(caught.value).__name__, str(caught.value), "gate.forward(x)")


def test_an_unknown_error_is_left_alone():
    assert explain_error("OSError", "disk full", "f(x)") == ""
