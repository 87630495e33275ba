# The commands of the project. `make` alone prints them; each is quick the second time.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed-from-lock
PYTEST := PYTHONHASHSEED=0 OMP_NUM_THREADS=1 $(BIN)/python -m pytest
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup system lab test lint proof bench lock refresh clean

help:  ## print this list
	@echo "dlcourse: a course on training deep networks"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make .venv from the lock (every other command does this first)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dlcourse needs Python 3.11 or newer; $$($(PYTHON) --version) was found. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. Install it: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the packages of requirements.lock into .venv (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# Browser tests need chromium, grading tests bubblewrap. Root gets them here; others are told by the last lines of `make test`.
system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=""; command -v chromium >/dev/null || missing="chromium"; command -v bwrap >/dev/null || missing="$$missing bubblewrap"; \
	  if [ -n "$$missing" ]; then echo "Installing $$missing"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null || echo "Could not install $$missing"; fi; fi

lab: setup  ## copy what is missing into work/ and open JupyterLab there
	@$(BIN)/dlcourse lab

test: setup system  ## every test, about half an hour on two cores
	$(BIN)/ruff check .
	$(BIN)/ruff format --check dlcourse tests benchmarks
	$(BIN)/mypy
	$(PYTEST) -n 2 --dist loadfile -m "not proof" tests
	$(PYTEST) -n 2 --dist loadfile --nbval -p dlcourse.notebooks.nbval_tolerance lectures
	@$(BIN)/dlcourse doctor --system

lint: setup  ## style, types and the lint of the notebooks
	$(BIN)/ruff check . && $(BIN)/ruff format --check dlcourse tests benchmarks && $(BIN)/mypy && $(BIN)/dlcourse lint

proof: setup system  ## the long repetitions; renews benchmarks/PROOF.md
	$(BIN)/python -m benchmarks.proof

bench: setup  ## speed against named peers; renews benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.speed

refresh: setup  ## execute and normalise every lecture
	$(BIN)/dlcourse refresh

lock: setup  ## resolve requirements.lock anew from pyproject.toml
	@printf '%s\n' "torch==2.13.0" "soupsieve<3" > .lock-constraints  # soupsieve 3 refuses the Python of Debian 12, 3.11.2
	$(BIN)/pip-compile --quiet --upgrade --extra slides --extra grade --extra bench --extra dev --strip-extras --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --annotation-style line \
	  --constraint .lock-constraints --output-file requirements.lock.new pyproject.toml
	@sed -e 's/^torch==\([0-9.]*\)+[a-z0-9]*/torch==\1/' -e 's/-c .lock-constraints, //' -e '/^# The following packages are considered/,$$d' requirements.lock.new > requirements.lock
	@rm -f .lock-constraints requirements.lock.new

clean:  ## remove .venv and caches; never work/
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
