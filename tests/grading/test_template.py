"""Kernels that are forked from the template are what kernels that are started one by one are, only sooner."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest

from dlcourse.checks.bank import load
from dlcourse.grading import template as templates_module
from dlcourse.grading.exercise import Exercise
from dlcourse.grading.grade import grade
from dlcourse.grading.kernel import Kernel
from dlcourse.grading.sandbox import Limits
from dlcourse.grading.template import Template, TemplateError, modules_for
from tests.grading.mini import EXERCISE, answered, hand_in

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

ROOT = Path(__file__).parents[2]

LOOK = """
import json, os, re, sys, threading
def read(name): return open("/proc/self/" + name).read()
def kind(number):
    try: return re.sub(r"[0-9]+", "N", os.readlink("/proc/self/fd/" + number))
    except OSError: return "the folder that is being read"
status = dict(line.split(":\\t") for line in read("status").splitlines())
print(json.dumps({
    "environment": sorted(read("environ").split("\\0")),
    "folder": os.getcwd(), "path": sys.path, "arguments": sys.argv[1:2], "parent": os.getppid() in (0, 1, 2),
    "has a session": os.getsid(0) > 0, "umask": status["Umask"], "groups": os.getgroups(),
    "user": os.getuid() not in (0, GRADER) or GRADER != 0, "rights": [status[n] for n in status if n.startswith("Cap")],
    "no new rights": status["NoNewPrivs"], "limits": read("limits"), "main": repr(sys.modules["__main__"]),
    "threads": sorted(re.sub("[0-9]+", "N", thread.name) for thread in threading.enumerate()),
    "descriptors": sorted({kind(number) for number in os.listdir("/proc/self/fd")}),
    "checks": sorted(os.listdir(PACKAGE + "/checks")), "grading": os.listdir(PACKAGE + "/grading"),
    "of the course": sorted(name for name in sys.modules if name.startswith("dlcourse")),
    "interfaces": os.listdir("/sys/class/net") if os.path.exists("/sys/class/net") else [],
    "readable": os.access("/proc/self/maps", os.R_OK), "streams": [sys.stdin.closed, sys.__stdout__.fileno()],
}))
"""
COMPUTE = """
import hashlib, torch
torch.manual_seed(3)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(288, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
x, y = torch.randn(64, 1, 8, 8), torch.randint(10, (64,))
for _ in range(20):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
print(hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in net.parameters())).hexdigest(), loss.item())
"""
MORE_THREADS = """
import threading
import numpy as np, torch
torch.set_num_threads(2)
a = torch.randn(700, 700, requires_grad=True)
(a @ a).sum().backward()
def multiply(): assert np.allclose(np.ones((300, 300)) @ np.ones((300, 300)), 300)
others = [threading.Thread(target=multiply) for _ in range(3)]
for other in others: other.start()
for other in others: other.join()
print("done", torch.get_num_threads(), bool(torch.isfinite(a.grad).all()))
"""


@pytest.fixture(scope="module")
def template() -> Iterator[Template]:
    template = Template(("numpy",))
    yield template
    template.close()


@asynccontextmanager
async def started(template: Template | None, limits: Limits | None = None) -> AsyncIterator[Kernel]:
    kernel = await Kernel.start(limits or Limits(), {}, "bubblewrap", template)
    try:
        yield kernel
    finally:
        await kernel.stop()


async def run(kernel: Kernel, code: str) -> str:
    """Run code and return what it printed."""
    printed: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        printed.append(message["content"].get("text") or "\n".join(message["content"].get("traceback", [])))

    await kernel.client.execute_interactive(code, output_hook=keep, timeout=60)
    return "".join(printed).strip()


def printed_by(template: Template | None, *codes: str) -> list[str]:
    """Run each code in a kernel of its own; all kernels are there at the same time."""

    async def all_of_them() -> list[str]:
        async with started(template) as one, started(template) as other:
            return [await run(kernel, code) for kernel, code in zip((one, other), codes, strict=True)]

    return asyncio.run(all_of_them())


def test_a_forked_kernel_is_confined_as_a_started_one_is(template: Template) -> None:
    package = str(ROOT / "dlcourse")
    look = LOOK.replace("PACKAGE", repr(package)).replace("GRADER", str(os.getuid()))
    forked, _ = printed_by(template, look, "")
    begun, _ = printed_by(None, look, "")
    found, expected = json.loads(forked), json.loads(begun)
    assert found["threads"] == expected["threads"]
    assert found == expected
    assert set(found["rights"]) == {"0000000000000000"}
    assert found["no new rights"] == "1"
    assert found["checks"] == ["__init__.py", "drives"]
    assert found["grading"] == []
    assert found["of the course"] == []
    assert re.search(r"Max address space\s+8589934592\s+8589934592", found["limits"])


def test_what_one_kernel_does_another_does_not_see(template: Template) -> None:
    change = """
import builtins, ipykernel, json, os, numpy as np
builtins.left = ipykernel.left = json.left = np.left = "here"
np.allclose = lambda *a: True
open("/tmp/left", "w").write("here")
print(os.getuid(), os.readlink("/proc/self/ns/mnt"), os.readlink("/proc/self/ns/pid"), os.readlink("/proc/self/ns/net"))
"""
    look = """
import builtins, ipykernel, json, os, numpy as np
assert not any(hasattr(module, "left") for module in (builtins, ipykernel, json, np)), "the same process"
assert not np.allclose(1, 2) and not os.path.exists("/tmp/left"), "the same process or folder"
assert len([name for name in os.listdir("/proc") if name.isdigit()]) <= 3, os.listdir("/proc")
print(os.getuid(), os.readlink("/proc/self/ns/mnt"), os.readlink("/proc/self/ns/pid"), os.readlink("/proc/self/ns/net"))
"""
    one, other = (text.split() for text in printed_by(template, change, look))
    assert len(one) == len(other) == 4, other
    assert all(a != b for a, b in zip(one[1:], other[1:], strict=True))
    assert one[0] != other[0] or os.getuid() != 0
    own = {str(Path(f"/proc/self/ns/{name}").readlink()) for name in ("mnt", "pid", "net")}
    assert own.isdisjoint({*one, *other})


def test_random_numbers_do_not_repeat(template: Template) -> None:
    draw = "import random, secrets, uuid, numpy as np; print(np.random.rand(), random.random(), uuid.uuid4())"
    one, other = (text.split() for text in printed_by(template, draw, draw))
    assert all(a != b for a, b in zip(one, other, strict=True))


def test_torch_is_loaded_and_computes_the_same_backward_too_and_on_more_threads() -> None:
    loaded = "import sys\nprint('torch' in sys.modules)\n"
    template = Template(("numpy", "torch"))
    try:
        forked, again = printed_by(template, loaded + COMPUTE, loaded + COMPUTE)
        threads, _ = printed_by(template, MORE_THREADS, "")
    finally:
        template.close()
    alone, _ = printed_by(None, COMPUTE, "")
    assert forked.splitlines() == again.splitlines() == ["True", alone]
    assert threads == "done 2 True"


def test_every_submission_of_a_class_has_a_fork_of_its_own(
    monkeypatch: pytest.MonkeyPatch, course: Path, tmp_path: Path
) -> None:
    kernels: list[int] = []
    enter = Template.enter

    def note(self: Template, *arguments: Any) -> int:
        kernels.append(enter(self, *arguments))
        return kernels[-1]

    monkeypatch.setattr(Template, "enter", note)
    for student in ("ann", "bob", "cid"):
        hand_in(tmp_path / "in", student, answered())
    grade(tmp_path / "in", tmp_path / "out", course=course, workers=2)
    assert len(set(kernels)) == len(kernels) == 3
    assert not any(Path(f"/proc/{kernel}").exists() for kernel in kernels)


@pytest.mark.skipif(os.cpu_count() == 1, reason="BLAS starts no second thread on one core")
def test_a_template_in_which_blas_has_threads_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = templates_module.environment()
    monkeypatch.setattr(templates_module, "environment", lambda: plain | {"OPENBLAS_NUM_THREADS": "2"})
    template = Template(("numpy",))
    try:
        with pytest.raises(TemplateError, match="has 2 threads"):
            printed_by(template, "", "")
    finally:
        template.close()
    assert list(Path("/tmp").glob(f"dlcourse-{os.getpid()}-*")) == []


def test_without_a_template_a_class_is_graded_all_the_same(
    monkeypatch: pytest.MonkeyPatch, course: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hand_in(tmp_path / "in", "ann", answered())
    hand_in(tmp_path / "in", "bob", answered())
    monkeypatch.setattr(templates_module, "modules_for", lambda _: ("a_module_that_is_not_there",))
    report = grade(tmp_path / "in", tmp_path / "out", course=course, workers=2)
    points = load("01.multiply_gate").points + load("01.relu_gate").points
    assert [row.score for row in report.rows] == [points, points]
    assert "kernels are started one by one" in caplog.text


def test_kernels_end_with_their_template() -> None:
    async def left(template: Template) -> bool:
        async with started(template) as kernel:
            template.close()
            for _ in range(200):
                if not await kernel.client.is_alive():
                    return False
                await asyncio.sleep(0.05)
            return True

    assert not asyncio.run(left(Template()))


def test_an_ordinary_user_gets_forked_kernels_too() -> None:
    if os.getuid() != 0:
        pytest.skip("this is an ordinary user already: every other test here shows it")
    script = (
        "import asyncio, os\nfrom tests.grading.test_template import *\n"
        "print(os.getuid(), *printed_by(Template(), 'import os; print(os.getuid(), os.getpid())', ''))"
    )
    as_user = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--bind", "/", "/"]
    as_user += ["--dev-bind", "/dev", "/dev", "--proc", "/proc", "--", sys.executable, "-c", script]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(as_user, capture_output=True, text=True, timeout=120, check=False, env=environment, cwd=ROOT)
    assert done.stdout.split() == ["1000", "1000", "3"], done.stderr  # bubblewrap's own, the program that waits, it


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import numpy as np", ("numpy",)),
        ("# import torch", ("numpy",)),
        ("import torchvision", ("numpy",)),
        ("import torch", ("numpy", "torch")),
        ("import numpy as np\nfrom torch import nn", ("numpy", "torch")),
        ("    import torch.nn as nn", ("numpy", "torch")),
        ("from dlcourse.torch import nn", ("numpy", "torch")),
    ],
)
def test_torch_is_loaded_only_for_notebooks_that_need_it(course: Path, source: str, modules: tuple[str, ...]) -> None:
    path = course / "exercises" / EXERCISE / f"{EXERCISE}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = source
    nbformat.write(notebook, path)
    assert modules_for(Exercise.load(path.parent)) == modules
