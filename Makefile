# The commands of the README are `make smoke`, `make conformance` and `make test`. All need Python 3.11 or later and make, nothing else to begin with.
PYTHON ?= python3
WORKERS ?= 9
ARGS ?=
VENV := .venv
BIN ?= $(VENV)/bin
READY ?= $(VENV)/ready
PIN := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

test: $(READY) ## everything that needs no Docker, in some three and a half minutes: the checks, and beside them the selftests with the threshold of their coverage
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target checks selftests

# The one list of checks: tox and pre-commit call it, too, with tools of their own in BIN.
checks: $(READY) ## style, types, import rules, stale documents, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m harness documents --check
	$(BIN)/actionlint -shellcheck $(BIN)/shellcheck
	$(BIN)/zizmor --offline --quiet action.yml .github/workflows

selftests: $(READY) ## the selftests, those of the systems with the threshold of their coverage; T=selftests/model/test_versions.py for one file
ifdef T
	$(BIN)/pytest $(T) -q
else
	$(BIN)/pytest selftests --ignore selftests/systems -m "not slow" -q -n 3
	$(BIN)/pytest selftests/systems -q -n 3 --cov
endif

statement: $(READY) ## the next free id of a prefix, and with NAME a test and a manifest from a template: make statement ID=RWR NAME=target_is_kept
	@$(BIN)/python -m harness new $(ID) $(NAME) $(if $(FILE),--file $(FILE))

# The first thing that happens, by a Python that need not have anything: what it does to the machine, or lacks, is said before all else.
engine: ## see to it that a container engine runs: as root on Debian one is installed and started, unless ENGINE=never refuses
	@$(PYTHON) -m lab engine

kept: engine $(READY) ## create a cluster and keep it, for `make one`
	$(BIN)/pytest suites/installation -n $(WORKERS) --keep-cluster=always $(ARGS)

one: $(READY) ## judge one statement, or what -k selects, on the cluster kept last, or on CLUSTER: make one ID=RWR-01
	$(BIN)/pytest suites -k "$(ID)" --reuse-cluster $(or $(CLUSTER),latest) $(ARGS)

conformance: engine $(READY) ## a cluster, every statement, a report, and nothing left; options in ARGS, for instance ARGS="--metallb 0.14.9"
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

faults: engine $(READY) ## seed the faults of a system, and say which statements notice: make faults SYSTEM=traefik, with ID="..." some of them
	$(BIN)/python -m harness faults $(SYSTEM) $(ID) $(ARGS)

smoke: engine $(READY) ## the same with some 20 quick statements: a verdict and a report within minutes
	$(BIN)/pytest -n $(WORKERS) --level smoke $(ARGS)

engine-test: engine $(READY) ## the registry path on a real registry, the package, runs with workers, and the pages in a browser; needs an engine and Chromium, creates no cluster
	$(BIN)/pytest selftests -m slow -q -n 4
	$(BIN)/pytest enginetests -q -n 3 --dist loadfile

published-test: $(READY) ## a first run with nothing but Python and Docker, in a container, from a registry and a web server on loopback, and one of a controller that another package brings; creates clusters
	$(BIN)/python -m lab engine
	$(BIN)/pytest enginetests/published_run.py enginetests/stub_run.py -q -n 2 --dist loadfile

matrix: $(READY) ## judge combinations of versions one after the other: make matrix FILE=combinations.toml
	$(BIN)/python -m lab engine
	$(BIN)/python -m harness matrix $(FILE) $(ARGS)

migrate-test: $(READY) ## routes as charts bring them on the same controller twice, on others, and on one that is changed; creates clusters
	$(BIN)/python -m lab engine
	$(BIN)/pytest enginetests/migrate_run.py enginetests/migrate_faults.py -q -n 2 --dist loadfile

broken-test: $(READY) ## systems that are broken as a whole: each run is over in five minutes, with few red and the rest blocked by these; creates clusters
	$(BIN)/python -m lab engine
	$(BIN)/pytest enginetests/broken_systems.py -q

helm-test: $(READY) ## MetalLB as its Helm chart installs it: as it is, and in native mode; creates clusters
	$(BIN)/python -m lab engine
	$(BIN)/pytest enginetests/helm_run.py -q

existing-test: $(READY) ## runs on a cluster that somebody else made: what stands there is as it was, whatever ended the run; creates a cluster
	$(BIN)/python -m lab engine
	$(BIN)/pytest enginetests/existing_run.py enginetests/existing_doctor.py -q

format: $(READY) ## write the code the way `make test` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

documents: $(READY) ## write docs/ anew from the statements
	$(BIN)/python -m harness documents

lock: $(READY) ## pin the newest versions that pyproject.toml allows, with hashes
	$(PIN) --group dev --output-file requirements.txt pyproject.toml
	echo uv | $(PIN) --output-file requirements-uv.txt -

clean: ## remove what the commands above made in this folder
	rm -rf $(VENV) .tox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache reports/runs reports/faults reports/matrix reports/migrations

# uv because it installs in a fifth of pip's time.
$(VENV)/ready: requirements.txt requirements-uv.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes --requirement requirements.txt
	touch $@

.PHONY: help test checks selftests statement engine kept one conformance faults smoke engine-test published-test migrate-test broken-test existing-test helm-test matrix format documents lock clean
