"""One training loop for both backends, and what accompanies it.

Read ``trainer.py`` first: the loop is on one page, everything else is a callback.
"""

from dlcourse.training.backend import best_device
from dlcourse.training.callback import Callback
from dlcourse.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from dlcourse.training.gradients import GradientClipping, MaxNorm
from dlcourse.training.history import History
from dlcourse.training.logged_runs import LoggedRun, read_runs, read_space, save_space
from dlcourse.training.metrics import accuracy
from dlcourse.training.progress import ProgressBar
from dlcourse.training.range_test import RangeTest, learning_rate_range_test
from dlcourse.training.runlog import RunLog, read_run_log
from dlcourse.training.scheduling import Schedule
from dlcourse.training.stopping import EarlyStopping, StopOnExplosion
from dlcourse.training.trackers import TensorBoardLog, WandbLog
from dlcourse.training.trainer import Trainer
from dlcourse.training.watching import LayerStatistics, Statistics, UpdateRatio, statistics

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "GradientClipping",
    "History",
    "LayerStatistics",
    "LoggedRun",
    "MaxNorm",
    "ProgressBar",
    "RangeTest",
    "RunLog",
    "Schedule",
    "Statistics",
    "StopOnExplosion",
    "TensorBoardLog",
    "Trainer",
    "UpdateRatio",
    "WandbLog",
    "accuracy",
    "best_device",
    "learning_rate_range_test",
    "load_checkpoint",
    "read_run_log",
    "read_runs",
    "read_space",
    "save_checkpoint",
    "save_space",
    "statistics",
]
