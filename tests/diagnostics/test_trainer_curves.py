"""The doctor reads what the Trainer records, and class weights, batches and augmentation fit the loop."""

import numpy as np
import pytest

import dlcourse.numpy
import dlcourse.torch
from dlcourse.data import Batches, StratifiedBatches, class_weights, load_digits, stratified_split
from dlcourse.data.augment import Affine, Compose, MixedBatches, Mixup
from dlcourse.diagnostics import confusion_matrix, diagnose_curve
from dlcourse.models import mlp
from dlcourse.training import Trainer, accuracy

TWINS = pytest.mark.parametrize("dl", [dlcourse.numpy, dlcourse.torch], ids=["numpy", "torch"])


@pytest.fixture(scope="module")
def parts():
    return stratified_split(load_digits(), (800, 400, 597))


def fit(dl, batches, validation, epochs, lr=0.3, loss=None):
    dl.manual_seed(0)
    model = mlp(dl, [64, 50, 10])
    optimizer = dl.optim.SGD(list(model.parameters()), lr=lr)
    trainer = Trainer(model, optimizer, loss or dl.nn.CrossEntropyLoss(), {"accuracy": accuracy})
    return model, trainer.fit(batches, epochs, validation=(validation.X, validation.y))


@TWINS
def test_histories_of_good_and_slow_runs(dl, parts):
    train, validation, _ = parts
    model, good = fit(dl, StratifiedBatches(train.X, train.y, 50), validation, 25)
    assert diagnose_curve(good["cost"], good["val_cost"]).names == ["healthy"]
    _, slow = fit(dl, Batches(train.X, train.y, 50), validation, 15, lr=3e-4)
    assert diagnose_curve(slow["cost"], slow["val_cost"]).names == ["learning rate too low"]
    answers = dl.to_numpy(model(dl.tensor(validation.X))).argmax(1)
    assert confusion_matrix(validation.y, answers, validation.classes).balanced_accuracy > 0.9


@TWINS
def test_augmentation_and_mixup_make_the_training_loss_the_higher_one(dl, parts):
    train, validation, _ = parts
    augment = Compose([Affine(10, shift=0.1, scale=(0.9, 1.1), shear=5)], seed=0)
    batches = MixedBatches(Batches(train.X, train.y, 50, transform=augment), Mixup(10))
    _, history = fit(dl, batches, validation, 25)
    assert diagnose_curve(history["cost"], history["val_cost"]).names == ["validation better than training"]


@TWINS
def test_class_weights_fit_the_loss(dl, parts):
    train, validation, _ = parts
    weights = dl.tensor(class_weights(train.y))
    loss = dl.nn.CrossEntropyLoss(weight=weights)
    _, history = fit(dl, Batches(train.X, train.y, 50), validation, 5, loss=loss)
    assert history["val_accuracy"][-1] > 0.7
    assert np.isfinite(history["cost"]).all()


def test_accuracy_of_soft_targets_is_that_of_their_largest_entry():
    output = np.array([[2.0, 1, 0], [0, 1, 2], [0, 3, 1]])
    soft = np.array([[0.7, 0.3, 0], [0.4, 0.6, 0], [0.1, 0.9, 0]])
    assert accuracy(output, soft) == accuracy(output, soft.argmax(1)) == pytest.approx(2 / 3)
