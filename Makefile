# The two commands are `make run` and `make test`; each sets up what it needs. A bare `make` lists all.

.DEFAULT_GOAL := help
.PHONY: help run test fuzz bench bench-plans bench-backup bench-cache bench-capacity bench-disaster bench-growth bench-hostile walk check check-kubernetes schema env format shell clean requirements check-requirements graphiql

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/installed
SHELL_SCRIPTS = .ci/run $(shell find . -name '.?*' -prune -o -name node_modules -prune -o -name '*.sh' -print)
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do printf '  make %-13s %s\n' "$$name" "$$what"; done

run: $(STAMP) ## run everything on http://127.0.0.1:8000 until Ctrl-C (PORT=8001 for another port)
	@exec $(PYTHON) -m embedded run

# All of them go in four processes, also on two cores: two mostly wait for containers, and the others for servers.
test: $(STAMP) ## run all tests that can run on this machine (ARGS="-k name" for a part)
	@exec $(PYTHON) -m pytest $(or $(ARGS),--numprocesses 4 --dist loadscope --no-loadscope-reorder)

fuzz: $(STAMP) ## compare plans with the executor on operations made by chance (EXAMPLES=20000)
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) exec $(PYTHON) -m pytest -s tests/api/plans/test_the_same_bytes.py

bench: $(STAMP) ## ask this and its peers the same questions, with wrk; installs the peers into .bench/ (ARGS="--quick --only slipway,view")
	@exec $(PYTHON) -m benchmarks.peers $(ARGS)

bench-plans: $(STAMP) ## measure what queries cost with their plans and without (ARGS="--rounds 5")
	@exec $(PYTHON) -m benchmarks.plans $(ARGS)

bench-growth: $(STAMP) ## measure pages by their depth among a million rows, and memory by documents that come once (ARGS="--photos 50000 --documents 2000")
	@exec $(PYTHON) -m benchmarks.growth $(ARGS)

bench-capacity: $(STAMP) ## measure what requests cost, and reckon how far machines go (ARGS="--seconds 1 --sockets 300")
	@exec $(PYTHON) -m benchmarks.capacity $(ARGS)

bench-cache: $(STAMP) ## measure answers that nginx has kept beside static files, with wrk, in containers (ARGS="--rounds 2")
	@exec $(PYTHON) -m benchmarks.cache $(ARGS)

bench-hostile: $(STAMP) ## measure what the worst requests cost before they are refused (ARGS="--rounds 1000")
	@exec $(PYTHON) -m benchmarks.hostile $(ARGS)

bench-backup: $(STAMP) ## measure a backup with proof beside a bare one (ARGS="--megabytes 100 --repeat 1")
	@exec $(PYTHON) -m benchmarks.backup $(ARGS)

walk: $(STAMP) ## walk the runbook on bare hosts, with the seconds: first deploy, a new major of PostgreSQL, another host
	@exec $(PYTHON) -m tests.stack.walk

bench-disaster: $(STAMP) ## destroy a stack and restore it from elsewhere, with seconds (ARGS="--megabytes 50 --files 200")
	@exec $(PYTHON) -m benchmarks.disaster $(ARGS)

check: $(STAMP) ## look for mistakes without running: style, types, shell, files made from others
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m config.environment write --check
	DJANGO_SETTINGS_MODULE=config.settings ENV_FILE=tests/check.env $(PYTHON) -m mypy
	$(VENV)/bin/shellcheck $(SHELL_SCRIPTS)
	git ls-files '*Dockerfile' | xargs -r $(VENV)/bin/hadolint
	@$(MAKE) --no-print-directory check-requirements

schema: $(STAMP) ## write schema.graphql from the code
	@ENV_FILE=tests/check.env $(PYTHON) manage.py export_schema api.schema:schema --path schema.graphql

env: $(STAMP) ## write .env.example, .env.prod, docs/configuration.md and Kubernetes' from config/variables.py
	@$(PYTHON) -m config.environment write

format: $(STAMP) ## bring the code into its form
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format .

shell: $(STAMP) ## open a Python shell on the data of `make run`
	@exec $(PYTHON) -m embedded manage shell

.PHONY: test-previous bench-deploys
bench-deploys: $(STAMP) ## deploy ten times in a row under load, in containers (ARGS="--deploys 3 --with-backups")
	@exec $(PYTHON) -m benchmarks.deploys $(ARGS)

test-previous: $(STAMP) ## run the tests of the version before on this version's schema (FROM=COMMIT, ARGS="-k name")
	@exec $(PYTHON) -m tests.previous $(if $(FROM),--from $(FROM)) $(ARGS)

clean: $(STAMP) ## remove the data of `make run`, after asking
	@$(PYTHON) -m embedded clean

requirements: $(STAMP) ## compile requirements/*.in to *.txt with hashes
	@for name in base prod backup certbot dev scan kubernetes; do \
	  UV_SYSTEM_CERTS=1 $(COMPILE) requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

# Compiling onto a copy keeps its versions, and changes it only where the .in asks for something else.
check-requirements: $(STAMP)
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; cp requirements/*.txt "$$copy"; \
	for name in base prod backup certbot dev scan kubernetes; do \
	  UV_SYSTEM_CERTS=1 $(COMPILE) requirements/$$name.in --output-file "$$copy/$$name.txt" || exit 1; \
	  cmp -s requirements/$$name.txt "$$copy/$$name.txt" || { \
	    printf 'error: requirements/%s.txt is not what its .in asks for.\n hint: make requirements\n' $$name >&2; exit 1; }; \
	done

check-kubernetes: $(STAMP) ## render kubernetes/ into .data/kubernetes, and look at it: schemas of current versions, checkov
	@UV_SYSTEM_CERTS=1 exec $(VENV)/bin/uv run --quiet --no-project --isolated --with-requirements requirements/kubernetes.txt \
	  python tests/kubernetes/look.py .data/kubernetes

graphiql: ## build GraphiQL's assets anew from the npm registry's packages (api/graphiql)
	cd api/graphiql && npm install --no-package-lock --ignore-scripts --no-audit --no-fund && npm run build

$(STAMP): requirements/dev.txt embedded/install.sh
	@sh embedded/install.sh $(VENV) requirements/dev.txt
