"""The students' package: what is in it, and above all what is not."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from dlcourse.notebooks.bundle import bundle

ROOT = Path(__file__).parents[2]


def put(root, name, content="x"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    for name in ("README.md", "LICENSE", "lectures/01_topic.ipynb", "exercises/01_topic/01_topic.ipynb"):
        put(root, name)
    put(root, "dlcourse/checks/quiz/01.json")
    return root


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle") / "students.zip"
    bundle(ROOT, out)
    with zipfile.ZipFile(out) as archive:
        return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}


def test_lists_its_files(course, tmp_path):
    for private in (
        "solutions/01_topic/01_topic.ipynb",
        "solutions/01_topic/quiz.toml",
        "dlcourse/checks/quiz/01.toml",
        "tests/test_x.py",
        "benchmarks/speed.py",
        "work/lectures/01_topic.ipynb",
        "lectures/conftest.py",
        "lectures/.ipynb_checkpoints/01_topic.ipynb",
        "dlcourse/__pycache__/x.pyc",
        ".git/config",
        "gradebook.db",
        "exercises/gradebook.db",
    ):
        put(course, private)
    assert bundle(course, tmp_path / "out.zip") == [
        "dlcourse-0.1.0/LICENSE",
        "dlcourse-0.1.0/Makefile",
        "dlcourse-0.1.0/README.md",
        "dlcourse-0.1.0/dlcourse/checks/quiz/01.json",
        "dlcourse-0.1.0/exercises/01_topic/01_topic.ipynb",
        "dlcourse-0.1.0/lectures/01_topic.ipynb",
    ]


def test_links_do_not_smuggle_anything_in(course, tmp_path):
    put(tmp_path, "private.txt", "keys")
    (course / "lectures" / "keys.txt").symlink_to(tmp_path / "private.txt")
    assert not any("keys" in name for name in bundle(course, tmp_path / "out.zip"))


def test_the_same_course_gives_the_same_bytes(course, tmp_path):
    bundle(course, tmp_path / "a.zip")
    (course / "README.md").touch()
    bundle(course, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("mark", ["### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS"])
def test_an_exercise_with_a_solution_is_refused(course, tmp_path, mark):
    put(course, "exercises/01_topic/01_topic.ipynb", mark)
    with pytest.raises(RuntimeError, match=r"exercises/01_topic/01_topic\.ipynb contains .* run: dlcourse release"):
        bundle(course, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_folder_without_a_course_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no folder lectures"):
        bundle(tmp_path, tmp_path / "out.zip")


def test_the_real_package_has_what_students_need_and_nothing_private(real):
    for needed in ("README.md", "LICENSE", "LICENSE-TEXT", "Makefile", "pyproject.toml", "requirements.lock"):
        assert needed in real
    folders = {name.split("/")[0] for name in real if "/" in name}
    assert {"dlcourse", "exercises", "lectures"} <= folders <= {"dlcourse", "exercises", "lectures"}
    private = re.compile(
        r"(^|/)(solutions|tests|work|\.[^/]+|__pycache__|quiz\.toml|conftest\.py)(/|$)|\.(pyc|db|toml)$"
    )
    assert [name for name in real if private.search(name)] == ["pyproject.toml"]


def test_students_are_offered_what_the_package_can_do(real):
    """No tests, no grading: the Makefile and the README of the package are its own."""
    targets = set(re.findall(r"^([a-z]+):", real["Makefile"].decode(), re.MULTILINE))
    assert targets == {"help", "setup", "lab", "clean"}
    ours = (ROOT / "Makefile").read_text("utf-8")
    for line in re.findall(r"^\t@.*pip install.*$", real["Makefile"].decode(), re.MULTILINE):
        assert line in ours
    readme = real["README.md"].decode()
    assert "make lab" in readme
    assert "make test" not in readme
    assert "dlcourse grade" not in readme


def test_no_solution_text_is_in_the_real_package(real):
    """Every line between the solution marks, longer than a triviality, is looked for in every exercise."""
    exercises = "\n".join(_sources(data) for name, data in real.items() if name.startswith("exercises/"))
    lines = [line for path in sorted((ROOT / "solutions").rglob("*.ipynb")) for line in _solution_lines(path)]
    assert lines, "no solutions were found to look for"
    assert [line for line in lines if line in exercises] == []


def _sources(data):
    if not data.startswith(b"{"):
        return data.decode("utf-8", "replace")
    return "\n".join(cell.source for cell in nbformat.reads(data.decode(), 4).cells)


def _solution_lines(path):
    for cell in nbformat.read(path, 4).cells:
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL):
            yield from (line.strip() for line in region.splitlines() if len(line.strip()) > 25)


def test_the_real_package_works_where_it_is_unpacked(real, tmp_path):
    for name, data in real.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    code = (
        "import dlcourse, dlcourse.numpy, dlcourse.checks, dlcourse.cli\n"
        "from dlcourse.lab import course_root\n"
        "from dlcourse.notebooks.work import sync\n"
        "print(dlcourse.__file__, len(sync(course_root(), 'work').copied) > 3, sep='\\n')"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.stderr == ""
    assert found.stdout.splitlines() == [str(tmp_path / "dlcourse" / "__init__.py"), "True"]
