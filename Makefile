# Two commands do all the set-up: `make demo` and `make test`. Both make .venv and fill it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint bench clean
help:
	@echo "make demo    the whole main job on this machine: import, campaign, real SMTP, one-click, report"
	@echo "make test    all tests"
	@echo "make lint    ruff, mypy, pyright, import contracts"
	@echo "make bench   the figures, as ratios in one run (make bench ONLY=name for one)"

$(VENV)/.for-use: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fast]'
	@touch $@

$(VENV)/.for-test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	$(BIN)/python tests/browsers.py
	@touch $@

$(VENV)/.for-lint: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[lint]'
	@touch $@

# make demo DIR=shop keeps the workspace in a folder of your choice.
demo: $(VENV)/.for-use
	$(BIN)/mailer demo $(DIR)

# make test ARGS='-n 0 tests/unit' runs some, in one process.
test: $(VENV)/.for-test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

lint: $(VENV)/.for-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/lint-imports

# make bench ONLY=send-15k-sqlite runs one row; QUICK=1 tries all with small sizes.
bench: $(VENV)/.for-test
	PYTHONPATH=tests $(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)
