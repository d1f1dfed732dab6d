# Everything a newcomer or CI types. Each target sets up what it needs: Python >= 3.11 and make are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-for-dev
KILLS ?= 100
WORKERS ?= 3
WRITES ?= batch
MINUTES ?= 10
JOBS ?= 2
CODE := domain adapters entrypoints config sandbox tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox test soak planted-bugs chaos broken-fakes lint format lock clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(STAMP)  ## the virtual environment with the locked dependencies

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python >= 3.11 is needed, this is " + sys.version.split()[0] + ": say make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## watch a shop's orders arrive, a worker die and the sync go on
	@$(BIN)/shopify-sync demo

sandbox: setup  ## a simulated Shopify and local AWS endpoints, to try every command by hand
	@$(BIN)/shopify-sync sandbox

test: lint  ## everything CI runs, on JOBS=2 cores
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadgroup

soak: setup  ## schedules of the simulation with fresh seeds: MINUTES=10, or SCHEDULES=100000 FIRST=2000000 JOBS=2
	$(BIN)/python -m tests.simulation soak $(if $(SCHEDULES),--schedules $(SCHEDULES),--minutes $(MINUTES)) --jobs $(JOBS) $(if $(FIRST),--first $(FIRST))

planted-bugs: setup  ## plant each bug of a list in the protocol: the simulation must find it
	$(BIN)/python -m tests.simulation bugs
	$(BIN)/python -m tests.simulation.token_soak bugs

broken-fakes: setup  ## break the tests' fakes on purpose, one by one: their contract suites must notice
	@$(BIN)/python -m tests.contracts.broken

chaos: setup  ## kill, pause and stop workers while calls to AWS fail: KILLS=100 WORKERS=3 WRITES=batch SEED=…
	$(BIN)/python -m tests.chaos --kills $(KILLS) --workers $(WORKERS) --writes $(WRITES) $(if $(SEED),--seed $(SEED))

lint: setup  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup  ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

lock:  ## lock the dependencies again, with hashes (needs uv)
	uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements/run.txt
	uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra sandbox --group dev --constraint requirements/run.txt --output-file requirements/dev.txt

clean:  ## remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
