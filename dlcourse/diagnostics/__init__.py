"""What is wrong with this run? Learning curves, units, gradients, mistakes, confidence, and a first check-up.

``sanity_report`` before a long run, ``diagnose_curve`` after it.
"""

from dlcourse.diagnostics.calibration import Reliability, expected_calibration_error, reliability
from dlcourse.diagnostics.confusion import Confusion, confusion_matrix
from dlcourse.diagnostics.curves import diagnose_curve
from dlcourse.diagnostics.flow import Flow, LayerFlow, gradient_flow, update_ratios
from dlcourse.diagnostics.landscape import loss_slice, random_direction
from dlcourse.diagnostics.report import Finding, Report
from dlcourse.diagnostics.sanity import sanity_report
from dlcourse.diagnostics.units import dead_units, saturation_share

__all__ = [
    "Confusion",
    "Finding",
    "Flow",
    "LayerFlow",
    "Reliability",
    "Report",
    "confusion_matrix",
    "dead_units",
    "diagnose_curve",
    "expected_calibration_error",
    "gradient_flow",
    "loss_slice",
    "random_direction",
    "reliability",
    "sanity_report",
    "saturation_share",
    "update_ratios",
]
