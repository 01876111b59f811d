# Pantau's everyday commands. Needs Python 3.11 or later with venv, and nothing else.
#
#   make demo ARGS="--seed 7"      PYTHON=/usr/bin/python3.12 make setup      make test ARGS="-k wire"

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=

bin := .venv/bin
# Each stamp is newer than what it was made from, so a second run is instant.
run_stamp := .venv/.run
tools_stamp := .venv/.tools
# checkov is apart: it pins what the others need in other versions.
policy := .venv/policy
policy_stamp := $(policy)/.installed
node := tests/real/node
node_stamp := $(node)/node_modules/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test bench-detection bench-footprint chaos check format dashboards image release
.PHONY: lock node-parts clean
.PHONY: check-lint check-format check-types check-layers check-dependencies check-spelling
.PHONY: check-dead-code check-security check-image check-compose check-policy

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(tools_stamp) ## the program and every tool, into .venv

demo: $(run_stamp) ## the whole nation on this machine, with faults (ARGS="--help" for more)
	@exec $(bin)/pantau demo $(ARGS)

# Three at a time, because most of the suite waits for real parts. A file stays with one worker, and
# files keep their order: those of fewest tests, which wait longest, would else come last.
test: $(tools_stamp) ## every test (ARGS for pytest)
	@$(bin)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

bench-detection: $(run_stamp) ## the detector beside others, half an hour on two cores (ARGS="--quick")
	@exec $(bin)/python -m agent.simulation.trials $(ARGS)

bench-footprint: $(tools_stamp) ## memory and CPU of an office and a leading hub, in six minutes (ARGS="--json")
	@exec $(bin)/python -m tests.footprint $(ARGS)

chaos: $(tools_stamp) ## real agents, exchange and Slack broken on purpose, about 20 minutes (ARGS="--quick")
	@exec $(bin)/python -m tests.chaos $(ARGS)

# One target each, so that `make -k check` tells every complaint and `make check-types` just one.
check: ## all that machines can say of the code without running it
check: check-lint check-format check-types check-layers check-dependencies check-spelling
check: check-dead-code check-security check-image check-compose check-policy
check-lint: $(tools_stamp)
	$(bin)/ruff check .
check-format: $(tools_stamp)
	$(bin)/ruff format --check .
check-types: $(tools_stamp)
	$(bin)/mypy
check-layers: $(tools_stamp)
	$(bin)/lint-imports
check-dependencies: $(tools_stamp)
	$(bin)/deptry .
check-spelling: $(tools_stamp)
	$(bin)/codespell
check-dead-code: $(tools_stamp)
	$(bin)/vulture
check-security: $(tools_stamp)
	$(bin)/bandit --quiet --configfile pyproject.toml --recursive agent probes
check-image: $(tools_stamp)
	$(bin)/hadolint Dockerfile
check-compose: $(tools_stamp)
	$(bin)/check-jsonschema --quiet --builtin-schema vendor.compose-spec deploy/compose/compose.yaml
check-policy: $(policy_stamp) $(tools_stamp)
	$(bin)/python -m tests.policy $(policy)/bin/checkov

format: $(tools_stamp) ## write what ruff can put right by itself
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

dashboards: $(tools_stamp) ## write deploy/grafana/dashboards from their code
	$(bin)/python -m deploy.grafana.write

image: $(run_stamp) ## the image built on a stand-in base and tried, as root, in a minute (ARGS="--json")
	@exec $(bin)/python -m deploy.image $(ARGS)

release: $(tools_stamp) ## wheel, source, chart, bill of materials and sums of what is committed, into dist
	@$(bin)/python -m deploy.release

# Later locks are compiled under the earlier ones, so that all of them fit into one environment.
# No headers and annotations: they would name the machine. To upgrade: make lock ARGS=--upgrade
compile := .venv/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --custom-compile-command "make lock" $(ARGS)
lock: .venv/.created ## compile requirements/*.txt anew
	$(compile) requirements/uv.in -o requirements/uv.txt
	$(compile) pyproject.toml -o requirements/run.txt
	$(compile) pyproject.toml --extra demo -c requirements/run.txt -o requirements/demo.txt
	$(compile) requirements/build.in -c requirements/demo.txt -o requirements/build.txt
	$(compile) requirements/test.in -c requirements/demo.txt -c requirements/build.txt -o requirements/test.txt
	$(compile) requirements/check.in -c requirements/demo.txt -c requirements/build.txt \
		-c requirements/test.txt -o requirements/check.txt
	$(compile) requirements/policy.in -o requirements/policy.txt

node-parts: $(node_stamp) ## the Slack emulator, Prism and Grafana's types, for tests (needs npm)

clean: ## remove everything that was made here
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf $(node)/node_modules
	find agent probes tests -name __pycache__ -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------- how it is made

# uv takes seconds where pip takes a minute; where uv has no wheel, pip reads the same files.
# Wheels only, by hash: nothing is compiled, and no code of a dependency runs while installing.
# $(1) is what to install, $(2) the environment if it is not .venv.
define install
if [ -x $(bin)/uv ]; then \
	VIRTUAL_ENV=$(or $(2),.venv) UV_PYTHON_DOWNLOADS=never $(bin)/uv pip install --quiet $(1); \
else \
	$(or $(2),.venv)/bin/python -m pip install --quiet --disable-pip-version-check $(1); \
fi
endef
locked := --require-hashes --only-binary :all:

.venv/.created: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit("Pantau needs Python 3.11 or later; say make PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	@$(bin)/python -m pip install --quiet --disable-pip-version-check $(locked) -r requirements/uv.txt \
		|| echo 'uv cannot be installed here: pip does its work, more slowly'
	@touch $@

$(run_stamp): .venv/.created pyproject.toml requirements/demo.txt requirements/build.txt
	@echo 'Installing the program into .venv'
	@$(call install,$(locked) -r requirements/demo.txt -r requirements/build.txt)
	@$(call install,--no-deps --no-build-isolation --editable .)
	@touch $@

$(tools_stamp): $(run_stamp) requirements/test.txt requirements/check.txt
	@echo 'Installing the tools into .venv'
	@$(call install,$(locked) -r requirements/test.txt -r requirements/check.txt)
	@touch $@

$(policy_stamp): .venv/.created requirements/policy.txt
	@echo 'Installing the checker of policies into $(policy)'
	@$(PYTHON) -m venv $(policy)
	@$(call install,$(locked) -r requirements/policy.txt,$(policy))
	@touch $@

# The emulator needs Node 20; an older machine gets one from the lock, as an optional dependency.
$(node_stamp): $(node)/package.json $(node)/package-lock.json $(node)/.npmrc
	cd $(node) && if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; \
		then npm ci --omit=optional; else npm ci; fi
	@touch $@
