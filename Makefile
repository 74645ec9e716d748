# `make help` explains every target. Two commands matter to a newcomer: `make run` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help install run test check format bench lock picture clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
UV := 0.13.9

# A check says something only when it fails.
define quietly
@said=$$( { $(1); } 2>&1) || { printf '%s\n' "$$said"; exit 1; }
endef

help: ## explain every target
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

install: $(INSTALLED) ## make .venv and install the locked dependencies, nothing else

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
		|| { echo "Retour needs Python 3.11 or 3.12; this is $$($(PYTHON) --version). Name another: make install PYTHON=python3.11"; exit 1; }
	@echo "Installing into .venv …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV) 2>.venv/uv.log || true
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock 2>.venv/uv.log \
		|| { echo "pip installs, more slowly: uv did not ($$(tail -n 1 .venv/uv.log))"; \
			$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: install ## fill an empty shop (or import DATA=<file>), refresh, then serve everything until Ctrl-C
	@$(BIN)/retour run $(if $(DATA),--data "$(DATA)")

test: check ## prove everything: checks, then every test, several at a time
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4

check: install ## format, lint, types, layers, and Dagster's own checks
	$(call quietly,$(BIN)/ruff format --check . || { echo "run: make format"; false; })
	$(call quietly,$(BIN)/ruff check .)
	$(call quietly,$(BIN)/mypy)
	$(call quietly,$(BIN)/lint-imports)
	$(call quietly,VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/dg check yaml)
	$(call quietly,VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/dg check defs)
	@echo "Format, lint, types, layers and Dagster's definitions are sound."

format: install ## format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

bench: install ## measure speed and memory, as ratios to baselines in the same run
	@$(BIN)/python -m bench

lock: install ## renew requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --all-extras --generate-hashes --universal --no-header --no-annotate --quiet -o requirements.lock

picture: install ## take the README's picture of the running dashboard
	@$(BIN)/python docs/take_picture.py

clean: ## delete what runs made: var/ and warehouse.duckdb (the log is in var/, so this forgets everything)
	@rm -rf var warehouse.duckdb warehouse.duckdb.*
