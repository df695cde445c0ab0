# Wareflow. `make` alone prints what can be made.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PY := .venv/bin/python
UV := .venv/bin/uv
MEMBERS := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml services/*/pyproject.toml cli/pyproject.toml sandbox/pyproject.toml))
TOMLS := $(addsuffix /pyproject.toml,$(MEMBERS))
INSTALL = $(UV) pip install -q --python $(PY) --no-config -c requirements.lock -b requirements.lock $(addprefix -e ,$(MEMBERS))
LOCK = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  $(foreach m,$(MEMBERS),--no-emit-package wareflow-$(notdir $(m))) $(TOMLS) --group pyproject.toml:dev

help: ## print this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- run it ----------------------------------------------------------------------

DATA ?= .data
PORT ?= 8000
ORDERS ?= 1000
WAREFLOW := .venv/bin/wareflow

run: .venv/run.done ## start the shop: PORT=8000 DATA=.data
	$(WAREFLOW) serve --port $(PORT) --data $(DATA)

run-kafka: .venv/run.done ## the same as separate processes over Kafka (needs Java and Maven, or KAFKA_BOOTSTRAP)
	$(WAREFLOW) serve --processes --broker kafka --port $(PORT) --data $(DATA)

kafka: .venv/run.done ## a local Kafka for development, until Ctrl-C
	$(PY) tools/kafka/local_kafka.py --data $(DATA)/kafka

demo: .venv/run.done ## a shop in a throw-away folder, ORDERS=1000 shoppers, every promise checked
	$(WAREFLOW) demo --orders $(ORDERS)

demo-kafka: .venv/run.done ## the same with separate processes over Kafka
	$(WAREFLOW) demo --orders $(ORDERS) --processes --broker kafka

# --- check it --------------------------------------------------------------------

TESTERS ?= 2
test: .venv/dev.done ## every test, with real PostgreSQL and real Kafka, by TESTERS=2 processes: ARGS="-k cart"
	$(PY) -m pytest -q -n $(TESTERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

smoke-old: .venv/dev.done ## the log and the outbox once more, on an older PostgreSQL if one is installed
	@for bin in $$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null); do \
	  echo "on $$($$bin/postgres --version)"; \
	  WAREFLOW_POSTGRES_BIN=$$bin $(PY) -m pytest -q libs/postgres libs/events/tests/test_postgres_log.py libs/events/tests/test_outbox.py services/inventory; \
	done

# --- break it: each ends with every promise checked -----------------------------------

crash: .venv/dev.done ## kill -9 at every fail point, each once
	$(PY) -m pytest tests/faults/test_crash.py $(ARGS)

chaos: .venv/dev.done ## processes over Kafka under a seeded schedule of faults: SECONDS=600 SEED=1
	$(PY) -m tests.chaos --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)

chaos-embedded: .venv/dev.done ## the same schedule on the shop in one process
	$(PY) -m tests.chaos --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1) --embedded

guards: .venv/dev.done ## take each guard away once: its proof must go red: ARGS="inbox closing"
	$(PY) -m tests.guards $(ARGS)

simulate: .venv/dev.done ## whole shops in simulated time with crashes at every call: SEEDS=100 FIRST=1
	$(PY) -m tests.simulation --seeds $(or $(SEEDS),100) --first $(or $(FIRST),1) --jobs $(TESTERS)

fuzz: .venv/dev.done ## generated requests to every service of a shop: EXAMPLES=1000 for 100,000, SEED=1 ARGS="orders"
	$(PY) -m tests.fuzz --examples $(or $(EXAMPLES),50) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz-events: .venv/dev.done ## events of every type, good and broken, through every consumer: EVENTS=100000 SEED=1
	$(PY) -m tests.hostile.fuzz_events --events $(or $(EVENTS),10000) --seed $(or $(SEED),1)

import-rows: .venv/dev.done ## a product file of ROWS=1000000, twice: time and memory; SECONDS=600 cancels it then
	$(PY) -m tests.hostile.import_rows --rows $(or $(ROWS),100000) --seconds $(or $(SECONDS),7200)

flood: .venv/dev.done ## slow clients, large bodies and many connections; how others fare: SECONDS=20 CONNECTIONS=1200
	$(PY) -m tests.hostile.flood --seconds $(or $(SECONDS),20) --connections $(or $(CONNECTIONS),1200)

# --- measure and tend it -----------------------------------------------------------------

bench: .venv/dev.done ## what each operation costs beside the least it could: ARGS="orders events", ARGS=--long
	$(PY) -m bench $(ARGS)

check: lock-check lint types contracts schemas test smoke-old ## exactly what CI runs

lint: .venv/dev.done ## style, and no secret that is committed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(PY) -m tools.checks.secrets

types: .venv/dev.done ## the strict type checker
	.venv/bin/basedpyright

contracts: .venv/dev.done ## who may import whom
	.venv/bin/lint-imports

schemas: .venv/dev.done ## events may only grow
	$(PY) -m wareflow_events.compatibility check

format: .venv/dev.done ## tidy the code
	.venv/bin/ruff check --fix -q .
	.venv/bin/ruff format -q .

migration: .venv/dev.done ## write a migration from the models: SERVICE=orders M="what changes"
	$(PY) -m wareflow_kit.migrations revision $(SERVICE) -m "$(M)"

# --- what everything stands on -------------------------------------------------

$(UV): requirements.lock
	test -x $(PY) || python3 -m venv .venv
	awk '/^[^ ]/{p=/^uv==/}p' requirements.lock > .venv/uv.req
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.req && touch $@

.venv/run.done: $(UV) requirements.lock $(TOMLS)
	$(INSTALL) && touch $@

.venv/dev.done: .venv/run.done pyproject.toml
	$(INSTALL) --group dev && touch $@

lock: $(UV) ## resolve requirements.lock anew
	$(LOCK) -o requirements.lock

lock-check: $(UV) ## fail when requirements.lock no longer follows the pyproject files
	cp requirements.lock .venv/check.lock && $(LOCK) -o .venv/check.lock && diff -q requirements.lock .venv/check.lock


audit: .venv/dev.done ## the lock's hashes, the licences, and known vulnerabilities where they can be asked for
	$(PY) -m tools.checks.audit

sbom: .venv/dev.done ## the bill of materials, CycloneDX: sbom.json
	$(PY) -m tools.checks.sbom sbom.json

clean: ## remove what was made: environment, caches, data
	rm -rf .venv .cache .data .pytest_cache .ruff_cache

.PHONY: help run run-kafka kafka demo demo-kafka test smoke-old crash chaos chaos-embedded guards simulate fuzz fuzz-events import-rows flood bench check lint types contracts schemas format migration lock lock-check audit sbom clean
