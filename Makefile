# The two commands: `make demo` and `make test`. Each sets itself up in .venv on a machine with Python 3.10 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable

# Versions of the SDK whose internals are known, beside the newest, which `make test` has.
SDKS := 1.30.0 1.37.0 1.42.0

# Frameworks of gigabytes or that are compiled, those that need pandas 2, model servers, and the tools that our alerts are
# compared with: an environment each.
MORE := heavy forecasting servers mlserver bentoml alerts
TESTS_OF_heavy := $(wildcard tests/frameworks/heavy/test_*.py) tests/servers/heavy/test_mlflow.py
TESTS_OF_forecasting := $(wildcard tests/frameworks/forecasting/test_*.py)
TESTS_OF_servers := $(addprefix tests/servers/heavy/,test_litserve.py test_ray_serve.py test_spans.py)
TESTS_OF_mlserver := tests/servers/heavy/test_mlserver.py
TESTS_OF_bentoml := tests/servers/heavy/test_bentoml.py
TESTS_OF_alerts := tests/alert_peers/test_peers.py

.PHONY: demo stack-local test test-fast test-e2e test-more $(MORE:%=test-%) test-oldest test-upstream \
	test-sdks $(SDKS:%=test-sdk-%) bench bench-alerts bench-alerts-thresholds lint format docs examples constraints clean

demo: $(VENV)/.demo
	@mkdir -p build
	$(BIN)/otel-mlmon demo --report build/demo.html $(DEMO)

# A page on its whole way: collector, Prometheus, Alertmanager and the demo's service, with Go and no Docker. To look
# round while it runs: make stack-local STACK=--keep
stack-local: $(VENV)/.stack
	@$(BIN)/python -m examples.local_stack $(STACK)

test: test-fast test-e2e

# Everything that needs no Go toolchain.
test-fast: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --ignore tests/e2e --ignore tests/frameworks/heavy --ignore tests/frameworks/forecasting \
		--ignore tests/servers/heavy --ignore tests/alert_peers

# The real collector, Prometheus and Alertmanager, built once where Go is present.
test-e2e: $(VENV)/.test
	$(BIN)/python -m pytest tests/e2e --ignore tests/e2e/rules --ignore tests/e2e/backtest
	$(BIN)/python -m pytest -n 2 tests/e2e/rules tests/e2e/backtest

# What `make test` leaves out, for it takes gigabytes.
test-more: $(MORE:%=test-%)

$(MORE:%=test-%): test-%: $(VENV)-%/.test
	@# A process a file: not all of these frameworks bear each other in one.
	printf '%s\n' $(TESTS_OF_$*) | PATH="$(abspath $(VENV)-$*/bin):$$PATH" xargs -n 1 -P 2 $(VENV)-$*/bin/python -m pytest

# The oldest version of each light framework that its adapter names.
test-oldest: $(VENV)-oldest/.test
	$(VENV)-oldest/bin/python -m pytest -n 2 tests/frameworks tests/contract/test_boosters.py tests/contract/test_sklearn.py \
		--ignore tests/frameworks/heavy --ignore tests/frameworks/forecasting

# The frameworks' own tests, with and without us: what scikit-learn installs, or TESTS="paths of others".
test-upstream: $(VENV)/.test
	$(BIN)/python -m tests.upstream $(TESTS)

# The contract suite against older SDKs, from the oldest that pyproject.toml allows. Their opentelemetry-instrument keeps itself
# from children that are spawned, and forked ones share one service.instance.id: how these end is tested with the newest.
test-sdks: $(SDKS:%=test-sdk-%)

$(SDKS:%=test-sdk-%): test-sdk-%: $(VENV)-sdk-%/.test
	$(VENV)-sdk-$*/bin/python -m pytest -n 2 tests/contract --ignore tests/contract/test_exits.py

# What monitoring costs, beside what people use today; needs wrk.
bench: $(VENV)-bench/.bench
	$(VENV)-bench/bin/python -m bench

# Half a year of flights through the generated rules, beside other tools; needs Go. Writes docs/alert-quality.md.
bench-alerts: $(VENV)/.test $(VENV)-alerts/.test
	$(BIN)/python -m bench.alerts

# Chooses the thresholds of that, on July to September.
bench-alerts-thresholds: $(VENV)/.test
	$(BIN)/python -m bench.alerts.replay --out build/bench-alerts
	$(BIN)/python -m bench.alerts.thresholds --data build/bench-alerts

lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	for example in $(wildcard examples/*/mlmon.yaml); do \
		$(BIN)/otel-mlmon generate prometheus --check --config $$example --out $${example%/*}/prometheus || exit 1; done

format: $(VENV)/.lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pages that are made from the code.
docs: $(VENV)/.test
	$(BIN)/python -m otel_mlmon.cli.frameworks > docs/frameworks.md

# The baselines of the examples, and what Prometheus alerts on.
examples: $(VENV)/.test
	$(BIN)/python -m examples.generate

# Pins for reproducible tests on every supported Python.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --upgrade --no-header --no-annotate \
	--no-emit-index-url pyproject.toml

constraints: $(VENV)/.lint
	$(COMPILE) --extra test --extra lint --output-file constraints.txt
	for extra in $(MORE); do $(COMPILE) --extra $$extra --output-file constraints-$$extra.txt || exit 1; done

clean:
	rm -rf $(VENV) $(VENV)-*

$(VENV)/bin/python $(VENV)-bench/bin/python $(VENV)-oldest/bin/python $(MORE:%=$(VENV)-%/bin/python) \
$(SDKS:%=$(VENV)-sdk-%/bin/python):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "otel-mlmon needs Python 3.10 or later; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(@D)/..

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[demo]' && touch $@

$(VENV)/.stack: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[stack]' && touch $@ $(VENV)/.demo

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[test]' && touch $@ $(VENV)/.stack $(VENV)/.demo

$(VENV)/.lint: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[test,lint]' && touch $@ $(VENV)/.test $(VENV)/.stack $(VENV)/.demo

$(VENV)-bench/.bench: pyproject.toml | $(VENV)-bench/bin/python
	$(VENV)-bench/bin/python -m pip install --quiet --editable '.[bench]' && touch $@

$(MORE:%=$(VENV)-%/.test): $(VENV)-%/.test: pyproject.toml constraints-%.txt | $(VENV)-%/bin/python
	$(VENV)-$*/bin/python -m pip install --quiet --constraint constraints-$*.txt --editable '.[$*]' && touch $@

$(VENV)-oldest/.test: pyproject.toml tests/frameworks/oldest.txt | $(VENV)-oldest/bin/python
	$(VENV)-oldest/bin/python -m pip install --quiet --editable '.[test]' --requirement tests/frameworks/oldest.txt && touch $@

# Without the constraints, for an older SDK needs an older protobuf.
$(SDKS:%=$(VENV)-sdk-%/.test): $(VENV)-sdk-%/.test: pyproject.toml | $(VENV)-sdk-%/bin/python
	$(VENV)-sdk-$*/bin/python -m pip install --quiet --editable '.[test]' \
		opentelemetry-api==$* opentelemetry-sdk==$* opentelemetry-exporter-otlp==$* && touch $@
