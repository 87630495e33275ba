"""Explorers: interactive pictures whose numbers come from Python."""

from dlcourse.widgets.explorer import Explorer
from dlcourse.widgets.gradient_flow import GradientFlow
from dlcourse.widgets.graph import GraphExplorer
from dlcourse.widgets.playground import Playground
from dlcourse.widgets.schedules import ScheduleExplorer
from dlcourse.widgets.training_doctor import TrainingDoctor

__all__ = ["Explorer", "GradientFlow", "GraphExplorer", "Playground", "ScheduleExplorer", "TrainingDoctor"]
