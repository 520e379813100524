# Cloud Score+ for QGIS. `make` lists the targets.
PYTHON = .venv/bin/python
export QT_QPA_PLATFORM ?= offscreen

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench-accuracy bench-download sandbox clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-16s %s\n", $$1, $$2 }'

setup: ## install what is missing on Debian 12 or 13: QGIS, a virtual screen, .venv
	@tools/debian.sh

demo: setup ## run the dataset page's example through qgis_process on the sandbox: build/demo/
	@tools/demo.sh

test: setup lint ## lint, then every test that needs no account
	$(PYTHON) -m pytest -p no:pytest_qgis tests/unit tests/sandbox tests/live
	$(PYTHON) -m pytest tests/qgis
	$(PYTHON) -m pytest -p no:pytest_qgis tests/process tests/desktop

lint: setup ## check style and obvious mistakes
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format: setup ## format the code
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench-accuracy: setup ## error of every method against the sandbox's cloud-free truth
	$(PYTHON) tests/benchmarks/accuracy.py

build/bench/bin/python:
	/usr/bin/python3 -m venv build/bench
	build/bench/bin/pip install --quiet geedim==2.0.0 xee==0.1.2

bench-download: setup build/bench/bin/python ## downloads against geedim, xee and a plain loop (BENCH="--sizes 4096")
	$(PYTHON) tests/benchmarks/download.py $(BENCH)

sandbox: setup ## serve the sample scenes on 127.0.0.1
	$(PYTHON) -m csplus_plugin.sandbox serve

clean: ## remove what was built
	rm -rf build .pytest_cache .ruff_cache .hypothesis .qgis-settings
