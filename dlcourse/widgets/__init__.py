"""Explorers: interactive pictures whose numbers come from Python."""

from dlcourse.widgets.augmentation import AugmentationComposer
from dlcourse.widgets.bias_variance import BiasVariance
from dlcourse.widgets.command_center import CommandCenter
from dlcourse.widgets.convolution import ConvolutionExplorer
from dlcourse.widgets.convolution_geometry import ConvolutionGeometry
from dlcourse.widgets.convolution_training import ConvolutionTraining
from dlcourse.widgets.dropout import DropoutExplorer
from dlcourse.widgets.explorer import Explorer
from dlcourse.widgets.gradient_flow import GradientFlow
from dlcourse.widgets.graph import GraphExplorer
from dlcourse.widgets.label_spread import LabelSpread
from dlcourse.widgets.network_graph import NetworkGraph
from dlcourse.widgets.normalization import NormalizationExplorer
from dlcourse.widgets.optimizer_race import OptimizerRace
from dlcourse.widgets.playground import Playground
from dlcourse.widgets.schedules import ScheduleExplorer
from dlcourse.widgets.teach_by_drawing import TeachByDrawing
from dlcourse.widgets.training_doctor import TrainingDoctor

__all__ = [
    "AugmentationComposer",
    "BiasVariance",
    "CommandCenter",
    "ConvolutionExplorer",
    "ConvolutionGeometry",
    "ConvolutionTraining",
    "DropoutExplorer",
    "Explorer",
    "GradientFlow",
    "GraphExplorer",
    "LabelSpread",
    "NetworkGraph",
    "NormalizationExplorer",
    "OptimizerRace",
    "Playground",
    "ScheduleExplorer",
    "TeachByDrawing",
    "TrainingDoctor",
]
