# Jalon: everything a newcomer types. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# What the tests multiply is small: more threads only wait for each other.
export OPENBLAS_NUM_THREADS ?= 1
.PHONY: help setup demo test soak lint format lock clean

PYTHON ?= python3
PYTEST_ARGS ?= -n 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
KERNELS := $(wildcard data/jit.py routing/problem.py routing/matrix/*.py routing/solver/*.py promise/queue.py)
ROOMS := data routing promise jalon

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.stamp $(VENV)/.warm ## create .venv from requirements.lock and compile the kernels once
	@echo "setup: ready, try $(BIN)/jalon --help"

# Only redone when the lock or the project file change.
$(VENV)/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "setup: Jalon needs Python 3.11 or newer and '$(PYTHON)' is not: run make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "setup: '$(PYTHON)' has no venv module: on Debian or Ubuntu run apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || { echo "setup: creating $(VENV)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "setup: installing $$(grep -c '^[a-z].*==' requirements.lock) locked packages, 1.3 GB on disk, about a minute"
	@SECONDS=0; $(PIP) install --prefer-binary --require-hashes -r requirements.lock; echo "setup: installed in $$SECONDS s"
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# Kernels are compiled again when one of them changes.
$(VENV)/.warm: $(VENV)/.stamp $(KERNELS)
	@echo "setup: compiling the kernels into the cache ($(BIN)/jalon warm), so that the first solve does not wait for it"
	@SECONDS=0; $(BIN)/jalon warm; echo "setup: compiled in $$SECONDS s"
	@touch $@

demo: setup ## an evening plan, a live-shopping burst, the re-plan, its check and its map
	@$(BIN)/jalon demo

test: setup ## run the tests on both cores (PYTEST_ARGS="-n 0": in one process)
	@echo "test: pytest"
	@$(BIN)/python -m pytest -q $(PYTEST_ARGS)

soak: setup ## run the tests that take minutes
	@echo "soak: pytest -rP -m soak, what each has tried is printed at the end"
	@$(BIN)/python -m pytest -q -rP -o faulthandler_timeout=0 -m soak $(PYTEST_ARGS)

lint: $(VENV)/.stamp ## ruff check, ruff format --check, mypy
	@echo "lint: ruff check"
	@$(BIN)/ruff check .
	@echo "lint: ruff format --check"
	@$(BIN)/ruff format --check .
	@echo "lint: mypy $(ROOMS)"
	@$(BIN)/mypy $(ROOMS)

format: $(VENV)/.stamp ## let ruff format and sort imports
	@$(BIN)/ruff check --select I --fix --quiet .
	@$(BIN)/ruff format .

# The file keeps its pins where they still fit; delete it first to take the newest of everything.
lock: ## resolve requirements.lock again from pyproject.toml (uv, in a throw-away venv)
	@tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	echo "lock: installing uv in a throw-away venv"; \
	$(PYTHON) -m venv "$$tools"; \
	"$$tools/bin/python" -m pip --disable-pip-version-check -qq install uv; \
	echo "lock: resolving"; \
	if [ -n "$${PIP_CERT:-}" ]; then export SSL_CERT_FILE="$$PIP_CERT"; fi; \
	"$$tools/bin/uv" pip compile pyproject.toml --extra dev --python-version 3.11 --python-platform linux --no-build \
	  --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock > /dev/null; \
	if grep -n '://' requirements.lock; then echo "lock: an address got into requirements.lock" >&2; exit 1; fi; \
	echo "lock: $$(grep -c '^[a-z].*==' requirements.lock) packages"

clean: ## remove .venv, caches and build output
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist out demo-out *.egg-info
	@find $(ROOMS) tests benchmarks examples -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	@echo "clean: done"
