# The two commands are `make run` and `make test`; each sets up what it needs. A bare `make` lists all.

.DEFAULT_GOAL := help
.PHONY: help run test check schema env format shell clean requirements check-requirements graphiql

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/installed
SHELL_SCRIPTS = .ci/run $(shell find . -name '.?*' -prune -o -name node_modules -prune -o -name '*.sh' -print)
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do printf '  make %-13s %s\n' "$$name" "$$what"; done

run: $(STAMP) ## run everything on http://127.0.0.1:8000 until Ctrl-C (PORT=8001 for another port)
	@exec $(PYTHON) -m embedded run

test: $(STAMP) ## run all tests that can run on this machine (ARGS="-k name" for a part)
	@exec $(PYTHON) -m pytest $(ARGS)

check: $(STAMP) ## look for mistakes without running: style, types, shell, files made from others
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m config.environment write --check
	DJANGO_SETTINGS_MODULE=config.settings ENV_FILE=tests/check.env $(PYTHON) -m mypy
	$(VENV)/bin/shellcheck $(SHELL_SCRIPTS)
	git ls-files '*Dockerfile*' | xargs -r $(VENV)/bin/hadolint
	@$(MAKE) --no-print-directory check-requirements

schema: $(STAMP) ## write schema.graphql from the code
	@ENV_FILE=tests/check.env $(PYTHON) manage.py export_schema api.schema:schema --path schema.graphql

env: $(STAMP) ## write .env.example, .env.prod and docs/configuration.md from config/variables.py
	@$(PYTHON) -m config.environment write

format: $(STAMP) ## bring the code into its form
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format .

shell: $(STAMP) ## open a Python shell on the data of `make run`
	@exec $(PYTHON) -m embedded manage shell

clean: $(STAMP) ## remove the data of `make run`, after asking
	@$(PYTHON) -m embedded clean

requirements: $(STAMP) ## compile requirements/*.in to *.txt with hashes
	@for name in base prod dev scan; do \
	  UV_SYSTEM_CERTS=1 $(COMPILE) requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

# Compiling onto a copy keeps its versions, and changes it only where the .in asks for something else.
check-requirements: $(STAMP)
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; cp requirements/*.txt "$$copy"; \
	for name in base prod dev scan; do \
	  UV_SYSTEM_CERTS=1 $(COMPILE) requirements/$$name.in --output-file "$$copy/$$name.txt" || exit 1; \
	  cmp -s requirements/$$name.txt "$$copy/$$name.txt" || { \
	    printf 'error: requirements/%s.txt is not what its .in asks for.\n hint: make requirements\n' $$name >&2; exit 1; }; \
	done

graphiql: ## build GraphiQL's assets anew from the npm registry's packages (api/graphiql)
	cd api/graphiql && npm install --no-package-lock --ignore-scripts --no-audit --no-fund && npm run build

$(STAMP): requirements/dev.txt embedded/install.sh
	@sh embedded/install.sh $(VENV) requirements/dev.txt
