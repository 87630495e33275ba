"""The generic tier: what can be said about a wrong array without knowing the mistake.

Each finder looks at one :class:`Difference` and returns a sentence or nothing. They are asked in
order, and the first that recognises something speaks.
"""

from dlcourse.checks.diagnose.difference import Difference, Finding
from dlcourse.checks.diagnose.finders import describe

__all__ = ["Difference", "Finding", "describe"]
