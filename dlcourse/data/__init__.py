"""Data sets, splits, mini-batches, sampling and augmentation. No lecture needs a network.

Start with ``load_digits()`` or ``make_moons()``, then ``stratified_split``, ``Standardizer`` and
``Batches``. Images are (N, C, H, W) in [0, 1]. Everything is NumPy at its face; ``to_torch`` and
``Dataset.to_torch`` convert. :mod:`dlcourse.data.augment` holds the random transformations.
"""

from dlcourse.data.batches import Batches, HardExampleBatches, StratifiedBatches, WeightedBatches
from dlcourse.data.cache import cache_dir
from dlcourse.data.cifar10 import load_cifar10
from dlcourse.data.dataset import Dataset, to_torch
from dlcourse.data.digits import load_digits
from dlcourse.data.glyphs import load_glyphs, make_glyphs
from dlcourse.data.idx import read_idx
from dlcourse.data.mnist import load_fashion_mnist, load_mnist
from dlcourse.data.sampling import class_weights, example_weights, hard_examples, oversample, undersample
from dlcourse.data.signs import SIGNS, make_signs
from dlcourse.data.split import stratified_indices, stratified_kfold, stratified_split
from dlcourse.data.standardize import Standardizer
from dlcourse.data.textures import make_textures
from dlcourse.data.toys import make_circles, make_gaussians, make_moons, make_spirals, make_xor

__all__ = [
    "Batches",
    "Dataset",
    "HardExampleBatches",
    "SIGNS",
    "Standardizer",
    "StratifiedBatches",
    "WeightedBatches",
    "cache_dir",
    "class_weights",
    "example_weights",
    "hard_examples",
    "load_cifar10",
    "load_digits",
    "load_fashion_mnist",
    "load_glyphs",
    "load_mnist",
    "make_circles",
    "make_gaussians",
    "make_glyphs",
    "make_moons",
    "make_signs",
    "make_spirals",
    "make_textures",
    "make_xor",
    "oversample",
    "read_idx",
    "stratified_indices",
    "stratified_kfold",
    "stratified_split",
    "to_torch",
    "undersample",
]
