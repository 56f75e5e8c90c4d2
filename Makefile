# Everything happens in .venv, which is made anew when setup.cfg or the lock changes. Needs Python 3.11 or later; PYTHON=/path/to/python
# chooses it. What tests and checks run on is locked, by version and digest; LOCK= (nothing) takes the newest that setup.cfg allows.

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast check build lock bench bench-bert quality understanding soak faults clean

VENV := .venv
comma := ,
BIN := $(VENV)/bin
LOCK ?= requirements-test.lock
# Those that setup.cfg names: for a later one some of the locked versions have no wheels, and would be built from source or not at all.
LOCKED := 3.11 3.12 3.13
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
	@$(BIN)/python -m streamrec.ranking.rehearsal
	@touch $@

$(VENV)/test.stamp: setup.cfg pyproject.toml $(LOCK) | $(BIN)/python
	@echo "installing streamrec and its test tools into $(VENV) (once; a few minutes)" >&2
	@version=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	if test -z "$(LOCK)"; then $(BIN)/python -m pip install --quiet --editable '.[test]'; \
	elif echo " $(LOCKED) " | grep -qF " $$version "; then \
		$(BIN)/python -m pip install --quiet --require-hashes --requirement $(LOCK) && \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	else \
		echo "note: $(LOCK) is for Python $(LOCKED), not $$version; installing the newest versions that setup.cfg allows" >&2; \
		$(BIN)/python -m pip install --quiet --editable '.[test]'; \
	fi
	@$(BIN)/python -m streamrec.ranking.rehearsal
	@touch $(VENV)/demo.stamp $@

# The package is made of its sources alone: none of what it runs or is tested on is needed. What the lock has installed stays as it is.
$(VENV)/build.stamp: setup.cfg pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet 'build>=1.3' 'setuptools>=77'
	@touch $@

$(VENV)/bench.stamp: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing streamrec and the systems that it is measured beside into $(VENV) (once; a few minutes)" >&2
	@$(BIN)/python -m pip install --quiet --editable '.[test,bench]'
	@touch $(VENV)/demo.stamp $(VENV)/test.stamp $@

install: $(VENV)/test.stamp  ## make .venv with all that tests and benchmarks need

# Ctrl-C is how the demo is meant to end. The trap keeps the shell, which gets it too, until the demo has stopped what it started.
demo: $(VENV)/demo.stamp  ## start everything and watch lists come (ARGS="--headless --duration 30 --json" passes arguments on)
	@trap : INT; $(BIN)/streamrec demo $(ARGS) || test $$? -eq 130

test: $(VENV)/test.stamp  ## run the tests, on a real embedded Kafka (ARGS="-k words" passes arguments on)
	@$(BIN)/python -m pytest $(ARGS)

test-fast: $(VENV)/test.stamp  ## run the tests that need neither Kafka nor torch, in at most three minutes (ARGS as for test)
	@$(BIN)/python -m pytest --fast $(ARGS)

check: $(VENV)/test.stamp  ## lint, types, and schemas as generated
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/python -m streamrec.events.schemas --check

build: $(VENV)/build.stamp  ## make the sdist in dist/, and the wheel from it
	@rm -rf build dist
	@$(BIN)/python -m build --no-isolation $(ARGS)

# The image gets what the tests ran on. uv keeps what is locked already unless --upgrade is given, and asks the index that pip asks.
lock: | $(BIN)/python  ## lock what tests and images are made of, after a change of setup.cfg (ARGS="--upgrade" for the newest versions)
	@$(BIN)/python -m pip install --quiet --upgrade --target .tools/uv uv
	@index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}; \
	compile() { .tools/uv/bin/uv pip compile --quiet $${index:+--default-index "$$index"} --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command 'make lock' --output-file "$$@"; }; \
	compile requirements-test.lock setup.cfg --extra test $(ARGS) && \
	echo 'setuptools>=77' | compile deploy/requirements.txt setup.cfg - --constraints requirements-test.lock $(ARGS)

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

quality: $(VENV)/test.stamp  ## measure the lists month by month beside nine rivals (DATA=DIR of purchases, else the sample; AMAZON=DIR; ARGS="--quick")
	@$(BIN)/python -m benchmarks.quality $(if $(DATA),--data "$(DATA)") $(if $(AMAZON),--amazon "$(AMAZON)") $(ARGS)

understanding: $(VENV)/test.stamp  ## measure what is understood of labelled rooms (DATA=DIR with live-rooms, product-qa, zh-reviews, bilibili-danmaku; ARGS="--quick")
	@$(BIN)/python -m benchmarks.understanding $(if $(DATA),--rooms "$(DATA)/live-rooms" --product-qa "$(DATA)/product-qa" --reviews "$(DATA)/zh-reviews" --danmaku-stream "$(DATA)/bilibili-danmaku") $(ARGS)

soak: $(VENV)/test.stamp  ## half an hour of the real worker: do memory and lag stay flat? (ARGS="--minutes 10 --json")
	@$(BIN)/python -m benchmarks.soak $(ARGS)

faults: $(VENV)/test.stamp  ## kill, wipe, pause, cut and starve the real worker 500 times and count what is lost (ARGS="--quick --json")
	@$(BIN)/python -m benchmarks.faults --control --results benchmarks/results/faults.jsonl $(ARGS)

clean:  ## remove .venv, caches and local data
	rm -rf $(VENV) .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis streamrec-data .streamrec
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
