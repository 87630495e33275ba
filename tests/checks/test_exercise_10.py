"""Exercise 10: mistakes and good answers as students write them, through the real drives, and what the library says."""

from itertools import product

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check

SEEDS = [3, 4]


def names(question_id, student, seed=3):
    """The status and the name of the variant that a student's object gets."""
    verdict = run_check(load(question_id), student, seed)
    return verdict.status, verdict.variant


class Layer:
    """The right layer, with places to go wrong."""

    def __init__(self, p):
        self.p = p

    def keep(self, u):
        return u >= self.p

    def scale(self):
        return 1 / (1 - self.p)

    def forward(self, x, u):
        self.mask = self.keep(u) * self.scale()
        self.out = x * self.mask
        return self.out

    def backward(self, dz):
        return dz * self.mask


class NoScale(Layer):
    def scale(self):
        return 1.0


class KeepsWithP(Layer):
    def keep(self, u):
        return u < self.p

    def scale(self):
        return 1 / self.p


class DividesByP(Layer):
    def scale(self):
        return 1 / self.p


class Flipped(Layer):
    def keep(self, u):
        return u < self.p


class OneRow(Layer):
    def keep(self, u):
        return u[0] >= self.p


class BackwardFromOutput(Layer):
    def backward(self, dz):
        return dz * (self.out != 0) * self.scale()


class BackwardWithoutScale(Layer):
    def backward(self, dz):
        return dz * (self.mask > 0)


class BackwardWithoutMask(Layer):
    def backward(self, dz):
        return dz


class OnTheClass(Layer):
    def forward(self, x, u):
        OnTheClass.mask = (u >= self.p) / (1 - self.p)
        return x * OnTheClass.mask

    def backward(self, dz):
        return dz * OnTheClass.mask


class InPlace(Layer):
    def forward(self, x, u):
        self.mask = (u >= self.p) / (1 - self.p)
        x *= self.mask
        return x


class ByShareKept(Layer):
    def forward(self, x, u):
        kept = u >= self.p
        self.mask = kept / kept.mean()
        return x * self.mask


@pytest.mark.parametrize(
    ("student", "variant"),
    [
        (NoScale, "not_divided"),
        (KeepsWithP, "keeps_with_p"),
        (DividesByP, "divided_by_p"),
        (Flipped, "flipped"),
        (OneRow, "shared_coins"),
        (BackwardFromOutput, "mask_from_output"),
        (BackwardWithoutScale, "backward_not_divided"),
        (BackwardWithoutMask, "no_mask_in_backward"),
        (OnTheClass, "shared_cache"),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_mistakes_in_the_layer_are_named(student, variant, seed):
    assert names("10.dropout_layer", Layer, seed) == ("right", "")
    assert names("10.dropout_layer", student, seed) == ("wrong", variant)


def test_a_layer_that_writes_into_its_input_or_divides_by_the_share_kept():
    assert names("10.dropout_layer", InPlace)[0] == "wrong"
    assert "unchanged by forward" in run_check(load("10.dropout_layer"), InPlace, 3).summary
    assert names("10.dropout_layer", ByShareKept) == ("convention", "by_share_kept")


def test_the_other_way_to_write_the_comparison_is_right_too():
    class Other(Layer):
        def keep(self, u):
            return u > self.p

    class Where(Layer):
        def forward(self, x, u):
            self.mask = np.where(u < self.p, 0, 1 / (1 - self.p))
            return np.where(self.mask > 0, x / (1 - self.p), 0)

    for student in (Other, Where):
        assert names("10.dropout_layer", student)[0] == "right"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_librarys_gradient_is_what_the_layer_question_expects(seed):
    inputs = load("10.dropout_layer").draw(seed)
    x = dl.tensor(inputs["x"], requires_grad=True)
    mask = (inputs["u"] >= inputs["p"]) / (1 - inputs["p"])
    (x * dl.tensor(mask)).backward(inputs["dz"])
    assert np.allclose(x.grad, load("10.dropout_layer").expected(inputs)["dx"], rtol=1e-12)


def network(first, second, rescale=lambda logits, b2: logits):
    """A paper_network whose activations are multiplied by what two functions give for (keep, mask)."""

    def paper_network(X, W1, b1, W2, b2, keep, masks):
        m = masks or (None, None)
        hidden = np.maximum((X * first(keep[0], m[0])) @ W1.T + b1, 0)
        return rescale((hidden * second(keep[1], m[1])) @ W2.T + b2, b2)

    return paper_network


def paper(keep, mask):
    return keep if mask is None else mask


def masks_into_inputs(X, W1, b1, W2, b2, keep, masks):
    """Right numbers, but X itself is masked."""
    X *= keep[0] if masks is None else masks[0]
    hidden = np.maximum(X @ W1.T + b1, 0) * (keep[1] if masks is None else masks[1])
    return hidden @ W2.T + b2


def inverted(keep, mask):
    return 1.0 if mask is None else mask / keep


def test_conventions_of_the_network_are_told_apart():
    assert names("10.paper_network", network(paper, paper))[0] == "right"
    assert names("10.paper_network", network(inverted, inverted)) == ("convention", "inverted")
    nothing = network(*[lambda keep, mask: 1.0 if mask is None else mask] * 2)
    assert names("10.paper_network", nothing) == ("wrong", "test_not_scaled")
    drop = network(*[lambda keep, mask: 1 - keep if mask is None else mask] * 2)
    assert names("10.paper_network", drop) == ("wrong", "scaled_by_drop")
    scaled_in_place = run_check(load("10.paper_network"), masks_into_inputs, 3)
    assert (scaled_in_place.status, scaled_in_place.variant) == ("wrong", "inputs_changed")
    twice = network(*[lambda keep, mask: keep if mask is None else mask * keep] * 2)
    assert names("10.paper_network", twice) == ("wrong", "scaled_in_training")


@pytest.mark.parametrize("seed", SEEDS)
def test_what_to_torch_expects_gives_the_papers_logits_in_torch(seed):
    """With the converted weights, PyTorch's masks and its eval mode give what the paper's network gives."""
    inputs = load("10.paper_network").draw(seed)
    keep, biases = inputs["keep"], [inputs[name] for name in ("b1", "b2")]
    converted = load("10.to_torch").expected({name: inputs[name] for name in ("W1", "W2", "keep")})
    assert converted["p of nn.Dropout"] == pytest.approx(1 - keep)
    right = load("10.paper_network").expected(inputs)
    for output, factors in (
        ("logits in training", (inputs["m0"] / keep[0], inputs["m1"] / keep[1])),
        ("logits at test time", (1.0, 1.0)),
    ):
        hidden = np.maximum((inputs["X"] * factors[0]) @ converted["W1"].T + biases[0], 0)
        assert np.allclose((hidden * factors[1]) @ converted["W2"].T + biases[1], right[output], rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_geometric_mean_is_one_pass(seed):
    right = load("10.ensemble").expected(load("10.ensemble").draw(seed))
    assert np.allclose(right["geometric mean"], right["one pass"], rtol=1e-12)
    assert np.abs(right["arithmetic mean"] - right["one pass"]).max() > 1e-3


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_an_ensemble_that_forgets_the_chances_is_named():
    def ensemble(h, W, b, p, chances=True):
        logs, mean, total = 0, 0, 0
        for mask in product((0, 1), repeat=h.shape[1]):
            kept = sum(mask)
            chance = (1 - p) ** kept * p ** (h.shape[1] - kept) if chances else 1 / 2 ** h.shape[1]
            P = softmax((np.array(mask) * h / (1 - p)) @ W.T + b)
            logs, mean, total = logs + chance * np.log(P), mean + chance * P, total + chance
        geometric = np.exp(logs)
        return softmax(h @ W.T + b), geometric / geometric.sum(axis=1, keepdims=True), mean

    assert names("10.ensemble", ensemble)[0] == "right"
    assert names("10.ensemble", lambda h, W, b, p: ensemble(h, W, b, p, False)) == ("wrong", "equal_chances")


class Module(torch.nn.Module):
    """A right module, written in another way than the answer of the bank."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        mask = torch.bernoulli(torch.full_like(x, 1 - self.p))
        return mask * x / (1 - self.p)


class NumPyCoins(Module):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.from_numpy(np.random.default_rng().random(x.shape) >= self.p) / (1 - self.p)


class CoinsOfTheFirstCall(Module):
    def forward(self, x):
        if not hasattr(self, "coins"):
            self.coins = torch.rand(x.shape, dtype=x.dtype)
        return x * (self.coins >= self.p) / (1 - self.p) if self.training else x


class RowsOnly(Module):
    def forward(self, x):
        return x * (torch.rand(*x.shape[:2]) >= self.p) / (1 - self.p) if self.training else x


class InFloat64(Module):
    def forward(self, x):
        return x * (torch.rand(x.shape) >= self.p).double() / (1 - self.p) if self.training else x


class InFloat32(Module):
    def forward(self, x):
        return super().forward(x.float())


class SeedInForward(Module):
    def forward(self, x):
        torch.manual_seed(0)
        return super().forward(x)


class TorchsOwnDefault(Module):
    def forward(self, x):
        return torch.nn.functional.dropout(x, self.p)


class KeepInTorch(Module):
    def forward(self, x):
        return x * torch.bernoulli(torch.full_like(x, self.p)) / self.p if self.training else x


@pytest.mark.parametrize("seed", SEEDS)
def test_modules_as_students_write_them(seed):
    assert names("10.dropout_module", Module, seed)[0] == "right"
    assert names("10.dropout_module", NumPyCoins, seed) == ("wrong", "coins_of_numpy")
    assert names("10.dropout_module", SeedInForward, seed) == ("wrong", "seed_in_forward")
    assert names("10.dropout_module", CoinsOfTheFirstCall, seed) == ("wrong", "same_coins")
    assert names("10.dropout_module", RowsOnly, seed) == ("wrong", "rows_only")
    assert names("10.dropout_module", InFloat64, seed) == ("wrong", "mask_in_float64")
    assert names("10.dropout_module", InFloat32, seed) == ("wrong", "always_float32")
    assert names("10.dropout_module", TorchsOwnDefault, seed) == ("wrong", "drops_in_eval")
    assert names("10.dropout_module", KeepInTorch, seed) == ("wrong", "keeps_with_p")


def test_torchs_own_layer_is_what_the_module_question_asks_for():
    assert names("10.dropout_module", torch.nn.Dropout)[0] == "right"


def test_monte_carlo_by_a_training_mode_of_everything_is_named():
    def monte_carlo(model, X, passes):
        was_training = model.training
        model.train()
        with torch.no_grad():
            P = torch.stack([model(X).softmax(1) for _ in range(passes)])
        model.train(was_training)
        return P.mean(0), P.std(0, unbiased=False)

    def repeated(model, X, passes):
        P = model(X.repeat(passes, 1)).softmax(1).reshape(passes, len(X), -1)
        return P.mean(0), P.std(0)

    assert names("10.monte_carlo", monte_carlo) == ("wrong", "everything_trains")
    assert names("10.monte_carlo", repeated)[0] == "wrong"


@pytest.mark.parametrize(
    ("question", "student", "words"),
    [
        ("10.to_torch", lambda weights, keep: [0.2, 0.4], "expected two numbers in the first list"),
        ("10.to_torch", lambda weights, keep: (weights, keep), "expected two numbers in the first list"),
        ("10.to_torch", lambda weights, keep: (0.2, 0.4, *weights), "to_torch returned 4 values, expected two lists"),
        ("10.ensemble", lambda h, W, b, p: h, "expected 3 values"),
        ("10.dropout_module", type("Plain", (), {"__init__": lambda self, p: None}), "base class"),
        ("10.dropout_module", type("Short", (Module,), {"forward": lambda self, x: x[:5]}), "shape"),
        ("10.dropout_module", type("Nothing", (Module,), {"forward": lambda self, x: None}), "return"),
        ("10.monte_carlo", lambda model, X, passes: model(X), "expected 2 values"),
        ("10.digit_reader", lambda X, y: y, "expected the function read"),
        ("10.digit_reader", lambda X, y: lambda images: y[:3], "expected (900,)"),
        ("10.digit_reader", lambda X, y: lambda images: np.full(len(images), 12), "or -1"),
    ],
)
def test_unusable_answers_are_explained(question, student, words):
    verdict = run_check(load(question), student, 3)
    assert verdict.status == "wrong"
    assert words in verdict.summary


def test_a_reader_is_judged_by_what_it_answers_and_refuses():
    question = load("10.digit_reader")
    truth = question.draw(3)["y_test"]
    rng = np.random.default_rng(0)

    def verdict(answers):
        found = run_check(question, lambda X, y: lambda images: answers, 3)
        return found.status, found.variant

    assert verdict(truth) == ("right", "")
    assert verdict(np.where(rng.random(900) < 0.15, -1, truth)) == ("right", "")
    assert verdict(np.where(truth < 0, 3, truth)) == ("wrong", "too_bold")
    assert verdict(np.full(900, -1)) == ("wrong", "useless")
    assert verdict(np.where(rng.random(900) < 0.5, -1, truth)) == ("wrong", "too_timid")
    assert verdict(rng.integers(0, 10, 900)) == ("wrong", "never_refuses")
    assert verdict(np.where((truth >= 0) & (rng.random(900) < 0.1), 0, truth)) == ("wrong", "refuses_the_wrong_ones")
