"""Exercise 07: schedules as functions of the epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.drives import rates
from dlcourse.checks.question import Question

__all__ = ["OFF_LIMITS", "QUESTIONS"]

ORDER = 1

Arrays = dict[str, Any]
OFF_LIMITS = ("torch.optim.lr_scheduler", "dlcourse.numpy.schedule", "dlcourse.torch.schedule")


def _rates(values: Any) -> Arrays:
    return {"rates": values}


step = Question(
    "07.step",
    points=2,
    minutes=5,
    title="Down a step every few epochs",
    called_as="rate = step(epoch, eta0, gamma, step_size)",
    tested="epochs 0 to 12, with a step every few epochs",
    inputs=lambda rng: {
        "epochs": np.arange(13),
        "eta0": rng.uniform(0.3, 1.5),
        "gamma": rng.uniform(0.2, 0.7),
        "step_size": rng.integers(3, 5),
    },
    drive=rates.step,
    answer=lambda epochs, eta0, gamma, step_size: _rates(eta0 * gamma ** (epochs // step_size)),
    steps=("rates",),
    off_limits=OFF_LIMITS,
)
step.hint("How many steps has the rate taken by this epoch? It is a whole number.")
step.hint("// divides and drops the rest.")


@step.wrong(
    "the division keeps its rest, so the rate falls in every epoch", ask="How many steps has the rate taken in epoch 1?"
)
def without_floor(epochs: Any, eta0: Any, gamma: Any, step_size: Any) -> Arrays:
    return _rates(eta0 * gamma ** (epochs / step_size))


@step.wrong("the steps come one epoch too early", ask="Is the first epoch number 0 or number 1?")
def one_early(epochs: Any, eta0: Any, gamma: Any, step_size: Any) -> Arrays:
    return _rates(eta0 * gamma ** ((epochs + 1) // step_size))


@step.wrong(
    "the number of steps multiplies gamma", ask="After two steps with gamma 0.1: is the rate 0.2 or 0.01 times?"
)
def times_steps(epochs: Any, eta0: Any, gamma: Any, step_size: Any) -> Arrays:
    steps = epochs // step_size
    return _rates(np.where(steps == 0, eta0, eta0 * gamma * np.maximum(steps, 1)))


@step.wrong("the rate goes down once and stays there", ask="What happens at the second step?")
def only_once(epochs: Any, eta0: Any, gamma: Any, step_size: Any) -> Arrays:
    return _rates(np.where(epochs < step_size, eta0, eta0 * gamma))


@step.wrong("the rate goes up: it is divided by gamma", ask="gamma is below 1. Which operation makes the rate smaller?")
def upwards(epochs: Any, eta0: Any, gamma: Any, step_size: Any) -> Arrays:
    return _rates(eta0 / gamma ** (epochs // step_size))


@step.wrong("gamma is applied in every epoch", ask="What does step_size do in your function?")
def every_epoch(epochs: Any, eta0: Any, gamma: Any) -> Arrays:
    return _rates(eta0 * gamma**epochs)


smooth = Question(
    "07.smooth",
    points=2,
    minutes=5,
    title="Two smooth ways down",
    called_as="inverse, exponential = smooth(epoch, eta0, epsilon)",
    tested="both schedules in epochs 0 to 10",
    inputs=lambda rng: {
        "epochs": np.arange(11),
        "eta0": rng.uniform(0.3, 1.5),
        "epsilon": rng.uniform(0.2, 0.6),
    },
    drive=rates.smooth,
    answer=lambda epochs, eta0, epsilon: {
        "inverse": eta0 / (1 + epsilon * epochs),
        "exponential": eta0 * np.exp(-epsilon * epochs),
    },
    steps=("inverse", "exponential"),
    off_limits=OFF_LIMITS,
)
smooth.hint("Both start at eta0 in epoch 0. Check that first.")
smooth.hint("np.exp of a negative number is below 1.")


@smooth.wrong("the exponent is positive, so the rate grows", ask="Is exp(0.5) above or below 1?")
def growing(epochs: Any, eta0: Any, epsilon: Any) -> Arrays:
    return {"exponential": eta0 * np.exp(epsilon * epochs)}


@smooth.wrong("the 1 is missing below the fraction", ask="What is your rate in epoch 0?")
def without_one(epochs: Any, eta0: Any, epsilon: Any) -> Arrays:
    with np.errstate(all="ignore"):
        return {"inverse": eta0 / (epsilon * epochs)}


@smooth.wrong("epsilon is missing: the rate is eta0 / (1 + t)", ask="What makes your schedule slower or faster?")
def without_epsilon(epochs: Any, eta0: Any) -> Arrays:
    return {"inverse": eta0 / (1 + epochs)}


@smooth.wrong("1 + epsilon is raised to the power of the epoch", ask="Which of the two schedules multiplies?")
def powers(epochs: Any, eta0: Any, epsilon: Any) -> Arrays:
    return {"inverse": eta0 / (1 + epsilon) ** epochs}


@smooth.wrong("the rate is multiplied by epsilon in every epoch", ask="What is the rate when epsilon is nearly 0?")
def epsilon_as_factor(epochs: Any, eta0: Any, epsilon: Any) -> Arrays:
    return {"exponential": eta0 * epsilon**epochs}


@smooth.wrong("the two schedules are swapped", ask="Which one is asked for first?")
def swapped(epochs: Any, eta0: Any, epsilon: Any) -> Arrays:
    return {"inverse": eta0 * np.exp(-epsilon * epochs), "exponential": eta0 / (1 + epsilon * epochs)}


def _cosine(t: Any, period: Any, eta_max: Any, eta_min: Any) -> Any:
    return eta_min + (eta_max - eta_min) * (1 + np.cos(np.pi * t / period)) / 2


cosine = Question(
    "07.cosine",
    points=3,
    minutes=10,
    title="Cosine with restarts",
    called_as="rate = cosine(epoch, period, eta_max, eta_min)",
    tested="three periods, from the first epoch on",
    inputs=lambda rng: {
        "epochs": np.arange(3 * 7),
        "period": np.array(7),
        "eta_max": rng.uniform(0.5, 1.5),
        "eta_min": rng.uniform(0.01, 0.1),
    },
    drive=rates.cosine,
    answer=lambda epochs, period, eta_max, eta_min: _rates(_cosine(epochs % period, period, eta_max, eta_min)),
    steps=("rates",),
    off_limits=OFF_LIMITS,
)
cosine.hint("Within a period the angle runs from 0 to π, so the cosine from 1 to −1, and (1 + cos)/2 from 1 to 0.")
cosine.hint("epoch % period is the place within the period.")


@cosine.wrong("there is no restart: after one period the rate climbs back", ask="What is the rate in epoch period + 1?")
def climbs_back(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(_cosine(epochs, period, eta_max, eta_min))


@cosine.wrong("after the first period the rate stays at its lowest", ask="What does a warm restart restart?")
def stays_low(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(_cosine(np.minimum(epochs, period), period, eta_max, eta_min))


@cosine.wrong(
    "a whole wave fits in a period: 2π stands where π belongs", ask="Where is the rate lowest within a period?"
)
def whole_wave(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(_cosine(2 * (epochs % period), period, eta_max, eta_min))


@cosine.wrong("the 1 + is missing, so the rate becomes negative", ask="Between which values does a cosine run?")
def negative_rates(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(eta_min + (eta_max - eta_min) * np.cos(np.pi * (epochs % period) / period))


@cosine.wrong("eta_min is left out", ask="Where does your schedule end just before a restart?")
def without_minimum(epochs: Any, period: Any, eta_max: Any) -> Arrays:
    return _rates(_cosine(epochs % period, period, eta_max, 0.0))


@cosine.wrong("eta_min is added without being taken off the swing", ask="What is your rate in epoch 0?")
def too_high(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(eta_min + eta_max * (1 + np.cos(np.pi * (epochs % period) / period)) / 2)


@cosine.wrong("a quarter of a wave: the angle ends at π/2", ask="Which angle has the cosine −1?")
def quarter(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(eta_min + (eta_max - eta_min) * np.cos(np.pi * (epochs % period) / (2 * period)))


@cosine.wrong(
    "the lowest rate comes in the last epoch of a period: T − 1 stands where T belongs",
    ask="In which epoch would the rate reach eta_min, if no restart came?",
)
def one_too_short(epochs: Any, period: Any, eta_max: Any, eta_min: Any) -> Arrays:
    return _rates(_cosine(epochs % period * period / (period - 1), period, eta_max, eta_min))


def _warm(t: Any, warm: Any, total: Any, peak: Any) -> Any:
    after = peak * (1 + np.cos(np.pi * (t - warm) / (total - warm))) / 2
    return np.where(t < warm, peak * (t + 1) / warm, after)


warm_up = Question(
    "07.warm_up",
    points=3,
    minutes=12,
    title="Warm-up, then cosine",
    called_as="rate = warm_up(update, warm, total, peak)",
    tested="every update from 0 to total − 1",
    inputs=lambda rng: {
        "updates": np.arange(20),
        "warm": rng.integers(4, 7),
        "total": np.array(20),
        "peak": rng.uniform(0.3, 2.0),
    },
    drive=rates.warm_up,
    answer=lambda updates, warm, total, peak: _rates(_warm(updates, warm, total, peak)),
    steps=("rates",),
    off_limits=OFF_LIMITS,
)
warm_up.hint("Two formulas, and an if: update < warm, or not.")
warm_up.hint("The cosine begins when the warm-up has ended. How many updates has it, and which of them is this one?")


@warm_up.wrong(
    "the cosine runs from update 0 on, so the rate jumps down at the end of the warm-up",
    ask="What should the rate be in the first update after the warm-up?",
)
def cosine_from_zero(updates: Any, warm: Any, total: Any, peak: Any) -> Arrays:
    return _rates(np.where(updates < warm, peak * (updates + 1) / warm, _warm(updates, 0, total, peak)))


@warm_up.wrong("the cosine has as many updates as the whole run", ask="How many updates are left after the warm-up?")
def too_slow(updates: Any, warm: Any, total: Any, peak: Any) -> Arrays:
    after = peak * (1 + np.cos(np.pi * (updates - warm) / total)) / 2
    return _rates(np.where(updates < warm, peak * (updates + 1) / warm, after))


@warm_up.wrong(
    "the warm-up has one update too many, and overshoots the peak", ask="Which is the first update after the warm-up?"
)
def one_too_many(updates: Any, warm: Any, total: Any, peak: Any) -> Arrays:
    return _rates(np.where(updates <= warm, peak * (updates + 1) / warm, _warm(updates, warm, total, peak)))


@warm_up.wrong("the first update has rate 0", ask="What does an update with rate 0 change?")
def starts_at_zero(updates: Any, warm: Any, total: Any, peak: Any) -> Arrays:
    return _rates(np.where(updates < warm, peak * updates / warm, _warm(updates, warm, total, peak)))


@warm_up.wrong("the warm-up has constant rate", ask="How does the rate get from small to peak?")
def constant(updates: Any, warm: Any, total: Any, peak: Any) -> Arrays:
    return _rates(np.where(updates < warm, peak / warm, _warm(updates, warm, total, peak)))


@warm_up.wrong("the warm-up goes down, not up", ask="When are the first steps of Adam least to be trusted?")
def downwards(updates: Any, warm: Any, total: Any, peak: Any) -> Arrays:
    return _rates(np.where(updates < warm, peak * (warm - updates) / warm, _warm(updates, warm, total, peak)))


@warm_up.wrong("after the warm-up the rate stays at its peak", ask="What comes after the warm-up?")
def stays_at_peak(updates: Any, warm: Any, peak: Any) -> Arrays:
    return _rates(np.where(updates < warm, peak * (updates + 1) / warm, peak))


QUESTIONS = (step, smooth, cosine, warm_up)
