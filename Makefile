# Everything a developer runs. `make check` is what CI runs.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: check run demo test lint types contracts snap pty shots docs bench console

$(BIN)/meshtui:
	$(PYTHON) -m venv .venv && $(BIN)/pip install -q -e '.[dev]'

check: lint types contracts test

run: $(BIN)/meshtui
	$(BIN)/meshtui

demo: $(BIN)/meshtui
	$(BIN)/meshtui demo

test: $(BIN)/meshtui
	$(BIN)/python -m pytest -q -n 3 --dist worksteal

lint: $(BIN)/meshtui
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(BIN)/meshtui
	$(BIN)/mypy

contracts: $(BIN)/meshtui
	$(BIN)/lint-imports

snap: $(BIN)/meshtui
	$(BIN)/python -m pytest tests/snapshot -q --snapshot-update

pty: $(BIN)/meshtui
	$(BIN)/python -m pytest tests/pty -q

shots: $(BIN)/meshtui
	$(BIN)/python -m screenshots

docs: $(BIN)/meshtui
	$(BIN)/python -m tests.documents

bench: $(BIN)/meshtui
	$(BIN)/python -m benchmarks.client
	$(BIN)/python -m benchmarks.checkpoint
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.usage
	$(BIN)/python -m benchmarks.transcript
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.lanes
	$(BIN)/python -m benchmarks.calls

console: $(BIN)/meshtui
	$(BIN)/pip install -q textual-dev
	$(BIN)/textual console
