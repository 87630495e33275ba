"""What a person sees while a class is graded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["GradingProgress"]


class GradingProgress:
    """A bar with the time left, and lines; silent without a console."""

    def __init__(self, console: Console | None) -> None:
        self.console = console

    def say(self, line: str) -> None:
        """Print a line as it is."""
        if self.console is not None:
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar for one exercise; yield the function that moves it by one submission."""
        if self.console is None:
            yield lambda: None
            return
        columns = (
            TextColumn(f"Grading {name}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(name, total=total)
            yield lambda: progress.advance(task)
