# Everything a newcomer, a developer and CI run. `make run` and `make test` set up what they need.
.DEFAULT_GOAL := help
SHELL := /bin/bash
unexport PYTHONDONTWRITEBYTECODE  # tests start the command some hundred times
PYTHON := .venv/bin/python
BABELWATCH := .venv/bin/babelwatch

.PHONY: help setup run test chaos check format bench bench-detection bench-ingest bench-checks bench-soak fit wheel audit constraints clean

help:  ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## make .venv with the agent and the demo (quick when nothing changed)
	@scripts/setup.sh run

run: setup  ## the demo; with CONFIG=babelwatch.yaml the agent on your own logs
ifdef CONFIG
	@$(BABELWATCH) run --config $(CONFIG)
else
	@$(BABELWATCH) demo
endif

test:  ## set up everything and run all tests
	@scripts/setup.sh test
	@$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder  # what a module makes once is made once; many tests wait, so one more than cores

chaos:  ## agents, brokers and stores that die for half an hour; `make test` has a minute of it
	@scripts/setup.sh test
	@$(PYTHON) -m pytest -m chaos --timeout 0
	@$(PYTHON) -m benchmarks.chaos

check:  ## format, lint, types, import layers
	@scripts/setup.sh dev
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@$(PYTHON) -m pytest tests/test_layers.py

format:  ## write the format and the fixes that are safe
	@scripts/setup.sh dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench:  ## measure speed and memory; the figures are in benchmarks/README.md
	@scripts/setup.sh dev
	@$(PYTHON) -m benchmarks.language_speed
	@$(PYTHON) -m benchmarks.language
	@$(PYTHON) -m benchmarks.spans

bench-detection:  ## what is found, how soon, and how often nothing is wrong (an hour; `--quick` some minutes)
	@scripts/setup.sh dev
	@$(PYTHON) -m benchmarks.detection

bench-ingest:  ## the agent beside Bytewax, Quix Streams and a plain loop on one broker (15 minutes)
	@scripts/setup.sh test
	@scripts/peers.sh
	@$(PYTHON) -m benchmarks.ingest

bench-checks:  ## what probes and the gate cost, and how often their intervals are right (half an hour)
	@scripts/setup.sh test
	@$(PYTHON) -m benchmarks.probing
	@$(PYTHON) -m benchmarks.comparing

bench-soak:  ## half an hour at 5,000 events a second on two cores: memory, lag, and whether all is counted
	@scripts/setup.sh test
	@$(PYTHON) -m benchmarks.soak

fit:  ## fit the tagger's own tables again, from ../shared/data/lid
	@scripts/setup.sh dev
	@$(PYTHON) -m scripts.fit_language

wheel:  ## build the wheel, install it into a clean environment and run the command from there
	@scripts/setup.sh dev
	@scripts/wheel.sh

audit:  ## look for known vulnerabilities in what it was tested with
	@scripts/setup.sh dev
	@.venv/bin/uv tool run pip-audit --requirement constraints.txt --no-deps --disable-pip

constraints:  ## pin what is installed now
	@scripts/constraints.sh

clean:  ## remove what setup made
	@rm -rf .venv dist build
