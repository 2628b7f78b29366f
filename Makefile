# `make help` lists the targets. Nothing global is needed but Python >= 3.11, Node >= 20.19 and make.

VENV := backend/.venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
# A Python to prefer, as in `make setup PYTHON=/opt/python3.12/bin/python3`.
PYTHON ?=
# Measured on 2 cores; see CONTRIBUTING.md. `make test PYTEST_ARGUMENTS="tests/relay -k stream"` narrows the tests.
PYTEST_ARGUMENTS ?= -n auto --dist loadfile

# A user's pip may be set up to install elsewhere; which index it uses is left as it is.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_BINARY PIP_REQUIRE_HASHES PIP_NO_DEPS PYTHONHOME

UV_VERSION := 0.13.9
COMPILE := --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --no-annotate --quiet

CLIENTS := backend/.clients
CLIENT_SOURCES := backend/tests/clients/environments
# Half a gigabyte each: `make compatibility` alone installs and tries them.
LARGE_CLIENTS := $(CLIENTS)/aider/.installed $(CLIENTS)/cline/.installed
PYTHON_CLIENTS := $(filter-out $(LARGE_CLIENTS),$(patsubst $(CLIENT_SOURCES)/%/requirements.txt,$(CLIENTS)/%/.installed,$(wildcard $(CLIENT_SOURCES)/*/requirements.txt)))
NODE_CLIENTS := $(filter-out $(LARGE_CLIENTS),$(patsubst $(CLIENT_SOURCES)/%/package.json,$(CLIENTS)/%/.installed,$(wildcard $(CLIENT_SOURCES)/*/package.json)))

PAGES := frontend/node_modules
PAGES_BUILT := frontend/dist/index.html
PAGE_SOURCES := $(shell find frontend/src frontend/public frontend/*.* -type f 2>/dev/null)
export CHROMIUM ?= $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run dev test check lint types contracts pytest unit-tests kill-test clients node-clients compatibility parameters format pages pages-style pages-types pages-tests journeys pictures lighthouse client build bench bench-drain bench-ledger lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.installed ## make the virtual environment, or bring it up to date

run: setup $(PAGES_BUILT) ## set everything up and serve http://localhost:8000: pages, /api and /v1
	@exec $(PY) deploy/run.py

dev: setup ## serve, restart on every change of the code, log everything
	@exec $(PY) -m ai_engine serve --reload --debug

# Makes all of these targets, in this order unless a second argument says otherwise, and then fails with the names of those that failed.
define ALL
@export FAILED=$$(mktemp) && trap 'rm -f "$$FAILED"' EXIT && $(MAKE) --no-print-directory $(2) $(addprefix tried-,$(1)) \
&& if [ -s "$$FAILED" ]; then echo "Failed:" $$(cat "$$FAILED") >&2; exit 1; fi
endef
PYTHON_PARTS := lint types contracts
PAGES_PARTS := pages-style pages-types pages-tests
SIDE_BY_SIDE := -j 4 $(if $(filter output-sync,$(.FEATURES)),--output-sync)

tried-%:
	@$(MAKE) --no-print-directory $* || echo $* >> "$$FAILED"

test: setup ## set everything up and check it all: style, types, import contracts, pages, tests, client SDKs
	$(call ALL,$(PYTHON_PARTS) clients $(PAGES_PARTS) journeys pytest)

check: setup $(PAGES)/.installed ## check what a first patch needs: style, types, import contracts and unit tests, with Python and Node alone
	$(call ALL,pages-style unit-tests pages-tests types pages-types lint contracts,$(SIDE_BY_SIDE))

lint: setup ## check style
	@cd backend && .venv/bin/python -m ruff check . ../benchmarks ../deploy && .venv/bin/python -m ruff format --check --quiet . ../benchmarks ../deploy

types: setup ## check types
	@cd backend && .venv/bin/python -m mypy

contracts: setup ## check that imports only go down the layers
	@cd backend && .venv/bin/python -c 'from importlinter.cli import lint_imports_command as check; check()' --no-cache --no-logo

pytest: setup ## run the tests alone
	@cd backend && .venv/bin/python -m pytest -rs $(PYTEST_ARGUMENTS)

# The others start gateways, programs and client SDKs.
UNIT_TESTS := $(filter-out $(addprefix tests/,clients contracts fakes journeys management_api recorded __pycache__),\
  $(patsubst backend/%/,%,$(wildcard backend/tests/*/)))

unit-tests: setup
	@cd backend && .venv/bin/python -m pytest $(UNIT_TESTS) $(PYTEST_ARGUMENTS)

# A few of them are in the tests; `make kill-test KILLS=1000` makes as many as you like.
KILLS ?= 100

kill-test: setup ## kill the gateway a hundred times under load, and look for every answer in the ledger
	@cd backend && AI_ENGINE_TEST_KILLS=$(KILLS) .venv/bin/python -m pytest tests/journeys/test_killed_under_load.py --log-cli-level=WARNING

clients: $(VENV)/.created ## install the client SDKs and agents that the tests try out, each in an environment of its own
	@$(MAKE) --silent --no-print-directory -j 3 $(PYTHON_CLIENTS)
	@if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 15) ? 0 : 1)' 2>/dev/null \
	    && command -v npm >/dev/null; then \
	  $(MAKE) --silent --no-print-directory -j 3 node-clients; \
	elif [ "$$CI" = true ]; then \
	  echo "Node >= 20.15 with npm is missing, and CI=true: the client SDK tests must run here." >&2; exit 1; \
	else \
	  echo "******** SKIPPED: Node >= 20.15 with npm is missing, so no client SDK is tried out. ********" >&2; \
	fi

node-clients: $(NODE_CLIENTS)

compatibility: setup clients $(LARGE_CLIENTS) ## try every client and agent with every upstream, and write docs/compatibility.md anew
	@cd backend && .venv/bin/python -m tests.clients.compatibility

parameters: setup ## write docs/parameters.md anew, from requests that are encoded for each protocol
	@cd backend && .venv/bin/python -m tests.providers.parameter_table

format: setup ## put the code into its form
	@cd backend && .venv/bin/python -m ruff check --fix . ../benchmarks ../deploy; .venv/bin/python -m ruff format . ../benchmarks ../deploy
	@if [ -e $(PAGES)/.installed ]; then cd frontend && npm run --silent format; fi

pages: $(PAGES)/.installed ## check the pages: style, types, unit tests, build, and journeys in a real browser
	$(call ALL,$(PAGES_PARTS) journeys)

pages-style: $(PAGES)/.installed
	@cd frontend && npm run --silent lint

pages-types: $(PAGES)/.installed
	@cd frontend && npm run --silent types && npm run --silent schema -- --check

pages-tests: $(PAGES)/.installed
	@cd frontend && npm test --silent

journeys: setup $(PAGES_BUILT)
	@missing=; [ -x "$(CHROMIUM)" ] || missing=Chromium; \
	PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v nginx >/dev/null || missing="$${missing:+$$missing and }nginx"; \
	if [ -z "$$missing" ]; then cd frontend && npm run --silent journeys; \
	elif [ "$$CI" = true ]; then echo "$$missing not found, and CI=true: the journeys must run here." >&2; exit 1; \
	else echo "******** SKIPPED: $$missing not found, so no journey through the pages is made. ********" >&2; fi

pictures: setup $(PAGES_BUILT) ## take the pictures of docs/images anew
	@ledger=$$(mktemp -d) && trap 'rm -rf "$$ledger"' EXIT && export GALLERY_DATABASE="sqlite:///$$ledger/ledger.db" \
	&& (cd benchmarks && ../$(PY) -c 'import sys, ledger_rows as rows; rows.PROVIDERS = "groq together fireworks deepinfra cerebras openrouter".split(); rows.MODELS = "llama-3.3-70b gpt-oss-120b qwen3-32b deepseek-v3.1".split(); sys.argv[1:] = ["--database", sys.argv[1], "--rows", "60000", "--days", "30"]; rows.main()' "$$GALLERY_DATABASE") \
	&& cd frontend && npx playwright test --config e2e/gallery.config.ts

lighthouse: setup $(PAGES_BUILT) ## measure the built pages with Lighthouse, which brings the Node 22 that it needs (360 MB)
	@cd frontend/e2e/lighthouse && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel error && node_modules/node-*/bin/node measure.mjs

client: setup $(PAGES)/.installed ## write the pages' typed client anew, after a route has changed
	@$(PY) -m ai_engine openapi > frontend/openapi.json && cd frontend && npm run --silent schema

build: setup ## build wheel and source archive into backend/dist
	@cd backend && .venv/bin/python -m hatchling build --clean

bench: setup ## measure the gateway's own cost per request
	@$(PY) benchmarks/own_cost.py

bench-drain: setup ## measure what the ledger costs for each request
	@$(PY) benchmarks/drain_cost.py

# How many requests, and where: `make bench-ledger ROWS=10000000`; or `LEDGER_URL=postgresql://…`.
ROWS ?= 1000000
LEDGER_FILE ?= data/bench-ledger.db
LEDGER_URL ?= sqlite:///$(CURDIR)/$(LEDGER_FILE)

bench-ledger: setup ## fill a ledger and time statistics and pages on it
	@rm -f "$(LEDGER_FILE)" "$(LEDGER_FILE)-wal" "$(LEDGER_FILE)-shm"
	@$(PY) benchmarks/ledger_rows.py --database "$(LEDGER_URL)" --rows $(ROWS)
	@$(PY) benchmarks/statistics_speed.py --database "$(LEDGER_URL)"

lock: ## write the lock files anew, with the newest versions that pyproject.toml allows
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(FIND_PYTHON) \
	&& "$$python" -m venv "$$tools" && "$$tools/bin/python" -m pip --disable-pip-version-check --quiet install uv==$(UV_VERSION) \
	&& cd backend && compile() { "$$tools/bin/uv" pip compile $(COMPILE) --upgrade "$$@"; } \
	&& compile pyproject.toml --group build --output-file requirements.txt \
	&& compile pyproject.toml --group build --group dev --output-file requirements-dev.txt \
	&& for wanted in tests/clients/environments/*/requirements.in; do compile "$$wanted" --output-file "$${wanted%.in}.txt"; done \
	&& for wanted in tests/clients/environments/*/package.json; do \
	     (cd "$${wanted%/*}" && npm update --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts); \
	   done

clean: ## remove everything that make and the tests have made; your data and .env stay
	@rm -rf $(VENV) $(CLIENTS) frontend/node_modules frontend/dist backend/dist backend/.mypy_cache backend/.ruff_cache backend/.pytest_cache backend/.hypothesis backend/.import_linter_cache
	@find backend benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Sets the shell variable `python` to $(PYTHON), else to the first Python >= 3.11, or ends with a sentence.
define FIND_PYTHON
for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python); do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
done; \
if [ -z "$${python:-}" ]; then \
  echo "AI Engine needs Python 3.11 or newer, and $(if $(PYTHON),$(PYTHON) is none,none was found; install one, or name it: make setup PYTHON=/path/to/python3)." >&2; exit 1; \
fi; \
if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
  echo "$$python cannot make virtual environments; on Debian and Ubuntu the package python3-venv is missing." >&2; exit 1; \
fi
endef

$(VENV)/.created:
	@$(FIND_PYTHON); echo "Making $(VENV) with $$python" && "$$python" -m venv $(VENV) && touch $@

$(VENV)/.locked: backend/requirements-dev.txt $(VENV)/.created
	@echo "Installing the locked dependencies"
	@$(PIP) install --require-hashes --no-deps --only-binary :all: --requirement backend/requirements-dev.txt && touch $@

$(VENV)/.installed: backend/pyproject.toml $(VENV)/.locked
	@$(PIP) install --no-deps --no-build-isolation --editable backend && touch $@

# Without a pip of its own, and compiled when it is first imported: each environment takes a few seconds less.
$(CLIENTS)/%/.installed: $(CLIENT_SOURCES)/%/requirements.txt $(VENV)/.created
	@echo "Installing $* (Python)"
	@rm -rf $(@D) && $(PY) -m venv --without-pip $(@D) \
	&& $(PIP) --python $(@D)/bin/python install --no-compile --require-hashes --no-deps --only-binary :all: --requirement $< && touch $@

# Not `npm ci`, as for the pages. `link` is what a program's own install script does with the binary of this machine.
$(CLIENTS)/%/.installed: $(CLIENT_SOURCES)/%/package-lock.json $(CLIENT_SOURCES)/%/package.json
	@echo "Installing $* (Node)"
	@rm -rf $(@D) && mkdir -p $(@D) && cp $(CLIENT_SOURCES)/$*/package.json $(CLIENT_SOURCES)/$*/package-lock.json $(@D) \
	&& (cd $(@D) && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel error && npm run --silent --if-present link) && touch $@

$(PAGES_BUILT): $(PAGES)/.installed $(PAGE_SOURCES)
	@echo "Building the pages"
	@cd frontend && npm run --silent build -- --logLevel warn

$(PAGES)/.installed: frontend/package-lock.json frontend/package.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
	|| { echo "The pages need Node 20.19 or newer with npm to be built; \`make setup\` and \`ai-engine serve\` do without." >&2; exit 1; }
	@echo "Installing the packages of the pages"
	@# Not `npm ci`: the lock file lacks what other platforms need of optional packages, which not every registry has, and it would refuse.
	@cd frontend && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
