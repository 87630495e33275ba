"""pyproject.toml, requirements.lock and environment.yml say the same."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = dict(re.findall(r"^([A-Za-z0-9_.\-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
NOT_LOCKED = {"ray"}  # an optional extra that `make setup` does not install


def requirements(*extras):
    lines = list(PYPROJECT["dependencies"])
    for extra in extras:
        lines += PYPROJECT["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def test_the_lock_satisfies_every_range_of_pyproject():
    for requirement in requirements(*(set(PYPROJECT["optional-dependencies"]) - NOT_LOCKED)):
        assert requirement.name in LOCK, f"{requirement.name} is not in requirements.lock: make lock"
        assert LOCK[requirement.name] in requirement.specifier, f"{requirement}, lock {LOCK[requirement.name]}"


def test_the_lock_pins_torch_without_a_local_suffix_and_names_no_host():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "torch==2.13.0 " in text
    assert "+cpu" not in text
    assert not re.search(r"^\s*-", text, re.MULTILINE)
    assert "://" not in text


def test_every_line_of_the_lock_is_an_exact_pin():
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        requirement = line.split("#")[0].strip()
        assert not requirement or re.fullmatch(r"[a-z0-9_.\-]+==[A-Za-z0-9.]+", requirement), line


@pytest.mark.parametrize("python", ["3.11.0", "3.11.2"])  # the first that pyproject allows, and Debian 12's
def test_every_locked_package_accepts_the_oldest_python_that_we_promise(python):
    refusing = []
    for name in LOCK:
        try:
            wants = metadata(name).get("Requires-Python")
        except PackageNotFoundError:  # a package for another system or Python
            continue
        if wants and python not in SpecifierSet(wants):
            refusing.append(f"{name} {LOCK[name]} needs Python {wants}")
    assert refusing == []


def test_environment_yml_has_the_dependencies_of_pyproject_and_nbval():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    lines = [line for line in conda["dependencies"] if isinstance(line, str) and line not in ("pip",)]
    found = {CONDA_NAMES.get(r.name, r.name): r.specifier for r in map(Requirement, lines)}
    assert str(found.pop("python")) == PYPROJECT["requires-python"]
    expected = {r.name: r.specifier for r in requirements()}
    expected["nbval"] = next(r.specifier for r in requirements("dev") if r.name == "nbval")
    assert found == expected
    assert [line for line in conda["dependencies"] if isinstance(line, dict)] == [{"pip": ["--no-deps --editable ."]}]
