# The two commands: `make demo` and `make test`. Each sets itself up in .venv on a machine with Python 3.10 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable

# Versions of the SDK whose internals are known, beside the newest, which `make test` has.
SDKS := 1.30.0 1.37.0 1.42.0

.PHONY: demo test test-fast test-e2e test-sdks $(SDKS:%=test-sdk-%) bench lint format constraints clean

demo: $(VENV)/.demo
	@mkdir -p build
	$(BIN)/otel-mlmon demo --report build/demo.html $(DEMO)

test: test-fast test-e2e

# Everything that needs no Go toolchain.
test-fast: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --ignore tests/e2e

# The real collector, Prometheus and Alertmanager, built once where Go is present.
test-e2e: $(VENV)/.test
	$(BIN)/python -m pytest tests/e2e

# The contract suite against older SDKs, from the oldest that pyproject.toml allows.
test-sdks: $(SDKS:%=test-sdk-%)

$(SDKS:%=test-sdk-%): test-sdk-%: $(VENV)-sdk-%/.test
	$(VENV)-sdk-$*/bin/python -m pytest -n 2 tests/contract

# What monitoring costs, beside what people use today; needs wrk.
bench: $(VENV)-bench/.bench
	$(VENV)-bench/bin/python -m bench

lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pins for reproducible tests on every supported Python.
constraints: $(VENV)/.lint
	$(BIN)/uv pip compile --quiet --universal --extra test --extra lint --python-version 3.10 --upgrade --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --output-file constraints.txt

clean:
	rm -rf $(VENV) $(VENV)-sdk-* $(VENV)-bench

$(VENV)/bin/python $(VENV)-bench/bin/python $(SDKS:%=$(VENV)-sdk-%/bin/python):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "otel-mlmon needs Python 3.10 or later; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(@D)/..

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[demo]' && touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[test]' && touch $@ $(VENV)/.demo

$(VENV)/.lint: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[test,lint]' && touch $@ $(VENV)/.test $(VENV)/.demo

$(VENV)-bench/.bench: pyproject.toml | $(VENV)-bench/bin/python
	$(VENV)-bench/bin/python -m pip install --quiet --editable '.[bench]' && touch $@

# Without the constraints, for an older SDK needs an older protobuf.
$(SDKS:%=$(VENV)-sdk-%/.test): $(VENV)-sdk-%/.test: pyproject.toml | $(VENV)-sdk-%/bin/python
	$(VENV)-sdk-$*/bin/python -m pip install --quiet --editable '.[test]' \
		opentelemetry-api==$* opentelemetry-sdk==$* opentelemetry-exporter-otlp==$* && touch $@
