"""The bias and variance explorer: numbers against independent formulas and torch, words, code, bugs and export."""

import contextlib
import io
import itertools
import re

import numpy as np
import pytest
import torch

from dlcourse.training import EarlyStopping
from dlcourse.widgets import bias_variance_penalty as two
from dlcourse.widgets import bias_variance_run as run
from dlcourse.widgets.bias_variance import VIEWS, BiasVariance
from dlcourse.widgets.bias_variance_pictures import EPOCHS_SHOWN, SHOWN, STEPS_SHOWN
from dlcourse.widgets.export import LIMIT, payload

STRENGTHS = [float(lam) for lam in next(c for c in BiasVariance.controls if c.name == "lam").values]
TIMETABLES = [run.Timetable(n, noise) for n in (20, 40, 80) for noise in (0.5, 1.0, 2.0)]
BUS = run.Timetable()


def computed(**values):
    explorer = BiasVariance(**values)
    return explorer.compute(**{c.name: explorer.values[c.name] for c in explorer.controls if c.name != "step"})


def printed(explorer):
    """The numbers that the code cell prints, line by line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(explorer.result["code"], {})
    lines = [line.partition(":")[2].split() for line in out.getvalue().splitlines()]
    return [[float(number) for number in line] for line in lines]


# The days


@pytest.mark.parametrize("degree", [1, 5, 14])
@pytest.mark.parametrize("lam", [0.0, 0.03, 3.0])
def test_every_fit_is_the_least_squares_solution(degree, lam):
    """Ridge is ordinary least squares with one more row √(nλ) for each weight but the constant."""
    delays = run.days_of(BUS)[0][:5]
    rows = np.sqrt(lam * BUS.points) * np.eye(degree + 1)[1:]
    A = np.vstack([run.powers(BUS.hours, degree), rows])
    for day in range(5):
        w = torch.linalg.lstsq(torch.tensor(A), torch.tensor([*delays[day], *[0.0] * degree])[:, None], driver="gelsd")
        wanted = run.powers(run.GRID, degree) @ w.solution.numpy()[:, 0]
        np.testing.assert_allclose(run.fits_of(BUS, lam).curves[degree, day], wanted, rtol=1e-7, atol=1e-9)


def test_bias_and_variance_are_those_of_the_exact_formulas():
    """A fit is linear in the delays, so its mean and its variance over all possible days are known exactly."""
    fits = run.fits_of(BUS, 0.03)
    for degree in run.DEGREES:
        matrix = run.powers(run.GRID, degree) @ run.fitter(BUS.hours, degree, 0.03)
        bias2 = ((matrix @ run.truth(BUS.hours) - run.truth(run.GRID)) ** 2).mean()
        variance = (matrix**2).sum(axis=1).mean()
        assert fits.bias2[degree] == pytest.approx(bias2, rel=0.05, abs=0.01)
        assert fits.variance[degree] == pytest.approx(variance, rel=0.12)


@pytest.mark.parametrize("timetable", TIMETABLES, ids=str)
def test_the_three_parts_add_up_to_the_measured_error_within_one_per_cent(timetable):
    for lam in STRENGTHS:
        fits = run.fits_of(timetable, lam)
        np.testing.assert_allclose(fits.bias2 + fits.variance + timetable.noise**2, fits.measured, rtol=0.01)
        # and exactly to the error that every fit has on average over all noise
        np.testing.assert_allclose(
            fits.bias2 + fits.variance + timetable.noise**2, fits.expected.mean(axis=1), rtol=1e-9
        )


def test_variance_rises_with_the_degree_and_the_own_day_is_ever_better_fitted():
    fits = run.fits_of(BUS, 0.0)
    assert (np.diff(fits.variance) > 0).all()
    assert (np.diff(fits.own, axis=0) <= 1e-12).all()
    assert fits.measured.argmin() in (5, 6)


def test_the_bug_chooses_the_highest_degree_and_pays_for_it():
    fits = run.fits_of(BUS, 0.0)
    assert (fits.chosen(own=True) == 14).all()
    days = np.arange(run.DAYS)
    fair, unfair = (fits.expected[fits.chosen(own), days].mean() for own in (False, True))
    assert fair < 1.6 < 3 < unfair


# Early stopping


@pytest.mark.parametrize(("degree", "lam"), [(5, 0.0), (14, 0.03)])
def test_training_is_torchs_sgd(degree, lam):
    training = run.train(BUS, degree, lam)
    A, delays = torch.tensor(run.powers(BUS.hours, degree)), torch.tensor(run.today(BUS))
    w = torch.zeros(degree + 1, dtype=torch.float64, requires_grad=True)
    optimizer, rng = torch.optim.SGD([w], lr=run.RATE), np.random.default_rng(0)
    for epoch in range(40):
        order = torch.tensor(rng.permutation(BUS.points))
        for batch in order.split(run.BATCH):
            optimizer.zero_grad()
            (((A[batch] @ w - delays[batch]) ** 2).mean() / 2 + lam / 2 * (w[1:] ** 2).sum()).backward()
            optimizer.step()
        np.testing.assert_allclose(training.weights[epoch], w.detach().numpy(), rtol=1e-9, atol=1e-11)
    error = ((A @ w - delays) ** 2).mean().item()
    assert training.own[39] == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("lam", STRENGTHS)
def test_no_training_explodes(lam):
    for noise, degree in itertools.product((0.5, 2.0), (1, 14)):
        training = run.train(run.Timetable(20, noise), degree, lam)
        assert training.own.max() < 1.5 * training.own[0]  # the mini-batches alone make it waver


class Recorded:
    """A trainer that only tells its epoch, and is told to stop."""

    def __init__(self):
        self.epoch, self.stopped, self.backend, self.history = 0, False, self, {}

    def copy_state(self):
        return {}

    def stop(self, why):  # EarlyStopping gives its reason
        self.stopped = True


@pytest.mark.parametrize("patience", run.PATIENCES)
def test_patience_is_that_of_the_librarys_early_stopping(patience, monkeypatch):
    errors = run.train(BUS, 14, 0.0).validation
    monkeypatch.setattr("dlcourse.training.stopping.measured", lambda _, __, trainer: errors[trainer.epoch - 1])
    stopping, trainer = EarlyStopping(patience=patience), Recorded()
    while not trainer.stopped:
        trainer.epoch += 1
        stopping.on_epoch_end(trainer)
    assert run.stop(errors, patience) == (trainer.epoch, stopping.best_epoch)


def test_a_run_without_a_rise_is_never_stopped_and_patience_must_be_positive():
    assert run.stop(np.array([3.0, 2.0, 1.0]), 1) == (3, 3)
    assert run.stop(np.array([1.0, 0.8, 0.7, 0.65, 0.66, 0.64, 0.7, 0.75, 0.8, 0.9]), 3) == (9, 6)  # the lecture's
    with pytest.raises(ValueError, match="patience must be at least 1, got 0"):
        run.stop(np.array([1.0]), 0)


def test_stopping_on_the_training_error_keeps_worse_weights():
    fair, bug = (computed(view="stopping", degree="14", bug=bug)["frames"][-1]["best"] for bug in (False, True))
    expected = run.train(BUS, 14, 0.0).expected
    assert fair < 60 < 400 < bug
    assert expected[bug - 1] > 2 * expected[fair - 1]


# The penalties


def optimum(l1, l2):
    """The lowest loss plus penalty by trying every pattern of signs: each gives linear equations."""
    candidates = []
    for signs in itertools.product((-1, 0, 1), repeat=2):
        s, w = np.array(signs), np.zeros(2)
        used = s != 0
        if used.any():
            H = two.H + l2 * np.eye(2)
            w[used] = np.linalg.solve(H[np.ix_(used, used)], (two.H @ two.BEST - l1 * s)[used])
        if (np.sign(w) == s).all():
            candidates.append(w)
    return min(candidates, key=lambda w: two.loss(w) + two.penalty(w, l1, l2))


@pytest.mark.parametrize("name", two.PENALTIES)
@pytest.mark.parametrize("lam", STRENGTHS)
def test_the_steps_lead_to_the_independent_optimum_and_hit_the_corner_exactly(name, lam):
    path, wanted = two.walk(name, lam), optimum(*(lam * share for share in two.PENALTIES[name]))
    np.testing.assert_allclose(path.weights[-1], wanted, atol=1e-5)
    np.testing.assert_array_equal(path.weights[-1] == 0, wanted == 0)


def test_l1_makes_a_zero_where_l2_and_the_elastic_net_make_none():
    assert {name: two.walk(name, 1.0).zeros for name in two.PENALTIES} == {"L2": 0, "L1": 1, "elastic net": 0}
    assert two.walk("L1", 3.0).zeros == 2
    path = two.walk("L1", 1.0)
    since = path.zero_since(1, two.STEPS)
    assert path.weights[since - 1, 1] != 0
    assert (path.weights[since:, 1] == 0).all()
    assert path.zero_since(1, since - 1) is None


def test_the_bug_never_gets_to_zero_and_jumps_over_it():
    path = two.walk("L1", 1.0, bug=True)
    assert (path.weights != 0).all()
    assert (np.sign(two.walk("L1", 3.0, bug=True).weights[20:, 1]) == 1).any()
    assert (np.sign(two.walk("L1", 3.0, bug=True).weights[20:, 1]) == -1).any()
    np.testing.assert_array_equal(two.walk("L2", 1.0, bug=True).weights[-1], two.walk("L2", 1.0).weights[-1])


@pytest.mark.parametrize("name", two.PENALTIES)
@pytest.mark.parametrize("lam", [0.1, 1.0])
def test_the_ball_and_the_contour_touch_in_the_optimum(name, lam):
    path = two.walk(name, lam)
    found, ball = path.weights[-1], two.ball(path)
    paid = two.penalty(ball, path.l1, path.l2)
    np.testing.assert_allclose(paid, two.penalty(found, path.l1, path.l2), rtol=1e-9)
    assert (two.loss(ball) >= two.loss(found) - 1e-4).all()  # inside the ball nothing is better
    ring = two.contours((float(two.loss(found)),))[0]
    np.testing.assert_allclose(two.loss(ring), two.loss(found), rtol=1e-9)
    assert (two.penalty(ring, path.l1, path.l2) >= two.penalty(found, path.l1, path.l2) - 1e-4).all()


def test_a_ball_needs_a_penalty_and_may_be_a_point():
    assert two.ball(two.walk("L1", 0.0)).shape == (0, 2)
    np.testing.assert_array_equal(two.ball(two.walk("L1", 3.0)), [[0.0, 0.0]])


def test_an_unknown_penalty_is_refused():
    with pytest.raises(KeyError, match="L3"):
        two.walk("L3", 1.0)


# Words, questions and code


@pytest.mark.parametrize("view", VIEWS)
def test_words_change_with_every_step(view):
    count = {"days": SHOWN, "stopping": len(EPOCHS_SHOWN)}.get(view, len(STEPS_SHOWN))
    texts = BiasVariance(view=view, degree="14").result["texts"]
    assert len(texts) == len({text.splitlines()[0] for text in texts}) == count


def test_the_parts_in_words_add_up():
    for degree, lam in itertools.product(("1", "5", "14"), ("0", "0.03", "3")):
        text = BiasVariance(degree=degree, lam=lam).result["texts"][0]
        found = re.search(r"bias² (\S+) \+ variance (\S+) \+ noise (\S+) = (\S+);", text)
        b, v, n, total = map(float, found.groups())
        assert b + v + n == pytest.approx(total, abs=0.0151)


def test_words_say_what_is_zero_and_what_the_bug_does():
    right, wrong, idle, harmless = (
        BiasVariance(view=view, lam=lam, bug=bug).result["texts"][-1]
        for view, lam, bug in (("L1", "1", False), ("L1", "1", True), ("L2", "1", True), ("L1", "0.1", True))
    )
    assert "Exactly 0: w₂ since step 14." in right
    assert "Neither weight is exactly 0." in wrong
    assert "jump over 0" in wrong
    assert "changes nothing" in idle
    assert "does no harm" in harmless
    assert "(the bug)" in BiasVariance(bug=True).result["texts"][0]
    assert "training error (the bug)" in BiasVariance(view="stopping", bug=True).result["texts"][0]


def test_words_name_the_end_of_each_patience_once_it_has_come():
    texts = BiasVariance(view="stopping", degree="14").result["texts"]
    assert texts[0].endswith("Patience 1: still running; 5: still running; 20: still running.")
    assert "5: stops after epoch 34, keeps 29" in texts[-1]


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"degree": "1"}, "1 bias²"),
        ({"degree": "14"}, "2 variance"),
        ({"degree": "5"}, "3 noise"),
        ({"view": "L1", "lam": "1"}, "1"),
        ({"view": "elastic net", "lam": "3"}, "2"),
        ({"view": "stopping", "degree": "14"}, "29"),
    ],
)
def test_the_question_is_asked_once(values, answer):
    questions = BiasVariance(**values).result["questions"]
    assert questions[0]["answer"] == answer
    assert questions[0]["low"] <= float(answer.split()[0]) <= questions[0]["high"]
    assert not any(questions[1:])


def test_parts_that_are_too_close_to_call_are_no_question():
    result = computed(degree="1")
    result["parts"][1] = [1.0, 0.2, 0.95]
    assert BiasVariance().question(result, step=0, view="days") is None


@pytest.mark.parametrize(("lam", "bug", "noise"), [("0", False, "1"), ("0.03", True, "2")])
def test_the_code_of_the_days_prints_the_same_numbers(lam, bug, noise):
    explorer = BiasVariance(degree="8", lam=lam, bug=bug, noise=noise, points="40")
    (bias2, variance, noise2), (total, measured), (chosen,) = printed(explorer)
    fits = run.fits_of(run.Timetable(40, float(noise)), float(lam))
    np.testing.assert_allclose([bias2, variance, measured], [fits.bias2[8], fits.variance[8], fits.measured[8]])
    assert (noise2, total) == (float(noise) ** 2, bias2 + variance + noise2)
    assert chosen == pytest.approx(fits.expected[fits.chosen(own=bug), np.arange(run.DAYS)].mean())


@pytest.mark.parametrize("bug", [False, True])
def test_the_code_of_early_stopping_prints_the_same_numbers(bug):
    explorer = BiasVariance(view="stopping", degree="8", lam="0.01", bug=bug)
    (epoch, lowest), *stops = printed(explorer)
    training = run.train(BUS, 8, 0.01)
    judged = training.own if bug else training.validation
    assert (epoch, lowest) == (judged.argmin() + 1, pytest.approx(judged.min()))
    assert [tuple(line[1:]) for line in stops] == [run.stop(judged, patience) for patience in run.PATIENCES]


@pytest.mark.parametrize("view", two.PENALTIES)
@pytest.mark.parametrize("bug", [False, True])
def test_the_code_of_a_penalty_prints_the_same_weights(view, bug):
    (weights,) = printed(BiasVariance(view=view, lam="1", bug=bug))
    np.testing.assert_allclose(weights, two.walk(view, 1.0, bug).weights[-1], rtol=1e-9)


# The explorer


@pytest.mark.parametrize(("name", "value"), [("view", "L3"), ("lam", "2"), ("degree", "2"), ("points", "7")])
def test_bad_values_name_the_control(name, value):
    with pytest.raises(ValueError, match=f"{name}: got '{value}', expected one of"):
        BiasVariance(**{name: value})


@pytest.mark.parametrize("view", VIEWS)
def test_the_stored_picture_has_words_that_name_the_setting(view):
    explorer = BiasVariance(view=view, lam="0.1", bug=True)
    figure, words = explorer.still()
    assert len(figure.axes) == 2
    assert "λ = 0.1" in explorer.heading(**explorer.values)
    assert words == explorer.result["texts"][-1]


def test_state_and_export():
    explorer = BiasVariance(view="elastic net", lam="0.3", degree="8", step=4)
    assert BiasVariance.from_state(explorer.state).values == explorer.values
    assert len(payload(explorer.recipe())) < LIMIT
