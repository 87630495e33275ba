"""Run a notebook in a fresh kernel under the conditions in which its stored outputs were made."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from dlcourse.notebooks.cells import NotebookError

__all__ = ["KERNEL_ENVIRONMENT", "execute"]

KERNEL_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "DLCOURSE_PROGRESS": "off",
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
"""No GPU (its sums differ in the last digits), one order of sets, no progress bars (they print rates).

Checks that pass here are nobody's progress.
"""


def execute(
    notebook: NotebookNode,
    path: Path,
    *,
    timeout: float = 600,
    on_cell: Callable[[str], None] | None = None,
) -> NotebookNode:
    """Return a copy of ``notebook`` with every code cell run, in the folder of ``path``.

    The kernel is this very Python, whatever kernels and start-up files the user has installed.
    ``timeout`` is in seconds and holds for each cell; ``on_cell`` is called with the id of each
    code cell that is done. Raises NotebookError, naming notebook, cell and error, when one fails.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    result = copy.deepcopy(notebook)
    running = {"cell": "(the kernel did not start)"}

    def started(cell: NotebookNode, **_: object) -> None:
        running["cell"] = cell.id

    def done(cell: NotebookNode, **_: object) -> None:
        if on_cell is not None:
            on_cell(cell.id)

    with tempfile.TemporaryDirectory(prefix="dlcourse-ipython-") as ipython_dir:
        client = NotebookClient(
            result,
            kernel_manager_class=_manager_class(),
            extra_arguments=["--IPKernelApp.log_level=40"],
            timeout=timeout,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(path.parent)}},
            on_cell_execute=started,
            on_cell_executed=done,
        )
        try:
            client.execute(env={**os.environ, **KERNEL_ENVIRONMENT, "IPYTHONDIR": ipython_dir})
        except CellExecutionError as error:
            raise NotebookError(_message(path, running["cell"], f"{error.ename}: {error.evalue}")) from error
        except CellTimeoutError as error:
            raise NotebookError(_message(path, running["cell"], f"still running after {timeout:g} s")) from error
        except DeadKernelError as error:
            raise NotebookError(_message(path, running["cell"], "the kernel died")) from error
    return result


def _message(path: Path, cell_id: str, what: str) -> str:
    return f"{path.name}, cell {cell_id}: {what}"


def _manager_class() -> type:
    """Return a kernel manager that starts the running interpreter.

    A manager that has no folders to look for kernels in falls back to its own Python. A user's
    kernel of the name ``python3``, which may belong to another environment, is never taken.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class ThisPython(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _own_interpreter(self) -> KernelSpecManager:
            return KernelSpecManager(kernel_dirs=[])

    return ThisPython
