# Set-up is part of every target: it needs Python 3.11 or later and a package index, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-stamp
DEV_STAMP := $(VENV)/.dev-stamp

.PHONY: help demo run test campaign check lint types format lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(RUN_STAMP) ## the whole service on sample papers, without the internet
	@$(BIN)/feedsvc demo $(ARGS)

run: $(RUN_STAMP) ## the same service against the real arXiv
	@$(BIN)/feedsvc serve

test: $(DEV_STAMP) ## the tests
	@$(BIN)/pytest $(ARGS)

campaign: $(DEV_STAMP) ## a month of faults and 200 kills; SEED=… for another
	@$(BIN)/python -m tests.campaign --seed $(or $(SEED),1)

check: lint types ## lint and types

lint: $(DEV_STAMP) ## ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(DEV_STAMP) ## mypy
	@$(BIN)/mypy

format: $(DEV_STAMP) ## put the code in order
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(DEV_STAMP) ## work the locked versions out anew from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment
	rm -rf $(VENV)

$(BIN)/python:
	@echo "setting up $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): $(BIN)/python requirements.lock pyproject.toml
	@echo "installing the locked packages ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --editable .
	@touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements-dev.lock
	@echo "installing the packages for tests ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
