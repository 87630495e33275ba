"""Transfer learning: use what a network has learned on one task for another.

``parts`` takes a pretrained network apart (features, freezing, rates), ``plans`` are ways to train it on,
``propagation`` and ``rounds`` spread few labels over many images, ``distilling`` trains a student. ``study`` measures
them all; its results come with the course: ``results("labels")``.
"""

from dlcourse.transfer.distilling import recalibrated, softened, student
from dlcourse.transfer.parts import FrozenStatistics, features, freeze, parameter_groups
from dlcourse.transfer.plans import PLANS, Plan, accuracy, augmentation, logits, start, train
from dlcourse.transfer.probes import LinearProbe, linear_probe, nearest_neighbour
from dlcourse.transfer.propagation import neighbour_graph, propagate_labels
from dlcourse.transfer.results import Measured, conditions, results
from dlcourse.transfer.rounds import Round, pseudo_label_rounds, two_dimensions
from dlcourse.transfer.tasks import Task, few, load_task

__all__ = [
    "FrozenStatistics",
    "LinearProbe",
    "Measured",
    "PLANS",
    "Plan",
    "Round",
    "Task",
    "accuracy",
    "augmentation",
    "conditions",
    "features",
    "few",
    "freeze",
    "linear_probe",
    "load_task",
    "logits",
    "nearest_neighbour",
    "neighbour_graph",
    "parameter_groups",
    "propagate_labels",
    "pseudo_label_rounds",
    "recalibrated",
    "results",
    "softened",
    "start",
    "student",
    "train",
    "two_dimensions",
]
