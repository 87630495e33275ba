"""Tasks, probes, propagation, rounds and students."""

import numpy as np
import pytest

import dlcourse.torch as dl
from dlcourse import data
from dlcourse.transfer import (
    LinearProbe,
    few,
    linear_probe,
    load_task,
    logits,
    nearest_neighbour,
    propagate_labels,
    pseudo_label_rounds,
    recalibrated,
    softened,
    student,
    two_dimensions,
)

# ---- tasks


@pytest.mark.parametrize("name", ["digits", "shuffled digits"])
def test_a_task_keeps_training_and_test_images_apart(name):
    task = load_task(name)
    assert (task.X.shape, task.X_test.shape) == ((1000, 1, 32, 32), (797, 1, 32, 32))
    assert task.classes == 10
    everything = np.concatenate([task.X, task.X_test]).reshape(1797, -1)
    original = data.load_digits(32).X.reshape(1797, -1)
    assert np.isclose(everything.sum(), original.sum(), rtol=1e-6)
    assert set(map(bytes, task.X_test)).isdisjoint(map(bytes, task.X)) or name == "digits"


def test_shuffled_digits_are_the_same_digits_in_one_other_order():
    digits, shuffled = load_task("digits"), load_task("shuffled digits")
    assert np.array_equal(digits.y, shuffled.y)
    assert not np.array_equal(digits.X, shuffled.X)
    a, b = digits.X.reshape(1000, -1), shuffled.X.reshape(1000, -1)
    assert np.array_equal(np.sort(a, axis=1), np.sort(b, axis=1))
    assert np.allclose(a[:50] @ a[:50].T, b[:50] @ b[:50].T, atol=1e-3)  # one order for all: distances stay


def test_few_takes_as_many_of_each_class_and_depends_on_the_seed():
    task = load_task("digits")
    chosen = few(task, 50, seed=0)
    assert np.array_equal(np.bincount(task.y[chosen]), [5] * 10)
    assert len(set(chosen)) == 50
    assert np.array_equal(chosen, few(task, 50, seed=0))
    assert not np.array_equal(np.sort(chosen), np.sort(few(task, 50, seed=1)))
    assert np.array_equal(few(task, 1000, seed=3), np.arange(1000))
    for n in (0, 15, 990):
        with pytest.raises(ValueError, match=f"few: n is {n}, expected a multiple of 10"):
            few(task, n, seed=0)
    with pytest.raises(ValueError, match="there is no task 'letters', expected one of digits"):
        load_task("letters")


# ---- probes


def test_the_nearest_neighbour_is_sklearns():
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    F, F_test, y = rng.normal(size=(40, 3, 2)), rng.normal(size=(60, 3, 2)), rng.integers(0, 4, 40)
    expected = KNeighborsClassifier(1).fit(F.reshape(40, 6), y).predict(F_test.reshape(60, 6))
    assert np.array_equal(nearest_neighbour(F, y, F_test), expected)


def test_a_probe_uses_the_training_sets_statistics_and_its_strength():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    F = rng.normal(size=(90, 4)) + 3 * np.eye(4)[y]
    assert (linear_probe(F[:60], y[:60], F[60:]) == y[60:]).mean() > 0.8
    assert (linear_probe(1e3 * F[:60] - 7, y[:60], 1e3 * F[60:] - 7) == y[60:]).mean() > 0.8
    y[:60][y[:60] == 2] = 0
    y[0] = 2  # a class with a single example is given up under a strong penalty
    assert 2 not in linear_probe(F[:60], y[:60], F[60:], strength=1e6)


def test_a_probes_probabilities_are_those_of_its_answers_and_0_for_a_class_without_examples():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 90)
    F = rng.normal(size=(90, 4)) + 2 * np.eye(4)[y]
    seen = y[:60] != 1
    shares = LinearProbe(classes=4).fit(F[:60][seen], y[:60][seen]).probabilities(F[60:])
    assert shares.shape == (30, 4)
    assert np.allclose(shares.sum(axis=1), 1)
    assert not shares[:, [1, 3]].any()
    assert np.array_equal(shares.argmax(axis=1), linear_probe(F[:60][seen], y[:60][seen], F[60:]))
    with pytest.raises(ValueError, match="y has 1 classes, expected examples of two or more"):
        LinearProbe(classes=2).fit(F[:5], np.zeros(5, int))


# ---- propagation


def test_labels_run_along_a_chain_of_neighbours():
    moons = data.make_moons(200, noise=0.05, seed=0)
    labels = np.full(200, -1)
    for label in (0, 1):
        labels[np.flatnonzero(moons.y == label)[0]] = label
    shares = propagate_labels(moons.X, labels, 2)
    assert shares.shape == (200, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares.argmax(axis=1) == moons.y).mean() > 0.97
    nearest = nearest_neighbour(moons.X[labels >= 0], labels[labels >= 0], moons.X)
    assert (nearest == moons.y).mean() < 0.9  # straight distance does not follow the moons


def test_propagation_solves_its_equation():
    """Against the formula, written out for six points with hand-made neighbourhoods."""
    points = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.5]])
    labels = np.array([0, -1, -1, 1, -1, -1])
    near = {(0, 1): 1.0, (1, 2): 1.0, (3, 4): 1.0, (4, 5): 2.25}
    # Each point's one neighbour is at a squared distance of 1, 1, 1, 1, 1 and 2.25: the mean is 7.25 / 6.
    W = np.zeros((6, 6))
    for (i, j), squared in near.items():
        W[i, j] = W[j, i] = np.exp(-squared / (2 * 7.25 / 6))
    S = W / np.sqrt(np.outer(W.sum(1), W.sum(1)))
    Y = np.zeros((6, 2))
    Y[0, 0] = Y[3, 1] = 1
    F = np.linalg.inv(np.eye(6) - 0.9 * S) @ Y
    shares = propagate_labels(points, labels, 2, neighbours=1, alpha=0.9)
    np.testing.assert_allclose(shares, F / F.sum(1, keepdims=True), atol=1e-12)


def test_a_point_that_no_label_reaches_is_undecided():
    points = np.array([[0.0, 0], [1, 0], [50, 0], [51, 0]])
    shares = propagate_labels(points, np.array([2, -1, -1, -1]), 3, neighbours=1)
    np.testing.assert_allclose(shares[1], [0, 0, 1])
    np.testing.assert_allclose(shares[2:], 1 / 3)


@pytest.mark.parametrize(
    ("points", "labels", "neighbours", "message"),
    [
        (np.zeros(4), np.zeros(4, int), 1, r"points has shape \(4,\)"),
        (np.zeros((4, 2)), np.zeros(3, int), 1, r"labels \(3,\)"),
        (np.zeros((4, 2)), np.zeros(4, int), 4, "neighbours is 4"),
        (np.zeros((4, 2)), np.full(4, -1), 1, "one at least known"),
        (np.zeros((4, 2)), np.full(4, 2), 1, "0 to 1"),
    ],
)
def test_propagation_names_what_does_not_fit(points, labels, neighbours, message):
    with pytest.raises(ValueError, match=message):
        propagate_labels(points, labels, 2, neighbours)


# ---- rounds


def test_a_map_keeps_groups_together():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 20)
    points = two_dimensions(10 * np.eye(3)[y] @ rng.normal(size=(3, 30)) + rng.normal(size=(60, 30)))
    assert points.shape == (60, 2)
    assert all(
        (nearest_neighbour(np.delete(points, i, 0), np.delete(y, i), points[i : i + 1]) == y[i]) for i in (0, 59)
    )


def test_a_round_keeps_known_labels_and_trains_on_what_is_sure():
    task = load_task("digits")
    some = few(task, 100, seed=0)
    known = np.full(100, -1)
    known[::10] = task.y[some][::10]  # one of each class
    known[3] = (task.y[some][3] + 1) % 10  # a wrong label is not corrected either
    (only,) = pseudo_label_rounds(task.X[some], known, 10, rounds=1, steps=2)
    assert (only.points.shape, only.shares.shape) == ((100, 2), (100, 10))
    assert np.array_equal(only.labels[known >= 0], known[known >= 0])
    assert only.sure[known >= 0].all()
    assert np.array_equal(only.sure[known < 0], only.shares.max(axis=1)[known < 0] >= 0.8)
    assert (only.labels == task.y[some]).mean() > 0.3  # guessing: 0.1
    assert logits(only.model, task.X[:3]).shape == (3, 10)


# ---- students


def test_a_temperature_softens_and_keeps_the_order():
    z = np.array([[5.0, 1.0, -2.0], [1000.0, 0.0, -1000.0]])
    np.testing.assert_allclose(softened(z, 1.0)[0], np.exp(z[0]) / np.exp(z[0]).sum())
    warm = softened(z, 4.0)
    np.testing.assert_allclose(warm.sum(axis=1), 1)
    np.testing.assert_allclose(warm[0], np.exp(z[0] / 4) / np.exp(z[0] / 4).sum())
    assert (np.diff(warm[0]) < 0).all()
    assert warm[0].max() < softened(z, 1.0)[0].max()


def test_the_raised_bias_gives_a_class_its_share():
    z = np.random.default_rng(0).normal(size=(200, 4))
    z[:, 1] -= 9
    raised = recalibrated(z, 1, share=0.25)
    assert (z.argmax(axis=1) == 1).sum() == 0
    assert (raised.argmax(axis=1) == 1).sum() == 50
    assert np.array_equal(np.delete(raised, 1, axis=1), np.delete(z, 1, axis=1))
    assert np.ptp(raised[:, 1] - z[:, 1]) < 1e-12


def test_a_student_learns_from_class_numbers_or_from_logits():
    task = load_task("digits")
    X, y = task.X[:64], task.y[:64]
    z = (8 * np.eye(10)[y]).astype(np.float32)
    for model in (student(X, y, steps=60), student(X, z, temperature=2.0, steps=60)):
        assert sum(p.numel() for p in model.parameters()) == 5142
        assert (logits(model, X).argmax(axis=1) == y).mean() > 0.8
        assert not model.training
    with pytest.raises(ValueError, match="give a temperature with logits"):
        student(X, z)
    with pytest.raises(ValueError, match="none with class numbers"):
        student(X, y, temperature=2.0)


def test_the_gradient_of_the_softened_loss_keeps_its_size_thanks_to_the_square_of_t():
    z = dl.tensor(np.random.default_rng(0).normal(size=(50, 10)) * 3)
    teacher = dl.tensor(np.random.default_rng(1).normal(size=(50, 10)) * 3)
    sizes = []
    for T in (16.0, 64.0):
        z.requires_grad_(True)
        z.grad = None
        dl.functional.distillation_loss(z, teacher, T).backward()
        sizes.append(float(z.grad.norm()))
    assert 0.9 < sizes[0] / sizes[1] < 1.1
