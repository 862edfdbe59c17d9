# Everything here needs Python 3.11 or newer, git and make, and brings the rest itself.

export UV_PYTHON_DOWNLOADS ?= never
export PYTHONDONTWRITEBYTECODE :=
unexport VIRTUAL_ENV

PYTHON ?= python3
UV := $(or $(shell command -v uv),.tools/path/uv)
RUN := $(UV) run --no-sync
# What is generated and tested calls uv by its name; of the environment that brings it, uv alone goes on the path.
export PATH := $(if $(filter .tools/%,$(UV)),$(CURDIR)/.tools/path:)$(PATH)
DEMO ?= demo
VERSION ?=
VERSIONS ?= newest
PROBLEM ?= classification
FRESH := .tools/fresh

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-all freshness lint format types docs bench release-template clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "%-18s %s\n", $$1, $$2}'

.tools/path/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv
	mkdir -p .tools/path
	ln -sf ../bin/uv ../bin/uvx .tools/path/

setup: .venv/.synced ## Make the environment that everything else runs in

.venv/.synced: pyproject.toml uv.lock $(filter .tools/%,$(UV))
	$(UV) sync --quiet --locked --group checks
	@touch $@

demo: setup ## Start a demo project in demo/ and let it train, test, serve and answer one prediction
	@test -d $(DEMO) || $(RUN) scaffold new $(DEMO) --yes
	@$(MAKE) --no-print-directory -C $(DEMO) setup train test demo

test: setup ## Run all tests but the slow ones
	$(RUN) pytest -n 2 --dist loadgroup

# The tests of monitoring overload the machine and judge what is told of it: they have it to themselves.
test-slow: setup ## Generate a repository and really train, test, serve and build it
	$(RUN) pytest -n 2 --dist loadgroup -m slow --ignore tests/operations/monitoring; parallel=$$?; \
	  $(RUN) pytest -m slow tests/operations/monitoring && exit $$parallel

test-all: setup ## Run every test
	$(RUN) pytest -n 2 --dist loadgroup -m "slow or not slow"

freshness: setup ## Generate a repository; train, export, serve and test it with VERSIONS (newest, oldest or locked)
	rm -rf $(FRESH)
	$(RUN) scaffold new $(FRESH) --preset production --with $(PROBLEM) --yes
	@$(MAKE) --no-print-directory -C $(FRESH) \
	  freshness VERSIONS=$(VERSIONS)

lint: setup ## Check style, types, imports and our own workflows
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports --no-cache
	$(RUN) zizmor --offline --persona=pedantic --quiet .github

format: setup ## Repair what ruff can repair
	$(RUN) ruff check --fix-only
	$(RUN) ruff format

types: setup ## Check the types alone
	$(RUN) mypy

docs: setup ## Write the reference pages anew
	$(RUN) python docs/reference/write.py

bench: setup ## Measure new and upgrade beside cookiecutter, cruft and copier (minutes)
	$(UV) run --quiet --locked --group peers python benchmarks/commands.py

release-template: setup ## Append VERSION=v1.2.3 of the template to the history in the wheel
	$(RUN) python -m scaffold.release $(VERSION)

clean: ## Remove what the targets above made, but for demo/
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
