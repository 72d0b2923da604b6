# Two commands matter: `make demo` plays the main job, `make test` proves it. Both install what they need into .venv.
PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
ONCE ?=
LEDGER ?= both
DEMO_FLAGS := --ledger $(LEDGER) $(if $(ONCE),--once,)

.DEFAULT_GOAL := help
.PHONY: help demo test unit e2e chaos lint format contracts lock clean serve

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Ledgerlane needs Python 3.11 or newer; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.test: $(VENV)/.run tests/requirements.lock
	$(BIN)/pip install --quiet --require-hashes -r tests/requirements.lock
	touch $@

demo: $(VENV)/.run ## play the main job (LEDGER=quickbooks|xero|both, ONCE=1 exits when done)
	$(BIN)/ledgerlane demo $(DEMO_FLAGS)

serve: $(VENV)/.run ## run the service with the settings of .env
	$(BIN)/ledgerlane serve

test: lint ## everything that must hold before a change lands
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal

chaos: $(VENV)/.test ## the long proofs: a kill at every boundary, storms, rotation races
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.test ## types, style and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contracts: $(VENV)/.run ## regenerate contracts/openapi.json and contracts/schemas
	$(BIN)/ledgerlane contracts write

lock: ## resolve the dependencies again (needs uv)
	$(UV) pip compile pyproject.toml --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 -o requirements.lock
	$(UV) pip compile pyproject.toml --extra test -c requirements.lock --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 -o tests/requirements.lock

clean: ## remove what the other targets made
	rm -rf $(VENV) var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
