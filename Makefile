# `make run` serves the page; `make test` runs every check. Both make .venv as needed
# and install nothing when nothing changed, so the second time they work offline.
.DEFAULT_GOAL := help
.PHONY: help run demo test check fix lock clean

PYTHON ?= python3
PYTEST ?= -n auto --maxprocesses 8
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NEEDS := pyproject.toml constraints.txt

help:  ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/.installed  ## start the bot: http://127.0.0.1:8321, and the chats whose tokens are set
	@$(BIN)/python -m bot run

demo: $(VENV)/.installed  ## render the sample photos into out/
	@$(BIN)/python -m bot demo

test: check  ## every check, then the suite
	@$(BIN)/python -m pytest $(PYTEST)

check: $(VENV)/.installed-dev  ## format, lint, types, import contracts, dependencies
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > $(VENV)/contracts.txt || { cat $(VENV)/contracts.txt; exit 1; }
	@$(BIN)/deptry --no-ansi . 2> $(VENV)/deptry.txt || { cat $(VENV)/deptry.txt; exit 1; }

fix: $(VENV)/.installed-dev  ## format, and mend what can be mended by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(VENV)/.installed-dev  ## take the newest versions that pyproject.toml allows
	@$(PIP) uv
	@$(BIN)/uv pip compile --quiet --universal --no-header --no-annotate --upgrade \
		--python-version 3.11 --all-extras pyproject.toml -o constraints.txt

clean:  ## remove what was made, but no data
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/.installed: $(NEEDS) | $(VENV)/bin/python
	@echo "Installing what the bot needs (once) …"
	@$(PIP) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(NEEDS) | $(VENV)/bin/python
	@echo "Installing what the tests need (once) …"
	@$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: try make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
