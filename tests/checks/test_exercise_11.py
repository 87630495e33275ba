"""Exercise 11: what the course's own library does is right, and mistakes as students write them are named."""

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.checks.bank import load
from dlcourse.checks.checker import run_check
from dlcourse.data.augment import Affine, ColorJitter, HorizontalFlip, Mixup, RandomCrop

SEEDS = [3, 4]


def names(question_id, student, seed=3):
    """The status and the name of the variant that a student's object gets."""
    verdict = run_check(load(question_id), student, seed)
    return verdict.status, verdict.variant


class Answers:
    """The library's transformations under the names of the questions."""

    @staticmethod
    def flip(images, chosen):
        out = images.copy()
        out[chosen] = HorizontalFlip(p=1)(images[chosen])
        return out

    @staticmethod
    def crop(images, top, left, size, padding):
        return RandomCrop(size, padding).apply(images, top=top - padding, left=left - padding)

    @staticmethod
    def shift(images, down, right):
        still = {"angle": 0 * down, "shear": 0 * down, "scale": 1 + 0 * down}
        return Affine().apply(images, down=down, right=right, **still)

    @staticmethod
    def jitter(images, brightness, contrast, saturation):
        factors = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
        return ColorJitter(1, 1, 1).apply(images, **factors)

    @staticmethod
    def soft_cross_entropy(Z, Y):
        z = dl.tensor(Z, requires_grad=True)
        cost = dl.functional.cross_entropy(z, dl.tensor(Y))
        cost.backward()
        return cost.item(), z.grad


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["flip", "crop", "shift", "jitter", "soft_cross_entropy"])
def test_the_library_computes_what_the_questions_ask_for(name, seed):
    question = load(f"11.{name}")
    inputs = question.draw(seed)
    outputs = question.drive(getattr(Answers, name), **{key: value.copy() for key, value in inputs.items()})
    assert question.score(outputs, inputs).status == "right"


def test_the_librarys_mixup_is_the_questions_with_one_share():
    question = load("11.mixup")
    inputs = question.draw(5)
    mix = Mixup(4, seed=1)
    X, Y = mix(inputs["X"], inputs["y"])
    shared = {**inputs, "lam": np.full(7, mix.lam), "partner": mix.partner}
    assert question.score({"mixed images": X, "soft labels": Y}, shared).status == "right"


def test_a_shift_written_with_loops_and_whole_movements_pass():
    def shift(images, down, right):
        N, C, H, W = images.shape
        out = np.zeros_like(images)
        for i in range(N):
            padded = np.zeros((C, H + 8, W + 8))
            padded[:, 4 : 4 + H, 4 : 4 + W] = images[i]
            for r in range(H):
                for s in range(W):
                    y, x = r - down[i] + 4, s - right[i] + 4
                    k, m = int(y), int(x)
                    u, v = y - k, x - m
                    above = (1 - v) * padded[:, k, m] + v * padded[:, k, m + 1]
                    below = (1 - v) * padded[:, k + 1, m] + v * padded[:, k + 1, m + 1]
                    out[i, :, r, s] = (1 - u) * above + u * below
        return out

    assert names("11.shift", shift)[0] == "right"


def test_a_shift_that_cuts_with_int_is_named():
    def shift(images, down, right):
        def weights(n, move):
            w = np.zeros((n, n))
            for r in range(n):
                place = r - move
                k = int(place)
                u = place - k
                if 0 <= k < n:
                    w[r, k] += 1 - u
                if 0 <= k + 1 < n:
                    w[r, k + 1] += u
            return w

        H, W = images.shape[2:]
        return np.stack([weights(H, d) @ i @ weights(W, s).T for i, d, s in zip(images, down, right)])

    assert names("11.shift", shift) == ("wrong", "cut_towards_zero")


def test_a_pipeline_that_applies_a_step_to_all_and_chooses_afterwards_passes():
    def compose(steps, images, u):
        for (function, p), coins in zip(steps, u):
            images = np.where((coins < p)[:, None, None, None], function(images), images)
        return images

    assert names("11.compose", compose)[0] == "right"


def test_a_pipeline_that_asks_image_by_image_is_told_about_batches():
    def compose(steps, images, u):
        out = images.copy()
        for k, (function, p) in enumerate(steps):
            for i in range(len(out)):
                if u[k, i] < p:
                    out[i] = function(out[i])
        return out

    verdict = run_check(load("11.compose"), compose, 3)
    assert "expected a batch (n, C, H, W)" in verdict.summary


def split_sets(X, y, augment, share, seed):
    torch.manual_seed(seed)
    return torch.utils.data.random_split(torch.utils.data.TensorDataset(X, y), (share, 1 - share))


def test_random_split_without_augmentation_is_named_and_with_a_shared_transform_too():
    class Shared(torch.utils.data.Dataset):
        def __init__(self, X, y, augment):
            self.X, self.y, self.augment = X, y, augment

        def __len__(self):
            return len(self.X)

        def __getitem__(self, i):
            return self.augment(self.X[i : i + 1])[0], self.y[i]

    def shared(X, y, augment, share, seed):
        generator = torch.Generator().manual_seed(seed)
        return torch.utils.data.random_split(Shared(X, y, augment), (share, 1 - share), generator)

    assert names("11.make_sets", split_sets) == ("wrong", "never_augmented")
    assert names("11.make_sets", shared) == ("wrong", "one_object")


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda X, y, augment, share, seed: X, "expected two data sets"),
        (lambda X, y, augment, share, seed: (X, y), "no pair"),
        (lambda X, y, augment, share, seed: (3, 4), "expected a data set with len"),
    ],
)
def test_what_is_no_data_set_is_told_so(give, message):
    assert message in run_check(load("11.make_sets"), give, 3).summary


def test_readers_of_pages_are_judged_by_what_they_read():
    question = load("11.page_reader")
    inputs = question.draw(3)
    truth = inputs["y_new"]
    rng = np.random.default_rng(0)

    def score(share, again=None):
        answers = np.where(np.arange(600) < 600 * share, truth, (truth + 1) % 10)
        raw = {"answers": answers, "answers again": answers if again is None else again}
        outputs, problem = question.judge.outputs(raw, inputs)
        assert not problem
        verdict = question.score(outputs, inputs)
        return verdict.status, verdict.variant

    assert score(0.75) == ("right", "")
    assert score(0.6) == ("wrong", "on_the_way")
    assert score(0.33) == ("wrong", "labels_alone")
    assert score(0.12) == ("wrong", "useless")
    assert score(0.75, again=rng.integers(0, 10, 600)) == ("wrong", "restless")


def test_the_pages_are_new_balanced_and_whole():
    inputs = load("11.page_reader").draw(8)
    assert inputs["X"].shape == (100, 1, 12, 12)
    assert (np.bincount(inputs["y"]) == 10).all()
    assert inputs["X_new"].shape == (600, 1, 12, 12)
    ink = {page.sum() for page in inputs["X"]}
    digits = {tuple(np.sort(page.ravel())) for page in inputs["X"]}
    assert not digits & {tuple(np.sort(page.ravel())) for page in inputs["X_new"]}
    assert min(ink) > 5
