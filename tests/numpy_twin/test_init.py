"""Errors of ``init``; that the numbers are right is in ``tests/parity``."""

from __future__ import annotations

import numpy as np
import pytest

import dlcourse.numpy as dl
from dlcourse.numpy import init

FANS = ["xavier_normal_", "xavier_uniform_", "kaiming_normal_", "kaiming_uniform_", "lecun_normal_", "lecun_uniform_"]


@pytest.mark.parametrize("name", FANS)
def test_a_vector_has_no_fans(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}: tensor has shape \(3,\), expected at least 2 axes"):
        getattr(init, name)(dl.zeros(3))


@pytest.mark.parametrize("name", ["kaiming_normal_", "kaiming_uniform_"])
def test_unknown_choices_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}: mode is 'fan', expected 'fan_in' or 'fan_out'"):
        getattr(init, name)(dl.zeros(2, 3), mode="fan")
    with pytest.raises(ValueError, match=r"calculate_gain: nonlinearity is 'swish', expected one of"):
        getattr(init, name)(dl.zeros(2, 3), nonlinearity="swish")


def test_a_generator_of_ones_own_is_used() -> None:
    first = init.normal_(dl.zeros(5), generator=np.random.default_rng(3)).data
    np.testing.assert_array_equal(first, np.random.default_rng(3).normal(size=5).astype(np.float32))
