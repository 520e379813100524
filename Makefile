# Cloud Score+ for QGIS. `make` lists the targets.
PYTHON = .venv/bin/python
export QT_QPA_PLATFORM ?= offscreen

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-peers lint format bench-accuracy sandbox clean

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

test-peers: setup build/peers-venv/ready ## run geedim and xee, unchanged, against the sandbox
	$(PYTHON) tests/sandbox/peers/run.py build/peers-venv/bin/python

build/peers-venv/ready: tests/sandbox/peers/requirements.txt
	/usr/bin/python3 -m venv build/peers-venv
	build/peers-venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

lint: setup ## check style and obvious mistakes
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format: setup ## format the code
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench-accuracy: setup ## error of every method against the sandbox's cloud-free truth
	$(PYTHON) tests/benchmarks/accuracy.py

sandbox: setup ## serve the sample scenes on 127.0.0.1
	$(PYTHON) -m csplus_plugin.sandbox serve

clean: ## remove what was built
	rm -rf build .pytest_cache .ruff_cache .hypothesis .qgis-settings
