# Everything happens in .venv, which is made anew when setup.cfg changes. Needs Python 3.11 or later; PYTHON=/path/to/python chooses it.

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast check bench bench-bert quality soak faults clean

VENV := .venv
comma := ,
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3 python,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)))

help:  ## list what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s  %s\n", $$1, $$2}'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or later is needed and none was found; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than Python 3.11; name another: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { echo "error: $(PYTHON) cannot make a virtual environment; install its venv module" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/demo.stamp: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing streamrec into $(VENV) (once; a few minutes)" >&2
	@$(BIN)/python -m pip install --quiet --editable '.[broker]'
	@touch $@

$(VENV)/test.stamp: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing streamrec and its test tools into $(VENV) (once; a few minutes)" >&2
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $(VENV)/demo.stamp $@

$(VENV)/bench.stamp: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing streamrec and the systems that it is measured beside into $(VENV) (once; a few minutes)" >&2
	@$(BIN)/python -m pip install --quiet --editable '.[test,bench]'
	@touch $(VENV)/demo.stamp $(VENV)/test.stamp $@

install: $(VENV)/test.stamp  ## make .venv with all that tests and benchmarks need

demo: $(VENV)/demo.stamp  ## start everything and watch lists come (ARGS="--headless --duration 30 --json" passes arguments on)
	@$(BIN)/streamrec demo $(ARGS)

test: $(VENV)/test.stamp  ## run the tests, on a real embedded Kafka (ARGS="-k words" passes arguments on)
	@$(BIN)/python -m pytest $(ARGS)

test-fast: $(VENV)/test.stamp  ## run the tests that need neither Kafka nor torch, in at most three minutes (ARGS as for test)
	@$(BIN)/python -m pytest --fast $(ARGS)

check: $(VENV)/test.stamp  ## lint, types, and schemas as generated
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/python -m streamrec.events.schemas --check

bench: $(VENV)/bench.stamp  ## measure the engine beside others, then real lists, recovery, learning and ranking (ARGS="--quick", "--json")
	@$(BIN)/python -m benchmarks.stream $(ARGS)
	@$(BIN)/python -m benchmarks.latency $(if $(filter --quick,$(ARGS)),--rates 20$(comma)100 --seconds 10) $(filter --json,$(ARGS))
	@$(BIN)/python -m benchmarks.recovery $(filter --json,$(ARGS))
	@$(BIN)/python -m benchmarks.learning $(filter --quick --json,$(ARGS))
	@$(BIN)/python -m benchmarks.ranking $(filter --quick --json,$(ARGS))

bench-bert:  ## measure BERT serving beside the machine's peak and beside others (ARGS="--quick", "--json"; environments of their own)
	@test -e .venv-bench/bert.stamp -a .venv-bench/bert.stamp -nt setup.cfg || { \
		echo "installing what BERT serving is measured beside into .venv-bench (once; some minutes)" >&2; \
		"$(PYTHON)" -m venv .venv-bench/bert && .venv-bench/bert/bin/pip install --quiet --editable '.[broker,train,bench-bert]' && \
		"$(PYTHON)" -m venv .venv-bench/fastembed && .venv-bench/fastembed/bin/pip install --quiet 'fastembed>=0.9,<0.10' && \
		touch .venv-bench/bert.stamp; }
	@.venv-bench/bert/bin/python -m benchmarks.bert $(ARGS)

quality: $(VENV)/test.stamp  ## measure the lists beside nine rivals (DATA=DIR of real purchases, else the sample; AMAZON=DIR; ARGS="--quick --json")
	@$(BIN)/python -m benchmarks.quality $(if $(DATA),--data "$(DATA)") $(if $(AMAZON),--amazon "$(AMAZON)") $(ARGS)

soak: $(VENV)/test.stamp  ## half an hour of the real worker: do memory and lag stay flat? (ARGS="--minutes 10 --json")
	@$(BIN)/python -m benchmarks.soak $(ARGS)

faults: $(VENV)/test.stamp  ## kill, wipe, pause, cut and starve the real worker 500 times and count what is lost (ARGS="--quick --json")
	@$(BIN)/python -m benchmarks.faults --control --results benchmarks/results/faults.jsonl $(ARGS)

clean:  ## remove .venv, caches and local data
	rm -rf $(VENV) .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis streamrec-data .streamrec
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
