"""Exercise 12: what the course's own library does is right, and mistakes as students write them are named."""

import numpy as np
import pytest
import torch

import dlcourse.numpy as dl
from dlcourse.checks.bank import load
from dlcourse.checks.bank.q12_experiment import GOAL, letters
from dlcourse.checks.checker import run_check
from dlcourse.models import lenet5, summary

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


# ---- the library is right


@pytest.mark.parametrize("seed", SEEDS)
def test_the_library_computes_what_the_questions_ask(seed, float64):
    def conv_forward(x, W, b, stride, padding):
        return dl.functional.conv2d(dl.tensor(x), dl.tensor(W), dl.tensor(b), stride, padding)

    def conv_backward(dz, x, W, stride, padding):
        leaves = [dl.tensor(a, requires_grad=True) for a in (x, W, np.zeros(len(W)))]
        dl.functional.conv2d(*leaves, stride, padding).backward(dz)
        return tuple(leaf.grad for leaf in leaves)

    class MaxPool:
        def __init__(self, k):
            self.k = k

        def forward(self, x):
            self.x = dl.tensor(x, requires_grad=True)
            self.z = dl.functional.max_pool2d(self.x, self.k)
            return self.z

        def backward(self, dz):
            self.z.backward(dz)
            return self.x.grad

    for question_id, student in (
        ("12.conv_forward", conv_forward),
        ("12.conv_backward", conv_backward),
        ("12.max_pool", MaxPool),
    ):
        assert names(question_id, student, seed) == ("right", ""), question_id


def test_the_table_of_lenet_is_that_of_the_library():
    question = load("12.layer_table")
    counted = [
        row.parameters for row in summary(lenet5(dl), (1, 28, 28)).rows if row.kind in ("Conv2d", "MaxPool2d", "Linear")
    ]
    expected = question.expected(question.draw(1))["parameters of LeNet-5"]
    assert expected.tolist() == counted
    assert expected.sum() == 61_706


# ---- mistakes as students write them


def test_sizes_with_a_rounding_of_their_own():
    assert names("12.output_size", lambda H, R, s, p: round((H + 2 * p - R) / s + 0.5))[0] == "wrong"
    assert names("12.output_size", lambda H, R, s, p: (H + 2 * p - R) / s + 1) == ("wrong", "not_rounded")
    assert names("12.output_size", lambda H, R, s, p: int((H - R + 2 * p) / s) + 1) == ("right", "")


def forward(x, W, b, stride, padding, start=None, stop=None):
    """A convolution with loops; the keywords let a test slip in a mistake."""
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    (N, _, H, width), (K, _, R, S) = x.shape, W.shape
    z = np.zeros((N, K, (H - R) // stride + 1, (width - S) // stride + 1))
    for i in range(z.shape[2]):
        for j in range(z.shape[3]):
            row, col = (start or (lambda p: p * stride))(i), (start or (lambda p: p * stride))(j)
            window = x[:, :stop, row : row + R, col : col + S]
            z[:, :, i, j] = np.einsum("ncrs,kcrs->nk", window, W[:, :stop]) + b
    return z


def test_a_window_that_ignores_the_stride_and_a_single_channel_are_named():
    assert names("12.conv_forward", forward) == ("right", "")
    assert names("12.conv_forward", lambda *a: forward(*a, start=lambda p: p)) == ("wrong", "window_at_output")
    assert names("12.conv_forward", lambda *a: forward(*a, stop=1)) == ("wrong", "first_channel")


def test_a_turned_kernel_is_a_convention_without_points():
    def turned(x, W, b, stride, padding):
        return forward(x, W[:, :, ::-1, ::-1], b, stride, padding)

    verdict = run_check(load("12.conv_forward"), turned)
    assert (verdict.status, verdict.variant, verdict.points) == ("convention", "turned", 0)


def test_a_kernel_with_rows_and_columns_swapped_is_wrong():
    def swapped(x, W, b, stride, padding):
        return forward(x, W.transpose(0, 1, 3, 2), b, stride, padding)

    verdict = run_check(load("12.conv_forward"), swapped)
    assert verdict.status == "wrong"
    assert not verdict.passed


def test_columns_reshaped_without_moving_the_axes_are_named():
    def columns(x, W, b, stride, padding):
        x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
        seen = np.lib.stride_tricks.sliding_window_view(x, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        N, _, OH, OW = seen.shape[:4]
        rows = seen.transpose(0, 2, 3, 1, 4, 5).reshape(N, OH * OW, -1)
        return (rows @ W.reshape(len(W), -1).T + b).reshape(N, len(W), OH, OW)

    assert names("12.conv_forward", columns) == ("wrong", "reshaped_without_transpose")


def test_writing_into_the_image_is_noticed():
    def writes(x, W, b, stride, padding):
        z = forward(x, W, b, stride, padding)
        x *= 2
        return z

    assert names("12.conv_forward", writes) == ("wrong", "writes")


def backward(dz, x, W, stride, padding, add=True, per_position=False):
    """The backward pass with loops; the keywords slip in a mistake."""
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    dx, dW = np.zeros(padded.shape), np.zeros(W.shape)
    for i in range(dz.shape[2]):
        for j in range(dz.shape[3]):
            rows = slice(i * stride, i * stride + W.shape[2])
            cols = slice(j * stride, j * stride + W.shape[3])
            part = np.einsum("nk,kcrs->ncrs", dz[:, :, i, j], W)
            dx[:, :, rows, cols] = part + (dx[:, :, rows, cols] if add else 0)
            dW += np.einsum("nk,ncrs->kcrs", dz[:, :, i, j], padded[:, :, rows, cols])
    dx = dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    db = dz.mean(axis=(2, 3)).sum(axis=0) if per_position else dz.sum(axis=(0, 2, 3))
    return dx, dW, db


def test_mistakes_of_the_backward_pass_are_named():
    assert names("12.conv_backward", backward) == ("right", "")
    assert names("12.conv_backward", lambda *a: backward(*a, add=False)) == ("wrong", "overwritten")
    assert names("12.conv_backward", lambda *a: backward(*a, per_position=True)) == ("wrong", "averaged_over_positions")


def test_two_mistakes_at_once_name_the_first_one():
    verdict = run_check(load("12.conv_backward"), lambda *a: backward(*a, add=False, per_position=True))
    assert verdict.variant == "averaged_over_positions"
    assert "mend this first" in verdict.diagnosis


class Pool:
    """Max pooling with a mask, as many write it: at a tie each winner is paid."""

    def __init__(self, k):
        self.k = k

    def forward(self, x):
        N, C, H, W = x.shape
        self.cells = x.reshape(N, C, H // self.k, self.k, W // self.k, self.k)
        z = self.cells.max(axis=(3, 5))
        self.mask = self.cells == z[:, :, :, None, :, None]
        return z

    def backward(self, dz):
        spread = self.mask * dz[:, :, :, None, :, None]
        N, C, H, k, W, _ = spread.shape
        return spread.reshape(N, C, H * k, W * k)


class FairPool(Pool):
    """The same with equal winners sharing evenly."""

    def forward(self, x):
        z = super().forward(x)
        self.mask = self.mask / self.mask.sum(axis=(3, 5), keepdims=True)
        return z


def test_a_tie_is_paid_once_by_any_rule():
    assert names("12.max_pool", Pool) == ("wrong", "all_winners")
    assert names("12.max_pool", FairPool)[0] == "right"


class Block(torch.nn.Module):
    """A residual block; subclasses make mistakes."""

    converts = False
    zero = True

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        changes = self.converts or inputs != outputs or stride != 1
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride) if changes else nn.Identity()
        if self.zero:
            nn.init.zeros_(self.conv2.weight)
            nn.init.zeros_(self.conv2.bias)

    def forward(self, x):
        return torch.relu(self.path(x) + self.conv2(torch.relu(self.conv1(x))))

    def path(self, x):
        return self.shortcut(x)


class Converting(Block):
    converts = True


class Random(Block):
    zero = False


class Detached(Block):
    def path(self, x):
        return self.shortcut(x.detach())


class OuterRelu(Block):
    def forward(self, x):
        return self.path(x) + torch.relu(self.conv2(torch.relu(self.conv1(x))))


class NoOuterRelu(Block):
    def forward(self, x):
        return self.path(x) + self.conv2(torch.relu(self.conv1(x)))


class Hidden(Block):
    def forward(self, x):
        hidden = torch.relu(self.conv1(x))
        return torch.relu(hidden + self.conv2(hidden))


@pytest.mark.parametrize(
    ("block", "status", "variant"),
    [
        (Block, "right", ""),
        (Converting, "wrong", "always_converts"),
        (Random, "wrong", "not_zero_at_start"),
        (Detached, "wrong", "detached"),
        (OuterRelu, "wrong", "relu_before_the_sum"),
        (NoOuterRelu, "convention", "no_relu_at_the_end"),
        (Hidden, "wrong", "adds_the_hidden_maps"),
    ],
)
def test_residual_blocks_as_students_write_them(block, status, variant):
    assert names("12.residual_block", block) == (status, variant)


def test_a_block_without_its_path_is_named():
    class Plain(Block):
        def forward(self, x):
            return torch.relu(self.conv2(torch.relu(self.conv1(x))))

    assert names("12.residual_block", Plain) == ("wrong", "no_skip")


def lenet(end=None, pool=torch.nn.MaxPool2d, act=torch.nn.ReLU):
    nn = torch.nn

    class LeNet(nn.Module):
        def __init__(self, side, classes):
            super().__init__()
            left = (side // 2 - 4) // 2
            maps = [nn.Conv2d(1, 6, 5, padding=2), act(), pool(2), nn.Conv2d(6, 16, 5), act(), pool(2), nn.Flatten()]
            dense = [nn.Linear(16 * left**2, 120), act(), nn.Linear(120, 84), act(), nn.Linear(84, classes)]
            self.layers = nn.Sequential(*maps, *dense, *([end] if end else []))

        def forward(self, images):
            return self.layers(images)

    return LeNet


@pytest.mark.parametrize(
    ("model", "status", "variant"),
    [
        (lenet(), "right", ""),
        (lenet(torch.nn.Softmax(dim=1)), "wrong", "with_softmax"),
        (lenet(torch.nn.ReLU()), "wrong", "relu_at_the_end"),
        (lenet(pool=torch.nn.AvgPool2d), "convention", "average_pooling"),
        (lenet(act=torch.nn.Tanh), "convention", "with_tanh"),
        (lenet(act=torch.nn.Identity), "wrong", "no_relu"),
    ],
)
def test_lenet_as_students_write_it(model, status, variant):
    assert names("12.lenet", model) == (status, variant)


# ---- the experiment


def reader(net, X, y, moves, epochs=8):
    """Train ``net``, with training letters moved by up to ``moves`` pixels; returns read."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    mean, scale = X.mean(), X.std()

    def prepare(images):
        return torch.tensor((images - mean) / scale, dtype=torch.float32)[:, None]

    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    targets = torch.tensor(y)
    for _ in range(epochs):
        shifts = rng.integers(-moves, moves + 1, size=(len(X), 2))
        images = prepare(np.array([np.roll(image, shift, axis=(0, 1)) for image, shift in zip(X, shifts, strict=True)]))
        for batch in rng.permutation(len(X)).reshape(-1, 50):
            cost = torch.nn.functional.cross_entropy(net(images[batch]), targets[batch])
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()

    def read(images):
        with torch.no_grad():
            return net(prepare(images)).argmax(dim=1).numpy()

    return read


def dense():
    nn = torch.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(256, 100), nn.ReLU(), nn.Linear(100, 10))


@pytest.mark.parametrize(("moves", "variant"), [(0, "depends_on_the_place"), (3, "half_way")])
def test_a_dense_network_does_not_read_moved_letters(moves, variant):
    def letter_reader(X, y):
        torch.manual_seed(1)
        return reader(dense(), X, y, moves)

    assert names("12.letter_reader", letter_reader) == ("wrong", variant)


def test_answers_that_depend_on_the_batch_are_named():
    inputs = letters(np.random.default_rng(3))
    right = {image.tobytes(): int(label) for image, label in zip(inputs["X_new"], inputs["y_new"], strict=True)}

    def letter_reader(X, y):
        def read(images):
            answers = np.array([right[image.tobytes()] for image in images])
            return answers if len(images) > 100 else (answers + 1) % 10

        return read

    assert names("12.letter_reader", letter_reader, seed=3) == ("wrong", "depends_on_the_batch")


def test_an_answer_that_is_no_function_says_so():
    verdict = run_check(load("12.letter_reader"), lambda X, y: None)
    assert verdict.status == "wrong"
    assert "expected the function read" in verdict.summary


def test_the_drawn_letters_are_moved_and_new():
    first, second = letters(np.random.default_rng(1)), letters(np.random.default_rng(2))
    assert first["X"].shape == (1500, 16, 16)
    assert not np.array_equal(first["X"], second["X"])
    assert GOAL == 0.9
    ink = first["X"][:, :2].mean() / first["X"].mean()  # two rows at the top
    assert first["X_new"][:, :2].mean() / first["X_new"].mean() > 2 * ink
