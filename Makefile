# make demo   see the daemon heal a simulated platform
# make test   set everything up and run the tests
# make check  everything that must hold before a change lands
# make prove  a million simulated instance-hours, real deaths, hostile answers (takes a while)
# make bench  figures beside the bare limit and the plain way
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test prove mutate bench check format lint types imports cover generated fix pins clean

help:
	@sed -n 's/^# //p' Makefile | head -6

# One environment of our own; set up again only when what it is made from changes.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed (PYTHON=…)"; exit 1; }
	test -x "$(BIN)/python" || $(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --upgrade 'pip>=25.1'
	"$(BIN)/python" -m pip install --quiet -c constraints.txt -e . --group dev
	touch "$(READY)"

demo: $(READY)
	"$(BIN)/scnet-watchdog" demo

# A gate asks the same on every machine: property tests take the same examples each time and have
# no time limit of their own. Plain pytest explores others.
PYTEST = "$(BIN)/pytest" -q -n 2 --hypothesis-profile=ci

test: $(READY)
	$(PYTEST)

# The long proofs. HOURS: instance-hours that are simulated at least.
HOURS ?= 1000000

prove: $(READY)
	cd tests && "$(CURDIR)/$(BIN)/python" -m simulation.prove --hours $(HOURS)
	"$(BIN)/pytest" -q -m prove --timeout 1800 tests/crash tests/hostile tests/simulation
	EXAMPLES=20 "$(BIN)/pytest" -q --timeout 1200 tests/core/test_properties_*.py \
		tests/settings/test_any_*.py tests/adapters/stores/test_codec_properties.py

# Does any test notice when a line of the core is wrong?
mutate: $(READY)
	"$(BIN)/python" -P tools/mutate.py

# Figures, not a gate: ratios measured in one run.
bench: $(READY)
	"$(BIN)/python" -m benchmarks.bench

check: format lint types imports cover generated

format: $(READY)
	"$(BIN)/ruff" format --check .

lint: $(READY)
	"$(BIN)/ruff" check .

types: $(READY)
	"$(BIN)/mypy"

imports: $(READY)
	"$(BIN)/lint-imports"

# The core must be covered whole; the rest as far as its edges can be reached in tests.
cover: $(READY)
	rm -f .coverage .coverage.*
	$(PYTEST) --cov --cov-report=
	"$(BIN)/coverage" report --include='*/scnet_watchdog/core/*' --fail-under=$(CORE_COVERAGE)
	"$(BIN)/coverage" report --fail-under=$(COVERAGE)

CORE_COVERAGE ?= 100
COVERAGE ?= 95

# Generated files and docs are compared by tests; this writes them anew.
generated: $(READY)
	"$(BIN)/python" -P tools/generate.py --check

fix: $(READY)
	"$(BIN)/ruff" format .
	"$(BIN)/ruff" check --fix .
	"$(BIN)/python" -P tools/generate.py

# Newest versions that fit together, without addresses.
pins:
	rm -rf "$(VENV)"
	$(PYTHON) -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --upgrade 'pip>=25.1'
	"$(BIN)/python" -m pip install --quiet -e . --group dev hatchling
	{ sed -n '/^#/p' constraints.txt; "$(BIN)/python" -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9_.-]+==' ; } > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf "$(VENV)" .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
