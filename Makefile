# The front door before anything is installed: needs `python3` (3.11 or newer) and nothing else.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
export UV_PYTHON_DOWNLOADS = never
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help run test check bench soak year lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## start everything on this machine: Kafka, MongoDB, API, projectors, pages
	@exec $(BIN)/townhall up

test: $(READY) ## prove it: the whole test suite, on real servers, two files at a time
	$(BIN)/python -m pytest $(or $(ARGS),-n 2 --dist loadfile --no-loadscope-reorder)

check: $(READY) ## lint, types, architecture, contract drift, lock file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m events.generate --check
	$(BIN)/python -m projections.catalogue --check
	$(BIN)/python -m projections.folds --check

bench: $(READY) ## measure: raw limit, no guarantee, full guarantee, ways in, timers; ratios from one run
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(READY) ## everything goes wrong for MINUTES=20 (SEED=, ELECTIONS=1, LONG=1), then all is compared
	@if [ "$(LONG)" = 1 ]; then TOWNHALL_FAULTS=full $(BIN)/python -m pytest tests/faults/test_failpoints.py tests/faults/test_failover.py tests/faults/test_audiences.py; fi
	MINUTES="$(MINUTES)" SEED="$(SEED)" ELECTIONS="$(ELECTIONS)" $(BIN)/python -m tests.soak

year: $(READY) ## invented cities for DAYS=365 (CITIES=5, SEED=7; SERVERS=1), held against what happened there
	CITIES="$(CITIES)" DAYS="$(DAYS)" SEED="$(SEED)" SERVERS="$(SERVERS)" $(BIN)/python -m tests.year

lock: $(READY) ## resolve requirements.lock again from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group dev --extra embedded --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --upgrade -q -o requirements.lock

clean: ## remove the virtual environment and caches; data in TOWNHALL_HOME stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "townhall needs Python 3.11 or newer as python3; this is $$(python3 --version)."; exit 1; }
	@test -x $(BIN)/python || python3 -m venv $(VENV) || { echo "python3 cannot make virtual environments here; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip sync --require-hashes requirements.lock
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
