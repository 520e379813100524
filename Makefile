# Cloud Score+ for QGIS. `make` lists the targets.
PYTHON = .venv/bin/python
OURS = __init__.py algorithms csplus_plugin tools tests
# QGS105: QGIS hands `iface` over, and it is None in qgis_process. QGS2: flags every addParameter and addOutput.
FLAKE8 = --select E9,F63,F7,F82,F83,QGS --extend-ignore QGS105,QGS2 --exclude vendor
# Every property test but the one that draws recipes for Node.
FUZZED = $(shell grep -rl "support.examples import" tests/unit tests/sandbox --include=test_*.py --exclude-dir=clients)
# Files of tests, each in one process. More at a time would make those of memory and of full windows wait for each other.
SIDE_BY_SIDE = --numprocesses 2 --dist loadfile
EXAMPLES = 20
ifndef SEED
SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif
export QT_QPA_PLATFORM ?= offscreen

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*## .*/\1/p' Makefile)

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-16s %s\n", $$1, $$2 }'

setup: ## install what is missing on Debian 12 or 13: QGIS, a virtual screen, .venv, Node, Chromium
	@tools/debian.sh

demo: setup ## run the dataset page's example through qgis_process on the sandbox: build/demo/
	@tools/demo.sh

test: setup lint suite ## lint, then every test that needs no account

suite: ## the tests alone, with what is installed and built already
	$(PYTHON) -m pytest $(SIDE_BY_SIDE) -p no:pytest_qgis tests/unit tests/sandbox tests/live
	$(PYTHON) -m pytest $(SIDE_BY_SIDE) tests/qgis
	$(PYTHON) -m pytest -p no:pytest_qgis tests/process tests/desktop tests/package

test-peers: setup build/peers-venv/ready ## geedim, xee and the suites of geetools and eemont, unchanged, against the sandbox
	$(PYTHON) tests/sandbox/peers/run.py build/peers-venv/bin/python
	$(PYTHON) tests/sandbox/peers/suites.py build/peers-venv/bin/python build/peers-suites

build/peers-venv/ready: tests/sandbox/peers/requirements.txt
	/usr/bin/python3 -m venv build/peers-venv
	build/peers-venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

lint: setup package ## style, types, the plugin site's scanners on the package, names that Qt 6 does not have
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m flake8 $(FLAKE8) $(OURS)
	cd build/package && ../../$(PYTHON) -m bandit --quiet --recursive .
	cd build/package && find csplus -type f ! -name metadata.txt ! -name .secrets.baseline -print0 \
	  | xargs -0 ../../$(PYTHON) -m detect_secrets.pre_commit_hook --baseline csplus/.secrets.baseline
	tools/qt6.sh

format: setup ## format the code
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

translations: setup ## bring resources/i18n up to date, and list what is left to translate (LANGUAGES=fr begins one)
	@$(PYTHON) tools/translations.py $(LANGUAGES)

package: setup ## build what a user installs: build/csplus.zip, with the Python libraries it needs
	@$(PYTHON) tools/package.py

test-package: package ## look into the package, and run it unpacked beside no, an old and a new Earth Engine library
	$(PYTHON) -m pytest -p no:pytest_qgis tests/package

test-qgis344: package ## the tests on QGIS 3.44 and Python 3.13, in a Debian 13 of its own: build/debian13/
	@tools/debian13.sh

fuzz: setup ## the property tests with 20 times the examples, other ones in each run; SEED=n repeats a run, EXAMPLES=n times as many
	@echo "Seed $(SEED): make fuzz SEED=$(SEED) EXAMPLES=$(EXAMPLES) tries the same again."
	CSPLUS_EXAMPLES=$(EXAMPLES) $(PYTHON) -m pytest -p no:pytest_qgis --hypothesis-seed=$(SEED) $(FUZZED)

attack: setup ## random faults, kills, full disks and damage, then make fuzz; half an hour
	$(PYTHON) -m pytest -p no:pytest_qgis tests/attack -s
	$(MAKE) fuzz SEED=$(SEED)

bench-scale: ## what a country takes as a download and as tasks, simulated: the tables of docs/scale.md
	@$(PYTHON) tests/benchmarks/scale.py

bench-accuracy: setup ## error of every method against the sandbox's cloud-free truth
	$(PYTHON) tests/benchmarks/accuracy.py

build/bench/bin/python:
	/usr/bin/python3 -m venv build/bench
	build/bench/bin/pip install --quiet geedim==2.0.0 xee==0.1.2

bench-download: setup build/bench/bin/python ## downloads against geedim, xee and a plain loop (BENCH="--sizes 4096")
	$(PYTHON) tests/benchmarks/download.py $(BENCH)

bench-periods: setup build/bench/bin/python ## a year of monthly files in one run, in twelve, and by geedim in a loop
	$(PYTHON) tests/benchmarks/periods.py

build/bench-series/ready:
	/usr/bin/python3 -m venv build/bench-series
	build/bench-series/bin/pip install --quiet --disable-pip-version-check agrigee_lite==3.7.0 h3
	touch $@

bench-series: setup ## series of parcels against agrigee_lite and a plain loop (BENCH="--parcels 10 100")
	@$(MAKE) --silent build/bench-series/ready || echo "agrigee_lite could not be installed."
	$(PYTHON) tests/benchmarks/series.py $(BENCH)

bench-sandbox: setup ## how fast the sandbox draws a month's, a screen's and a year's median (BENCH="--sides 1024" for the year)
	@$(MAKE) --silent build/bench-venv/ready || echo "odc-stac could not be installed."
	$(PYTHON) tests/benchmarks/sandbox.py --other-python build/bench-venv/bin/python
	$(PYTHON) tests/benchmarks/first_screen.py
	$(PYTHON) tests/benchmarks/sandbox_year.py --other-python build/bench-venv/bin/python $(BENCH)

build/bench-venv/ready: tests/benchmarks/requirements.txt
	/usr/bin/python3 -m venv build/bench-venv
	build/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

compare-live: setup ## the sandbox's assumptions against the real service: CSPLUS_LIVE=1 and your own account
	$(PYTHON) tests/live/compare.py

sandbox: setup ## serve the sample scenes on 127.0.0.1
	$(PYTHON) -m csplus_plugin.sandbox serve

clean: ## remove what was built
	rm -rf build .pytest_cache .ruff_cache .mypy_cache .hypothesis .qgis-settings
