"""Each transform: what it does exactly, what it draws on average, and that both libraries agree."""

import numpy as np
import pytest
import torch

from dlcourse.data import Batches, load_digits
from dlcourse.data.augment import (
    Affine,
    ColorJitter,
    Compose,
    Cutout,
    GaussianNoise,
    HorizontalFlip,
    MixedBatches,
    Mixup,
    RandomCrop,
    Rotate,
    Transform,
    VerticalFlip,
)

rng = np.random.default_rng(0)
COLOUR = rng.random((40, 3, 12, 10))
TRANSFORMS = [
    RandomCrop(8, padding=2),
    HorizontalFlip(),
    VerticalFlip(),
    Rotate(30),
    Affine(20, 0.1, (0.8, 1.2), 10, p=0.7),
    ColorJitter(0.4, 0.4, 0.4, p=0.6),
    GaussianNoise(0.2),
    Cutout(5, fill=0.5),
]
NAMES = [type(transform).__name__ for transform in TRANSFORMS]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=NAMES)
def test_numpy_and_torch_agree_keep_the_dtype_and_the_input(transform):
    before = COLOUR.copy()
    expected = transform(COLOUR, seed=3)
    assert np.array_equal(COLOUR, before)
    assert isinstance(expected, np.ndarray)
    assert expected.dtype == np.float64
    tensor = torch.tensor(COLOUR)
    out = transform(tensor, seed=3)
    assert np.array_equal(tensor.numpy(), before)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-12, atol=1e-12)
    for dtype in (np.float32, np.float16):
        assert transform(COLOUR.astype(dtype), seed=3).dtype == dtype
    for dtype in (torch.float32, torch.bfloat16):
        assert transform(tensor.to(dtype), seed=3).dtype == dtype


@pytest.mark.parametrize("transform", TRANSFORMS, ids=NAMES)
def test_seeds_repeat_and_differ(transform):
    assert np.array_equal(transform(COLOUR, seed=1), transform(COLOUR, seed=1))
    assert not np.array_equal(transform(COLOUR, seed=1), transform(COLOUR, seed=2))


@pytest.mark.parametrize("transform", TRANSFORMS, ids=NAMES)
def test_empty_batches_and_non_contiguous_ones(transform):
    assert len(transform(COLOUR[:0], seed=0)) == 0
    swapped = COLOUR.transpose(0, 1, 3, 2)
    assert not swapped.flags.c_contiguous
    expected = transform(np.ascontiguousarray(swapped), seed=4)
    np.testing.assert_allclose(transform(swapped, seed=4), expected, rtol=1e-12, atol=1e-12)
    tensor = torch.tensor(COLOUR).transpose(2, 3)
    np.testing.assert_allclose(transform(tensor, seed=4).numpy(), transform(swapped, seed=4), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=NAMES)
def test_wrong_inputs_are_named(transform):
    name = type(transform).__name__
    with pytest.raises(ValueError, match=rf"{name}: images has shape \(3, 8, 8\), expected \(N, C, H, W\)"):
        transform(np.zeros((3, 8, 8)))
    for images in (np.zeros((1, 3, 8, 8), np.uint8), torch.zeros((1, 3, 8, 8), dtype=torch.uint8)):
        with pytest.raises(TypeError, match=rf"{name}: images has dtype .*uint8, expected floating point"):
            transform(images)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_the_probability_is_per_image(p):
    images = np.ones((4000, 1, 2, 2))
    _, parameters = Cutout(9, p=p).transform(images, seed=0)
    share = parameters["applied"].mean()
    # Four standard deviations of a share of 4000.
    assert abs(share - p) <= 4 * np.sqrt(p * (1 - p) / 4000)
    out = Cutout(9, p=p)(images, seed=0)
    assert np.array_equal(out.reshape(4000, -1).max(1) == 1, ~parameters["applied"])


def test_crop_copies_a_window_and_covers_every_place_evenly():
    image = np.arange(1.0, 26).reshape(1, 1, 5, 5)
    images = np.repeat(image, 5000, axis=0)
    out, parameters = RandomCrop(5, padding=1).transform(images, seed=0)
    padded = np.pad(image[0, 0], 1)
    for window, top, left in zip(out[:50], parameters["top"], parameters["left"], strict=False):
        np.testing.assert_array_equal(window[0], padded[top + 1 : top + 6, left + 1 : left + 6])
    counts = np.bincount((parameters["top"] + 1) * 3 + parameters["left"] + 1, minlength=9)
    assert np.abs(counts - 5000 / 9).max() < 4 * np.sqrt(5000 / 9)
    assert RandomCrop(3)(images, seed=0).shape == (5000, 1, 3, 3)


def test_flips_are_exact_and_half_of_the_images():
    out, parameters = HorizontalFlip().transform(COLOUR, seed=1)
    flipped = parameters["applied"]
    np.testing.assert_array_equal(out[flipped], COLOUR[flipped, :, :, ::-1])
    np.testing.assert_array_equal(out[~flipped], COLOUR[~flipped])
    np.testing.assert_array_equal(VerticalFlip(p=1)(COLOUR), COLOUR[:, :, ::-1])


def test_rotation_by_right_angles_is_numpys():
    image = rng.random((1, 2, 9, 9))
    for quarter in range(4):
        angle = np.array([90.0 * quarter])
        neutral = {"scale": np.ones(1), "shear": np.zeros(1), "down": np.zeros(1), "right": np.zeros(1)}
        out = Rotate().apply(image, angle=angle, **neutral)
        np.testing.assert_allclose(out, np.rot90(image, quarter, axes=(2, 3)), atol=1e-12)


def test_affine_agrees_with_scipy():
    from scipy import ndimage

    image = rng.random((1, 1, 11, 14))
    angle, scale, shear, down, right = 20.0, 1.2, 8.0, 1.5, -2.25
    parameters = {"angle": angle, "scale": scale, "shear": shear, "down": down, "right": right}
    out = Affine().apply(image, **{name: np.array([value]) for name, value in parameters.items()})
    cos, sin, slant = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle)), np.tan(np.deg2rad(shear))
    unrotate = np.array([[cos, sin], [-sin, cos]]) / scale
    matrix = np.array([[1, 0], [slant, 1]]) @ unrotate
    centre = np.array([(11 - 1) / 2, (14 - 1) / 2])
    offset = centre - matrix @ (centre + np.array([down, right]))
    expected = ndimage.affine_transform(image[0, 0], matrix, offset, order=1, mode="grid-constant")
    np.testing.assert_allclose(out[0, 0], expected, atol=1e-12)


def test_affine_parameters_have_their_distributions():
    _, parameters = Affine(30, 0.2, (0.5, 2.0), 15).transform(np.zeros((20_000, 1, 10, 20)), seed=0)
    ranges = {"angle": 30, "shear": 15, "down": 2, "right": 4}
    for name, limit in ranges.items():
        values = parameters[name]
        assert np.abs(values).max() <= limit
        assert values.mean() == pytest.approx(0, abs=0.03 * limit)
        assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    logs = np.log2(parameters["scale"])
    assert np.abs(logs).max() <= 1
    assert logs.mean() == pytest.approx(0, abs=0.03)


def test_jitter_follows_its_formulas():
    images = 0.3 + 0.2 * rng.random((2, 3, 4, 4))
    one = np.ones(2)
    jitter = ColorJitter(0.5, 0.5, 0.5)
    factor = np.array([1.2, 0.7])
    wide = factor.reshape(2, 1, 1, 1)
    grey = (images * np.array([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)).sum(1, keepdims=True)
    np.testing.assert_allclose(jitter.apply(images, brightness=factor, contrast=one, saturation=one), images * wide)
    mean = grey.mean((1, 2, 3), keepdims=True)
    contrast = jitter.apply(images, brightness=one, contrast=factor, saturation=one)
    np.testing.assert_allclose(contrast, mean + (images - mean) * wide)
    saturation = jitter.apply(images, brightness=one, contrast=one, saturation=factor)
    np.testing.assert_allclose(saturation, grey + (images - grey) * wide)
    assert ColorJitter(1, 1)(COLOUR, seed=0).min() >= 0
    assert ColorJitter(1, 1)(COLOUR, seed=0).max() <= 1


def test_contrast_of_grey_images_keeps_their_mean():
    images = 0.3 + 0.2 * rng.random((6, 1, 5, 5))
    out = ColorJitter(contrast=0.5)(images, seed=0)
    np.testing.assert_allclose(out.mean((1, 2, 3)), images.mean((1, 2, 3)))
    assert np.abs(out - images).max() > 0.01


def test_noise_has_the_drawn_deviation_and_mean_zero():
    images = np.full((300, 1, 30, 30), 0.5)
    out, parameters = GaussianNoise(0.2).transform(images, seed=0)
    np.testing.assert_allclose((out - 0.5).std((1, 2, 3)), parameters["std"], rtol=0.12, atol=1e-12)
    assert parameters["std"].max() <= 0.2
    assert parameters["std"].mean() == pytest.approx(0.1, abs=0.015)
    assert (out - 0.5).mean() == pytest.approx(0, abs=2e-3)


def test_cutout_fills_a_square_only():
    out, parameters = Cutout(4, fill=-1.0).transform(COLOUR, seed=0)
    for image, original, top, left in zip(out, COLOUR, parameters["top"], parameters["left"], strict=True):
        expected = original.copy()
        expected[:, max(top, 0) : top + 4, max(left, 0) : left + 4] = -1
        np.testing.assert_allclose(image, expected, atol=1e-12)


def test_mixup_mixes_inputs_and_labels_alike():
    X, y = rng.random((8, 1, 3, 3)), np.arange(8) % 3
    mixup = Mixup(3, seed=1)
    mixed, soft = mixup(X, y)
    np.testing.assert_allclose(mixed, mixup.lam * X + (1 - mixup.lam) * X[mixup.partner])
    np.testing.assert_allclose(soft, mixup.lam * np.eye(3)[y] + (1 - mixup.lam) * np.eye(3)[y[mixup.partner]])
    np.testing.assert_allclose(soft.sum(1), 1)
    tensor, labels = Mixup(3, seed=1)(torch.tensor(X), torch.tensor(y))
    np.testing.assert_allclose(tensor.numpy(), mixed)
    np.testing.assert_allclose(labels.numpy(), soft)
    again, _ = Mixup(3, seed=1)(X, np.eye(3)[y])
    np.testing.assert_allclose(again, mixed)
    assert Mixup(3)(X.astype(np.float32), y)[1].dtype == np.float32


def test_mixed_batches_can_be_iterated_again_and_differ():
    X, y = rng.random((20, 3)), np.arange(20) % 4
    batches = MixedBatches(Batches(X, y, 8), Mixup(4))
    first, second = list(batches), list(batches)
    assert len(batches) == len(first) == len(second) == 3
    assert all(soft.shape == (len(mixed), 4) for mixed, soft in first)
    assert not np.array_equal(first[0][0], second[0][0])


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_mixup_draws_lambda_from_a_beta_distribution(alpha):
    from scipy import stats

    mixup = Mixup(2, alpha)
    lams = []
    for _ in range(2000):
        mixup(np.zeros((2, 1)), np.zeros(2, int))
        lams.append(mixup.lam)
    assert stats.kstest(lams, stats.beta(alpha, alpha).cdf).pvalue > 1e-3


def test_a_pipeline_repeats_with_its_seed_and_shows_its_parameters():
    def pipeline(seed):
        return Compose([RandomCrop(10, padding=2), HorizontalFlip(), ColorJitter(0.3, p=0.5), Cutout(3)], seed)

    first, second = pipeline(4), pipeline(4)
    batches = [first(COLOUR) for _ in range(2)]
    assert np.array_equal(batches[0], second(COLOUR))
    assert np.array_equal(batches[1], second(COLOUR))
    assert not np.array_equal(batches[0], batches[1])
    assert not np.array_equal(batches[0], pipeline(5)(COLOUR))
    names = [name for name, _ in first.last]
    assert names == ["RandomCrop", "HorizontalFlip", "ColorJitter", "Cutout"]
    assert all(parameters["applied"].shape == (40,) for _, parameters in first.last)
    assert 0 < first.last[2][1]["applied"].mean() < 1


def test_small_rotations_of_digits_keep_the_label_and_flips_do_not():
    from sklearn.neighbors import KNeighborsClassifier

    digits = load_digits()
    model = KNeighborsClassifier(3).fit(digits.flat().X[:1000], digits.y[:1000])

    def score(images):
        return model.score(images.reshape(len(images), -1), digits.y[1000:])

    test = digits.X[1000:]
    assert score(test) - score(Rotate(8)(test, seed=0)) < 0.05
    assert score(test) - score(HorizontalFlip(p=1)(test)) > 0.3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HorizontalFlip(p=1.5), "HorizontalFlip: p is 1.5, expected a probability"),
        (lambda: RandomCrop(0), "RandomCrop: size is 0 and padding is 0"),
        (lambda: RandomCrop(9)(np.zeros((1, 1, 8, 8))), "RandomCrop: size is 9, expected at most 8 for images of 8×8"),
        (lambda: Affine(degrees=-1), "Affine: degrees -1, shift 0.0 and shear 0.0 must not be negative"),
        (lambda: Affine(scale=(2.0, 1.0)), r"Affine: scale is \(2.0, 1.0\), expected \(smallest, largest\)"),
        (lambda: ColorJitter(contrast=2), "ColorJitter: contrast is 2, expected 0 to 1"),
        (lambda: ColorJitter(saturation=0.5)(np.zeros((1, 1, 8, 8))), "saturation needs 3 channels"),
        (lambda: GaussianNoise(-1), "GaussianNoise: std is -1, expected 0 or more"),
        (lambda: Cutout(0), "Cutout: size is 0, expected 1 or more"),
        (lambda: Mixup(1), "Mixup: alpha is 1.0 and classes is 1"),
        (lambda: Mixup(2)(np.zeros((2, 1)), np.array([0, 2])), "Mixup: labels run from 0 to 2, expected 0 to 1"),
        (lambda: Mixup(2)(np.zeros((2, 1)), np.array([0])), "Mixup: X has 2 rows and y has 1"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_compose_takes_transforms_only():
    with pytest.raises(TypeError, match="is not a Transform; Mixup, which changes labels, comes after"):
        Compose([Mixup(3)])


def test_a_transform_of_ones_own_must_be_complete():
    class Half(Transform):
        def draw(self, n, size, rng):
            return {}

        def apply(self, images):
            return images[:, :, ::2]

    with pytest.raises(NotImplementedError, match="Transform has no draw"):
        Transform()(COLOUR)
    with pytest.raises(NotImplementedError, match="Transform has no apply"):
        Transform().apply(COLOUR)
    assert Half()(COLOUR).shape == (40, 3, 6, 10)
    with pytest.raises(ValueError, match=r"Half: p is 0.5, but the result .* differs in shape .* use p=1"):
        Half(p=0.5)(COLOUR, seed=0)
