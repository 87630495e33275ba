"""Checks: what each question accepts, and the mistakes it can name.

``from dlcourse.checks import check`` is all that a notebook needs. Importing it loads NumPy and
the standard library only, so the first check answers in well under a second.
"""

from dlcourse.checks.checker import check

__all__ = ["check"]
