# Everything needs Python 3.11 or newer with venv, and make; the rest comes from the package indexes
# that pip and npm are configured for.

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
ARGS ?=

bin := .venv/bin
templates := find . -path './.*' -prune -o -path ./frontend -prune -o -name '*.html' -print0 | xargs -0 -r $(bin)/djade
export PATH := $(CURDIR)/$(bin):$(PATH)
# Checks read the settings without a stack: they need a key, and no run must find theirs.
checking := SECRET_KEY=unused ENV_FILE=/dev/null WATCHBILL_DATA=.cache/checks

.DEFAULT_GOAL := help
.PHONY: help run test bench lint fmt clean setup screenshots messages check-python check-frontend

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run:  ## Set up and start the whole product (PORT, WATCHBILL_DATA, … as in .env.example)
	@$(PYTHON) -m config.launcher.setup run

setup:  ## Install everything for development, start nothing
	@$(PYTHON) -m config.launcher.setup dev

test: lint  ## Format, lint, types, imports, front end, then all tests (ARGS: for pytest)
	$(bin)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup  ## All checks that run no test of the product
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-python check-frontend

check-python:
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	@$(templates) --check
	$(checking) $(bin)/mypy .
	$(bin)/lint-imports

check-frontend:
	npm --prefix frontend run --silent lint
	npm --prefix frontend run --silent typecheck
	npm --prefix frontend run --silent test

fmt: setup  ## Format Python, templates and front end
	$(bin)/ruff check --fix-only .
	$(bin)/ruff format .
	@$(templates)
	npm --prefix frontend run --silent fix

bench: setup  ## Measure; prints one table and writes JSON (ARGS: which)
	@$(bin)/python -m tests.bench $(ARGS)

screenshots: setup  ## Take the pictures of the documentation
	@$(bin)/python -m tests.screenshots $(ARGS)

messages: setup  ## Compile the catalogues of public status pages
	@$(bin)/pybabel -q compile -d statuspage/locale -D django

clean:  ## Remove everything set-up made; keeps .data and .env
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf frontend/node_modules frontend/dist frontend/coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
