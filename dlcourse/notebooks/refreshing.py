"""Execute lectures and store their outputs, so that a second run changes no byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from dlcourse.notebooks.bibliography import bibliography_of, fill_references
from dlcourse.notebooks.cells import NotebookError, read, write
from dlcourse.notebooks.execute import execute
from dlcourse.notebooks.normalise import keep_agreeing_outputs, normalise

__all__ = ["Refreshed", "refresh"]


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did to one notebook: the cells whose outputs are new, and whether the file changed."""

    path: Path
    new_outputs: tuple[str, ...]
    written: bool

    def __str__(self) -> str:
        if not self.written:
            return f"{self.path}: unchanged"
        if not self.new_outputs:
            return f"{self.path}: tidied"
        return f"{self.path}: new outputs in {', '.join(self.new_outputs)}"


def refresh(
    paths: Iterable[Path | str],
    *,
    timeout: float = 600,
    keep: bool = True,
    progress: bool = True,
    report: Callable[[Refreshed], None] | None = None,
) -> list[Refreshed]:
    """Execute each notebook, tidy it and store it if something changed.

    A stored output stays if the new one agrees within the tolerance of
    ``dlcourse.notebooks.compare``, so another machine makes no churn; ``keep=False`` stores every
    new output, which an author wants after a small change to a picture. The list of references is
    written anew. ``timeout`` is in seconds for each cell.

    A notebook is written in one step and only after all its cells ran. If one fails, the others
    are still refreshed, and NotebookError then lists every failure.
    """
    done: list[Refreshed] = []
    failures: list[str] = []
    for path in map(Path, paths):
        try:
            result = _refresh_one(path, timeout, keep, progress)
        except (NotebookError, OSError) as error:
            failures.append(str(error))
            continue
        done.append(result)
        if report is not None:
            report(result)
    if failures:
        raise NotebookError("\n".join(failures))
    return done


def _refresh_one(path: Path, timeout: float, keep: bool, progress: bool) -> Refreshed:
    from tqdm import tqdm

    notebook = read(path)
    stored = normalise(notebook)
    fill_references(notebook, bibliography_of(path))
    with tqdm(total=len(_code_ids(notebook)), desc=path.name, unit="cell", leave=False, disable=not progress) as bar:

        def advance(_cell_id: str) -> None:
            bar.update()

        computed = normalise(execute(notebook, path, timeout=timeout, on_cell=advance))
    changed = keep_agreeing_outputs(stored, computed) if keep else _code_ids(computed)
    return Refreshed(path, tuple(changed), write(computed, path))


def _code_ids(notebook: NotebookNode) -> list[str]:
    return [cell.id for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
