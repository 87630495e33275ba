"""Exercise 09: what the course's own library does is right, and mistakes as students write them are named."""

import copy

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse import data
from dlcourse.checks.bank import load
from dlcourse.checks.bank.q09_experiment import GOAL
from dlcourse.checks.checker import run_check

SEEDS = [3, 4]


def names(question_id, student, seed=3):
    """The status and the name of the variant that a student's object gets."""
    verdict = run_check(load(question_id), student, seed)
    return verdict.status, verdict.variant


@pytest.fixture
def float64():
    dl.set_default_dtype(dl.float64)
    yield
    dl.set_default_dtype(dl.float32)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_computes_what_the_questions_ask(seed, float64):
    def elastic_net(W, l1, l2):
        weight = dl.tensor(W, requires_grad=True)
        penalty = dl.functional.elastic_net_penalty([weight], l1, l2)
        penalty.backward()
        return penalty.item(), weight.grad

    def max_norm(W, c):
        weight = dl.tensor(W.copy())
        dl.optim.max_norm_([weight], c)
        return dl.to_numpy(weight)

    def adam_decay(w, grads, lr, weight_decay, decoupled):
        weight = dl.tensor(w.copy(), requires_grad=True)
        optimizer = (dl.optim.AdamW if decoupled else dl.optim.Adam)([weight], lr=lr, weight_decay=weight_decay)
        path = []
        for g in grads:
            weight.grad = g
            optimizer.step()
            path.append(dl.to_numpy(weight).copy())
        return np.array(path)

    def weighted_cross_entropy(z, y, weights):
        logits = dl.tensor(z, requires_grad=True)
        cost = dl.functional.cross_entropy(logits, dl.tensor(y), weight=dl.tensor(weights))
        cost.backward()
        return cost.item(), logits.grad

    def rebalance(y, how, rng):
        choose = data.oversample if how == "over" else data.undersample
        return choose(y, seed=int(rng.integers(1 << 30)))

    answers = (elastic_net, max_norm, adam_decay, weighted_cross_entropy, rebalance)
    for answer in answers:
        assert names(f"09.{answer.__name__}", answer, seed)[0] == "right", answer.__name__


def test_the_parts_add_up_to_the_error_that_is_measured():
    """With many rounds, bias² + variance + noise is what new labels show: the identity behind the question."""
    from dlcourse.checks.bank.q09_decomposition import _bias_variance

    rng = np.random.default_rng(0)
    x, errors = np.linspace(-1, 1, 11), []
    truth = np.sin(2 * x)

    def draw():
        return x, truth + 0.5 * rng.normal(size=11)

    def fit(inputs, targets):
        slope, offset = np.polyfit(inputs, targets, 1)
        errors.append(np.mean((slope * x + offset - truth - 0.5 * rng.normal(size=11)) ** 2))
        return lambda points: slope * points + offset

    _, _, error = _bias_variance(draw, fit, x, truth, 0.5, 4000)
    assert error == pytest.approx(np.mean(errors), rel=0.03)


def stop_with(model, train_epoch, validate, patience, max_epochs, keep):
    costs, best, wait, kept = [], float("inf"), 0, None
    for _ in range(max_epochs):
        train_epoch(model)
        costs.append(validate(model))
        if costs[-1] < best:
            best, wait, kept = costs[-1], 0, keep(model)
        else:
            wait += 1
        if wait >= patience:
            break
    model.load_state_dict(kept)
    return costs


def futile_copy(*arguments):
    """The dictionary is copied, the tensors in it are not."""
    return stop_with(*arguments, keep=lambda model: model.state_dict().copy())


def clones(*arguments):
    return stop_with(*arguments, keep=lambda model: {k: v.clone() for k, v in model.state_dict().items()})


def whole_model(model, train_epoch, validate, patience, max_epochs):
    """Keeps a copy of the model, and puts its tensors back as new data."""
    costs, best, kept = [], float("inf"), None
    for epoch in range(max_epochs):
        train_epoch(model)
        costs.append(validate(model))
        if costs[-1] < best:
            best, at, kept = costs[-1], epoch, copy.deepcopy(model)
        if epoch - at >= patience:
            break
    with torch.no_grad():
        model.weight = kept.weight
        model.batches_seen = kept.batches_seen
    return costs


def test_early_stopping_by_other_hands():
    assert names("09.early_stopping", futile_copy) == ("wrong", "no_copy")
    assert names("09.early_stopping", clones)[0] == "right"
    assert names("09.early_stopping", whole_model)[0] == "right"
    best_only = run_check(load("09.early_stopping"), lambda *given: min(clones(*given)), 3)
    assert best_only.summary == "early_stopping returned a float, expected the list of all validation costs."
    too_long = run_check(load("09.early_stopping"), lambda m, t, v, p, epochs: clones(m, t, v, 99, epochs + 1), 3)
    assert "more than max_epochs = 12 times" in too_long.summary
    tensors = run_check(load("09.early_stopping"), lambda *given: list(map(torch.tensor, clones(*given))), 3)
    assert "float32" in tensors.pattern


class Adam:
    """Adam with places to go wrong."""

    def __init__(self, l2=True, rate=True):
        self.l2, self.rate = l2, rate

    def __call__(self, w, grads, lr, weight_decay, decoupled):
        w, m, v, path = w.copy(), 0, 0, []
        for t, g in enumerate(grads, start=1):
            if decoupled and self.l2:
                w -= (lr if self.rate else 1) * weight_decay * w
            else:
                g = g + weight_decay * w
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w -= lr * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
            path.append(w.copy())
        return path


def adam_one_array(w, grads, lr, weight_decay, decoupled):
    """Appends the same array again and again."""
    w, path = w.copy(), []
    for row in Adam()(w, grads, lr, weight_decay, decoupled):
        w[:] = row
        path.append(w)
    return path


def test_adam_by_other_hands():
    assert names("09.adam_decay", Adam())[0] == "right"
    assert names("09.adam_decay", Adam(l2=False)) == ("wrong", "always_l2")
    assert names("09.adam_decay", Adam(rate=False)) == ("wrong", "decay_without_rate")
    assert names("09.adam_decay", adam_one_array) == ("wrong", "one_array")

    def in_place(w, grads, *rest):
        path = Adam()(w, grads, *rest)
        w[:], grads[0] = path[-1], 0
        return path

    assert names("09.adam_decay", in_place) == ("wrong", "writes")


def draw_classes(y, how, rng):
    """Over- or under-sampling by shuffling each class."""
    groups = [rng.permutation(np.flatnonzero(y == label)) for label in np.unique(y)]
    sizes = [len(group) for group in groups]
    if how == "under":
        return np.concatenate([group[: min(sizes)] for group in groups])
    return np.concatenate([np.append(g, g[rng.integers(len(g), size=max(sizes) - len(g))]) for g in groups])


def test_rebalancing_by_other_hands():
    question = "09.rebalance"
    assert names(question, draw_classes)[0] == "right"
    assert names(question, lambda y, how, rng: draw_classes(y, how, np.random.default_rng(7))) == (
        "wrong",
        "own_generator",
    )
    assert names(question, lambda y, how, rng: draw_classes(y, how, np.random.default_rng())) == (
        "wrong",
        "unseeded",
    )
    assert names(question, lambda y, how, rng: y[draw_classes(y, how, rng)]) == ("wrong", "labels_returned")

    def shuffles(y, how, rng):
        rng.shuffle(y)
        return draw_classes(y, how, rng)

    assert names(question, shuffles) == ("wrong", "y_changed")
    mask = run_check(load(question), lambda y, how, rng: y == 1, 3)
    assert "an array of bool" in mask.summary


def clip_in_place(W, c):
    for row in W:
        length = np.linalg.norm(row)
        if length > c:
            row *= c / length
    return W


def in_a_loop_by_squares(W, c):
    return np.array([row if row @ row <= c else c * row / np.linalg.norm(row) for row in W])


def in_a_loop(W, c):
    return np.array([row if np.linalg.norm(row) <= c else c * row / np.linalg.norm(row) for row in W])


def test_max_norm_by_other_hands():
    assert names("09.max_norm", in_a_loop)[0] == "right"
    assert names("09.max_norm", clip_in_place) == ("wrong", "writes")
    assert names("09.max_norm", in_a_loop_by_squares) == ("wrong", "square_decides")


def soft_by_cases(W, dW, lr, l1):
    w, t = W - lr * dW, lr * l1
    return np.where(w > t, w - t, np.where(w < -t, w + t, 0.0))


def test_soft_thresholding_by_other_hands():
    assert names("09.shrink_step", soft_by_cases)[0] == "right"
    assert names("09.shrink_step", lambda W, dW, lr, l1: W - lr * (dW + l1 * np.sign(W))) == ("wrong", "subgradient")


def train(X, y, decay, statistics_of=None):
    torch.manual_seed(0)
    mean, scale = X.mean(0), X.std()

    def tensor(images):
        centre, size = (images.mean(0), images.std()) if statistics_of == "images" else (mean, scale)
        return torch.tensor((images - centre) / size, dtype=torch.float32)

    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=decay)
    inputs, labels = torch.tensor((X - mean) / scale, dtype=torch.float32), torch.tensor(y)
    for _ in range(60):
        for rows in torch.randperm(len(X)).split(32):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
            optimizer.step()
    return lambda images: model(tensor(images)).argmax(1).numpy()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_network_without_a_rein_misses_the_goal_and_one_with_it_reaches_it(seed):
    assert names("09.train_on_noisy", lambda X, y, *_: train(X, y, 0.0), seed) == ("wrong", "by_heart")
    assert names("09.train_on_noisy", lambda X, y, *_: train(X, y, 3.0), seed)[0] == "right"


def test_what_goes_wrong_in_predict_is_named():
    def own_statistics(X, y, *_):
        return train(X, y, 3.0, statistics_of="images")

    def guess(X, y, *_):
        return lambda images: np.full(len(images), 3)

    assert names("09.train_on_noisy", own_statistics)[1] == "depends_on_the_batch"
    assert names("09.train_on_noisy", guess)[1] == "guessing"
    by_heart = run_check(load("09.train_on_noisy"), lambda X, y, X_val, y_val: train(X_val, y_val, 0.0), 3)
    assert (by_heart.status, by_heart.variant) == ("wrong", "trained_on_validation")
    assert "% of the new digits" in by_heart.summary
    assert "expected the function predict" in str(run_check(load("09.train_on_noisy"), lambda *_: 0.9, 1).summary)
    logits = run_check(load("09.train_on_noisy"), lambda *_: lambda images: np.zeros((len(images), 10)), 1)
    assert "class numbers" in logits.summary


def test_the_labels_of_the_experiment_are_as_wrong_as_it_says():
    inputs = load("09.train_on_noisy").draw(5)
    digits = data.load_digits()
    lookup = {image.tobytes(): label for image, label in zip(digits.X.reshape(-1, 64).astype(float), digits.y)}
    truth = np.array([lookup[image.tobytes()] for image in inputs["X"]])
    assert (truth != inputs["y"]).sum() == 120
    together = np.concatenate([inputs["X"], inputs["X_val"], inputs["X_test"]])
    assert len(together) == 1300
    assert (np.array([lookup[image.tobytes()] for image in inputs["X_test"]]) == inputs["y_test"]).all()
    assert 0.7 < GOAL < 0.8
